//! Notifications that go by the clocks of their recipients, sent to phones that sleep.

use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    DeliveryStatus, NotificationId, NotificationStatus, UserId, explanation::Explanation, route,
};
use vestnik_sim::{Kind, Options};
use vestnik_testkit::{
    PushStage,
    backend::to_user,
    clock::{self, AheadClock},
    name::user,
    server::Halt,
};

type Stage = PushStage<AheadClock>;

async fn stage() -> anyhow::Result<Stage> {
    PushStage::start(AheadClock::default(), Options::default()).await
}

/// Says what is known of a user.
async fn put_user(stage: &Stage, user: &UserId, attributes: &Value) -> anyhow::Result<()> {
    let path = route::with(route::USER, user.as_str());
    let request = stage.server.backend.request(Method::PUT, &path)?;
    let answer = request.json(attributes).send().await?;
    anyhow::ensure!(
        answer.status() == StatusCode::NO_CONTENT,
        "{}",
        answer.status()
    );
    Ok(())
}

async fn publish(stage: &Stage, user: &UserId, schedule: Value) -> anyhow::Result<NotificationId> {
    let mut request = to_user(user, "Good morning");
    request.schedule = serde_json::from_value(schedule)?;
    Ok(stage.server.backend.publish(&request).await?.id)
}

/// The words for what a notification to a user waits for.
async fn explained(
    stage: &Stage,
    id: NotificationId,
    user: &UserId,
) -> anyhow::Result<Vec<String>> {
    let path = route::with(route::EXPLAIN, &id.to_string());
    let path = format!("{path}?user={}", user.as_str());
    let explanation: Explanation = stage.server.backend.get(&path).await?;
    let statements = explanation.statements.into_iter();
    Ok(statements.map(|said| said.code).collect())
}

/// What the clock of a zone reads at a time, without seconds.
fn wall(at: Timestamp, zone: &str) -> anyhow::Result<String> {
    let zone = TimeZone::get(zone).context("there is such a zone")?;
    Ok(at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:00").to_string())
}

#[tokio::test]
async fn a_push_waits_for_the_clock_of_its_recipient() -> anyhow::Result<()> {
    let mut stage = stage().await?;
    let anna = user("anna");
    put_user(&stage, &anna, &json!({"time_zone": "Asia/Kathmandu"})).await?;
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let in_an_hour = clock::timestamp() + SignedDuration::from_hours(1);
    let schedule =
        json!({"send_at": wall(in_an_hour, "Asia/Kathmandu")?, "time_zone": "recipient"});
    let id = publish(&stage, &anna, schedule).await?;
    // Somewhere the time has come already: Anna's delivery waits for hers.
    stage.becomes(id, DeliveryStatus::Scheduled).await?;
    let said = explained(&stage, id, &anna).await?;
    assert!(said.contains(&"zone_of_user".to_owned()), "{said:?}");
    assert!(said.contains(&"waits_for_send_at".to_owned()), "{said:?}");
    assert_eq!(stage.requests_for(&phone).len(), 0);
    stage.server.halt(Halt::Kill).await?;
    stage.clock.advance(Duration::from_secs(3_601));
    stage.server.resume().await?;
    stage.received(&phone, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    let view = stage.server.backend.notification(id).await?;
    assert_eq!(view.status, NotificationStatus::Sent);
    stage.stop().await
}

#[tokio::test]
async fn a_push_waits_while_its_recipient_wants_quiet() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let now = clock::timestamp().to_zoned(TimeZone::UTC).datetime();
    let hour = SignedDuration::from_hours(1);
    let text = |time: jiff::civil::DateTime| time.strftime("%H:%M").to_string();
    let quiet = json!({"from": text(now - hour), "to": text(now + hour)});
    put_user(&stage, &anna, &json!({"quiet_hours": quiet})).await?;
    let id = publish(&stage, &anna, json!({})).await?;
    stage.becomes(id, DeliveryStatus::Scheduled).await?;
    let said = explained(&stage, id, &anna).await?;
    assert!(
        said.contains(&"waits_for_quiet_hours".to_owned()),
        "{said:?}"
    );
    assert!(said.contains(&"zone_unknown".to_owned()), "{said:?}");
    let loud = publish(&stage, &anna, json!({"respect_quiet_hours": false})).await?;
    stage.becomes(loud, DeliveryStatus::Sent).await?;
    stage.received(&phone, 1).await?;
    stage.clock.advance(Duration::from_secs(3_601));
    stage.received(&phone, 2).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    stage.stop().await
}
