//! Topics, subscriptions, users.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    AppId, Audience, CategoryName, TopicName, UserId,
    publish::Schedule,
    subscription::{Topic, TopicSettings},
};

use vestnik_rules::{
    reach::Reach,
    schedule::{Life, Mailing, span},
};

use crate::{Answer, audience_files::Unusable};

/// Whom notifications can be for.
pub trait Audiences {
    /// Sets a topic, whole.
    fn put_topic(&self, app: AppId, name: TopicName, settings: TopicSettings) -> Answer<'_, ()>;
    /// One topic. The number of subscribers is kept by the store, not counted.
    fn topic(&self, app: AppId, name: TopicName) -> Answer<'_, Option<Topic>>;
    /// Deletes a topic: it is gone at once, its subscriptions go in parts. Tells whether there was one.
    fn delete_topic(&self, app: AppId, name: TopicName, now: Timestamp) -> Answer<'_, bool>;
    /// Subscribes a user.
    fn subscribe(&self, subscription: Subscription) -> Answer<'_, SubscribeOutcome>;
    /// Takes a user out of a topic; tells whether there is such a topic.
    fn unsubscribe(&self, app: AppId, topic: TopicName, user: UserId) -> Answer<'_, bool>;
    /// Erases a user: their sessions end at once, what is theirs goes in parts. Tells whether there was
    /// one. Effects: `Revoked`.
    fn erase_user(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, bool>;
    /// Whom an audience would reach now. Changes nothing.
    fn reach(&self, asked: ReachQuery) -> Answer<'_, ReachOutcome>;
}

/// Whose reach is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachQuery {
    /// The tenant.
    pub app: AppId,
    /// The audience.
    pub audience: Audience,
    /// When it would be sent.
    pub schedule: Schedule,
    /// For how long it would be worth delivering.
    pub ttl: SignedDuration,
    /// Whether it would be critical.
    pub is_critical: bool,
    /// Its category.
    pub category: Option<CategoryName>,
    /// The most recipients to look at.
    pub limit: u32,
    /// The time.
    pub now: Timestamp,
}

impl ReachQuery {
    /// The notification as far as its schedule goes, if it was accepted now.
    #[must_use]
    pub fn mailing(&self) -> Mailing<'_> {
        let Life {
            starts_at,
            expires_at,
        } = span(&self.schedule, self.now, self.ttl);
        Mailing {
            schedule: &self.schedule,
            opens_at: starts_at,
            expires_at,
            ttl: self.ttl,
            is_paused: false,
        }
    }
}

/// Whom an audience would reach now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReachOutcome {
    /// So many.
    Reach {
        /// Those that were looked at.
        reach: Reach,
        /// Whether these are all of them.
        is_exact: bool,
    },
    /// There are no topics of these names.
    UnknownTopics(Vec<TopicName>),
    /// Nothing can be sent to these uploaded audiences.
    UnusableAudiences(Vec<Unusable>),
}

/// A user joins a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The tenant.
    pub app: AppId,
    /// The topic.
    pub topic: TopicName,
    /// The user.
    pub user: UserId,
    /// Whether the user asks for it: only open topics allow that.
    pub by_user: bool,
    /// The most topics of a user who asks.
    pub max_topics: u32,
}

/// What a subscription comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscribeOutcome {
    /// The user is in the topic.
    Subscribed,
    /// There is no such topic, or users may not join it themselves.
    Unavailable,
    /// The user is in as many topics as is allowed.
    TooMany,
}
