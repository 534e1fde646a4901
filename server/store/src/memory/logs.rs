//! Users' logs.

use jiff::Timestamp;
use vestnik_model::{
    AppId, Arrival, Cursor, Entry, InstallationId, Notification, UserId, wire_size,
};
use vestnik_rules::log::{Candidate, Epoch, Place, Standing, may_renew, needs, standing, tag_of};

use super::{
    MemoryStore,
    collapse::gave_way,
    row::{Content, DeliveryRow, LogRow, NotificationKey, UserKey},
    txn::Txn,
    world::World,
};
use crate::{
    Answer, Logs,
    logs::{LogSlice, Opened, Opening, Stretch, StretchEntry},
};

/// An entry to append.
#[derive(Debug)]
pub(super) struct Append<'a> {
    pub(super) user: UserKey,
    pub(super) notification: NotificationKey,
    pub(super) only: Option<Vec<InstallationId>>,
    pub(super) content: Content,
    pub(super) at: Timestamp,
    pub(super) seed: &'a [u8; 32],
}

/// Appends an entry to a user's log and gives its number.
pub(super) fn append(txn: &mut Txn, new: Append<'_>) -> u64 {
    let Some(row) = txn.world.users.get_mut(&new.user) else {
        return 0;
    };
    row.seq += 1;
    let salt = [new.user.to_be_bytes(), row.seq.to_be_bytes()].concat();
    row.tag = tag_of(new.seed, &salt);
    let (seq, tag) = (row.seq, row.tag);
    let (app, name) = (row.app.clone(), row.name.clone());
    let entry = LogRow {
        tag,
        notification: new.notification,
        only: new.only,
        content: new.content,
        at: new.at,
    };
    txn.world.logs.insert((new.user, seq), entry);
    if let Some(name) = name {
        txn.grew(&app, &name);
    }
    seq
}

impl Logs for MemoryStore {
    fn open_log(&self, opening: Opening) -> Answer<'_, Option<Opened>> {
        self.write(opening.now, move |txn| {
            let opened = open(&txn.world, &opening);
            let is_other = opened.is_some_and(|opened| opened.standing == Standing::OtherHistory);
            if is_other && renew(&mut txn.world, &opening) {
                return Ok(open(&txn.world, &opening));
            }
            Ok(opened)
        })
    }

    fn read_log(&self, slice: LogSlice) -> Answer<'_, Stretch> {
        self.read(move |world| stretch(world, &slice))
    }

    fn heads(&self, users: Vec<(AppId, UserId)>) -> Answer<'_, Vec<Place>> {
        self.read(move |world| {
            let users = users.iter();
            users.map(|(app, user)| world.head(app, user)).collect()
        })
    }
}

fn open(world: &World, opening: &Opening) -> Option<Opened> {
    let session = &opening.session;
    world.is_present(session).then(|| Opened {
        head: world.head(&session.app, &session.user),
        standing: standing_of(world, &session.app, &session.user, opening.cursor.as_ref()),
    })
}

/// What a user's log knows about a cursor.
pub(super) fn standing_of(
    world: &World,
    app: &AppId,
    user: &UserId,
    cursor: Option<&Cursor>,
) -> Standing {
    let key = world.user_key(app, user);
    standing(cursor, world.head(app, user), |seq| {
        let row = world.logs.get(&(key?, seq))?;
        Some(row.tag)
    })
}

/// Gives a log a new epoch, if the last one is old enough; tells whether it did.
fn renew(world: &mut World, opening: &Opening) -> bool {
    let session = &opening.session;
    let key = world.ensure_user(&session.app, &session.user);
    let Some(row) = world.users.get_mut(&key) else {
        return false;
    };
    if !may_renew(row.renewed_at, opening.now) {
        return false;
    }
    let is_same = row.renewal == opening.random;
    row.renewal = opening.random.wrapping_add(u32::from(is_same));
    row.renewed_at = Some(opening.now);
    true
}

