//! Deliveries, and what hangs on them.

use jiff::Timestamp;
use vestnik_model::{
    DeliveryId, DeliveryState, FactId, InstallationId, ProviderName, Sums, cost::Saved,
};
use vestnik_rules::{
    attempt::Attempt,
    cascade::{Course, Target},
    device::Addressed,
    gateway::PassedOver,
    push_receipt::delivered_at,
    receipt::FlagState,
};

use super::key::{NotificationKey, UserKey};

/// A notification to a user.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryRow {
    pub(crate) id: DeliveryId,
    /// Its place in the user's log, if it came there.
    pub(crate) seq: Option<u64>,
    /// The installations that it is for.
    pub(crate) addressed: Addressed,
    pub(crate) state: DeliveryState,
    /// Where it stands in its cascade, if it is looked at by a dispatch.
    pub(crate) course: Option<Course>,
    /// When the schedule is asked about it again, if it is.
    pub(crate) release_at: Option<Timestamp>,
    /// When it expires, if that is before its notification does.
    pub(crate) expires_at: Option<Timestamp>,
    /// What it saved, if anything is booked.
    pub(crate) saved: Option<Saved>,
}

/// Names an attempt: the delivery and where it goes.
pub(crate) type AttemptKey = (NotificationKey, UserKey, Target);

/// A delivery was tried somewhere.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRow {
    pub(crate) attempt: Attempt,
    /// What the service said last.
    pub(crate) said: Option<String>,
    /// The provider of a gateway that the last try was started with.
    pub(crate) provider: Option<ProviderName>,
    /// The providers that the last try went past.
    pub(crate) passed_over: Vec<PassedOver>,
    /// What the reports about what was taken are matched by.
    pub(crate) message: Option<[u8; 32]>,
    /// What its tries cost that were taken.
    pub(crate) cost: Sums,
    pub(crate) started_at: Timestamp,
    /// When the last try began; absent of what was written to a connection.
    pub(crate) tried_at: Option<Timestamp>,
    /// When the push service reported that it reached the device.
    pub(crate) arrived_at: Option<Timestamp>,
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) read_at: Option<Timestamp>,
    /// When it became known that what was taken came back.
    pub(crate) returned_at: Option<Timestamp>,
}

impl AttemptRow {
    /// When what it sent was delivered, by whoever's word.
    pub(crate) fn proven_at(&self) -> Option<Timestamp> {
        delivered_at(self.attempt.state, self.delivered_at, self.arrived_at)
    }
}

/// Names a withdrawal: the delivery and the installation.
pub(crate) type WithdrawalKey = (NotificationKey, UserKey, InstallationId);

/// A notification is to be taken off the screen of an installation that sleeps.
#[derive(Debug, Clone)]
pub(crate) struct WithdrawalRow {
    /// The place of the entry of the log that says the same, and when that was written.
    pub(crate) seq: u64,
    pub(crate) since: Timestamp,
    /// When it is looked at again.
    pub(crate) due_at: Timestamp,
    /// How far its tries are.
    pub(crate) attempt: Attempt,
}

/// Names what an installation said that did not show a delivery.
pub(crate) type NotShownKey = (NotificationKey, UserKey, InstallationId);

/// Names a fact: the user, the installation, and the installation's own id of it.
pub(crate) type FactKey = (UserKey, InstallationId, FactId);

/// A flag of a delivery, and the number of the entry of the log that says so.
#[derive(Debug, Clone)]
pub(crate) struct FlagRow {
    pub(crate) state: FlagState,
    pub(crate) seq: Option<u64>,
}
