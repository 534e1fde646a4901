//! A transaction: the world as it will be, and what its commit means to others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use vestnik_model::{AppId, DeliveryState, InstallationId, NotificationId, UserId};
use vestnik_rules::{
    delivery::{Deltas, Move},
    device::primary,
    installation,
    work::{Stage, WorkKind},
};

use super::{
    row::{NotificationKey, Target, UserKey},
    world::World,
};
use crate::{
    StoreError,
    effect::{ChangedDelivery, Effect, Event, Grown, News, Responded, Revocation, Summary, Told},
};

/// A transaction. What it changes about notifications is collected and written once, so that a commit
/// has one event for each of them.
#[derive(Debug)]
pub(super) struct Txn {
    pub(super) world: World,
    at: Timestamp,
    events: Vec<Event>,
    changes: BTreeMap<NotificationKey, Changes>,
    news: BTreeMap<(NotificationKey, News), BTreeSet<UserKey>>,
    grown: BTreeMap<AppId, BTreeSet<UserId>>,
    stopped: Vec<(AppId, NotificationId)>,
    due: Vec<(AppId, Stage)>,
}

/// What happened to one notification.
#[derive(Debug, Default)]
struct Changes {
    deltas: Deltas,
    /// The deliveries that changed one by one, with what they came to last.
    deliveries: BTreeMap<UserKey, Summary>,
}

/// Rows contradict each other.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Contradiction(&'static str);

/// The error for rows that contradict each other.
pub(super) fn corrupt(what: &'static str) -> StoreError {
    StoreError::Corrupt(Arc::new(Contradiction(what)))
}

/// The error for what a database's constraint refuses.
pub(super) fn refused(what: &'static str) -> StoreError {
    StoreError::Failed(Arc::new(Contradiction(what)))
}

impl Txn {
    pub(super) fn begin(world: World, at: Timestamp) -> Self {
        Self {
            world,
            at,
            events: Vec::new(),
            changes: BTreeMap::new(),
            news: BTreeMap::new(),
            grown: BTreeMap::new(),
            stopped: Vec::new(),
            due: Vec::new(),
        }
    }

    /// The notification's status, or something else that a sender sees, can be another one.
    pub(super) fn touched(&mut self, notification: NotificationKey) {
        self.changes.entry(notification).or_default();
    }

    /// A delivery moved. One whose status stays is no change to others, unless it has changed before in
    /// this commit.
    pub(super) fn moved(
        &mut self,
        (notification, user): (NotificationKey, UserKey),
        state: &DeliveryState,
        moved: Option<Move>,
    ) {
        if let Some(moved) = moved {
            let changes = self.changes.entry(notification).or_default();
            changes.deltas.add([moved]);
            if !moved.stays() || changes.deliveries.contains_key(&user) {
                changes.deliveries.insert(user, Summary::of(state));
            }
        }
    }

    /// A delivery moved as one of a part that changed alike: it is counted, and not named.
    pub(super) fn moved_in_part(&mut self, notification: NotificationKey, moved: Option<Move>) {
        let changes = self.changes.entry(notification).or_default();
        changes.deltas.add(moved);
    }

    /// Something happened to a delivery that is no status.
    pub(super) fn happened(
        &mut self,
        (notification, user): (NotificationKey, UserKey),
        news: News,
    ) {
        let users = self.news.entry((notification, news)).or_default();
        users.insert(user);
    }

    /// A user's log has grown.
    pub(super) fn grew(&mut self, app: &AppId, user: &UserId) {
        let users = self.grown.entry(app.clone()).or_default();
        users.insert(user.clone());
    }

    /// A notification was cancelled or recalled.
    pub(super) fn stopped(&mut self, app: &AppId, notification: NotificationId) {
        self.stopped.push((app.clone(), notification));
    }

    /// Work is due, now or later.
    pub(super) fn work_due(&mut self, app: &AppId, stage: Stage) {
        self.due.push((app.clone(), stage));
    }

    /// Adds a row of work, which is an effect, and gives its id.
    pub(super) fn leave_work(&mut self, app: &AppId, target: Target, stage: Stage) -> u64 {
        let id = self.world.insert_work(app.clone(), target, stage);
        self.work_due(app, stage);
        id
    }

    /// A person pressed a button of a notification, or answered it.
    pub(super) fn responded(
        &mut self,
        app: &AppId,
        notification: NotificationId,
        responded: Responded,
    ) {
        let effect = Effect::Responded {
            notification,
            responded,
        };
        self.record(app, effect);
        self.wake_webhooks(app);
    }

    /// The App's backend is told something else.
    pub(super) fn tell(&mut self, app: &AppId, told: Told) {
        self.record(app, Effect::Told(told));
        self.wake_webhooks(app);
    }

