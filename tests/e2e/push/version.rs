//! Notifications that need a new app.

use vestnik_model::{
    DeliveryStatus, InstallationId, NotificationId, PublishRequest, Reason, UserId,
    explanation::Explanation, route,
};
use vestnik_sim::{DeviceView, Kind, Registration};
use vestnik_testkit::{name::user, push_stage::address};

use super::*;

fn new_only(user: &UserId) -> PublishRequest {
    let mut request = to_user(user, "Rate your courier");
    request.to.min_app_version = [("android".to_owned(), "3.1".to_owned())].into();
    request
}

/// A phone that never connects, with a version of the app.
async fn phone(
    stage: &Stage,
    user: &UserId,
    version: &str,
) -> anyhow::Result<(DeviceView, InstallationId)> {
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let said = json!({"app_version": version, "push_addresses": [address(&phone)?]});
    let installation = stage.reports(user, &said).await?;
    Ok((phone, installation))
}

async fn published(stage: &Stage, request: &PublishRequest) -> anyhow::Result<NotificationId> {
    Ok(stage.server.backend.publish(request).await?.id)
}

#[tokio::test]
async fn an_old_app_gets_nothing_until_it_is_updated() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let (old, installation) = phone(&stage, &anna, "3.0.9 (412)").await?;
    let (new, _) = phone(&stage, &anna, "3.1.0").await?;
    let id = published(&stage, &new_only(&anna)).await?;
    stage.received(&new, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    assert!(stage.simulator.received(&old.id).is_empty());
    let path = route::with(route::EXPLAIN, &id.to_string());
    let told: Explanation = stage
        .server
        .backend
        .get(&format!("{path}?user=anna"))
        .await?;
    let old_app = told.statements.iter().find(|said| said.code == "too_old");
    let old_app = old_app.context("it says who has an old app")?;
    assert_eq!(old_app.reason, Some(Reason::DeviceAppTooOld.into()));
    assert!(old_app.text.contains("3.0.9"), "{}", old_app.text);

    let updated = json!({"app_version": "3.2.0", "push_addresses": [address(&old)?]});
    stage.reports_as(&anna, installation, &updated).await?;
    stage.received(&old, 1).await?;
    assert_eq!(stage.simulator.received(&new.id).len(), 1, "once");
    stage.stop().await
}

#[tokio::test]
async fn who_has_only_an_old_app_is_not_waited_for() -> anyhow::Result<()> {
    let stage = stage().await?;
    let bert = user("bert");
    let (old, _) = phone(&stage, &bert, "2.9").await?;
    let id = published(&stage, &new_only(&bert)).await?;
    let delivery = stage.becomes(id, DeliveryStatus::Undelivered).await?;
    assert_eq!(delivery.reason, Some(Reason::DeviceAppTooOld.into()));
    assert!(stage.simulator.received(&old.id).is_empty());
    stage.stop().await
}
