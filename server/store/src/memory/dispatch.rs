//! Sending deliveries: what a look needs of the maps, and what follows from it.

pub(super) mod case;
mod lesson;
mod opening;
mod recipient;
mod turn;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use vestnik_model::{AppId, Channel, Sums, UserId};
use vestnik_rules::{
    attempt::{Bounds, Known, State, settle_try},
    cascade::{Looked, Target, View, look},
    cost::is_charged_late,
    delivery::{Event, advance, contacted},
    gateway::bound,
    identity::attempt_id,
    patience::{begin_at, lease, leased_until},
    provider::after_all,
    push_receipt::{is_reported, push_hash},
    schedule::Hours,
    work::{Progress, Stage, WorkKind},
};

use self::{
    case::{at_gateways, backend, device, mailbox},
    lesson::{kill_at_gateway, kill_mailbox},
    opening::open,
    recipient::has_other,
};
pub(super) use self::{lesson::learn, recipient::recipient};
use super::{
    MemoryStore,
    attempt::{of_delivery, outside_of, reported_of},
    collapse::gave_way,
    costs::{book_saved, charge, saved_of},
    findings::is_deleted,
    letters,
    logs::for_user,
    messages, pushes,
    queue::{Next, finish, held},
    release::hours_of,
    row::{AttemptRow, NotificationKey, Target as Aim, UserKey},
    txn::Txn,
    withdrawals,
    world::World,
};
use crate::{
    Answer, Dispatch,
    dispatch::{
        Begun, Dispatched, LetterNoted, LetterReport, MessageReports, PushReceipts, Sends,
        Settling, Tried, TryStart,
    },
    effect::{News, Told},
    work::Part,
};

pub(super) type Key = (NotificationKey, UserKey);

impl Dispatch for MemoryStore {
    fn dispatch(&self, part: Part) -> Answer<'_, Dispatched> {
        self.write(part.now, move |txn| Ok(dispatch(txn, &part)))
    }

    fn start_try(&self, start: TryStart) -> Answer<'_, bool> {
        self.write(start.now, move |txn| Ok(turn::start_try(txn, &start)))
    }

    fn settle(&self, settling: Settling) -> Answer<'_, usize> {
        self.write(settling.now, move |txn| Ok(settle_all(txn, &settling)))
    }

    fn note_letter(&self, report: LetterReport) -> Answer<'_, Option<LetterNoted>> {
        self.write(report.now, move |txn| Ok(letters::note(txn, &report)))
    }

    fn note_messages(&self, reports: MessageReports) -> Answer<'_, usize> {
        self.write(reports.now, move |txn| Ok(messages::note(txn, &reports)))
    }

    fn note_pushes(&self, receipts: PushReceipts) -> Answer<'_, usize> {
        self.write(receipts.now, move |txn| Ok(pushes::note(txn, &receipts)))
    }
}

