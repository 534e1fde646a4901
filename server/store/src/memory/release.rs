//! When deliveries are due, and those whose own time has come.

use std::convert::Infallible;

use jiff::Timestamp;
use vestnik_model::{AppId, DeliveryStatus, Priority, UserId};
use vestnik_rules::{
    cascade::Course,
    collapse::TOO_LATE,
    consent::unwanted,
    delivery::{Advanced, expire, is_timed},
    device::{self, Addressed},
    release::{Question, Released, ask, question},
    schedule::{Hours, Known, Pace, Turn, hours, turn},
    work::{Stage, WorkKind},
};

use super::{
    collapse::{gave_way, take_place},
    dispatch,
    ending::{self, proof},
    logs::{Append, append},
    queue::Next,
    row::{Content, DeliveryRow, NotificationKey, NotificationRow, Target, UserKey},
    txn::Txn,
    world::World,
};

type Key = (NotificationKey, UserKey);

/// A part of the work.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) notification: NotificationKey,
    /// The most deliveries to look at.
    pub(super) rows: usize,
    pub(super) seed: &'a [u8; 32],
    pub(super) now: Timestamp,
}

/// Does a part; gives what it leaves of its row of work.
pub(super) fn release(txn: &mut Txn, part: &Part<'_>) -> Next {
    // What expires takes no place in the pace, and does not wait for one.
    let expiring = askable(&txn.world, part, (false, part.rows));
    for user in &expiring {
        look(txn, part, *user);
    }
    let left = part.rows.saturating_sub(expiring.len());
    let mut queued_until = None;
    for user in askable(&txn.world, part, (true, left)) {
        queued_until = look(txn, part, user);
        if queued_until.is_some() {
            break;
        }
    }
    dispatch::wake(txn, part.notification);
    let next = next_due(&txn.world, part.notification, queued_until);
    if let Some(row) = txn.world.notifications.get_mut(&part.notification)
        && next.is_none()
    {
        row.release = None;
    }
    match next {
        None => Next::Done,
        Some(due) if due <= part.now => Next::More {
            target: Target::Notification(part.notification),
            after: None,
        },
        Some(due) => Next::Stage(Stage {
            kind: WorkKind::Release,
            due,
        }),
    }
}

/// The users about whose deliveries is asked now, the earliest first, at most so many: of those that are
/// scheduled, or of those that expire by themselves.
fn askable(world: &World, part: &Part<'_>, (is_scheduled, most): (bool, usize)) -> Vec<UserKey> {
    let rows = world.deliveries_after(part.notification, None);
    let rows = rows.filter(|(_, row)| is_waiting(row) == is_scheduled);
    let due = rows.filter_map(|(user, row)| Some((row.release_at?, user)));
    let mut due: Vec<_> = due.filter(|(at, _)| *at <= part.now).collect();
    due.sort_unstable();
    due.into_iter().take(most).map(|(_, user)| user).collect()
}

fn is_waiting(row: &DeliveryRow) -> bool {
    row.state.status == DeliveryStatus::Scheduled
}

/// When the next part is due: deliveries that wait for a place in the pace until a time are not asked about
/// before, and hold up no expiry.
fn next_due(
    world: &World,
    notification: NotificationKey,
    queued_until: Option<Timestamp>,
) -> Option<Timestamp> {
    let next = |is_scheduled: bool| {
        let rows = world.deliveries_after(notification, None);
        let rows = rows.filter(move |(_, row)| is_waiting(row) == is_scheduled);
        rows.filter_map(|(_, row)| row.release_at).min()
    };
    let release = queued_until.or_else(|| next(true));
    release.into_iter().chain(next(false)).min()
}

/// Looks at a delivery; gives until when the pace has no place, if that is why it waits.
fn look(txn: &mut Txn, part: &Part<'_>, user: UserKey) -> Option<Timestamp> {
    let key = (part.notification, user);
    let delivery = txn.world.deliveries.get(&key)?.clone();
    let is_stopped = txn.world.notifications.get(&key.0)?.is_cancelled;
    match question(&delivery.state, is_stopped, part.now) {
        Question::IsDue => return ask_schedule(txn, part, key, delivery),
        Question::HasExpired => {
            let proof = proof(&txn.world, key);
            let advanced = expire(delivery.state, is_stopped, proof, part.now);
            end(txn, key, advanced);
        }
        Question::Withdrawn(advanced) => end(txn, key, advanced),
        Question::None => set_release(&mut txn.world, key, None),
    }
    None
}

/// Ends a delivery, or leaves it as it is, and asks about it no more.
fn end(txn: &mut Txn, key: Key, advanced: Advanced) {
    ending::save(txn, key, advanced);
    set_release(&mut txn.world, key, None);
}

pub(super) fn set_release(world: &mut World, key: Key, at: Option<Timestamp>) {
    if let Some(row) = world.deliveries.get_mut(&key) {
        row.release_at = at;
    }
}

