//! Streams that clients send along with their calls.

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt};
use tokio::sync::{Semaphore, mpsc};
use vestnik_signalr::server::{Hub, HubConfig, HubError, HubService, State, Upload};

use crate::client::{Client, serve, soon};

/// What the test's handlers share.
#[derive(Clone)]
struct World {
    /// Each permit lets `Gated` take one item.
    gate: Arc<Semaphore>,
    /// What `Watch` saw.
    seen: mpsc::Sender<String>,
}

async fn sum(mut numbers: Upload<u32>, start: u32) -> Result<u32, HubError> {
    let mut sum = start;
    while let Some(number) = numbers.next().await {
        sum += number?;
    }
    Ok(sum)
}

/// Reads the second stream first.
async fn join(mut last: Upload<String>, mut first: Upload<String>) -> Result<String, HubError> {
    let mut all = String::new();
    while let Some(text) = first.next().await {
        all.push_str(&text?);
    }
    while let Some(text) = last.next().await {
        all.push_str(&text?);
    }
    Ok(all)
}

async fn double(
    numbers: Upload<u32>,
) -> Result<impl Stream<Item = Result<u32, HubError>>, Infallible> {
    Ok(numbers.map(|number| Ok(number? * 2)))
}

async fn first(mut numbers: Upload<u32>) -> Result<u32, HubError> {
    let number = numbers.next().await;
    number.unwrap_or_else(|| Err(HubError::new("there is none")))
}

async fn gated(State(world): State<World>, mut numbers: Upload<u32>) -> Result<u32, HubError> {
    let mut count = 0;
    loop {
        let permit = world.gate.acquire().await.map_err(HubError::internal)?;
        permit.forget();
        match numbers.next().await {
            Some(number) => count += number?,
            None => return Ok(count),
        }
    }
}

/// Leaves the stream to a task of its own and tells what that saw.
async fn watch(State(world): State<World>, mut numbers: Upload<u32>) -> Result<(), HubError> {
    tokio::spawn(async move {
        while let Some(number) = numbers.next().await {
            world.seen.send(format!("{number:?}")).await.ok();
        }
        world.seen.send("the end".to_owned()).await.ok();
    });
    std::future::pending().await
}

async fn nothing() -> Result<(), Infallible> {
    Ok(())
}

fn hub() -> (HubService<World>, Arc<Semaphore>, mpsc::Receiver<String>) {
    let (seen, news) = mpsc::channel(16);
    let gate = Arc::new(Semaphore::new(0));
    let world = World {
        gate: Arc::clone(&gate),
        seen,
    };
    let hub = Hub::builder(world)
        .on("Sum", sum)
        .on("Join", join)
        .stream("Double", double)
        .on("First", first)
        .on("Gated", gated)
        .on("Watch", watch)
        .on("Nothing", nothing)
        .config(HubConfig::default())
        .build();
    (hub, gate, news)
}

async fn open() -> Client {
    Client::open(serve(hub().0).await).await
}

/// Sends these messages over a fresh connection and expects this one answer.
async fn check(messages: &[&str], answer: &str) {
    let mut client = open().await;
    for message in messages {
        client.send(message).await;
    }
    assert_eq!(client.next().await, answer);
}

const SUM: &str =
    r#"{"type":1,"invocationId":"0","target":"Sum","arguments":[100],"streamIds":["u"]}"#;

#[tokio::test]
async fn a_method_reads_the_items_until_the_client_ends_them() {
    check(
        &[
            SUM,
            r#"{"type":2,"invocationId":"u","item":20}"#,
            r#"{"type":2,"invocationId":"not mine","item":1}"#,
            r#"{"type":2,"invocationId":"u","item":3}"#,
            r#"{"type":3,"invocationId":"u"}"#,
        ],
        r#"{"type":3,"invocationId":"0","result":123}"#,
    )
    .await;
}

#[tokio::test]
async fn streams_are_bound_in_order() {
    check(
        &[
            r#"{"type":1,"invocationId":"0","target":"Join","arguments":[],"streamIds":["a","b"]}"#,
            r#"{"type":2,"invocationId":"a","item":"world"}"#,
            r#"{"type":3,"invocationId":"a"}"#,
            r#"{"type":2,"invocationId":"b","item":"hello "}"#,
            r#"{"type":3,"invocationId":"b"}"#,
        ],
        r#"{"type":3,"invocationId":"0","result":"hello world"}"#,
    )
    .await;
}

