//! Pushes that may have been taken, where the sender wants no other one.

use vestnik_model::publish::{Goal, OnUnproven, StepChannel, StepRequest};

use super::*;

/// Publishes to the devices of a user, with nothing unproven repeated.
async fn publish_once(stage: &Stage, user: &UserId) -> anyhow::Result<NotificationId> {
    let mut request = to_user(user, &format!("{PLANTED} title"));
    request.steps = Some(vec![StepRequest {
        channel: StepChannel::Push,
        wait_for: Some(Goal::default()),
        within_seconds: None,
        on_unproven: Some(OnUnproven::GiveUp),
    }]);
    Ok(stage.server.backend.publish(&request).await?.id)
}

#[tokio::test]
async fn a_push_without_an_answer_is_not_repeated_if_its_sender_does_not_want_it()
-> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let when = When::AfterAcceptance;
    fault(&stage, Fault::Reset { when }, 1)?;
    let id = publish_once(&stage, &anna).await?;
    let delivery = stage.becomes(id, DeliveryStatus::Undelivered).await?;
    assert_eq!(delivery.reason, Some(Reason::ProviderUnproven.into()));
    let attempt = stage.attempt(id).await?;
    assert_eq!(attempt.status, AttemptStatus::Failed);
    assert_eq!((attempt.tries, attempt.unproven), (1, 1));
    // Another notification goes out as ever, and nothing of the first one comes with it.
    stage.clock.advance(Duration::from_secs(60));
    let other = publish_once(&stage, &anna).await?;
    stage.becomes(other, DeliveryStatus::Sent).await?;
    assert_eq!(stage.received(&phone, 2).await?.len(), 2);
    stage.stop().await
}