    /// The App's backend is told of an installation of a user who is known.
    pub(super) fn tell_installation(
        &mut self,
        app: &AppId,
        (installation, user): (InstallationId, &UserId),
        change: installation::Change,
    ) {
        if self.world.user_key(app, user).is_some() {
            let told = Told::Installation {
                installation,
                user: user.clone(),
                change,
            };
            self.tell(app, told);
        }
    }

    /// The App's backend is told if another installation is a user's primary one than before.
    pub(super) fn tell_primary(
        &mut self,
        app: &AppId,
        user: &UserId,
        former: Option<InstallationId>,
    ) {
        let present = primary(self.world.candidates(app, user));
        if let Some(installation) = present.filter(|_| present != former) {
            let whose = (installation, user);
            self.tell_installation(app, whose, installation::Change::PrimaryChanged);
        }
    }

    /// Somebody may do less from now on.
    pub(super) fn revoked(&mut self, app: &AppId, revocation: Revocation) {
        self.record(app, Effect::Revoked(revocation));
    }

    /// An App has an event more.
    fn wake_webhooks(&mut self, app: &AppId) {
        if self.world.wake_webhooks(app, self.at) {
            let stage = Stage {
                kind: WorkKind::Webhook,
                due: self.at,
            };
            self.work_due(app, stage);
        }
    }

    /// Writes what changed about notifications: counters, versions, events.
    pub(super) fn write_changes(&mut self) -> Result<(), StoreError> {
        for (key, changes) in std::mem::take(&mut self.changes) {
            let Some(row) = self.world.notifications.get_mut(&key) else {
                continue;
            };
            let counts = changes.deltas.applied_to(row.counts);
            row.counts = counts.ok_or_else(|| corrupt("a counter would fall below zero"))?;
            for channel in changes.deltas.channels() {
                let own = row.counts_by_channel.entry(channel).or_default();
                let counts = changes.deltas.of_channel(channel).applied_to(*own);
                *own = counts.ok_or_else(|| corrupt("a counter would fall below zero"))?;
            }
            let status = row.status();
            let became = (row.told.replace(status) != Some(status)).then_some(status);
            let (app, id) = (row.app.clone(), row.notification.id);
            let effect = Effect::NotificationChanged {
                notification: id,
                deliveries: self.named(key, changes.deliveries),
                reached: changes.deltas.reached().collect(),
                became,
            };
            let number = self.record(&app, effect);
            self.wake_webhooks(&app);
            if let Some(row) = self.world.notifications.get_mut(&key) {
                row.version = number;
            }
        }
        Ok(())
    }

    /// Writes what happened to deliveries that is no status.
    fn write_news(&mut self) {
        for ((key, news), users) in std::mem::take(&mut self.news) {
            let Some(row) = self.world.notifications.get(&key) else {
                continue;
            };
            let (app, notification) = (row.app.clone(), row.notification.id);
            let whose = users.into_iter().filter_map(|user| {
                let id = self.world.deliveries.get(&(key, user))?.id;
                Some((id, self.world.name_of(user)?.clone()))
            });
            let told = Told::Deliveries {
                notification,
                news,
                whose: whose.collect(),
            };
            self.tell(&app, told);
        }
    }

    fn named(
        &self,
        notification: NotificationKey,
        deliveries: BTreeMap<UserKey, Summary>,
    ) -> Vec<ChangedDelivery> {
        let changed = deliveries.into_iter().filter_map(|(user, summary)| {
            let id = self.world.deliveries.get(&(notification, user))?.id;
            let user = self.world.users.get(&user)?.name.clone()?;
            Some(ChangedDelivery { id, user, summary })
        });
        changed.collect()
    }

    /// Adds an event with a row, and gives its number.
    fn record(&mut self, app: &AppId, effect: Effect) -> u64 {
        self.world.last_event += 1;
        let event = self.event(app, effect);
        let number = event.number;
        self.world.events.insert(number, event.clone());
        self.events.push(event);
        number
    }

    fn event(&self, app: &AppId, effect: Effect) -> Event {
        Event {
            number: self.world.last_event,
            app: app.clone(),
            at: self.at,
            effect,
        }
    }

    /// The world after the commit, and its effects in order.
    pub(super) fn finish(mut self) -> Result<(World, Vec<Event>), StoreError> {
        self.write_changes()?;
        self.write_news();
        for (app, users) in std::mem::take(&mut self.grown) {
            let users = users.into_iter().map(Grown::unread).collect();
            let event = self.event(&app, Effect::LogGrew { users });
            self.events.push(event);
        }
        for (app, notification) in std::mem::take(&mut self.stopped) {
            let event = self.event(&app, Effect::Stopped { notification });
            self.events.push(event);
        }
        for (app, Stage { kind, due }) in std::mem::take(&mut self.due) {
            let event = self.event(&app, Effect::WorkDue { kind, at: due });
            self.events.push(event);
        }
        Ok((self.world, self.events))
    }
}
