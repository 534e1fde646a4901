//! Accepting, cancelling and recalling notifications.

use jiff::Timestamp;
use vestnik_model::{
    AppId, Notification, NotificationId, Publication, PublishAccepted, TopicName, publish::Patch,
};
use vestnik_rules::{idempotency::Verdict, retry::Obstacle};

use crate::{Answer, audience_files::Unusable};

/// What senders publish.
pub trait Publishing {
    /// Accepts a notification: stores it with the plan of its audience. Up to 100 explicit recipients
    /// are expanded in the same transaction unless it is scheduled, anything else becomes work that is due
    /// when anybody may be notified. Effects:
    /// `LogGrew`, `NotificationChanged`, `WorkDue`.
    fn publish(&self, new: NewNotification) -> Answer<'_, PublishOutcome>;
    /// What a request comes to by its key alone, whatever it asks for. Nothing is stored: whether it is accepted is
    /// decided by `publish`.
    fn recognise(
        &self,
        app: AppId,
        record: IdempotencyRecord,
        now: Timestamp,
    ) -> Answer<'_, Verdict>;
    /// Changes a notification, as far as [`vestnik_rules::edit`] allows: while it is scheduled what it says, when, and
    /// for how long it is worth delivering, and its pace while it is sent. Effects: `NotificationChanged`, `WorkDue`.
    fn edit(&self, edit: Edit) -> Answer<'_, EditOutcome>;
    /// Pauses a notification or resumes it, if it was not cancelled and has not expired. While it is paused, nobody
    /// further is notified and no try begins; what was released stays in the logs, where devices read it. Effects:
    /// `NotificationChanged`, `WorkDue`.
    fn pause(&self, asked: Pause) -> Answer<'_, EditOutcome>;
    /// Stops what was not handed over yet: the rest of the audience is not expanded, pending
    /// deliveries end as cancelled unless their time has run out. Tells whether there is such a
    /// notification.
    fn cancel(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool>;
    /// Withdraws a notification: as `cancel`, and an entry in the log of every user who has it, in
    /// parts. Tells whether there is such a notification.
    fn recall(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool>;
    /// Tries anew what was lost of a notification, as far as something has changed since: the first part
    /// at once, the rest as work. While that work is under way, another call adds nothing. Effects:
    /// `NotificationChanged`, `WorkDue`.
    fn retry(&self, asked: Retry) -> Answer<'_, RetryOutcome>;
}

/// What is to be tried anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The tenant.
    pub app: AppId,
    /// The notification.
    pub id: NotificationId,
    /// The time.
    pub now: Timestamp,
}

/// What trying anew comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOutcome {
    /// Deliveries are tried anew.
    Begun {
        /// How many so far.
        retried: u64,
        /// Whether every delivery was looked at; if not, the rest is under way.
        is_complete: bool,
    },
    /// Nothing is.
    Refused(Obstacle),
    /// There is no such notification.
    Unknown,
}

impl RetryOutcome {
    /// What looking at deliveries comes to, at all of them or at a part. To have looked at all and changed
    /// none is to have found nothing lost.
    #[must_use]
    pub const fn of(retried: u64, is_complete: bool) -> Self {
        if retried == 0 && is_complete {
            return Self::Refused(Obstacle::NothingLost);
        }
        Self::Begun {
            retried,
            is_complete,
        }
    }
}

/// A notification to accept.
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
    /// How long it is kept after it expired.
    pub keep: jiff::SignedDuration,
    /// A random number: the tags of its log entries are derived from it.
    pub seed: [u8; 32],
}

/// What to change of a notification.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The tenant.
    pub app: AppId,
    /// The notification.
    pub id: NotificationId,
    /// What changes.
    pub patch: Patch,
    /// The time.
    pub now: Timestamp,
}

/// What is to be paused or resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The tenant.
    pub app: AppId,
    /// The notification.
    pub id: NotificationId,
    /// Whether it is paused; resumed if not.
    pub is_paused: bool,
    /// The time.
    pub now: Timestamp,
}

/// What changing a notification comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditOutcome {
    /// It is changed.
    Edited,
    /// It is too late for that, or it was stopped.
    NotEditable,
    /// There is no such notification.
    Unknown,
}

/// How to recognise the repetition of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The sender's key.
    pub key: String,
    /// The SHA-256 of the request's canonical form.
    pub body_hash: [u8; 32],
    /// Until when it is remembered.
    pub expires: Timestamp,
}

/// What a publish request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It is stored.
    Accepted(PublishAccepted),
    /// It was published before: the answer of then.
    Replayed(PublishAccepted),
    /// The key was used for another request.
    Mismatch,
    /// There are no topics of these names.
    UnknownTopics(Vec<TopicName>),
    /// Nothing can be sent to these uploaded audiences.
    UnusableAudiences(Vec<Unusable>),
}
