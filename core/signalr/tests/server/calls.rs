//! Calls, their answers, and the official texts of what can go wrong.

use std::{convert::Infallible, sync::Arc};

use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tokio_tungstenite::tungstenite::Message;
use vestnik_signalr::{
    protocol::Protocol,
    server::{
        Cancellation, Connection, Frame, Hub, HubBuilder, HubConfig, HubError, HubService, State,
    },
};

use crate::client::{Client, serve, soon};

/// What the test's handlers share.
#[derive(Clone)]
struct World {
    /// Lets `Wait` go on.
    gate: Arc<Semaphore>,
    /// How many endless streams live.
    streams: watch::Sender<usize>,
}

impl World {
    fn new() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            streams: watch::Sender::new(0),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: u32,
}

async fn add(a: i64, b: i64) -> Result<i64, HubError> {
    Ok(a + b)
}

async fn next_order(order: Order) -> Result<Order, HubError> {
    Ok(Order {
        order_id: order.order_id + 1,
    })
}

async fn nothing() -> Result<(), Infallible> {
    Ok(())
}

async fn fail(hidden: bool) -> Result<(), HubError> {
    let error = if hidden {
        HubError::internal("the disk is full")
    } else {
        HubError::new("sold out")
    };
    Err(error)
}

async fn panic(_: State<World>) -> Result<(), HubError> {
    panic!("this test's handler panics")
}

async fn wait(State(world): State<World>) -> Result<&'static str, HubError> {
    let permit = world.gate.acquire().await.map_err(HubError::internal)?;
    permit.forget();
    Ok("waited")
}

async fn count(to: u32) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
    if to == 0 {
        return Err(HubError::new("nothing to count"));
    }
    Ok(stream::iter(0..to).map(|number| match number {
        3 => Err(HubError::new("lost count")),
        4.. => panic!("this test's stream panics"),
        _ => Ok(number),
    }))
}

/// Gives one item and then none, and tells the world while it lives.
async fn endless(
    State(world): State<World>,
) -> Result<impl Stream<Item = Result<u32, Infallible>>, Infallible> {
    struct Alive(watch::Sender<usize>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.send_modify(|count| *count -= 1);
        }
    }
    world.streams.send_modify(|count| *count += 1);
    let alive = Alive(world.streams);
    let first = stream::iter([Ok(7)]);
    Ok(first.chain(stream::pending()).inspect(move |_| {
        let _ = &alive;
    }))
}

async fn echo_to_self(connection: Connection, text: String) -> Result<(), HubError> {
    let frame = Frame::new("Echo", (text,));
    connection.try_send(&frame).map_err(HubError::internal)
}

fn builder(world: &World) -> HubBuilder<World> {
    Hub::builder(world.clone())
        .on("Add", add)
        .on("NextOrder", next_order)
        .on("Nothing", nothing)
        .on("Fail", fail)
        .on("Panic", panic)
        .on("Wait", wait)
        .on("EchoToSelf", echo_to_self)
        .stream("Count", count)
        .stream("Endless", endless)
}

fn hub() -> HubService<World> {
    builder(&World::new()).build()
}

fn detailed() -> HubService<World> {
    let mut config = HubConfig::default();
    config.protocol.detailed_errors = true;
    builder(&World::new()).config(config).build()
}

/// Sends one call to a fresh connection of each protocol and expects these answers.
async fn check(hub: HubService<World>, call: &str, answers: &[&str]) {
    let address = serve(hub).await;
    for protocol in Protocol::ALL {
        let mut client = Client::open_in(protocol, address).await;
        client.check(call, answers).await;
    }
}

