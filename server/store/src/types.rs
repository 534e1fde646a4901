//! What stores are asked with, and what they answer.

use std::fmt;

use jiff::Timestamp;
use vestnik_model::{
    AppId, Counts, Cursor, DeliveryId, DeliveryStatus, IdentityAlgorithm, InstallationId,
    Notification, NotificationId, NotificationStatus, Publication, PublishAccepted, Scope, UserId,
    receipt::Reported,
};

/// A new API key.
#[derive(Clone)]
pub struct ApiKeyRecord {
    /// The tenant.
    pub app: AppId,
    /// What to revoke it by.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The SHA-256 of its whole text.
    pub secret_hash: [u8; 32],
}

impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Whose a key is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The tenant.
    pub app: AppId,
    /// What to revoke it by.
    pub id: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// A key by which an App's backend signs identity tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityKey {
    /// The `kid` of the tokens.
    pub kid: String,
    /// The only algorithm accepted with it.
    pub algorithm: IdentityAlgorithm,
    /// The shared secret, or the public key as PEM.
    pub key: Vec<u8>,
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Somebody logs in on an installation.
#[derive(Debug, Clone)]
pub struct Login {
    /// Who, and where.
    pub session: Session,
    /// The SHA-256 of the first refresh token.
    pub refresh_hash: [u8; 32],
    /// Until when that token holds.
    pub refresh_expires: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// Who is logged in where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session {
    /// The tenant.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The installation.
    pub installation: InstallationId,
}

/// A refresh token is exchanged.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The SHA-256 of the token that came.
    pub presented: [u8; 32],
    /// The SHA-256 of the next.
    pub next: [u8; 32],
    /// Until when the next holds.
    pub next_expires: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What came of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotationOutcome {
    /// The next token holds.
    Rotated(Session),
    /// The token had been exchanged, and what it gave was used: the family is revoked.
    Reused,
    /// The token held once.
    Expired,
    /// There is no such token.
    Unknown,
}

/// What came of a logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// The installation is nobody's now.
    Done,
    /// There was no such installation.
    Unknown,
}

/// What came of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscribeOutcome {
    /// The user is in the topic.
    Subscribed,
    /// There is no such topic, or users may not join it themselves.
    Unavailable,
}

/// A notification to take.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// The tenant.
    pub app: AppId,
    /// What was asked for.
    pub publication: Publication,
    /// What it becomes.
    pub notification: Notification,
    /// How to recognise a repetition.
    pub idempotency: Option<IdempotencyRecord>,
}

/// How to recognise the repetition of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The sender's key.
    pub key: String,
    /// The SHA-256 of the request's content.
    pub body_hash: [u8; 32],
    /// Until when it is remembered.
    pub expires: Timestamp,
}

/// What came of publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It is stored; these logs have grown.
    Accepted {
        /// The answer to the sender.
        accepted: PublishAccepted,
        /// Which logs to look at.
        hints: Vec<Hint>,
    },
    /// It was published before.
    Replayed(PublishAccepted),
    /// The key was used for another request.
    Mismatch,
}

/// A log has grown. A hint may be lost: the log is the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The tenant.
    pub app: AppId,
    /// Whose log.
    pub user: UserId,
    /// The number of its last entry.
    pub seq: u64,
}

/// A part of an audience that was written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// Which logs to look at.
    pub hints: Vec<Hint>,
    /// What changed for those who watch.
    pub changes: Vec<Change>,
}

/// What changed about a notification, for those who watch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The tenant.
    pub app: AppId,
    /// Which.
    pub id: NotificationId,
    /// Status and counts after the change.
    pub state: WatchedState,
    /// The delivery that changed, if it was one.
    pub delivery: Option<ChangedDelivery>,
}

/// A delivery that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDelivery {
    /// Which.
    pub id: DeliveryId,
    /// Whose.
    pub user: UserId,
    /// Its status now.
    pub status: DeliveryStatus,
}

/// Status and counts of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedState {
    /// What it is now.
    pub status: NotificationStatus,
    /// Its deliveries by status.
    pub counts: Counts,
}

/// A stretch of a log to read.
#[derive(Debug, Clone)]
pub struct LogSlice {
    /// Whose log, and which installation reads.
    pub session: Session,
    /// After which entry; a cursor of another epoch counts as none.
    pub after: Option<Cursor>,
    /// The most entries to look at.
    pub limit: u32,
    /// Now: what has expired is left out.
    pub now: Timestamp,
}

/// A notification was handed to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// The delivery.
    pub delivery: DeliveryId,
    /// To which installation.
    pub installation: InstallationId,
    /// When.
    pub at: Timestamp,
}

/// What came of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportOutcome {
    /// The answer to the device.
    pub reported: Reported,
    /// What changed for those who watch.
    pub changes: Vec<Change>,
    /// Which logs to look at: the user's, when something was read.
    pub hints: Vec<Hint>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// As the page before gave it.
    pub after: Option<String>,
    /// The most items.
    pub limit: u32,
}