fn ask_schedule(
    txn: &mut Txn,
    part: &Part<'_>,
    key: Key,
    delivery: DeliveryRow,
) -> Option<Timestamp> {
    // A user who is being erased: their deliveries are deleted.
    if txn.world.name_of(key.1).is_none() {
        set_release(&mut txn.world, key, None);
        return None;
    }
    let is_reachable = is_reachable(&txn.world, key);
    let turn = if gave_way(&txn.world, key) {
        TOO_LATE
    } else {
        turn_of(&mut txn.world, key, is_reachable, part.now)?
    };
    match ask(delivery.state, turn, is_reachable, part.now) {
        Released::Now {
            advanced,
            expires_at,
        } => {
            let addressed = addressed_now(&txn.world, key, delivery.addressed);
            let new = Append {
                user: key.1,
                notification: key.0,
                only: addressed.only.clone(),
                content: Content::Arrival,
                at: part.now,
                seed: part.seed,
            };
            let seq = append(txn, new);
            let course = is_sent(&txn.world, key.0).then(|| Course::new(part.now));
            if let Some(row) = txn.world.deliveries.get_mut(&key) {
                (row.addressed, row.seq) = (addressed, Some(seq));
                row.course = course;
                let ends_at = expires_at.filter(|_| is_timed(&advanced.state));
                (row.release_at, row.expires_at) = (ends_at, expires_at);
            }
            ending::save(txn, key, advanced);
            take_place(txn, key, (part.seed, part.now));
        }
        Released::Later(at) => set_release(&mut txn.world, key, Some(at)),
        Released::Queued(until) => return Some(until),
        Released::Ended(advanced) => end(txn, key, advanced),
    }
    None
}

/// The installations that a delivery is for now.
fn addressed_now(world: &World, key: Key, made: Addressed) -> Addressed {
    let (Some(row), Some(user)) = (world.notifications.get(&key.0), world.name_of(key.1)) else {
        return made;
    };
    let listed = made.named(&row.wanted).map(<[_]>::to_vec);
    let candidates = || Ok::<_, Infallible>(world.candidates(&row.app, user));
    let Ok(addressed) = device::address(&row.wanted, listed, candidates);
    addressed
}

/// Whether a notification's deliveries are looked at by a dispatch.
fn is_sent(world: &World, notification: NotificationKey) -> bool {
    world
        .notifications
        .get(&notification)
        .is_some_and(|row| world.is_routed(row))
}

fn is_reachable(world: &World, key: Key) -> bool {
    let (row, name) = (world.notifications.get(&key.0), world.name_of(key.1));
    let has_session = row
        .zip(name)
        .is_some_and(|(row, name)| !world.sessions_of(&row.app, name).is_empty());
    has_session || is_sent(world, key.0)
}

/// What to do with a delivery now, saving the pace. One that nobody is notified by takes no place in it.
pub(super) fn turn_of(
    world: &mut World,
    key: Key,
    takes_place: bool,
    now: Timestamp,
) -> Option<Turn> {
    let known = known(world, key)?;
    let row = world.notifications.get_mut(&key.0)?;
    let mut pace: Pace = row.pace;
    let place = takes_place.then_some(&mut pace);
    let turn = turn(&row.mailing(), &known.recipient(), place, now);
    row.pace = pace;
    Some(turn)
}

/// Whether a delivery that was released may go on now.
pub(super) fn hours_of(world: &World, key: Key, now: Timestamp) -> Hours {
    let row = world.notifications.get(&key.0);
    row.zip(known(world, key))
        .map_or(Hours::Open, |(row, known)| {
            hours(&row.mailing(), &known.recipient(), now)
        })
}

/// What is known of a recipient.
pub(super) fn known(world: &World, (notification, user): Key) -> Option<Known> {
    let row: &NotificationRow = world.notifications.get(&notification)?;
    let of = world.users.get(&user)?;
    Some(Known {
        installation: zone_seen_last(world, &row.app, of.name.as_ref()?),
        attributes: of.attributes.clone(),
        app_default: world.default_zones.get(&row.app).cloned(),
        is_critical: row.notification.priority == Priority::Critical,
        opt_out: unwanted(&of.opt_outs.known, row.notification.category.as_ref()),
    })
}

/// The zone that a user's installation reported; of several, that of the one that was seen last.
pub(super) fn zone_seen_last(world: &World, app: &AppId, user: &UserId) -> Option<String> {
    let sessions = world.sessions_of(app, user).into_values();
    let zones =
        sessions.filter_map(|row| Some((row.last_seen, row.state.as_ref()?.time_zone.clone()?)));
    zones.max().map(|(_, zone)| zone)
}

/// Sees to it that a notification has a row of work that is due when the schedule is asked about its next
/// delivery, if it is. A row that somebody holds, or that failed, is left to whoever ends that.
pub(super) fn wake(txn: &mut Txn, notification: NotificationKey) {
    let due = next_due(&txn.world, notification, None);
    let row = txn.world.notifications.get(&notification);
    let (Some(due), Some(row)) = (due, row) else {
        return;
    };
    let (app, kind) = (row.app.clone(), WorkKind::Release);
    let stage = Stage { kind, due };
    if let Some(id) = row.release {
        if dispatch::set_waiting(&mut txn.world, id, Some(due)) {
            txn.work_due(&app, stage);
        }
        return;
    }
    let id = txn.leave_work(&app, Target::Notification(notification), stage);
    if let Some(row) = txn.world.notifications.get_mut(&notification) {
        row.release = Some(id);
    }
}
