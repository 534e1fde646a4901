//! Hints between those who commit and those who hold connections.
//!
//! A store's effects become hints; each node's consumers take the hints of every node. A `Log` or
//! `Notification` hint may be lost: nothing but delay comes of it, because logs and versions are
//! compared again after a while. Revocations are applied on the node that commits before anything is
//! put on a bus, and again from the event table by the others.

mod local;

pub use local::LocalBus;

use std::sync::Arc;

use vestnik_model::{AppId, NotificationId, UserId};
use vestnik_rules::work::WorkKind;
use vestnik_store::effect::{Gained, Revocation};

/// What others may want to know of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// A user's log has grown.
    Log {
        /// The tenant.
        app: AppId,
        /// The user.
        user: UserId,
        /// What the log gained, on the node that committed it; absent elsewhere.
        gained: Option<Gained>,
    },
    /// A notification changed.
    Notification {
        /// The tenant.
        app: AppId,
        /// The notification.
        id: NotificationId,
        /// Its version after the change.
        version: u64,
    },
    /// An App has an event more that changes no notification.
    Event {
        /// The tenant.
        app: AppId,
        /// Its number.
        number: u64,
    },
    /// A notification was cancelled or recalled.
    Stopped {
        /// The tenant.
        app: AppId,
        /// The notification.
        id: NotificationId,
    },
    /// Somebody may do less from now on.
    Revoked {
        /// The tenant.
        app: AppId,
        /// What was revoked.
        what: Revocation,
    },
    /// Work of a kind is due.
    WorkDue(WorkKind),
}

/// Takes hints. Must not wait: it is called on the thread that commits.
pub type Consumer = Arc<dyn Fn(&Hint) + Send + Sync>;

/// Carries hints to the consumers of every node.
pub trait Bus: Send + Sync + std::fmt::Debug + 'static {
    /// Sends hints on; never waits.
    fn publish(&self, hints: &[Hint]);
    /// Has every hint from now on given to a consumer, as far as none is lost.
    fn attach(&self, consumer: Consumer);
}
