//! Effects: what a commit means to others.
//!
//! A store emits them after the commit, in the order of commits and before it answers. Changes of
//! notifications, answers, what else the App's backend is told, and revocations are also numbered rows of the `event` table; that a log grew, that a
//! notification was stopped and that work is due stand in the log, with the notification and in the work
//! table already, so these are emitted without a row of their own.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_model::{
    AppId, Arrival, Channel, Counts, DeliveryId, DeliveryState, DeliveryStatus, Engagement, Entry,
    InstallationId, Notification, NotificationId, NotificationStatus, Open, Outcome, Reason,
    Response, UserId, WebhookId, event::ChangedBy, webhook::WebhookDisabledReason,
};
use vestnik_rules::{
    cascade::Switch,
    identity::{delivery_id_of, user_hash},
    installation,
    log::{Candidate, Place},
    provider::Health,
    session::FamilyId,
    work::WorkKind,
};

use crate::logs::StretchEntry;

/// Something that was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The number of the commit's last event row, or of the last one before it when the effect has no
    /// row. Never falls.
    pub number: u64,
    /// The tenant.
    pub app: AppId,
    /// When it was committed.
    pub at: Timestamp,
    /// What it means.
    pub effect: Effect,
}

/// What a commit means to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The logs of these users have grown.
    LogGrew {
        /// The users, each with what their log gained.
        users: Vec<Grown>,
    },
    /// A notification's status, counts or deliveries changed. The event's number is its new version.
    NotificationChanged {
        /// The notification.
        notification: NotificationId,
        /// The deliveries that changed one by one; empty when a part of an audience was expanded, or
        /// when whole parts changed alike.
        deliveries: Vec<ChangedDelivery>,
        /// How many deliveries came to each status.
        reached: Vec<(DeliveryStatus, u64)>,
        /// The status that the notification came to by this change; none if it stayed.
        became: Option<NotificationStatus>,
    },
    /// A person pressed a button of a notification, or answered it.
    Responded {
        /// The notification.
        notification: NotificationId,
        /// What they did.
        responded: Responded,
    },
    /// Something else that the App's backend is told.
    Told(Told),
    /// A notification was cancelled or recalled: what [`Grown`] said of it holds no longer.
    Stopped {
        /// The notification.
        notification: NotificationId,
    },
    /// Somebody may do less from now on.
    Revoked(Revocation),
    /// Work of a kind is due.
    WorkDue {
        /// The kind.
        kind: WorkKind,
        /// From when on.
        at: Timestamp,
    },
}

/// A user whose log has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    /// The user.
    pub user: UserId,
    /// What the log gained. If absent, it has to be read; a store may always leave it out.
    pub gained: Option<Gained>,
}

impl Grown {
    /// A user whose log has to be read.
    #[must_use]
    pub const fn unread(user: UserId) -> Self {
        Self { user, gained: None }
    }
}

/// The one entry that a log gained in a commit: a notification for all installations of the user. With
/// it, devices that stand at `after` are served without a read of the log. The session of each must be
/// the present one as of this commit: the revocations of earlier commits must have been applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gained {
    /// The place before the entry.
    pub after: Place,
    /// The place of the entry.
    pub to: Place,
    /// What the entry brings, shared by all users of a part.
    pub arrived: Arc<Arrived>,
}

impl Gained {
    /// The entry as a read of the user's log gives it.
    #[must_use]
    pub fn entry(&self, user: &UserId) -> StretchEntry {
        let Arrived {
            at,
            bytes,
            notification,
        } = &*self.arrived;
        let arrival = Arrival {
            id: notification.id,
            at: *at,
            delivery_id: delivery_id_of(notification.id, user_hash(user)),
            read_at: None,
            notification: notification.clone(),
        };
        StretchEntry {
            candidate: Candidate {
                place: self.to,
                only: None,
                expires_at: Some(notification.expires_at),
                needs: None,
                bytes: *bytes,
            },
            entry: Some(Entry::Notification(Box::new(arrival))),
        }
    }
}

/// A notification that has just been added to logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// When the entries were written.
    pub at: Timestamp,
    /// The size of an entry in bytes.
    pub bytes: usize,
    /// The notification.
    pub notification: Notification,
}

/// A delivery that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDelivery {
    /// The delivery.
    pub id: DeliveryId,
    /// The user it is for.
    pub user: UserId,
    /// What it came to by the change.
    pub summary: Summary,
}

