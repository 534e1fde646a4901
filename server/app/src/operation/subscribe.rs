//! Subscriptions of users to topics, by themselves and by their App.

use vestnik_model::{AppId, ProblemCode, TopicName, UserId};
use vestnik_store::{Session, Store, SubscribeOutcome};

use crate::refusal::Refusal;

/// A device's user joins an open topic.
pub(crate) async fn join(
    store: &dyn Store,
    session: Session,
    topic: TopicName,
) -> Result<(), Refusal> {
    let Session { app, user, .. } = session;
    match store.subscribe(app, topic, user, true).await? {
        SubscribeOutcome::Subscribed => Ok(()),
        SubscribeOutcome::Unavailable => {
            let detail = "there is no such topic, or users may not subscribe themselves";
            Err(Refusal::new(ProblemCode::TopicUnavailable, detail))
        }
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
    match store.subscribe(app, topic, user, false).await? {
        SubscribeOutcome::Subscribed => Ok(()),
        SubscribeOutcome::Unavailable => Err(Refusal::not_found("topic")),
    }
}
