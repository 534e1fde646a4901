//! Reading the log: calls and pages that come early, twice, together, in pieces, too large or unreadable.

use serde_json::{Value, json};
use vestnik_model::contract::device;
use vestnik_testkit::{
    hostile::{Answer, Call, Gate, Journal, Route, entry},
    name::notification,
};

use super::{Stage, flush, history, ids, shows_exactly};

#[tokio::test]
async fn what_is_unknown_stops_nothing() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let now = stage.server.now();
    let mut known = entry::notification(1, now);
    known["mood"] = json!({"deep": [null]});
    known["notification"]["priority"] = "ambient".into();
    known["notification"]["click"] = json!({"type": "hologram", "url": 7});
    let entries = [
        entry::unknown(9),
        known,
        json!({"kind": "notification", "id": notification(8), "at": now}),
        Value::Null,
        json!([[]]),
        json!("text"),
        entry::notification(2, now),
        entry::unknown(8),
    ];
    let mut call = stage.server.write(&stage.anna, &entries);
    let end = call.argument["cursor"].clone();
    call.argument["weather"] = "stormy".into();
    stage.server.call(&stage.anna, &call).await?;
    shows_exactly(&phone, &[1, 2]).await?;
    // The same by a page, at a device that has nothing.
    stage.cut(&phone).await?;
    let journal = stage.journal();
    let cursor = journal.hellos().last().map(|hello| hello["cursor"].clone());
    assert_eq!(
        cursor,
        Some(end),
        "the cursor has moved over what is not known"
    );
    stage.publish_shown(&phone, 3).await?;
    phone.stop().await?;
    Ok(())
}

#[tokio::test]
async fn an_unknown_page_is_read_as_far_as_it_is_known() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let now = stage.server.now();
    let entries = [
        entry::unknown(9),
        entry::notification(1, now),
        entry::unknown(8),
    ];
    drop(stage.server.write(&stage.anna, &entries));
    let later = Answer::good().edited(|welcome| {
        welcome["contract"] = 9.into();
        welcome["features"] = json!(["holograms", 7, null]);
        welcome["limits"]["dreams"] = json!({});
    });
    stage.server.next(Route::Hello, later);
    let later = Answer::good().edited(|page| page["mood"] = json!([{}]));
    stage.server.next(Route::Sync, later);
    stage.cut(&phone).await?;
    shows_exactly(&phone, &[1]).await
}

/// Fault C7 of the review.
#[tokio::test]
async fn a_call_before_the_welcome_is_not_forgotten() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for number in 1..=5 {
        let early = Answer::good().preceded_by_notification(&stage.anna, number);
        let early = if number % 2 == 0 {
            early.coalesced()
        } else {
            early
        };
        stage.server.next(Route::Hello, early);
        stage.cut(&phone).await?;
        phone.has_shown(&[notification(number)]).await?;
    }
    shows_exactly(&phone, &[1, 2, 3, 4, 5]).await
}

#[tokio::test]
async fn a_call_before_the_welcome_that_follows_a_lost_one_is_read() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let gate = Gate::new();
    stage.server.next(Route::Hello, Answer::good().held(&gate));
    stage.server.cut();
    gate.reached().await?;
    stage.server.write_notification(&stage.anna, 1);
    stage.server.publish(&stage.anna, 2).await?;
    gate.open();
    shows_exactly(&phone, &[1, 2]).await
}

#[tokio::test]
async fn what_comes_twice_is_shown_once() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let (server, anna) = (&stage.server, &stage.anna);
    let same = entry::notification(1, server.now());
    let call = server.write(anna, &[same.clone(), same.clone()]);
    for _ in 0..3 {
        server.call(anna, &call).await?;
    }
    server.call_all(anna, &[call.clone(), call]).await?;
    // The same notification under another place of the log, by a call and by a page.
    server
        .call(anna, &server.write(anna, std::slice::from_ref(&same)))
        .await?;
    drop(server.write(anna, &[same]));
    stage.cut(&phone).await?;
    stage.publish_shown(&phone, 2).await?;
    shows_exactly(&phone, &[1, 2]).await?;
    flush(&phone).await?;
    let delivered = [notification(1), notification(2)].map(|id| id.to_string());
    assert_eq!(stage.journal().notifications("delivered"), delivered);
    Ok(())
}

