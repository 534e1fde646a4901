//! Streams that a client cancels in the packet that starts them.

use futures_util::{Stream, stream};
use tokio::sync::mpsc;
use vestnik_signalr::server::{Cancellation, Hub, HubError, HubService, State};

use crate::{
    client::{Client, serve, soon},
    http_client::{By, HttpClient},
};

const CALLS: usize = 500;
/// How many calls one HTTP request brings.
const TOGETHER: usize = 25;

/// What a handler does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Entered,
    Cancelled,
}

type Steps = mpsc::UnboundedSender<Step>;

/// Notes that it was entered and, whatever becomes of its stream, that it was cancelled.
async fn note(
    State(steps): State<Steps>,
    cancellation: Cancellation,
) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
    steps.send(Step::Entered).map_err(HubError::internal)?;
    tokio::spawn(async move {
        cancellation.cancelled().await;
        steps.send(Step::Cancelled)
    });
    Ok(stream::pending())
}

fn hub() -> (HubService<Steps>, mpsc::UnboundedReceiver<Step>) {
    let (steps, noted) = mpsc::unbounded_channel();
    (Hub::builder(steps).stream("Note", note).build(), noted)
}

/// Starts a stream and cancels it.
fn start_and_cancel(id: usize) -> String {
    [
        format!(r#"{{"type":4,"invocationId":"{id}","target":"Note","arguments":[]}}"#),
        format!(r#"{{"type":5,"invocationId":"{id}"}}"#),
    ]
    .join("\x1e")
}

fn completion(id: usize) -> String {
    format!(r#"{{"type":3,"invocationId":"{id}"}}"#)
}

async fn check_steps(mut noted: mpsc::UnboundedReceiver<Step>) {
    let mut counts = [0; 2];
    while counts != [CALLS; 2] {
        let step = soon(noted.recv()).await.unwrap();
        counts[step as usize] += 1;
    }
}

#[tokio::test]
async fn a_stream_that_is_cancelled_at_once_is_entered_over_web_sockets() {
    let (hub, noted) = hub();
    let mut client = Client::open(serve(hub).await).await;
    for id in 0..CALLS {
        client
            .check(&start_and_cancel(id), &[&completion(id)])
            .await;
    }
    check_steps(noted).await;
}

#[tokio::test]
async fn a_stream_that_is_cancelled_at_once_is_entered_over_plain_http() {
    for by in [By::Events, By::Polls] {
        let (hub, noted) = hub();
        let mut client = HttpClient::open(serve(hub).await, by).await;
        for first in (0..CALLS).step_by(TOGETHER) {
            let ids = first..first + TOGETHER;
            let calls: Vec<String> = ids.clone().map(start_and_cancel).collect();
            client.send(&calls.join("\x1e")).await;
            for id in ids {
                assert_eq!(client.next().await, Some(completion(id)), "{by:?}");
            }
        }
        check_steps(noted).await;
    }
}

#[tokio::test]
async fn a_stream_whose_client_leaves_at_once_is_entered() {
    let (hub, noted) = hub();
    let address = serve(hub).await;
    for id in 0..CALLS {
        let mut client = Client::open(address).await;
        let call = start_and_cancel(id);
        let (start, _) = call.split_once('\x1e').unwrap();
        client.send(&format!("{start}\x1e{{\"type\":7}}")).await;
        client.expect_close().await;
    }
    check_steps(noted).await;
}
