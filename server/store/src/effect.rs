//! Effects: what a commit means to others.
//!
//! A store emits them after the commit, in the order of commits and before it answers. Changes of
//! notifications and revocations are also numbered rows of the `event` table; that a log grew and that
//! work is due stand in the log and in the work table already, so these two are emitted without a row
//! of their own.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_model::{AppId, DeliveryId, DeliveryStatus, InstallationId, NotificationId, UserId};
use vestnik_rules::{session::FamilyId, work::WorkKind};

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
        /// The users.
        users: Vec<UserId>,
    },
    /// A notification's status, counts or deliveries changed. The event's number is its new version.
    NotificationChanged {
        /// The notification.
        notification: NotificationId,
        /// The deliveries that changed one by one; empty when a part of an audience was expanded, or
        /// when whole parts changed alike.
        deliveries: Vec<ChangedDelivery>,
        /// How many deliveries came to each status, for the metrics.
        reached: Vec<(DeliveryStatus, u64)>,
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

/// A delivery that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDelivery {
    /// The delivery.
    pub id: DeliveryId,
    /// The user it is for.
    pub user: UserId,
    /// Its status after the change.
    pub status: DeliveryStatus,
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