#[tokio::test]
async fn calls_in_one_frame_are_all_read() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let (server, anna) = (&stage.server, &stage.anna);
    let write = |number| server.write(anna, &[entry::notification(number, server.now())]);
    let calls: Vec<_> = (1..=20).map(write).collect();
    server.call_all(anna, &calls).await?;
    phone.has_shown(&ids(1..=20)).await?;
    let end = calls.last().map(|call| call.argument["cursor"].clone());
    let behind = Call::new(device::BEHIND, json!({ "cursor": end }));
    let odd = Answer::good()
        .preceded_by([behind.clone(), Call::new("Blink", json!(7))])
        .preceded_by_notification(anna, 21)
        .followed_by([behind])
        .coalesced();
    server.next(Route::Hello, odd);
    stage.cut(&phone).await?;
    shows_exactly(&phone, &(1..=21).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn bytes_that_come_one_by_one_are_a_message_in_the_end() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    stage.server.hold();
    for number in 1..=3 {
        stage.server.publish(&stage.anna, number).await?;
    }
    for _ in 0..2_000 {
        stage.server.release(1);
        tokio::task::yield_now().await;
    }
    stage.server.flow();
    shows_exactly(&phone, &[1, 2, 3]).await
}

#[tokio::test]
async fn a_hint_that_is_lost_is_read_with_the_next() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    stage.server.write_notification(&stage.anna, 1);
    stage.publish_shown(&phone, 2).await?;
    shows_exactly(&phone, &[1, 2]).await
}

/// Fault C2 of the review, the client's half.
#[tokio::test]
async fn pages_that_are_too_large_are_read_in_smaller_ones() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    phone.stop().await?;
    for number in 1..=100 {
        stage.server.write_large(&stage.anna, number, 60_000);
    }
    let phone = stage.start().await?;
    shows_exactly(&phone, &(1..=100).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn a_call_that_is_too_large_costs_a_connection_and_no_notification() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let mut call = stage
        .server
        .write(&stage.anna, &[entry::notification(1, stage.server.now())]);
    call.argument["filler"] = "x".repeat(5 << 20).into();
    stage.server.call(&stage.anna, &call).await?;
    stage.greeted(2).await?;
    shows_exactly(&phone, &[1]).await
}

#[tokio::test]
async fn another_epoch_is_followed_and_nothing_is_shown_again() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for number in 1..=5 {
        stage.publish_shown(&phone, number).await?;
    }
    stage.server.restore(&stage.anna, 2);
    stage.server.write_notification(&stage.anna, 6);
    stage.cut(&phone).await?;
    shows_exactly(&phone, &[1, 2, 3, 4, 5, 6]).await?;
    // Once more, and this time the first sign of it is a call.
    stage.server.restore(&stage.anna, 0);
    stage.publish_shown(&phone, 7).await?;
    shows_exactly(&phone, &[1, 2, 3, 4, 5, 6, 7]).await?;
    assert_eq!(history(&phone.client).await?, [1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

#[tokio::test]
async fn pages_that_cannot_be_read_are_asked_for_again() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let stuck = Answer::good().edited(|page| {
        page["cursor"] = page["after"].clone();
        page["entries"] = json!([]);
        page["more"] = true.into();
    });
    let odd = [
        Answer::result(json!([])),
        Answer::result(json!(null)),
        Answer::result(json!({"after": 7, "cursor": "x"})),
        Answer::result(json!({"after": "x", "cursor": "y", "entries": "none"})),
        Answer::refusal("weather.stormy"),
        Answer::error("no"),
        Answer::cut(),
        stuck,
    ];
    let count = odd.len();
    for answer in odd {
        stage.server.next(Route::Sync, answer);
    }
    stage.server.write_notification(&stage.anna, 1);
    stage.server.cut();
    let tried = |journal: &Journal| journal.count(Route::Sync) > count;
    stage.server.has("a page after the odd ones", tried).await?;
    shows_exactly(&phone, &[1]).await
}

#[tokio::test]
async fn calls_that_cannot_be_read_stop_nothing() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let (server, anna) = (&stage.server, &stage.anna);
    for (number, argument) in (1..).zip([
        json!(null),
        json!({"after": 7}),
        json!({"after": "x", "cursor": "", "entries": [1]}),
        json!("text"),
    ]) {
        server.write_notification(anna, number);
        server
            .call(anna, &Call::new(device::ENTRIES, argument.clone()))
            .await?;
        phone.has_shown(&ids([number])).await?;
        server
            .call(
                anna,
                &Call::new(device::DRAIN, json!({"retryAfterMs": argument})),
            )
            .await?;
        server
            .call(anna, &Call::new("Blink", argument.clone()))
            .await?;
        server
            .call(anna, &Call::new(device::BEHIND, argument))
            .await?;
    }
    stage.publish_shown(&phone, 5).await?;
    shows_exactly(&phone, &[1, 2, 3, 4, 5]).await
}
