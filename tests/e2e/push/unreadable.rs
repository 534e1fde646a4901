//! Credentials that a server cannot read.

use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::json;
use vestnik_model::{AttemptStatus, Channel, DeliveryStatus, Reason, route};
use vestnik_sim::Kind;
use vestnik_testkit::{name::user, wait::asked};

use super::{Stage, publish, stage};

/// As another key of the operator leaves them: the row is there, and does not open.
fn spoil(stage: &Stage) -> anyhow::Result<()> {
    let file = Connection::open(stage.server.database())?;
    let spoil = "UPDATE provider SET account = x'01FFFF' WHERE channel IN ('fcm', 'email')";
    anyhow::ensure!(file.execute(spoil, [])? == 2);
    Ok(())
}

#[tokio::test]
async fn credentials_that_cannot_be_read_stop_their_own_channel_only() -> anyhow::Result<()> {
    let stage = stage().await?;
    let (anna, boris) = (user("anna"), user("boris"));
    let apple = stage.phone(&anna, Kind::Apns).await?;
    let google = stage.phone(&boris, Kind::FcmToken).await?;
    let account = json!({"host": "smtp.example", "from": "news@shop.example"});
    let (status, _) = stage.put_provider(Channel::Email, &account).await?;
    assert_eq!(status, StatusCode::NO_CONTENT);
    spoil(&stage)?;

    let id = publish(&stage, &anna).await?;
    stage.received(&apple, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    let id = publish(&stage, &boris).await?;
    let waiting = asked("the push waits", async || {
        let attempt = stage.attempt(id).await.ok();
        Ok(attempt.filter(|attempt| attempt.status == AttemptStatus::Retrying))
    })
    .await?;
    assert_eq!(waiting.reason, Some(Reason::ConfigProviderAuth.into()));
    assert_eq!(waiting.tries, 0);

    let account = stage.account(Channel::Fcm);
    let path = format!("{}:check", route::with(route::PROVIDER, "fcm"));
    let check = stage.server.backend.post(&path, &json!({})).await?;
    assert_eq!(check.status(), StatusCode::CONFLICT);
    let (status, problem) = stage.rotate_provider(Channel::Fcm, &account).await?;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    // What cannot be read is replaced, and what waits for it goes out at once.
    let (status, problem) = stage.put_provider(Channel::Fcm, &account).await?;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    stage.received(&google, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    stage.stop().await
}

/// What is recalled leaves the devices, whatever became of its content; its sender is not told that there is none.
#[tokio::test]
async fn what_cannot_be_read_is_recalled_all_the_same() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = publish(&stage, &user("anna")).await?;
    let file = Connection::open(stage.server.database())?;
    let spoilt = file.execute("UPDATE notification SET content = '?'", [])?;
    anyhow::ensure!(spoilt == 1);
    for route in [route::CANCEL, route::RECALL] {
        let path = route::with(route, &id.to_string());
        let stopped = stage.server.backend.post(&path, &json!({})).await?;
        assert_eq!(stopped.status(), StatusCode::NO_CONTENT);
    }
    let stopped = "SELECT is_cancelled, is_recalled FROM notification_state";
    let stopped = file.query_row(stopped, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    assert_eq!(stopped, (true, true));
    stage.stop().await
}
