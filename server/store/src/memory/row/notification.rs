//! Notifications.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    AppId, Arrival, Channel, Counts, Currency, DeliveryId, Entry, Expansion, Notification,
    NotificationStatus, Open, Outcome, PublishAccepted, Warning,
    publish::{ErrorPolicy, Schedule, Steps},
    view::NotificationView,
    wire_size,
};
use vestnik_rules::{
    audience::{Plan, Position, expansion},
    cost::Totals,
    device::Wanted,
    edit::{Planned, Standing},
    schedule::{Mailing, Pace, span},
    settle::Outlook,
    work::Life,
};

use crate::publishing::NewNotification;

/// A notification and how far it is.
#[derive(Debug, Clone)]
pub(crate) struct NotificationRow {
    pub(crate) app: AppId,
    pub(crate) notification: Notification,
    /// The size of its entry in a log.
    pub(crate) bytes: usize,
    pub(crate) external_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    /// What it is about, if its sender said so.
    pub(crate) collapse_key: Option<String>,
    pub(crate) schedule: Schedule,
    pub(crate) ttl: SignedDuration,
    /// From when on anybody may be notified.
    pub(crate) opens_at: Timestamp,
    pub(crate) plan: Plan,
    /// Where its expansion goes on; absent when it has ended.
    pub(crate) position: Option<Position>,
    pub(crate) keep: SignedDuration,
    pub(crate) is_cancelled: bool,
    pub(crate) is_recalled: bool,
    /// Its deliveries are being deleted: nobody sees it any more.
    pub(crate) is_forgotten: bool,
    pub(crate) counts: Counts,
    pub(crate) counts_by_channel: BTreeMap<Channel, Counts>,
    /// What its messages cost and saved.
    pub(crate) totals: BTreeMap<Currency, Totals>,
    /// The number of the last event that changed it.
    pub(crate) version: u64,
    /// The status that was told last.
    pub(crate) told: Option<NotificationStatus>,
    /// The row of work of its life.
    pub(crate) work: u64,
    /// By which channels each person is reached.
    pub(crate) steps: Steps,
    /// Which of each person's devices are meant.
    pub(crate) wanted: Wanted,
    /// The row of work that sends its deliveries, while some wait.
    pub(crate) dispatch: Option<u64>,
    /// The row of work that asks the schedule about its deliveries, while some wait for that.
    pub(crate) release: Option<u64>,
    /// How far the pace of its schedule is.
    pub(crate) pace: Pace,
    /// Since when its sender has it paused.
    pub(crate) paused_at: Option<Timestamp>,
    /// How many lost deliveries make it an error.
    pub(crate) error_policy: ErrorPolicy,
    /// Since when nothing is waited for any more.
    pub(crate) settled_at: Option<Timestamp>,
}

impl NotificationRow {
    pub(crate) fn new(new: NewNotification, plan: Plan) -> Self {
        let NewNotification {
            app,
            publication,
            notification,
            idempotency: _,
            keep,
            seed: _,
        } = new;
        let accepted_at = notification.accepted_at;
        Self {
            app,
            bytes: entry_bytes(&notification),
            notification,
            external_id: publication.external_id,
            correlation_id: publication.correlation_id,
            collapse_key: publication.collapse_key,
            opens_at: span(&publication.schedule, accepted_at, publication.ttl).starts_at,
            schedule: publication.schedule,
            ttl: publication.ttl,
            plan,
            position: Some(Position::START),
            keep,
            is_cancelled: false,
            is_recalled: false,
            is_forgotten: false,
            counts: Counts::default(),
            counts_by_channel: BTreeMap::new(),
            totals: BTreeMap::new(),
            version: 0,
            told: None,
            work: 0,
            steps: publication.steps,
            wanted: Wanted::of(&publication.audience),
            dispatch: None,
            release: None,
            pace: Pace::default(),
            paused_at: None,
            error_policy: publication.error_policy,
            settled_at: None,
        }
    }

