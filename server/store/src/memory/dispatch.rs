//! Sending deliveries: what a look needs of the maps, and what follows from it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, InstallationId, Open, Permission, PushAddress, Reason, UserId,
};
use vestnik_rules::{
    attempt::{Bounds, Outcome, State, begin, kills, settle},
    cascade::{Address, Device, Looked, Mailbox, Target, View, channel_of, look, preferred},
    delivery::{Event, advance},
    identity::attempt_id,
    log::epoch_of,
    work::{LEASE, Progress, Stage, WorkKind},
};

use super::{
    MemoryStore,
    attempt::of_delivery,
    installations::addresses_of,
    queue::{Next, finish, held},
    row::{AddressRow, AttemptRow, InstallationRow, NotificationKey, Target as Aim, UserKey},
    txn::Txn,
    world::World,
};
use crate::{
    Answer, Dispatch,
    dispatch::{Begun, Dispatched, Recipient, Settling, Tried},
    work::Part,
};

type Key = (NotificationKey, UserKey);

impl Dispatch for MemoryStore {
    fn dispatch(&self, part: Part) -> Answer<'_, Dispatched> {
        self.write(part.now, move |txn| Ok(dispatch(txn, &part)))
    }

    fn settle(&self, settling: Settling) -> Answer<'_, Progress> {
        self.write(settling.now, move |txn| Ok(settle_all(txn, &settling)))
    }
}

fn dispatch(txn: &mut Txn, part: &Part) -> Dispatched {
    let Some(row) = held(&mut txn.world, &part.claim).cloned() else {
        return Dispatched::Nothing(Progress::Lost);
    };
    let Aim::Notification(notification) = row.target else {
        return Dispatched::Nothing(finish(txn, &part.claim, Next::Done, part.now));
    };
    let due = due(&txn.world, notification, part.now, part.rows as usize);
    let mut begun = Vec::new();
    for user in due {
        let key = (notification, user);
        let Some(looked) = look_at(&txn.world, key, part.now) else {
            if let Some(row) = txn.world.deliveries.get_mut(&key) {
                row.course = None;
            }
            continue;
        };
        save(txn, key, &looked, part.now);
        for target in looked.tries {
            begun.extend(begin_one(&mut txn.world, key, target, part.now));
        }
    }
    if begun.is_empty() {
        return Dispatched::Nothing(put_back(txn, notification, part));
    }
    Dispatched::Begun(begun)
}

/// The users whose deliveries are due, the earliest first.
fn due(world: &World, notification: NotificationKey, now: Timestamp, rows: usize) -> Vec<UserKey> {
    let rows_of = world.deliveries_after(notification, None);
    let due = rows_of.filter_map(|(user, row)| Some((row.course?.due_at?, user)));
    let mut due: Vec<_> = due.filter(|(at, _)| *at <= now).collect();
    due.sort_unstable();
    due.into_iter().take(rows).map(|(_, user)| user).collect()
}

fn next_due(world: &World, notification: NotificationKey) -> Option<Timestamp> {
    let rows = world.deliveries_after(notification, None);
    rows.filter_map(|(_, row)| row.course?.due_at).min()
}

fn put_back(txn: &mut Txn, notification: NotificationKey, part: &Part) -> Progress {
    let due = next_due(&txn.world, notification);
    if let Some(row) = txn.world.notifications.get_mut(&notification)
        && due.is_none()
    {
        row.dispatch = None;
    }
    let next = match due {
        None => Next::Done,
        Some(due) if due <= part.now => Next::More {
            target: Aim::Notification(notification),
            after: None,
        },
        Some(due) => Next::Stage(Stage {
            kind: WorkKind::Dispatch,
            due,
        }),
    };
    finish(txn, &part.claim, next, part.now)
}

/// Sees to it that a notification has a row of work by the time that its next delivery is due.
pub(super) fn wake(txn: &mut Txn, notification: NotificationKey) {
    let Some(due) = next_due(&txn.world, notification) else {
        return;
    };
    let Some(row) = txn.world.notifications.get(&notification) else {
        return;
    };
    let (app, dispatch) = (row.app.clone(), row.dispatch);
    let stage = Stage {
        kind: WorkKind::Dispatch,
        due,
    };
    let Some(id) = dispatch else {
        let id = txn.leave_work(&app, Aim::Notification(notification), stage);
        if let Some(row) = txn.world.notifications.get_mut(&notification) {
            row.dispatch = Some(id);
        }
        return;
    };
    if let Some(row) = txn.world.work.get_mut(&id) {
        let waits = row.ready == row.due && row.tries == 0;
        if waits && row.due > due {
            (row.due, row.ready) = (due, due);
        }
    }
    txn.work_due(&app, stage);
}