fn stretch(world: &World, slice: &LogSlice) -> Stretch {
    let head = world.head(&slice.app, &slice.user);
    let is_known = |after: &Place| after.epoch == head.epoch && after.seq <= head.seq;
    let after = slice.after.filter(is_known);
    let after = after.unwrap_or_else(|| Place::start(head.epoch));
    let sessions = world.sessions_of(&slice.app, &slice.user).into_iter();
    Stretch {
        after,
        head,
        entries: entries(world, after, slice),
        sessions: sessions
            .map(|(installation, row)| (installation, row.generation))
            .collect(),
    }
}

fn entries(world: &World, after: Place, slice: &LogSlice) -> Vec<StretchEntry> {
    let Some(user) = world.user_key(&slice.app, &slice.user) else {
        return Vec::new();
    };
    let range = (user, after.seq.saturating_add(1))..=(user, u64::MAX);
    let rows = world.logs.range(range).take(slice.entries.max(1) as usize);
    let (mut entries, mut bytes) = (Vec::new(), 0_usize);
    for (key, row) in rows {
        let read = read(world, (*key, row), after.epoch, slice.now);
        if read.entry.is_some() {
            let grown = bytes.saturating_add(read.candidate.bytes);
            if grown > slice.bytes && bytes > 0 {
                break;
            }
            bytes = grown;
        }
        entries.push(read);
    }
    entries
}

fn read(
    world: &World,
    ((user, seq), row): ((UserKey, u64), &LogRow),
    epoch: Epoch,
    now: Timestamp,
) -> StretchEntry {
    let place = Place {
        epoch,
        seq,
        tag: row.tag,
    };
    let notification = world.notifications.get(&row.notification);
    let own = world.deliveries.get(&(row.notification, user));
    let own = own.and_then(|delivery| delivery.expires_at);
    let expires_at = own.or_else(|| notification.map(|row| row.notification.expires_at));
    let entry = match &row.content {
        Content::Arrival => arrival(world, user, row).filter(|_| expires_at > Some(now)),
        Content::Recall(recall) => Some(Entry::Recall(recall.clone())),
        Content::State(change) => Some(Entry::State(change.clone())),
    };
    let is_arrival = row.content == Content::Arrival;
    let bytes = match (is_arrival, &entry) {
        (true, _) => notification.map(|row| row.bytes),
        (false, Some(entry)) => wire_size::of(entry).ok(),
        (false, None) => None,
    };
    StretchEntry {
        candidate: Candidate {
            place,
            only: row.only.clone(),
            expires_at: expires_at.filter(|_| is_arrival),
            needs: entry.as_ref().and_then(needs),
            bytes: bytes.unwrap_or_default(),
        },
        entry,
    }
}

/// The notification of an entry, unless it is not to be given any more: it was recalled, or it was
/// cancelled before any device had it.
fn arrival(world: &World, user: UserKey, entry: &LogRow) -> Option<Entry> {
    let row = world.notifications.get(&entry.notification)?;
    let delivery = world.deliveries.get(&(entry.notification, user))?;
    let state = &delivery.state;
    let is_on_a_device = state.sent_at.is_some() || state.delivered_at.is_some();
    let is_withheld = row.is_recalled
        || row.is_forgotten
        || (row.is_cancelled && !is_on_a_device)
        || gave_way(world, (entry.notification, user));
    (!is_withheld).then(|| {
        Entry::Notification(Box::new(Arrival {
            id: row.notification.id,
            at: entry.at,
            delivery_id: delivery.id,
            read_at: state.read_at,
            notification: for_user(&row.notification, delivery),
        }))
    })
}

/// The notification as it is for a user: it may expire earlier for them.
pub(super) fn for_user(notification: &Notification, delivery: &DeliveryRow) -> Notification {
    let mut own = notification.clone();
    own.expires_at = delivery.expires_at.unwrap_or(own.expires_at);
    own
}
