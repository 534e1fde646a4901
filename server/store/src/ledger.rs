//! Deliveries, attempts, facts, counts.

use jiff::Timestamp;
use vestnik_model::{
    AppId, Counts, Cursor, DeliveryId, InstallationId, NotificationId, NotificationStatus, Open,
    UserId, Warning,
    contract::DeliveryChange,
    fact::{FactResult, ParsedFact},
    view::{AttemptView, DeliveryView, List, NotificationView},
};
use vestnik_rules::{explain::Findings, log::Place, session::Session};

use crate::{Answer, DeliveryPlace, NotificationPlace, PageQuery};

/// What became of notifications.
pub trait Ledger {
    /// Notes what was written to devices, in one batch. A recall that did not know of it is made up for: the
    /// user's log says so, and the notification is withdrawn there. Effects: `NotificationChanged`,
    /// `LogGrew`, `WorkDue`.
    fn hand_over(&self, handed: HandOvers) -> Answer<'_, ()>;
    /// Takes facts of a session's installation; `None` when the session is not the present one any
    /// more. A recall that did not know that the installation has it is made up for too. Effects: `NotificationChanged`, `LogGrew`, `WorkDue`.
    fn report(&self, report: FactReport) -> Answer<'_, Option<Vec<FactResult>>>;
    /// Notes how far installations have read, in one batch: evidence that they have what lies before.
    /// A place counts as long as the installation stays its user's and the log has the place's epoch;
    /// an earlier place of the same epoch takes nothing back.
    fn confirm(&self, batch: Vec<Confirmed>) -> Answer<'_, ()>;
    /// One notification.
    fn notification(&self, app: AppId, id: NotificationId) -> Answer<'_, Option<NotificationView>>;
    /// Notifications, newest first.
    fn notifications(
        &self,
        app: AppId,
        page: PageQuery<NotificationPlace>,
    ) -> Answer<'_, List<NotificationView>>;
    /// What a watch needs of a notification: its state, and what changed after a version.
    fn watched(&self, watch: WatchQuery) -> Answer<'_, Option<Watched>>;
    /// Deliveries of a notification, in the order in which their users became known; `None` when there is no
    /// such notification. The place is one of this list.
    fn deliveries(
        &self,
        app: AppId,
        id: NotificationId,
        page: PageQuery<DeliveryPlace>,
    ) -> Answer<'_, Option<List<DeliveryView>>>;
    /// One delivery.
    fn delivery(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<DeliveryView>>;
    /// The attempts of a delivery; `None` when there is no such delivery.
    fn attempts(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<Vec<AttemptView>>>;
    /// What an explanation is made of; `None` when there is no such notification. A user who is not
    /// known is one for whom it has no delivery.
    fn findings(&self, asked: FindingsQuery) -> Answer<'_, Option<Findings>>;
}

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingsQuery {
    /// The tenant.
    pub app: AppId,
    /// The notification.
    pub notification: NotificationId,
    /// The user.
    pub user: UserId,
    /// The time.
    pub now: Timestamp,
}

/// A notification was written to a device's transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// The tenant.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// The installation.
    pub installation: InstallationId,
    /// When.
    pub at: Timestamp,
}

/// Hand-overs that are noted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOvers {
    /// The hand-overs.
    pub batch: Vec<HandOver>,
    /// 32 random bytes: the tags of log entries are derived from them.
    pub seed: [u8; 32],
    /// The time.
    pub now: Timestamp,
}

/// Facts that a device reports.
#[derive(Debug, Clone)]
pub struct FactReport {
    /// The session.
    pub session: Session,
    /// The facts, in order.
    pub facts: Vec<ParsedFact>,
    /// Where the device stands, if it says so.
    pub cursor: Option<Cursor>,
    /// 32 random bytes: the tags of log entries are derived from them.
    pub seed: [u8; 32],
    /// The time.
    pub now: Timestamp,
}

/// How far an installation has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The session.
    pub session: Session,
    /// The place that it stands at.
    pub place: Place,
}

/// What a watch asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchQuery {
    /// The tenant.
    pub app: AppId,
    /// The notification.
    pub id: NotificationId,
    /// Changes after this version; no changes when absent.
    pub after: Option<u64>,
    /// The most changes, the latest first choice.
    pub limit: u32,
    /// The time.
    pub now: Timestamp,
}

/// What a watch needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The version: the number of the last event that changed the notification.
    pub version: u64,
    /// Its status.
    pub status: NotificationStatus,
    /// Whether its sender recalled it.
    pub is_recalled: bool,
    /// Its deliveries by status.
    pub counts: Counts,
    /// What changed after the version asked, oldest first.
    pub deliveries: Vec<DeliveryChange>,
    /// What the sender should know.
    pub warnings: Vec<Open<Warning>>,
    /// Whether nothing is left to watch.
    pub is_over: bool,
}
