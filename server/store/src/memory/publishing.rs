//! Accepting, cancelling and recalling notifications.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    AppId, Arrival, Counts, DeliveryId, Entry, Expansion, Notification, NotificationId,
    NotificationStatus, Open, PublishAccepted, Warning, view::NotificationView, wire_size,
};
use vestnik_rules::{
    audience::{FIRST_PART, Plan, Position},
    idempotency::{Remembered, Verdict, verdict},
    settle::Outlook,
    work::{Life, Stage, WorkKind, first_stage},
};

use super::{
    MemoryStore,
    audiences::topic_key,
    ending, expansion,
    txn::{Txn, corrupt, refused},
    work::Target,
    world::{NotificationKey, World},
};
use crate::{
    Answer, Publishing, StoreError,
    publishing::{NewNotification, PublishOutcome},
};

/// A notification and how far it is.
#[derive(Debug, Clone)]
pub(super) struct NotificationRow {
    pub(super) app: AppId,
    pub(super) notification: Notification,
    /// The size of its entry in a log.
    pub(super) bytes: usize,
    external_id: Option<String>,
    correlation_id: Option<String>,
    pub(super) plan: Plan,
    /// Where its expansion goes on; absent when it has ended.
    pub(super) position: Option<Position>,
    keep: SignedDuration,
    pub(super) is_cancelled: bool,
    pub(super) is_recalled: bool,
    /// Its deliveries are being deleted: nobody sees it any more.
    pub(super) is_forgotten: bool,
    pub(super) counts: Counts,
    /// The number of the last event that changed it.
    pub(super) version: u64,
    /// The row of work of its life.
    pub(super) work: u64,
}

impl NotificationRow {
    fn new(new: NewNotification, plan: Plan) -> Self {
        let NewNotification {
            app,
            publication,
            notification,
            idempotency: _,
            keep,
            seed: _,
        } = new;
        Self {
            app,
            bytes: entry_bytes(&notification),
            notification,
            external_id: publication.external_id,
            correlation_id: publication.correlation_id,
            plan,
            position: Some(Position::START),
            keep,
            is_cancelled: false,
            is_recalled: false,
            is_forgotten: false,
            counts: Counts::default(),
            version: 0,
            work: 0,
        }
    }

    pub(super) fn life(&self) -> Life {
        Life {
            accepted_at: self.notification.accepted_at,
            expires_at: self.notification.expires_at,
            keep: self.keep,
        }
    }

    fn expansion(&self) -> Expansion {
        match (self.position, self.is_cancelled) {
            (None, _) => Expansion::Done,
            (Some(_), true) => Expansion::Stopped,
            (Some(_), false) => Expansion::Running,
        }
    }

    pub(super) fn status(&self) -> NotificationStatus {
        self.counts.status(self.expansion())
    }

    pub(super) fn outlook(&self) -> Outlook {
        Outlook {
            counts: self.counts,
            expansion: self.expansion(),
            expires_at: self.notification.expires_at,
        }
    }

    pub(super) fn warnings(&self) -> Vec<Open<Warning>> {
        let is_empty = self.counts.total() == 0 && self.expansion() == Expansion::Done;
        let warning = is_empty.then_some(Open::Known(Warning::AudienceEmpty));
        warning.into_iter().collect()
    }

    fn accepted(&self) -> PublishAccepted {
        PublishAccepted {
            id: self.notification.id,
            status: self.status(),
            replayed: false,
            warnings: self.warnings(),
        }
    }

    pub(super) fn view(&self) -> NotificationView {
        let status = self.status();
        NotificationView {
            id: self.notification.id,
            status,
            legacy_status: status.legacy_status().to_owned(),
            counts: self.counts,
            warnings: self.warnings(),
            notification: self.notification.clone().into(),
            external_id: self.external_id.clone(),
            correlation_id: self.correlation_id.clone(),
            accepted_at: self.notification.accepted_at,
            expires_at: self.notification.expires_at,
        }
    }
}

impl Publishing for MemoryStore {
    fn publish(&self, new: NewNotification) -> Answer<'_, PublishOutcome> {
        self.write(new.notification.accepted_at, move |txn| publish(txn, new))
    }

    fn cancel(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| Ok(stop(txn, &app, id, now).is_some()))
    }

    fn recall(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let Some(key) = stop(txn, &app, id, now) else {
                return Ok(false);
            };
            let row = txn.world.notifications.get_mut(&key);
            let row = row.filter(|row| !row.is_recalled);
            if let Some(row) = row {
                row.is_recalled = true;
                let kind = WorkKind::Recall;
                txn.leave_work(&app, Target::Notification(key), Stage { kind, due: now });
            }
            Ok(true)
        })
    }
}

