//! Networks and servers that are silent, break, or speak something else, and clocks that are wrong.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestnik_core::{Snapshot, Standing};
use vestnik_model::contract::device;
use vestnik_testkit::{
    CoreDevice,
    hostile::{
        Answer, Call, Gate, Journal, Route,
        kinds::{STATUSES, SUCCESSES, with_body},
    },
};

use super::{Stage, flush, shows_exactly};

/// Has every step on the way online answered so, one after the other.
async fn survives(answer: &Answer) -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let phone = stage.start_impatient().await?;
    phone.online().await?;
    let logins = stage.journal().logins();
    for (number, route) in (1..).zip(Route::WAY_ONLINE) {
        // A device has a token while it runs.
        if route == Route::Token {
            continue;
        }
        stage.server.next(route, answer.clone());
        stage.server.write_notification(&stage.anna, number);
        stage.server.cut();
        let taken = |_: &Journal| stage.server.outstanding(route) == 0;
        stage.server.has("the step", taken).await?;
        phone.has_shown(&super::ids([number])).await?;
    }
    assert_eq!(stage.journal().logins(), logins);
    Ok(())
}

#[tokio::test]
async fn silence_at_any_step_is_given_up() -> anyhow::Result<()> {
    survives(&Answer::silence()).await
}

#[tokio::test]
async fn a_cut_at_any_step_is_survived() -> anyhow::Result<()> {
    survives(&Answer::cut()).await?;
    survives(&Answer::cut().after_doing()).await
}

#[tokio::test]
async fn no_status_on_the_way_to_the_hub_keeps_a_device_away() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for route in [Route::Negotiate, Route::Upgrade] {
        for status in STATUSES.into_iter().chain(SUCCESSES) {
            stage.server.next(route, with_body(status, "page"));
            stage.server.next(route, with_body(status, "object"));
        }
    }
    stage.cut(&phone).await?;
    assert_eq!(stage.server.outstanding(Route::Upgrade), 0);
    stage.publish_shown(&phone, 1).await?;
    assert_eq!(stage.journal().logins(), 1);
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops_in_the_middle_of_a_page_is_given_up() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let phone = stage.start_impatient().await?;
    phone.online().await?;
    let gate = Gate::new();
    stage.server.next(Route::Sync, Answer::good().held(&gate));
    stage.server.write_notification(&stage.anna, 1);
    stage.server.cut();
    gate.reached().await?;
    stage.server.hold();
    gate.open();
    stage.server.release(30);
    stage.ended(Route::Sync).await?;
    stage.server.flow();
    shows_exactly(&phone, &[1]).await
}

#[tokio::test]
async fn what_is_no_message_costs_a_connection_only() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let separated = |text: &str| format!("{text}\u{1e}").into_bytes();
    let texts = [
        separated("not JSON"),
        separated("{\"type\":\"one\"}"),
        separated("{\"type\":7}"),
        separated("{\"type\":7,\"error\":\"gone\",\"allowReconnect\":true}"),
        separated("{\"type\":3,\"invocationId\":\"1\",\"result\":1,\"error\":\"x\"}"),
    ];
    for (number, text) in (1..).zip(texts) {
        let text = String::from_utf8(text)?;
        stage.server.send_text(&stage.anna, &text).await?;
        stage.server.write_notification(&stage.anna, number);
        stage.cut(&phone).await?;
        phone.has_shown(&super::ids([number])).await?;
    }
    stage.server.send_bytes(&stage.anna, &[0xff; 32]).await?;
    stage.server.write_notification(&stage.anna, 6);
    shows_exactly(&phone, &[1, 2, 3, 4, 5, 6]).await
}

#[tokio::test]
async fn handshakes_that_are_refused_or_unreadable_are_repeated() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for answer in [
        Answer::error("not today"),
        Answer::result(json!([])),
        Answer::result(json!({"type": 6})),
        Answer::result(json!("text")),
    ] {
        stage.server.next(Route::Handshake, answer);
    }
    stage.cut(&phone).await?;
    assert_eq!(stage.server.outstanding(Route::Handshake), 0);
    stage.publish_shown(&phone, 1).await
}

#[tokio::test]
async fn a_place_taken_by_another_login_is_not_taken_back() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    // Another login has ended this session, which the device learns by the exchange of its token.
    stage.server.log_out(&stage.anna);
    let replaced = Call::new(device::INSTALLATION_REPLACED, json!({"reason": "weather"}));
    stage.server.call(&stage.anna, &replaced).await?;
    let needs = |snapshot: &Snapshot| matches!(snapshot.standing, Standing::NeedsIdentity { .. });
    phone.is("the place is taken", needs).await?;
    stage.ended(Route::Hello).await?;
    phone.stop().await?;
    assert_eq!(stage.journal().count(Route::Hello), 1);
    Ok(())
}

