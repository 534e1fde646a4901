//! The pauses that a server asks for.

use std::time::Duration;

use jiff::Timestamp;

use serde_json::json;
use vestnik_model::contract::device;
use vestnik_testkit::{
    CoreDevice, clock,
    hostile::{
        Answer, Call, Journal, Route,
        kinds::{ABSURD_PAUSES, ODD_PAUSES},
    },
    wait::eventually,
};

use super::{Stage, shows_exactly};

/// The bounds of a pause that a server asks for.
const SHORTEST: Duration = Duration::from_secs(1);
/// 15 minutes, and what is added at random so that devices do not come back together.
const LONGEST: Duration = Duration::from_secs(15 * 60 + 90);

/// Asserts that the device, which was told to pause after `since`, waits within the bounds; then has it try
/// again.
async fn pauses_within_bounds(
    phone: &CoreDevice,
    since: Timestamp,
    asked: &str,
) -> anyhow::Result<()> {
    let mut snapshot = phone.client.snapshot();
    let until = eventually("a pause", &mut snapshot, |snapshot| {
        snapshot.connection.retry_at
    });
    let until = until.await?;
    assert!(until >= since + SHORTEST, "{asked}: sooner than bearable");
    assert!(
        until <= clock::timestamp() + LONGEST,
        "{asked}: later than bearable"
    );
    phone.client.network_changed();
    phone.online().await
}

fn busy(pause: &str) -> Answer {
    Answer::problem(503, "unavailable").header("Retry-After", pause)
}

#[tokio::test]
async fn a_pause_that_says_nothing_is_passed_over() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for (number, pause) in (1..).zip(ODD_PAUSES) {
        stage.server.next(Route::Negotiate, busy(pause));
        stage.server.next(Route::Upgrade, busy(pause));
        stage
            .server
            .next(Route::Upgrade, Answer::problem(429, "request.rate_limited"));
        stage.cut(&phone).await?;
        stage.publish_shown(&phone, number).await?;
    }
    phone.stop().await?;
    for pause in ODD_PAUSES {
        stage.server.next(Route::Token, busy(pause));
    }
    let phone = stage.start().await?;
    phone.online().await?;
    stage.publish_shown(&phone, 100).await?;
    assert_eq!(stage.journal().logins(), 1);
    Ok(())
}

/// Fault H3 of the review.
#[tokio::test]
async fn an_absurd_pause_before_a_connection_is_bounded() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for route in [Route::Negotiate, Route::Upgrade] {
        for pause in ABSURD_PAUSES {
            stage.server.next(route, busy(pause));
            let since = clock::timestamp();
            stage.server.cut();
            let taken = |_: &Journal| stage.server.outstanding(route) == 0;
            stage.server.has("the busy answer", taken).await?;
            pauses_within_bounds(&phone, since, pause).await?;
        }
    }
    stage.publish_shown(&phone, 1).await
}

/// Fault H3 of the review.
#[tokio::test]
async fn an_absurd_pause_before_a_token_is_bounded() -> anyhow::Result<()> {
    for pause in ABSURD_PAUSES {
        let stage = Stage::new().await?;
        stage.server.next(Route::Token, busy(pause));
        let since = clock::timestamp();
        let phone = stage.start().await?;
        let taken = |_: &Journal| stage.server.outstanding(Route::Token) == 0;
        stage.server.has("the busy answer", taken).await?;
        pauses_within_bounds(&phone, since, pause).await?;
        stage.publish_shown(&phone, 1).await?;
    }
    Ok(())
}

/// Fault H3 of the review.
#[tokio::test]
async fn an_absurd_pause_of_a_refusal_is_bounded() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for route in [Route::Hello, Route::Sync] {
        for seconds in [0, 86_400, u32::MAX] {
            let later = json!({"problem": {
                "code": "request.rate_limited", "detail": "later", "retryAfter": seconds,
            }});
            stage.server.next(route, Answer::result(later));
            stage.server.write_notification(&stage.anna, 1);
            let since = clock::timestamp();
            stage.server.cut();
            let taken = |_: &Journal| stage.server.outstanding(route) == 0;
            stage.server.has("the refusal", taken).await?;
            pauses_within_bounds(&phone, since, &seconds.to_string()).await?;
        }
    }
    shows_exactly(&phone, &[1]).await
}

/// Fault H3 of the review.
#[tokio::test]
async fn an_absurd_pause_of_a_drain_is_bounded() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for millis in [
        json!(0),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(-1),
        json!("soon"),
    ] {
        let since = clock::timestamp();
        let drain = Call::new(device::DRAIN, json!({ "retryAfterMs": millis }));
        stage.server.call(&stage.anna, &drain).await?;
        pauses_within_bounds(&phone, since, &millis.to_string()).await?;
    }
    stage.publish_shown(&phone, 1).await
}

#[tokio::test]
async fn a_drain_is_obeyed_and_what_is_published_meanwhile_comes() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let drain = Call::new(device::DRAIN, json!({"retryAfterMs": 1_200}));
    stage.server.call(&stage.anna, &drain).await?;
    stage.ended(Route::Hello).await?;
    stage.server.write_notification(&stage.anna, 1);
    shows_exactly(&phone, &[1]).await
}