fn lease_until(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(Timestamp::MAX)
}

fn look_at(world: &World, key: Key, now: Timestamp) -> Option<Looked> {
    let notification = world.notifications.get(&key.0)?;
    let delivery = world.deliveries.get(&key)?;
    let name = world.name_of(key.1)?;
    let app = &notification.app;
    let sessions = world.sessions_of(app, name).into_iter();
    let meant = sessions.filter(|(id, _)| {
        let only = delivery.only.as_ref();
        only.is_none_or(|only| only.contains(id))
    });
    let devices: Vec<_> = meant
        .map(|(id, row)| device(world, (key, app), (id, row), now))
        .collect();
    Some(look(&View {
        steps: &notification.steps,
        course: delivery.course?,
        state: &delivery.state,
        expires_at: notification.notification.expires_at,
        is_stopped: notification.is_cancelled,
        devices: &devices,
        mailbox: Mailbox::Unknown,
        lease_until: lease_until(now),
        now,
    }))
}

fn device(
    world: &World,
    (key, app): (Key, &AppId),
    (id, row): (InstallationId, &InstallationRow),
    now: Timestamp,
) -> Device {
    let permission = row.state.as_ref().map(|state| &state.permission);
    let is_blocked = permission == Some(&Open::Known(Permission::Denied));
    let connections = world
        .presence
        .iter()
        .filter(|(key, row)| key.app == *app && key.installation == id && row.lease_until > now);
    let heard_at = connections.map(|(_, row)| row.last_seen).max();
    let reported =
        of_delivery(world, key).any(|((_, _, of, _), row)| *of == id && row.delivered_at.is_some());
    let (user, delivery) = (world.users.get(&key.1), world.deliveries.get(&key));
    let epoch = user.map(|user| epoch_of(world.epoch, user.renewal));
    let has_reached = row.confirmed.is_some_and(|place| {
        Some(place.epoch) == epoch && delivery.is_some_and(|row| place.seq >= row.seq)
    });
    Device {
        installation: id,
        blocked: is_blocked.then_some(Reason::BlockedOs),
        is_connected: heard_at.is_some(),
        heard_at,
        has_it: reported || has_reached,
        addresses: addresses(world, key, (app, id)),
    }
}

/// The addresses of an installation at services that the server knows.
fn addresses(world: &World, key: Key, (app, id): (&AppId, InstallationId)) -> Vec<Address> {
    let known = addresses_of(world, app, id).filter_map(|(kind, row)| {
        let channel = Open::read(kind).known().and_then(channel_of)?;
        let attempt = world.attempts.get(&(key.0, key.1, id, channel));
        Some(Address {
            channel,
            is_dead: row.died_at.is_some(),
            has_provider: world.providers.contains_key(&(app.clone(), channel)),
            attempt: attempt.map(|row| row.attempt.clone()),
        })
    });
    preferred(known.collect())
}

/// Saves where a delivery stands, and its end if it ends.
fn save(txn: &mut Txn, key: Key, looked: &Looked, now: Timestamp) {
    let Some(row) = txn.world.deliveries.get_mut(&key) else {
        return;
    };
    row.course = Some(looked.course);
    if let Some(reason) = looked.end {
        move_on(txn, key, Event::Ended(reason), now);
    }
}

fn move_on(txn: &mut Txn, key: Key, event: Event, now: Timestamp) {
    let Some(row) = txn.world.deliveries.get_mut(&key) else {
        return;
    };
    let advanced = advance(row.state.clone(), event, now);
    let status = advanced.state.status;
    row.state = advanced.state;
    txn.moved(key, status, advanced.moved);
}