/// Fault M2 of the review: the device's own patience is much longer than the test's, so that only the hint
/// can be what it acts on.
#[tokio::test]
async fn a_network_that_changes_while_connecting_starts_it_anew() -> anyhow::Result<()> {
    for route in [
        Route::Token,
        Route::Negotiate,
        Route::Upgrade,
        Route::Hello,
        Route::Sync,
    ] {
        let stage = Stage::new().await?;
        stage.server.next(route, Answer::silence());
        let (mut config, identity) = stage.config(&stage.anna)?;
        config.tuning.request_timeout = Duration::from_secs(3_600);
        let phone = CoreDevice::with_config(config, identity).await?;
        let silent = |journal: &Journal| journal.count(route) == 1;
        stage.server.has("the silent step", silent).await?;
        phone.client.network_changed();
        phone.online().await?;
    }
    Ok(())
}

#[tokio::test]
async fn absurd_numbers_of_a_welcome_stop_nothing() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let odd: [(&str, Value); 9] = [
        ("behindBy", json!(u64::MAX)),
        ("behindBy", json!(-1)),
        ("contract", json!(0)),
        ("contract", json!(u64::MAX)),
        ("cursor", json!("x".repeat(1_000))),
        (
            "limits",
            json!({"pageBytes": 0, "reportBytes": 0, "publishBytes": 0}),
        ),
        (
            "limits",
            json!({"pageBytes": u64::MAX, "reportBytes": u64::MAX, "publishBytes": u64::MAX}),
        ),
        ("limits", json!({"pageBytes": -1})),
        ("features", json!("all")),
    ];
    for (number, (name, value)) in (1..).zip(odd) {
        let edited = Answer::good().edited(move |welcome| welcome[name] = value.clone());
        stage.server.next(Route::Hello, edited);
        stage.server.write_notification(&stage.anna, number);
        stage.cut(&phone).await?;
        phone.has_shown(&super::ids([number])).await?;
        flush(&phone).await?;
    }
    shows_exactly(&phone, &(1..=9).collect::<Vec<_>>()).await
}

/// A clock that no device can go by; the next greeting is by a good one.
#[tokio::test]
async fn an_absurd_clock_stops_nothing() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let clocks = [
        json!("9999-12-30T22:00:00Z"),
        json!("1970-01-01T00:00:00Z"),
        json!("-009999-01-02T01:59:59Z"),
        json!("half past nine"),
        json!(1_764_000_000_u64),
        json!(null),
    ];
    for (number, clock) in (1..).zip(clocks) {
        let edited = Answer::good().edited(move |welcome| welcome["serverTime"] = clock.clone());
        stage.server.next(Route::Hello, edited);
        stage.cut(&phone).await?;
        stage.cut(&phone).await?;
        stage.publish_shown(&phone, number).await?;
    }
    Ok(())
}

/// Publishes at a server whose clock is so far ahead, by a call and by a page.
async fn shown_with_clock(ahead: SignedDuration) -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.server.set_ahead(ahead);
    let phone = stage.start().await?;
    phone.online().await?;
    stage.publish_shown(&phone, 1).await?;
    stage.server.write_notification(&stage.anna, 2);
    stage.cut(&phone).await?;
    shows_exactly(&phone, &[1, 2]).await
}

#[tokio::test]
async fn a_clock_that_is_behind_the_servers_mutes_nothing() -> anyhow::Result<()> {
    shown_with_clock(SignedDuration::from_hours(7)).await
}

/// Fault H11 of the review.
#[tokio::test]
async fn a_clock_that_is_ahead_of_the_servers_mutes_nothing() -> anyhow::Result<()> {
    shown_with_clock(SignedDuration::from_hours(-7)).await
}

/// Fault H11 of the review.
#[tokio::test]
async fn facts_have_the_time_of_the_server() -> anyhow::Result<()> {
    for hours in [-7, 7] {
        let stage = Stage::new().await?;
        stage.server.set_ahead(SignedDuration::from_hours(hours));
        let phone = stage.start().await?;
        phone.online().await?;
        let before = stage.server.now();
        stage.publish_shown(&phone, 1).await?;
        flush(&phone).await?;
        let after = stage.server.now();
        let slack = SignedDuration::from_secs(60);
        for fact in &stage.journal().facts {
            let at: jiff::Timestamp = fact["at"].as_str().unwrap_or_default().parse()?;
            assert!(
                before - slack <= at && at <= after + slack,
                "{hours} h: {fact}"
            );
        }
    }
    Ok(())
}