#[tokio::test]
async fn answers_with_the_result() {
    check(
        hub(),
        r#"{"type":1,"invocationId":"0","target":"Add","arguments":[20,22]}"#,
        &[r#"{"type":3,"invocationId":"0","result":42}"#],
    )
    .await;
    check(
        hub(),
        r#"{"arguments":[{"orderId":1}],"target":"NEXTorder","invocationId":"x","type":1}"#,
        &[r#"{"type":3,"invocationId":"x","result":{"orderId":2}}"#],
    )
    .await;
}

#[tokio::test]
async fn answers_a_void_method_with_null() {
    check(
        hub(),
        r#"{"type":1,"invocationId":"0","target":"Nothing","arguments":[]}"#,
        &[r#"{"type":3,"invocationId":"0","result":null}"#],
    )
    .await;
}

#[tokio::test]
async fn tells_what_the_handler_wants_told() {
    check(
        hub(),
        r#"{"type":1,"invocationId":"0","target":"Fail","arguments":[false]}"#,
        &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Fail' on the server. HubException: sold out"}"#],
    )
    .await;
    let call = r#"{"type":1,"invocationId":"0","target":"Fail","arguments":[true]}"#;
    check(
        hub(),
        call,
        &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Fail' on the server."}"#],
    )
    .await;
    check(
        detailed(),
        call,
        &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Fail' on the server. Exception: the disk is full"}"#],
    )
    .await;
}

#[tokio::test]
async fn names_the_unknown_method() {
    check(
        hub(),
        r#"{"type":1,"invocationId":"0","target":"Gone","arguments":[]}"#,
        &[r#"{"type":3,"invocationId":"0","error":"Failed to invoke 'Gone' due to an error on the server. HubException: Method does not exist."}"#],
    )
    .await;
}

#[tokio::test]
async fn refuses_arguments_that_do_not_fit() {
    let one = r#"{"type":1,"invocationId":"0","target":"Add","arguments":[1]}"#;
    let wrong = r#"{"type":1,"invocationId":"0","target":"Add","arguments":[1,"2"]}"#;
    let plain = r#"{"type":3,"invocationId":"0","error":"Failed to invoke 'Add' due to an error on the server."}"#;
    check(hub(), one, &[plain]).await;
    check(hub(), wrong, &[plain]).await;
    check(
        detailed(),
        one,
        &[r#"{"type":3,"invocationId":"0","error":"Failed to invoke 'Add' due to an error on the server. InvalidDataException: Invocation provides 1 argument(s) but target expects 2."}"#],
    )
    .await;
    check(
        detailed(),
        wrong,
        &[r#"{"type":3,"invocationId":"0","error":"Failed to invoke 'Add' due to an error on the server. InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked."}"#],
    )
    .await;
    check(
        hub(),
        r#"{"type":1,"invocationId":"0","target":"Nothing","arguments":[],"streamIds":["1"]}"#,
        &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Nothing' on the server. HubException: Client sent 1 stream(s), Hub method expects 0."}"#],
    )
    .await;
}

#[tokio::test]
async fn a_panic_fails_its_call_alone() {
    let mut client = Client::open(serve(hub()).await).await;
    client
        .check(
            r#"{"type":1,"invocationId":"0","target":"Panic","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Panic' on the server."}"#],
        )
        .await;
    client
        .check(
            r#"{"type":1,"invocationId":"1","target":"Add","arguments":[1,1]}"#,
            &[r#"{"type":3,"invocationId":"1","result":2}"#],
        )
        .await;
}

#[tokio::test]
async fn never_answers_a_call_without_id() {
    let mut client = Client::open(serve(hub()).await).await;
    client
        .send(r#"{"type":1,"target":"Add","arguments":[1,1]}"#)
        .await;
    client
        .send(r#"{"type":1,"target":"Gone","arguments":[]}"#)
        .await;
    client
        .send(r#"{"type":1,"invocationId":"","target":"Panic","arguments":[]}"#)
        .await;
    client
        .check(
            r#"{"type":1,"invocationId":"0","target":"Nothing","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"0","result":null}"#],
        )
        .await;
}

#[tokio::test]
async fn runs_plain_calls_in_order_and_streams_beside_them() {
    let world = World::new();
    let mut client = Client::open(serve(builder(&world).build()).await).await;
    client
        .send(r#"{"type":4,"invocationId":"s","target":"Count","arguments":[2]}"#)
        .await;
    client
        .send(r#"{"type":1,"invocationId":"0","target":"Wait","arguments":[]}"#)
        .await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#)
        .await;
    assert_eq!(
        client.next().await,
        r#"{"type":2,"invocationId":"s","item":0}"#
    );
    assert_eq!(
        client.next().await,
        r#"{"type":2,"invocationId":"s","item":1}"#
    );
    assert_eq!(client.next().await, r#"{"type":3,"invocationId":"s"}"#);
    world.gate.add_permits(1);
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"0","result":"waited"}"#
    );
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"1","result":null}"#
    );
}

#[tokio::test]
async fn a_stream_keeps_what_it_gave_before_it_failed() {
    let call = r#"{"type":4,"invocationId":"s","target":"Count","arguments":[5]}"#;
    check(
        hub(),
        call,
        &[
            r#"{"type":2,"invocationId":"s","item":0}"#,
            r#"{"type":2,"invocationId":"s","item":1}"#,
            r#"{"type":2,"invocationId":"s","item":2}"#,
            r#"{"type":3,"invocationId":"s","error":"An error occurred on the server while streaming results. HubException: lost count"}"#,
        ],
    )
    .await;
    check(
        hub(),
        r#"{"type":4,"invocationId":"s","target":"Count","arguments":[0]}"#,
        &[r#"{"type":3,"invocationId":"s","error":"An unexpected error occurred invoking 'Count' on the server. HubException: nothing to count"}"#],
    )
    .await;
}

#[tokio::test]
async fn plain_and_streaming_are_not_mixed_up() {
    check(
        hub(),
        r#"{"type":1,"invocationId":"0","target":"Count","arguments":[1]}"#,
        &[r#"{"type":3,"invocationId":"0","error":"The client attempted to invoke the streaming 'Count' method with a non-streaming invocation."}"#],
    )
    .await;
    check(
        hub(),
        r#"{"type":4,"invocationId":"0","target":"Add","arguments":[1,2]}"#,
        &[r#"{"type":3,"invocationId":"0","error":"The client attempted to invoke the non-streaming 'Add' method with a streaming invocation."}"#],
    )
    .await;
}

#[tokio::test]
async fn a_cancelled_stream_is_dropped_and_ends_without_error() {
    let world = World::new();
    let mut streams = world.streams.subscribe();
    let mut client = Client::open(serve(builder(&world).build()).await).await;
    let call = r#"{"type":4,"invocationId":"s","target":"Endless","arguments":[]}"#;
    client
        .check(call, &[r#"{"type":2,"invocationId":"s","item":7}"#])
        .await;
    client
        .check(
            call,
            &[r#"{"type":3,"invocationId":"s","error":"Invocation ID 's' is already in use."}"#],
        )
        .await;
    client
        .check(
            r#"{"type":5,"invocationId":"s"}"#,
            &[r#"{"type":3,"invocationId":"s"}"#],
        )
        .await;
    soon(streams.wait_for(|count| *count == 0)).await.unwrap();
    // The id is free again.
    client
        .check(call, &[r#"{"type":2,"invocationId":"s","item":7}"#])
        .await;
}

#[tokio::test]
async fn streams_end_with_their_connection() {
    let world = World::new();
    let mut streams = world.streams.subscribe();
    let mut client = Client::open(serve(builder(&world).build()).await).await;
    let call = r#"{"type":4,"invocationId":"s","target":"Endless","arguments":[]}"#;
    client
        .check(call, &[r#"{"type":2,"invocationId":"s","item":7}"#])
        .await;
    drop(client);
    soon(streams.wait_for(|count| *count == 0)).await.unwrap();
}

#[tokio::test]
async fn bounds_the_streams_of_a_connection() {
    let mut config = HubConfig::default();
    config.protocol.max_streams = 1;
    let hub = builder(&World::new()).config(config).build();
    let mut client = Client::open(serve(hub).await).await;
    client
        .check(
            r#"{"type":4,"invocationId":"1","target":"Endless","arguments":[]}"#,
            &[r#"{"type":2,"invocationId":"1","item":7}"#],
        )
        .await;
    client
        .check(
            r#"{"type":4,"invocationId":"2","target":"Endless","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"2","error":"An unexpected error occurred invoking 'Endless' on the server. HubException: Too many streams on this connection."}"#],
        )
        .await;
}

#[tokio::test]
async fn what_a_handler_sends_comes_before_its_answer() {
    let mut client = Client::open(serve(hub()).await).await;
    // Often, as the two take different ways to the socket.
    for _ in 0..50 {
        client
            .check(
                r#"{"type":1,"invocationId":"0","target":"EchoToSelf","arguments":["hey"]}"#,
                &[
                    r#"{"type":1,"target":"Echo","arguments":["hey"]}"#,
                    r#"{"type":3,"invocationId":"0","result":null}"#,
                ],
            )
            .await;
    }
}

#[tokio::test]
async fn takes_messages_in_any_packing() {
    let mut client = Client::open(serve(hub()).await).await;
    let call = "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Nothing\",\"arguments\":[]}\x1e";
    let (head, tail) = call.split_at(20);
    client
        .send_frame(Message::text(format!("{{\"type\":6}}\x1e{call}{head}")))
        .await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"0","result":null}"#
    );
    client
        .send_frame(Message::binary(tail.as_bytes().to_vec()))
        .await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"0","result":null}"#
    );
}

/// Waits until it is cancelled, and tells the world that it was.
async fn patient(
    State(world): State<World>,
    cancellation: Cancellation,
    has_result: bool,
) -> Result<&'static str, HubError> {
    assert!(!cancellation.is_cancelled());
    cancellation.cancelled().await;
    world.streams.send_modify(|count| *count += 1);
    if has_result {
        return Ok("half of it");
    }
    Err(HubError::new("cancelled"))
}

#[tokio::test]
async fn a_cancelled_plain_call_ends_as_it_likes() {
    let hub = builder(&World::new()).on("Patient", patient).build();
    let mut client = Client::open(serve(hub).await).await;
    for (has_result, answer) in [
        (true, r#""result":"half of it""#),
        (
            false,
            r#""error":"An unexpected error occurred invoking 'Patient' on the server. HubException: cancelled""#,
        ),
    ] {
        client
            .send(&format!(
                r#"{{"type":1,"invocationId":"0","target":"Patient","arguments":[{has_result}]}}"#
            ))
            .await;
        client
            .check(
                r#"{"type":5,"invocationId":"0"}"#,
                &[&format!(r#"{{"type":3,"invocationId":"0",{answer}}}"#)],
            )
            .await;
    }
}

#[tokio::test]
async fn a_call_that_cannot_hear_of_its_cancellation_answers_too() {
    let world = World::new();
    let mut client = Client::open(serve(builder(&world).build()).await).await;
    client
        .send(r#"{"type":1,"invocationId":"0","target":"Wait","arguments":[]}"#)
        .await;
    client.send(r#"{"type":5,"invocationId":"0"}"#).await;
    world.gate.add_permits(1);
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"0","result":"waited"}"#
    );
}

#[tokio::test]
async fn a_plain_call_learns_of_the_end_of_its_connection() {
    let world = World::new();
    let mut cancelled = world.streams.subscribe();
    let hub = builder(&world).on("Patient", patient).build();
    let handle = hub.handle().clone();
    let mut client = Client::open(serve(hub).await).await;
    client
        .send(r#"{"type":1,"target":"Patient","arguments":[true]}"#)
        .await;
    // Read after the call, so the call has begun.
    client
        .check(
            r#"{"type":4,"invocationId":"s","target":"Count","arguments":[1]}"#,
            &[
                r#"{"type":2,"invocationId":"s","item":0}"#,
                r#"{"type":3,"invocationId":"s"}"#,
            ],
        )
        .await;
    drop(client);
    soon(cancelled.wait_for(|count| *count == 1)).await.unwrap();
    soon(handle.drain(false)).await;
}

#[tokio::test]
async fn as_many_calls_as_configured_run_at_once() {
    let mut config = HubConfig::default();
    config.protocol.parallel_calls = 2;
    let world = World::new();
    let hub = builder(&world).config(config).build();
    let mut client = Client::open(serve(hub).await).await;
    client
        .send(r#"{"type":1,"invocationId":"0","target":"Wait","arguments":[]}"#)
        .await;
    client
        .check(
            r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"1","result":null}"#],
        )
        .await;
    world.gate.add_permits(1);
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"0","result":"waited"}"#
    );
}