/// What is told of a delivery that changed, as of the commit that changed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Summary {
    /// Its status.
    pub status: DeliveryStatus,
    /// Why, when that is a negative end.
    pub reason: Option<Open<Reason>>,
    /// The channel that it was handed over by last, or by which a device confirmed it first.
    pub channel: Option<Channel>,
    /// Positive evidence came after a negative end.
    pub late: bool,
    /// The person got it twice.
    pub double_contact: bool,
}

impl Summary {
    /// What is told of a delivery that stands so.
    #[must_use]
    pub fn of(state: &DeliveryState) -> Self {
        Self {
            status: state.status,
            reason: state.reason.clone(),
            channel: state.channel,
            late: state.late,
            double_contact: state.double_contact,
        }
    }
}

/// What a person did with a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responded {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Whose it is.
    pub user: UserId,
    /// Where they did it.
    pub installation: InstallationId,
    /// What they did.
    pub response: Response,
}

/// What the App's backend is told beside changes of statuses and what persons did with buttons. Nothing else
/// follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing is waited for any more of a notification.
    Settled {
        /// The notification.
        notification: NotificationId,
        /// How much of it reached its goal.
        outcome: Outcome,
        /// How many deliveries stood where.
        counts: Counts,
    },
    /// Something happened to an installation of a user.
    Installation {
        /// The installation.
        installation: InstallationId,
        /// The user.
        user: UserId,
        /// What.
        change: installation::Change,
    },
    /// What a user does not want, or when they want quiet, is something else than before.
    Preference {
        /// The user.
        user: UserId,
        /// Who changed it.
        by: ChangedBy,
    },
    /// A webhook is sent nothing any more.
    WebhookDisabled {
        /// The webhook.
        webhook: WebhookId,
        /// Why.
        reason: WebhookDisabledReason,
    },
    /// Something happened to deliveries that is no status.
    Deliveries {
        /// The notification.
        notification: NotificationId,
        /// What.
        news: News,
        /// To which, by the names of their users.
        whose: Vec<(DeliveryId, UserId)>,
    },
    /// A service began to refuse the App's credentials, or takes them again.
    Provider {
        /// The service.
        channel: Channel,
        /// What is known of the credentials.
        health: Health,
    },
}

/// What happened to a delivery that is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// A device says it for the first time of all of the user's devices.
    Engaged {
        /// What was done.
        engagement: Engagement,
        /// On which installation.
        installation: InstallationId,
    },
    /// A step gave way to the next.
    Switched(Switch),
    /// The devices that may have it are told of its recall.
    Recalled,
}

impl Told {
    /// The notification that it is about, if it is about one.
    #[must_use]
    pub const fn notification(&self) -> Option<NotificationId> {
        match self {
            Self::Settled { notification, .. } | Self::Deliveries { notification, .. } => {
                Some(*notification)
            }
            Self::Provider { .. }
            | Self::Installation { .. }
            | Self::Preference { .. }
            | Self::WebhookDisabled { .. } => None,
        }
    }

    /// The user that it is about, if it is about one and no notification.
    #[must_use]
    pub const fn user(&self) -> Option<&UserId> {
        match self {
            Self::Installation { user, .. } | Self::Preference { user, .. } => Some(user),
            Self::Settled { .. }
            | Self::Deliveries { .. }
            | Self::Provider { .. }
            | Self::WebhookDisabled { .. } => None,
        }
    }
}

/// What was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// An API key.
    Key {
        /// The key's id.
        id: String,
    },
    /// Every session of an installation up to a generation: logout, takeover, removal, reuse of a
    /// refresh token.
    Session {
        /// The installation.
        installation: InstallationId,
        /// The user whose session it was.
        user: UserId,
        /// The last generation that is void.
        generation: u64,
        /// Why.
        cause: Cause,
    },
    /// A family of refresh tokens, when its reuse was detected; the session of it is revoked too.
    Family {
        /// The family.
        family: FamilyId,
    },
    /// Every session of a user.
    User {
        /// The user.
        user: UserId,
    },
    /// The App's credentials at a service: nothing is sent by it any more.
    Provider {
        /// The service.
        channel: Channel,
    },
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The installation logged out, or the App's backend removed it.
    LoggedOut,
    /// The same user logged in again on the installation.
    LoggedInAgain,
    /// Another user logged in on the installation.
    TakenOver,
    /// The user has too many installations, and this one was silent longest.
    Retired,
    /// A refresh token came a second time.
    Reused,
    /// The user was erased, or all of their sessions were ended.
    UserRevoked,
}

/// Takes the events of each commit, in order. Called on the store's own thread: it must not wait.
pub type Sink = Arc<dyn Fn(&[Event]) + Send + Sync>;

/// A sink that drops everything.
#[must_use]
pub fn no_sink() -> Sink {
    Arc::new(|_| {})
}
