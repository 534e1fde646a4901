//! Phones say why they did not show what a push brought.

use vestnik_model::explanation::Explanation;
use vestnik_testkit::{PushPhone, push_stage};

use super::*;

/// A phone of a user that got a notification by a push.
async fn pushed(stage: &Stage, user: &UserId) -> anyhow::Result<(PushPhone, NotificationId)> {
    let device = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let address = push_stage::address(&device)?;
    let phone = PushPhone::log_in(&stage.server.backend, user, address).await?;
    let id = publish(stage, user).await?;
    stage.received(&device, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    Ok((phone, id))
}

#[tokio::test]
async fn a_sender_learns_why_a_phone_did_not_show_it() -> anyhow::Result<()> {
    let stage = stage().await?;
    let (phone, id) = pushed(&stage, &user("anna")).await?;
    assert_eq!(stage.attempt(id).await?.not_shown, None);
    phone.report_not_shown(id, "blocked.app").await?;
    let attempt = stage.attempt(id).await?;
    assert_eq!(attempt.not_shown, Some(Reason::BlockedApp.into()));
    // It is in the history all the same.
    stage.becomes(id, DeliveryStatus::Delivered).await?;
    let path = route::with(route::EXPLAIN, &id.to_string());
    for (language, words) in [("en", "did not show it"), ("ru", "не было показано")] {
        let path = format!("{path}?user=anna&lang={language}");
        let told: Explanation = stage.server.backend.get(&path).await?;
        let mut told = told.statements.iter();
        let said = told.find(|one| one.code == "not_shown");
        let text = &said.context("it is told")?.text;
        assert!(text.contains(words), "{text}");
    }
    stage.stop().await
}

#[tokio::test]
async fn a_push_that_came_to_somebody_else_has_failed() -> anyhow::Result<()> {
    let stage = stage().await?;
    let (phone, id) = pushed(&stage, &user("anna")).await?;
    // Bert has the phone by now, and does not learn whose it was.
    let outcome = phone.of(&user("bert")).report_foreign(id).await?;
    assert_eq!(outcome, "refused");
    let attempt = stage.attempt(id).await?;
    assert_eq!(attempt.status, AttemptStatus::Failed);
    assert_eq!(attempt.reason, Some(Reason::OwnerMismatchDropped.into()));
    stage.stop().await
}