    pub(crate) fn life(&self) -> Life {
        Life {
            opens_at: self.opens_at,
            expires_at: self.notification.expires_at,
            keep: self.keep,
        }
    }

    pub(crate) fn mailing(&self) -> Mailing<'_> {
        Mailing {
            schedule: &self.schedule,
            opens_at: self.opens_at,
            expires_at: self.notification.expires_at,
            ttl: self.ttl,
            is_paused: self.paused_at.is_some(),
        }
    }

    pub(crate) fn expansion(&self) -> Expansion {
        expansion(self.position, self.is_cancelled, self.is_scheduled())
    }

    fn is_scheduled(&self) -> bool {
        self.opens_at > self.notification.accepted_at
    }

    /// How far it is, for its sender to change it.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            expansion: self.expansion(),
            is_cancelled: self.is_cancelled,
            expires_at: self.notification.expires_at,
        }
    }

    /// What can be changed about it.
    pub(crate) fn planned(&self) -> Planned {
        Planned {
            notification: self.notification.clone(),
            schedule: self.schedule.clone(),
            ttl: self.ttl,
            opens_at: self.opens_at,
        }
    }

    /// Takes what a sender changed.
    pub(crate) fn replan(&mut self, planned: Planned) {
        let Planned {
            notification,
            schedule,
            ttl,
            opens_at,
        } = planned;
        self.bytes = entry_bytes(&notification);
        (self.notification, self.schedule) = (notification, schedule);
        (self.ttl, self.opens_at) = (ttl, opens_at);
    }

    pub(crate) fn status(&self) -> NotificationStatus {
        self.counts.status(self.expansion(), self.error_policy)
    }

    /// How much of it reached its goal.
    pub(crate) fn outcome(&self) -> Outcome {
        self.counts.outcome(self.expansion(), self.steps.goal())
    }

    pub(crate) fn outlook(&self) -> Outlook {
        Outlook {
            counts: self.counts,
            expansion: self.expansion(),
            expires_at: self.notification.expires_at,
        }
    }

    pub(crate) fn warnings(&self) -> Vec<Open<Warning>> {
        let is_empty = self.counts.total() == 0 && self.expansion() == Expansion::Done;
        let warning = is_empty.then_some(Open::Known(Warning::AudienceEmpty));
        warning.into_iter().collect()
    }

    pub(crate) fn accepted(&self) -> PublishAccepted {
        PublishAccepted {
            id: self.notification.id,
            status: self.status(),
            replayed: false,
            warnings: self.warnings(),
        }
    }

    /// The counts by channel, without channels in which none stands any more.
    fn shown_by_channel(&self) -> BTreeMap<Open<Channel>, Counts> {
        let all = self.counts_by_channel.iter();
        let used = all.filter(|(_, counts)| counts.total() > 0);
        used.map(|(channel, counts)| (Open::Known(*channel), *counts))
            .collect()
    }

    pub(crate) fn view(&self) -> NotificationView {
        let status = self.status();
        let (cost, saved) = Totals::shown(self.totals.clone());
        NotificationView {
            id: self.notification.id,
            status,
            is_recalled: self.is_recalled,
            legacy_status: status.legacy_status().to_owned(),
            outcome: Some(self.outcome().into()),
            settled_at: self.settled_at,
            paused_at: self.paused_at,
            schedule: (self.schedule != Schedule::default()).then(|| (&self.schedule).into()),
            opens_at: self.is_scheduled().then_some(self.opens_at),
            counts: self.counts,
            counts_by_channel: self.shown_by_channel(),
            cost,
            saved,
            warnings: self.warnings(),
            notification: self.notification.clone().into(),
            external_id: self.external_id.clone(),
            correlation_id: self.correlation_id.clone(),
            collapse_key: self.collapse_key.clone(),
            accepted_at: self.notification.accepted_at,
            expires_at: self.notification.expires_at,
        }
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