/// The size of the entry that a notification becomes in a log, the larger of its two encodings.
fn entry_bytes(notification: &Notification) -> usize {
    let arrival = Arrival {
        id: notification.id,
        at: notification.accepted_at,
        delivery_id: DeliveryId::from_uuid(notification.id.uuid()),
        read_at: Some(notification.accepted_at),
        notification: notification.clone(),
    };
    // An entry is a tree of texts and numbers under text names: it always has a size.
    wire_size::of(&Entry::Notification(Box::new(arrival))).unwrap_or(usize::MAX)
}

fn publish(txn: &mut Txn, new: NewNotification) -> Result<PublishOutcome, StoreError> {
    let now = new.notification.accepted_at;
    let idempotency = new.idempotency.clone();
    if let Some(record) = &idempotency {
        let name = (new.app.clone(), record.key.clone());
        match verdict(txn.world.remembered.get(&name), &record.body_hash, now) {
            Verdict::New => {}
            Verdict::Replay(accepted) => return Ok(PublishOutcome::Replayed(accepted)),
            Verdict::Mismatch => return Ok(PublishOutcome::Mismatch),
        }
    }
    let plan = Plan::from(&new.publication.audience);
    let topics = plan.topics();
    let is_unknown = |name: &_| topic_key(&txn.world, &new.app, name).is_none();
    let unknown: Vec<_> = topics.filter(is_unknown).collect();
    if !unknown.is_empty() {
        return Ok(PublishOutcome::UnknownTopics(unknown));
    }
    let app = new.app.clone();
    let accepted = accept(txn, new, plan)?;
    if let Some(record) = idempotency {
        let remembered = Remembered {
            body_hash: record.body_hash,
            accepted: accepted.clone(),
            expires: record.expires,
        };
        txn.world.remembered.insert((app, record.key), remembered);
    }
    Ok(PublishOutcome::Accepted(accepted))
}

/// Stores a notification, expands a small audience, and leaves the rest of its life as work.
fn accept(txn: &mut Txn, new: NewNotification, plan: Plan) -> Result<PublishAccepted, StoreError> {
    let (app, id, seed) = (new.app.clone(), new.notification.id, new.seed);
    if txn.world.notification_ids.contains_key(&id) {
        return Err(refused("the notification is there already"));
    }
    let key = txn.world.next_key();
    let is_expanded = plan.is_first_part();
    let row = NotificationRow::new(new, plan);
    let stage = first_stage(&row.life(), is_expanded);
    let now = row.notification.accepted_at;
    txn.world.notifications.insert(key, row);
    txn.world.notification_ids.insert(id, key);
    if is_expanded {
        let part = expansion::Part {
            notification: key,
            // One more than there can be, so that the walk reaches the end.
            rows: FIRST_PART + 1,
            seed: &seed,
            now,
        };
        expansion::expand(txn, &part)?;
    }
    let work = txn.leave_work(&app, Target::Notification(key), stage);
    txn.touched(key);
    txn.write_changes()?;
    let row = txn.world.notifications.get_mut(&key);
    let row = row.ok_or_else(|| corrupt("a notification is gone"))?;
    row.work = work;
    Ok(row.accepted())
}

/// Stops a notification: what waits is cancelled. Gives its key, if there is such a notification.
fn stop(txn: &mut Txn, app: &AppId, id: NotificationId, now: Timestamp) -> Option<NotificationKey> {
    let (key, row) = txn.world.notification(app, id)?;
    if row.is_cancelled {
        return Some(key);
    }
    if let Some(row) = txn.world.notifications.get_mut(&key) {
        row.is_cancelled = true;
    }
    txn.touched(key);
    let pass = ending::Pass {
        notification: key,
        after: None,
        rows: usize::MAX,
        now,
    };
    ending::end(txn, &pass);
    Some(key)
}

/// The notification with this key.
pub(super) fn row(world: &World, key: NotificationKey) -> Option<&NotificationRow> {
    world.notifications.get(&key)
}
