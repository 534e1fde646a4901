//! A hub connection that comes back, against our own server, in every protocol.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::{net::TcpListener, sync::mpsc};
use vestnik_signalr::{
    backoff::ReconnectPolicy,
    client::{
        CallError, CloseReason, ConnectionState, DisconnectReason, HubConnection,
        HubConnectionBuilder, Upload as Sent,
    },
    protocol::Protocol,
    server::{Cancellation, Connection, Frame, Hub, HubError, HubHandle, Upload},
};

/// No step of a test may take longer.
const PATIENCE: Duration = Duration::from_mins(5);

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("a step took too long")
}

async fn say(from: Connection, text: String) -> Result<usize, HubError> {
    let told = from.hub().all().send(&Frame::new("Said", (text,)));
    Ok(told.queued)
}

async fn ask_back(from: Connection, question: String) -> Result<usize, HubError> {
    Ok(from.invoke("Length", &(question,), PATIENCE).await?)
}

async fn sum(mut numbers: Upload<u32>) -> Result<u32, HubError> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await {
        sum += number?;
    }
    Ok(sum)
}

async fn count(to: u32) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
    Ok(stream::iter((0..to).map(Ok)))
}

async fn leave(from: Connection, may_return: bool) -> Result<(), HubError> {
    from.close(may_return);
    Ok(())
}

/// Takes as long as somebody waits.
async fn linger(from: Connection, cancellation: Cancellation) -> Result<(), HubError> {
    from.hub().all().send(&Frame::new("Said", ("I wait",)));
    cancellation.cancelled().await;
    from.hub().all().send(&Frame::new("Said", ("I am done",)));
    Ok(())
}

async fn serve() -> (SocketAddr, HubHandle) {
    let hub = Hub::builder(())
        .on("Say", say)
        .on("AskBack", ask_back)
        .on("Sum", sum)
        .on("Leave", leave)
        .on("Linger", linger)
        .stream("Count", count)
        .build();
    let handle = hub.handle().clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::<()>::new().nest_service("/hub", hub);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, handle)
}

type Heard = mpsc::UnboundedReceiver<String>;

fn describe(address: SocketAddr) -> (HubConnectionBuilder, Heard) {
    let (heard, said) = mpsc::unbounded_channel();
    let url = format!("http://{address}/hub");
    let builder = HubConnection::builder(url.parse().unwrap())
        .reconnect(ReconnectPolicy {
            base: Duration::from_millis(5),
            ..ReconnectPolicy::default()
        })
        .on("said", move |(text,): (String,)| {
            drop(heard.send(text));
        })
        .on_result("length", |(text,): (String,)| async move {
            match text.len() {
                0 => Err("there is nothing to measure"),
                length => Ok(length),
            }
        });
    (builder, said)
}

/// Everything that can be done with a connection.
async fn exercise(hub: &HubConnection, said: &mut Heard) {
    assert_eq!(soon(hub.invoke("Say", &("hello",))).await, Ok(1));
    assert_eq!(soon(said.recv()).await.as_deref(), Some("hello"));
    assert_eq!(soon(hub.invoke("AskBack", &("four",))).await, Ok(4));
    let refused = soon(hub.invoke::<_, usize>("AskBack", &("",))).await;
    let Err(CallError::Failed(text)) = refused else {
        panic!("{refused:?}")
    };
    assert!(text.contains("there is nothing to measure"), "{text}");
    let items: Vec<_> = soon(hub.stream::<_, u32>("Count", &(3,)))
        .await
        .unwrap()
        .collect()
        .await;
    assert_eq!(items, [Ok(0), Ok(1), Ok(2)]);
    let client = hub.client().unwrap();
    let call = client.uploading([Sent::new(stream::iter([1, 2, 3]))]);
    assert_eq!(soon(call.invoke("Sum", &())).await, Ok(6));
}

#[tokio::test]
async fn it_is_whole_again_after_each_interruption() {
    for protocol in Protocol::ALL {
        let (address, _handle) = serve().await;
        let (builder, mut said) = describe(address);
        let (sender, mut states) = mpsc::unbounded_channel();
        let hub = builder
            .protocol(protocol)
            .on_state(move |state| drop(sender.send(state.clone())))
            .build();
        soon(hub.start()).await.unwrap();
        let mut ids = Vec::new();
        for _ in 0..3 {
            exercise(&hub, &mut said).await;
            hub.send("Leave", &(true,)).await.unwrap();
            let reason = loop {
                match soon(states.recv()).await.unwrap() {
                    ConnectionState::Connected { connection_id } => ids.push(connection_id),
                    ConnectionState::Reconnecting { reason, .. } => break reason,
                    ConnectionState::Connecting { .. } | ConnectionState::Resuming { .. } => {}
                    ConnectionState::Disconnected(reason) => panic!("{reason}"),
                }
            };
            assert!(matches!(
                reason,
                DisconnectReason::Closed(CloseReason::Server { .. })
            ));
            let mut now = hub.states();
            let connected =
                now.wait_for(|state| matches!(state, ConnectionState::Connected { .. }));
            soon(connected).await.unwrap();
        }
        exercise(&hub, &mut said).await;
        ids.dedup();
        assert_eq!(ids.len(), 3, "each connection has a name of its own");
        soon(hub.stop()).await;
    }
}

#[tokio::test]
async fn it_stays_away_when_it_is_sent_away() {
    let (address, _handle) = serve().await;
    let (builder, _said) = describe(address);
    let hub = builder.build();
    soon(hub.start()).await.unwrap();
    hub.send("Leave", &(false,)).await.unwrap();
    let mut states = hub.states();
    let away = states.wait_for(|state| {
        matches!(
            state,
            ConnectionState::Disconnected(DisconnectReason::Closed(CloseReason::Server {
                allow_reconnect: false,
                ..
            }))
        )
    });
    soon(away).await.unwrap();
}

#[tokio::test]
async fn it_keeps_trying_a_server_that_drains() {
    let (address, handle) = serve().await;
    let (builder, _said) = describe(address);
    let hub = builder.build();
    soon(hub.start()).await.unwrap();
    soon(handle.drain(true)).await;
    let mut states = hub.states();
    let waiting = states
        .wait_for(|state| matches!(state, ConnectionState::Reconnecting { attempt: 3.., .. }));
    soon(waiting).await.unwrap();
    soon(hub.stop()).await;
}

#[tokio::test]
async fn a_call_whose_future_is_dropped_is_cancelled_at_the_server() {
    for protocol in Protocol::ALL {
        let (address, _handle) = serve().await;
        let (builder, mut said) = describe(address);
        let hub = builder.protocol(protocol).build();
        soon(hub.start()).await.unwrap();
        let heard = tokio::select! {
            outcome = hub.invoke::<_, ()>("Linger", &()) => panic!("{outcome:?}"),
            heard = soon(said.recv()) => heard,
        };
        assert_eq!(heard.as_deref(), Some("I wait"));
        assert_eq!(soon(said.recv()).await.as_deref(), Some("I am done"));
        // Calls run one at a time: the next runs only after this one has ended.
        exercise(&hub, &mut said).await;
    }
}