fn dispatch(txn: &mut Txn, part: &Part) -> Dispatched {
    let nothing = |progress| Dispatched {
        begun: Vec::new(),
        progress,
    };
    let Some(row) = held(&mut txn.world, &part.claim).cloned() else {
        return nothing(Progress::Lost);
    };
    let Aim::Notification(notification) = row.target else {
        return nothing(finish(txn, &part.claim, Next::Done, part.now));
    };
    let due = due(&txn.world, notification, part.now, part.rows as usize);
    let mut begun = Vec::new();
    for user in due {
        // A person can have many devices: what is left is due in the next part.
        if begun.len() >= part.rows as usize {
            break;
        }
        let key = (notification, user);
        let hours = hours_of(&txn.world, key, part.now);
        let Some(looked) = look_at(&txn.world, key, &hours, part.now) else {
            if let Some(row) = txn.world.deliveries.get_mut(&key) {
                row.course = None;
            }
            continue;
        };
        open(txn, key, &looked, part);
        save(txn, key, &looked, part.now);
        for (target, ended) in looked.ends {
            if let Some(row) = txn.world.attempts.get_mut(&(key.0, key.1, target)) {
                row.attempt = ended;
            }
        }
        for target in looked.tries {
            begun.extend(begin_one(&mut txn.world, key, target, part.now));
        }
    }
    let left = (part.rows as usize).saturating_sub(begun.len());
    begun.extend(withdrawals::begin_due(txn, notification, (part.now, left)));
    Dispatched {
        begun,
        progress: put_back(txn, notification, part),
    }
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
    let deliveries = rows.filter_map(|(_, row)| row.course?.due_at);
    deliveries
        .chain(withdrawals::due_of(world, notification))
        .min()
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

/// Sees to it that a notification has a row of work that is due when its next delivery is, and none if no
/// delivery waits. A row that somebody holds, or that failed, is left to whoever ends that.
pub(super) fn wake(txn: &mut Txn, notification: NotificationKey) {
    if let Some((app, stage)) = make_due(&mut txn.world, notification) {
        txn.work_due(&app, stage);
    }
}

/// Does what [`wake`] does for somebody who tells no worker. Gives when the row is due, and of which App it is,
/// unless none is left.
pub(super) fn make_due(world: &mut World, notification: NotificationKey) -> Option<(AppId, Stage)> {
    let due = next_due(world, notification);
    let row = world.notifications.get(&notification)?;
    let (app, known) = (row.app.clone(), row.dispatch);
    let stage = due.map(|due| Stage {
        kind: WorkKind::Dispatch,
        due,
    });
    let id = match (known, stage) {
        (None, None) => None,
        (None, Some(stage)) => {
            Some(world.insert_work(app.clone(), Aim::Notification(notification), stage))
        }
        (Some(id), _) => set_waiting(world, id, due).then_some(id),
    };
    if let Some(row) = world.notifications.get_mut(&notification) {
        row.dispatch = id;
    }
    id.and(stage).map(|stage| (app, stage))
}

/// Makes a row that waits due at another time, or deletes it; tells whether there is a row now.
pub(super) fn set_waiting(world: &mut World, id: u64, due: Option<Timestamp>) -> bool {
    let Some(row) = world.work.get_mut(&id) else {
        return false;
    };
    let waits = row.ready == row.due && row.tries == 0;
    match due {
        Some(due) if waits => (row.due, row.ready) = (due, due),
        Some(_) => {}
        None if waits => {
            world.work.remove(&id);
            return false;
        }
        None => {}
    }
    true
}

pub(super) fn look_at(world: &World, key: Key, hours: &Hours, now: Timestamp) -> Option<Looked> {
    with_view(world, key, (hours, now), look)
}

fn with_view<T>(
    world: &World,
    key: Key,
    (hours, now): (&Hours, Timestamp),
    then: impl FnOnce(&View<'_>) -> T,
) -> Option<T> {
    let notification = world.notifications.get(&key.0)?;
    let delivery = world.deliveries.get(&key)?;
    let name = world.name_of(key.1)?;
    let app = &notification.app;
    let devices: Vec<_> = world
        .sessions_of(app, name)
        .into_iter()
        .map(|(id, row)| device(world, (key, app), (id, row), now))
        .collect();
    let (mailbox, backend) = (mailbox(world, key, app), backend(world, key, app));
    let gateways = at_gateways(world, key, (app, &notification.steps));
    let attempts: Vec<_> = of_delivery(world, key).collect();
    let attempts = attempts.iter().map(|((_, _, to), row)| (*to, &row.attempt));
    let attempts: Vec<_> = attempts.collect();
    Some(then(&View {
        steps: &notification.steps,
        course: delivery.course?,
        state: &delivery.state,
        attempts: &attempts,
        expires_at: delivery
            .expires_at
            .unwrap_or(notification.notification.expires_at),
        is_stopped: notification.is_cancelled || gave_way(world, key),
        is_deleted: is_deleted(world, key),
        hours,
        wanted: &notification.wanted,
        addressed: &delivery.addressed,
        devices: &devices,
        mailbox: mailbox.as_ref(),
        backend: Some(&backend),
        gateways: &gateways,
        reported: &reported_of(world, key),
        now,
    }))
}

/// Saves where a delivery stands, and its end if it ends.
pub(super) fn save(txn: &mut Txn, key: Key, looked: &Looked, now: Timestamp) {
    let Some(row) = txn.world.deliveries.get_mut(&key) else {
        return;
    };
    row.course = Some(looked.course);
    let saved = with_view(&txn.world, key, (&Hours::Open, now), |view| {
        saved_of(&txn.world, key.0, (view, looked))
    });
    book_saved(&mut txn.world, key, looked, saved.flatten());
    for switch in &looked.switches {
        txn.happened(key, News::Switched(*switch));
    }
    if let Some(reason) = looked.end {
        move_on(txn, key, Event::Ended(reason), now);
    }
}

pub(super) fn move_on(txn: &mut Txn, key: Key, event: Event, now: Timestamp) {
    let outside = outside_of(&txn.world, key);
    let Some(row) = txn.world.deliveries.get_mut(&key) else {
        return;
    };
    let advanced = advance(row.state.clone(), event, now);
    let advanced = match outside {
        Some((steps, channels, reported)) => contacted(advanced, &steps, (&channels, &reported)),
        None => advanced,
    };
    row.state = advanced.state.clone();
    txn.moved(key, &advanced.state, advanced.moved);
}

fn begin_one(world: &mut World, key: Key, target: Target, now: Timestamp) -> Option<Begun> {
    let notification = world.notifications.get(&key.0)?;
    let of = world.deliveries.get(&key)?;
    let content = Arc::new(for_user(&notification.notification, of));
    let app = notification.app.clone();
    let name = world.name_of(key.1)?.clone();
    let delivery = world.deliveries.get(&key)?.id;
    let recipient = recipient(world, (&app, key.1), target)?;
    let place = (key.0, key.1, target);
    let known = world.attempts.get(&place);
    let lease_until = leased_until(target, now);
    let attempt =
        begin_at(target, known.map(|row| &row.attempt), lease_until).sealed(recipient.key(), now);
    let id = attempt_id(delivery, target);
    let row = world.attempts.entry(place).or_insert_with(|| AttemptRow {
        attempt: attempt.clone(),
        said: None,
        provider: None,
        passed_over: Vec::new(),
        message: is_reported(target).then(|| push_hash(&app, id)),
        cost: Sums::default(),
        started_at: now,
        tried_at: None,
        arrived_at: None,
        delivered_at: None,
        read_at: None,
        returned_at: None,
    });
    row.attempt = attempt;
    (row.tried_at, row.returned_at) = (Some(now), None);
    let provider = bound(&row.attempt, row.provider);
    Some(Begun {
        attempt: id,
        user: name,
        notification: content,
        sends: Sends::Notification,
        recipient,
        lease_until,
        provider,
    })
}

fn settle_all(txn: &mut Txn, settling: &Settling) -> usize {
    let found = txn.world.notification(&settling.app, settling.notification);
    let Some((notification, _)) = found else {
        return 0;
    };
    let mut settled: BTreeMap<Key, Option<Channel>> = BTreeMap::new();
    let mut count = 0;
    for tried in &settling.tried {
        match tried.sends {
            Sends::Notification => {}
            Sends::Withdrawal => {
                count += usize::from(withdrawals::settle_one(txn, notification, tried, settling));
                continue;
            }
        }
        if let Some((key, handed)) = settle_one(txn, notification, tried, settling) {
            let known = settled.entry(key).or_default();
            *known = handed.or(*known);
            count += 1;
        }
    }
    for (key, handed) in settled {
        if let Some(by) = handed {
            move_on(txn, key, Event::HandedOver(by), settling.now);
        }
        let course = txn.world.deliveries.get(&key).and_then(|row| row.course);
        if let Some((looked, course)) =
            look_at(&txn.world, key, &Hours::Open, settling.now).zip(course)
        {
            let looked = looked.left_to_dispatch(course, settling.now);
            save(txn, key, &looked, settling.now);
        }
    }
    for tried in &settling.tried {
        messages::note_kept(txn, tried, settling.now);
    }
    wake(txn, notification);
    note_signs(txn, settling);
    count
}

/// Notes what the tries show of the App's credentials.
fn note_signs(txn: &mut Txn, settling: &Settling) {
    for channel in settling.channels() {
        let name = (settling.app.clone(), channel);
        let Some(row) = txn.world.providers.get_mut(&name) else {
            continue;
        };
        let (set_at, shown) = (row.provider.set_at, settling.shown(channel));
        if let Some(lasting) = after_all(&row.lasting, set_at, shown, settling.now) {
            let health = lasting.health.clone();
            row.lasting = lasting;
            txn.tell(&settling.app, Told::Provider { channel, health });
        }
    }
}

fn settle_one(
    txn: &mut Txn,
    notification: NotificationKey,
    tried: &Tried,
    settling: &Settling,
) -> Option<(Key, Option<Channel>)> {
    let app = &settling.app;
    let user: &UserId = &tried.user;
    let key = (notification, txn.world.user_key(app, user)?);
    let bounds = Bounds {
        until: until(&txn.world, key)?,
        collapses: tried.collapses,
        on_unproven: txn
            .world
            .notifications
            .get(&notification)?
            .steps
            .on_unproven(tried.target.step()),
        random: settling.random,
        now: settling.now,
    };
    let known = known(&txn.world, (app, key.1), tried);
    let own = (key.0, key.1, tried.target);
    // A gateway that begins its ids anew gives the one of a former message.
    if let Some(message) = tried.message {
        let others = txn.world.attempts.iter_mut().filter(|(of, _)| **of != own);
        for (_, row) in others {
            row.message = row.message.filter(|of| *of != message);
        }
    }
    let row = txn.world.attempts.get_mut(&own)?;
    // One that was given up or begun anew meanwhile may be reported, too.
    let is_first_proof = row.message.is_none() && tried.message.is_some();
    row.message = row.message.or(tried.message);
    let of = (&tried.outcome, tried.lease_until);
    let state = row.attempt.state;
    let Some(settled) = settle_try(&row.attempt, of, known, bounds) else {
        if is_charged_late(state, is_first_proof, tried.collapses) {
            charge(&mut txn.world, key, tried, settling.now);
        }
        return None;
    };
    row.attempt = settled;
    let is_taken = row.attempt.state == State::Sent;
    if tried.said.is_some() {
        row.said.clone_from(&tried.said);
    }
    row.message = tried.message.or(row.message);
    row.passed_over.clone_from(&tried.passed_over);
    charge(&mut txn.world, key, tried, settling.now);
    match tried.target {
        Target::Device { installation, .. } => {
            learn(txn, (app, installation), tried, settling.now);
        }
        Target::Mailbox => kill_mailbox(&mut txn.world, key.1, tried, settling.now),
        Target::Gateway(gateway) => {
            kill_at_gateway(&mut txn.world, (app, key.1), (gateway, tried), settling.now);
        }
        Target::Backend => {}
    }
    Some((key, is_taken.then(|| tried.target.channel())))
}

/// What is known by now of where a try went.
pub(super) fn known(world: &World, (app, user): (&AppId, UserKey), tried: &Tried) -> Known {
    let provider = (app.clone(), tried.target.channel());
    Known {
        has_other: has_other(world, (app, user), tried),
        set_at: world
            .providers
            .get(&provider)
            .map(|row| row.provider.set_at),
        lease: lease(tried.target),
    }
}

/// Until when a try of a delivery makes sense.
fn until(world: &World, key: Key) -> Option<Timestamp> {
    let notification = world.notifications.get(&key.0)?;
    let delivery = world.deliveries.get(&key)?;
    let course = delivery.course?;
    let whole = notification.notification.expires_at;
    let expires_at = delivery.expires_at.unwrap_or(whole);
    Some(course.tries_until(&notification.steps, expires_at))
}
