//! Topics and subscriptions.

use jiff::Timestamp;
use vestnik_model::{AppId, ProblemCode, TopicName, UserId, subscription::TopicSettings};
use vestnik_rules::session::Session;
use vestnik_store::{
    Store,
    audiences::{SubscribeOutcome, Subscription},
};

use crate::refusal::Refusal;

/// The most topics of a user who subscribes themselves.
const MAX_TOPICS: u32 = 1_000;

/// Sets a topic, whole.
pub(crate) async fn put_topic(
    store: &dyn Store,
    app: AppId,
    topic: TopicName,
    settings: TopicSettings,
) -> Result<(), Refusal> {
    store.put_topic(app, topic, settings).await?;
    Ok(())
}

/// Deletes a topic; its subscriptions go in parts.
pub(crate) async fn delete_topic(
    store: &dyn Store,
    app: AppId,
    topic: TopicName,
    now: Timestamp,
) -> Result<(), Refusal> {
    found(store.delete_topic(app, topic, now).await?)
}

/// A device's user joins an open topic.
pub(crate) async fn join(
    store: &dyn Store,
    session: Session,
    topic: TopicName,
) -> Result<(), Refusal> {
    let Session { app, user, .. } = session;
    match add(store, app, topic, user, true).await? {
        SubscribeOutcome::Subscribed => Ok(()),
        SubscribeOutcome::Unavailable => {
            let detail = "there is no such topic, or users may not subscribe themselves";
            Err(Refusal::new(ProblemCode::TopicUnavailable, detail))
        }
        SubscribeOutcome::TooMany => Err(too_many()),
    }
}

/// A device's user leaves a topic. A topic that does not exist counts as left.
pub(crate) async fn leave(
    store: &dyn Store,
    session: Session,
    topic: TopicName,
) -> Result<(), Refusal> {
    let Session { app, user, .. } = session;
    store.unsubscribe(app, topic, user).await?;
    Ok(())
}

/// An App subscribes a user to a topic.
pub(crate) async fn subscribe(
    store: &dyn Store,
    app: AppId,
    topic: TopicName,
    user: UserId,
) -> Result<(), Refusal> {
    match add(store, app, topic, user, false).await? {
        SubscribeOutcome::Subscribed => Ok(()),
        SubscribeOutcome::Unavailable => Err(Refusal::not_found("topic")),
        SubscribeOutcome::TooMany => Err(too_many()),
    }
}

/// An App takes a user out of a topic.
pub(crate) async fn unsubscribe(
    store: &dyn Store,
    app: AppId,
    topic: TopicName,
    user: UserId,
) -> Result<(), Refusal> {
    found(store.unsubscribe(app, topic, user).await?)
}

async fn add(
    store: &dyn Store,
    app: AppId,
    topic: TopicName,
    user: UserId,
    by_user: bool,
) -> Result<SubscribeOutcome, Refusal> {
    let subscription = Subscription {
        app,
        topic,
        user,
        by_user,
        max_topics: MAX_TOPICS,
    };
    Ok(store.subscribe(subscription).await?)
}

fn too_many() -> Refusal {
    let detail = format!("the user is in {MAX_TOPICS} topics, which is the most allowed");
    Refusal::new(ProblemCode::Conflict, &detail)
}

fn found(was_there: bool) -> Result<(), Refusal> {
    if was_there {
        Ok(())
    } else {
        Err(Refusal::not_found("topic"))
    }
}