fn begin_one(world: &mut World, key: Key, target: Target, now: Timestamp) -> Option<Begun> {
    let Target::Device {
        installation,
        channel,
    } = target
    else {
        return None;
    };
    let notification = world.notifications.get(&key.0)?;
    let content = Arc::new(notification.notification.clone());
    let app = notification.app.clone();
    let name = world.name_of(key.1)?.clone();
    let delivery = world.deliveries.get(&key)?.id;
    let address = live_address(world, (&app, installation), channel)?.1;
    let session = world.installations.get(&(app, installation));
    let state = session.and_then(|row| row.state.clone());
    let place = (key.0, key.1, installation, channel);
    let known = world.attempts.get(&place);
    let lease_until = lease_until(now);
    let attempt = begin(known.map(|row| &row.attempt), lease_until);
    let row = world.attempts.entry(place).or_insert_with(|| AttemptRow {
        attempt: attempt.clone(),
        said: None,
        started_at: now,
        delivered_at: None,
        read_at: None,
    });
    row.attempt = attempt;
    Some(Begun {
        attempt: attempt_id(delivery, installation, channel),
        user: name,
        notification: content,
        recipient: Recipient::Device {
            installation,
            address,
            envelope_key: state.as_ref().and_then(|state| state.envelope_key.clone()),
            locale: state.and_then(|state| state.locale),
        },
        lease_until,
    })
}

fn live_address(
    world: &World,
    (app, installation): (&AppId, InstallationId),
    channel: Channel,
) -> Option<(String, PushAddress, Timestamp)> {
    let mut rows = addresses_of(world, app, installation);
    rows.find_map(|(kind, row): (&str, &AddressRow)| {
        let of = Open::read(kind).known().and_then(channel_of)?;
        let address = row.address.clone().filter(|_| of == channel)?;
        Some((kind.to_owned(), address, row.refreshed_at))
    })
}

fn settle_all(txn: &mut Txn, settling: &Settling) -> Progress {
    let row = txn.world.work.get(&settling.claim.id);
    let target = row
        .filter(|row| row.kind == settling.claim.kind)
        .map(|row| row.target);
    let Some(Aim::Notification(notification)) = target else {
        return Progress::Lost;
    };
    let mut settled: BTreeMap<Key, bool> = BTreeMap::new();
    for tried in &settling.tried {
        if let Some(key) = settle_one(txn, notification, tried, settling) {
            let is_accepted = matches!(tried.outcome, Outcome::Accepted);
            *settled.entry(key).or_default() |= is_accepted;
        }
    }
    for (key, is_handed) in settled {
        if is_handed {
            move_on(txn, key, Event::HandedOver, settling.now);
        }
        if let Some(looked) = look_at(&txn.world, key, settling.now) {
            save(
                txn,
                key,
                &looked.with_tries_left(settling.now),
                settling.now,
            );
        }
    }
    if held(&mut txn.world, &settling.claim).is_none() {
        return Progress::Lost;
    }
    let part = Part {
        claim: settling.claim.clone(),
        rows: 0,
        seed: [0; 32],
        now: settling.now,
    };
    put_back(txn, notification, &part)
}

fn settle_one(
    txn: &mut Txn,
    notification: NotificationKey,
    tried: &Tried,
    settling: &Settling,
) -> Option<Key> {
    let Target::Device {
        installation,
        channel,
    } = tried.target
    else {
        return None;
    };
    let app = txn.world.notifications.get(&notification)?.app.clone();
    let user: &UserId = &tried.user;
    let key = (notification, txn.world.user_key(&app, user)?);
    let bounds = Bounds {
        until: until(&txn.world, key)?,
        random: settling.random,
        now: settling.now,
    };
    let row = txn
        .world
        .attempts
        .get_mut(&(key.0, key.1, installation, channel))?;
    let is_it = row.attempt.state == State::Sending && row.attempt.until == Some(tried.lease_until);
    if !is_it {
        return None;
    }
    row.attempt = settle(&row.attempt, &tried.outcome, bounds);
    if tried.said.is_some() {
        row.said.clone_from(&tried.said);
    }
    let whose = (&app, installation);
    if let Some((kind, _, refreshed_at)) = live_address(&txn.world, whose, channel)
        && kills(&tried.outcome, refreshed_at, tried.began_at)
        && let Some(row) = txn.world.addresses.get_mut(&(app, installation, kind))
    {
        row.address = None;
        row.died_at = Some(settling.now);
    }
    Some(key)
}

/// Until when a try of a delivery makes sense.
fn until(world: &World, key: Key) -> Option<Timestamp> {
    let notification = world.notifications.get(&key.0)?;
    let course = world.deliveries.get(&key)?.course?;
    let expires_at = notification.notification.expires_at;
    Some(course.tries_until(&notification.steps, expires_at))
}