#[tokio::test]
async fn a_streaming_method_may_read_streams_too() {
    let mut client = open().await;
    client
        .send(r#"{"type":4,"invocationId":"s","target":"Double","arguments":[],"streamIds":["u"]}"#)
        .await;
    for number in 1..50 {
        client
            .check(
                &format!(r#"{{"type":2,"invocationId":"u","item":{number}}}"#),
                &[&format!(
                    r#"{{"type":2,"invocationId":"s","item":{}}}"#,
                    number * 2
                )],
            )
            .await;
    }
    client
        .check(
            r#"{"type":3,"invocationId":"u"}"#,
            &[r#"{"type":3,"invocationId":"s"}"#],
        )
        .await;
}

#[tokio::test]
async fn the_clients_error_surfaces_in_the_method() {
    let end = r#"{"type":3,"invocationId":"u","error":"the file vanished"}"#;
    check(
        &[SUM, end],
        r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Sum' on the server. HubException: the file vanished"}"#,
    )
    .await;
    check(
        &[
            r#"{"type":4,"invocationId":"0","target":"Double","arguments":[],"streamIds":["u"]}"#,
            end,
        ],
        r#"{"type":3,"invocationId":"0","error":"An error occurred on the server while streaming results. HubException: the file vanished"}"#,
    )
    .await;
}

#[tokio::test]
async fn an_item_of_the_wrong_type_fails_its_stream_alone() {
    let mut client = open().await;
    client.send(SUM).await;
    client
        .check(
            r#"{"type":2,"invocationId":"u","item":"three"}"#,
            &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Sum' on the server. HubException: Failed to bind Stream message."}"#],
        )
        .await;
    // What was still on its way is ignored.
    client
        .send(r#"{"type":2,"invocationId":"u","item":4}"#)
        .await;
    client
        .check(
            r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"1","result":null}"#],
        )
        .await;
}

#[tokio::test]
async fn tells_how_many_streams_are_wanted() {
    for (target, arguments, ids, counts) in [
        ("Join", "[]", r#"["a"]"#, (1, 2)),
        ("Sum", "[1]", "[]", (0, 1)),
        ("Nothing", "[]", r#"["a","b"]"#, (2, 0)),
    ] {
        let (sent, wanted) = counts;
        check(
            &[&format!(
                r#"{{"type":1,"invocationId":"0","target":"{target}","arguments":{arguments},"streamIds":{ids}}}"#
            )],
            &format!(
                r#"{{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking '{target}' on the server. HubException: Client sent {sent} stream(s), Hub method expects {wanted}."}}"#
            ),
        )
        .await;
    }
}

#[tokio::test]
async fn a_method_may_stop_reading() {
    let mut client = open().await;
    client
        .send(r#"{"type":1,"invocationId":"0","target":"First","arguments":[],"streamIds":["u"]}"#)
        .await;
    client
        .check(
            r#"{"type":2,"invocationId":"u","item":8}"#,
            &[r#"{"type":3,"invocationId":"0","result":8}"#],
        )
        .await;
    // More than any buffer holds, to nobody.
    for _ in 0..100 {
        client
            .send(r#"{"type":2,"invocationId":"u","item":9}"#)
            .await;
    }
    client
        .check(
            r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"1","result":null}"#],
        )
        .await;
}

#[tokio::test]
async fn a_full_stream_stops_the_reading_of_its_connection_only() {
    let (hub, gate, _news) = hub();
    let address = serve(hub).await;
    let mut client = Client::open(address).await;
    client
        .send(r#"{"type":1,"invocationId":"0","target":"Gated","arguments":[],"streamIds":["u"]}"#)
        .await;
    for _ in 0..50 {
        client
            .send(r#"{"type":2,"invocationId":"u","item":1}"#)
            .await;
    }
    client.send(r#"{"type":3,"invocationId":"u"}"#).await;
    // A stream runs beside plain calls, but this one is behind the full upload.
    client
        .send(r#"{"type":4,"invocationId":"s","target":"Double","arguments":[],"streamIds":["v"]}"#)
        .await;
    client.send(r#"{"type":3,"invocationId":"v"}"#).await;
    let early = tokio::time::timeout(Duration::from_millis(50), client.next()).await;
    assert!(early.is_err(), "{early:?}");
    let mut other = Client::open(address).await;
    other
        .check(
            r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"1","result":null}"#],
        )
        .await;
    gate.add_permits(51);
    let mut answers = [client.next().await, client.next().await];
    answers.sort();
    assert_eq!(
        answers,
        [
            r#"{"type":3,"invocationId":"0","result":50}"#,
            r#"{"type":3,"invocationId":"s"}"#
        ]
    );
}

#[tokio::test]
async fn a_stream_that_is_cut_off_with_its_connection_is_not_complete() {
    let (hub, _, mut news) = hub();
    let mut client = Client::open(serve(hub).await).await;
    client
        .send(r#"{"type":1,"target":"Watch","arguments":[],"streamIds":["u"]}"#)
        .await;
    client
        .send(r#"{"type":2,"invocationId":"u","item":1}"#)
        .await;
    assert_eq!(soon(news.recv()).await.unwrap(), "Ok(1)");
    drop(client);
    let error = soon(news.recv()).await.unwrap();
    assert!(error.contains("ended before the stream did"), "{error}");
    assert_eq!(soon(news.recv()).await.unwrap(), "the end");
}
