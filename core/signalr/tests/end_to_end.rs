//! Our client against our server, over real sockets, in every protocol.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

use std::{fmt, time::Duration};

use axum::Router;
use futures_util::{Stream, StreamExt as _, stream};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};
use tokio::net::TcpListener;
use vestnik_signalr::{
    client::{
        CallError, CloseReason, ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream,
        Upload as Sent, connect,
    },
    message::{BindError, FromArguments, Invocation},
    payload::Payload,
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubError, HubHandle, Upload},
};

/// No step of a test may take longer.
const PATIENCE: Duration = Duration::from_mins(5);

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("a step took too long")
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Size {
    Small,
    Custom { width: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parcel {
    parcel_id: u64,
    size: Size,
    note: Option<String>,
    weight: f64,
    contents: Blob,
}

/// Bytes, which MessagePack has a type for.
#[derive(Debug, Clone, PartialEq)]
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Blob, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Blob(bytes))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

async fn weigh(parcel: Parcel) -> Result<Parcel, HubError> {
    let weight = parcel.weight + 0.5;
    Ok(Parcel { weight, ..parcel })
}

async fn fail() -> Result<(), HubError> {
    Err(HubError::new("sold out"))
}

async fn nothing() -> Result<(), HubError> {
    Ok(())
}

async fn count(to: u32) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
    Ok(stream::iter((0..to).map(Ok)))
}

async fn sum(mut numbers: Upload<u32>) -> Result<u32, HubError> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await {
        sum += number?;
    }
    Ok(sum)
}

async fn ask_back(connection: Connection, question: String) -> Result<u32, HubError> {
    Ok(connection.invoke("Ask", &(question,), PATIENCE).await?)
}

/// Says in which protocol an argument came, and how many bytes it has.
async fn measure(raw: Payload) -> Result<(String, usize), HubError> {
    Ok((raw.protocol().to_string(), raw.as_bytes().len()))
}

async fn tell_all(connection: Connection, text: String) -> Result<usize, HubError> {
    let told = connection.hub().all().send(&Frame::new("Told", (text,)));
    Ok(told.queued)
}

async fn serve() -> (ConnectOptions, HubHandle) {
    let hub = Hub::builder(())
        .on("Weigh", weigh)
        .on("Fail", fail)
        .on("Nothing", nothing)
        .on("Sum", sum)
        .on("AskBack", ask_back)
        .on("Measure", measure)
        .on("TellAll", tell_all)
        .stream("Count", count)
        .build();
    let handle = hub.handle().clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hub", listener.local_addr().unwrap());
    let router = Router::<()>::new().nest_service("/hub", hub);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (ConnectOptions::new(url.parse().unwrap()), handle)
}

async fn open(protocol: Protocol) -> (HubClient, IncomingStream, HubHandle) {
    let (options, handle) = serve().await;
    let (client, incoming) = soon(connect(options.protocol(protocol))).await.unwrap();
    (client, incoming, handle)
}

async fn called(incoming: &mut IncomingStream) -> Invocation {
    match soon(incoming.recv()).await.unwrap() {
        Incoming::Invocation(invocation) => invocation,
        Incoming::Resuming | Incoming::Resumed => panic!("nobody asked for it"),
        Incoming::Closed(reason) => panic!("{reason}"),
    }
}

fn bound<T: FromArguments>(invocation: &Invocation) -> Result<T, BindError> {
    invocation.arguments.bind()
}

#[tokio::test]
async fn values_of_all_kinds_go_there_and_back() {
    for protocol in Protocol::ALL {
        let (client, _incoming, _) = open(protocol).await;
        for size in [Size::Small, Size::Custom { width: 7 }] {
            let parcel = Parcel {
                parcel_id: u64::MAX,
                size,
                note: None,
                weight: 1.25,
                contents: Blob(vec![0, 0x1E, 0xFF]),
            };
            let weighed: Parcel = soon(client.invoke("Weigh", &(&parcel,))).await.unwrap();
            assert_eq!(weighed.weight.to_bits(), 1.75_f64.to_bits());
            assert_eq!(
                Parcel {
                    weight: 1.25,
                    ..weighed
                },
                parcel,
                "{protocol}"
            );
        }
        let () = soon(client.invoke("Nothing", &())).await.unwrap();
        let failure = soon(client.invoke::<_, ()>("Fail", &())).await.unwrap_err();
        assert_eq!(failure.hub_exception(), Some("sold out"));
        let misfit = soon(client.invoke::<_, u32>("Weigh", &(1,))).await;
        assert!(matches!(misfit, Err(CallError::Failed(_))), "{misfit:?}");
        let other = soon(client.invoke::<_, u32>("Nothing", &())).await;
        assert!(matches!(other, Err(CallError::Result(_))), "{other:?}");
    }
}

#[tokio::test]
async fn arguments_travel_in_the_protocol_that_was_asked_for() {
    for (protocol, expected) in [
        (Protocol::Json, ("json".to_owned(), r#"["a",300]"#.len())),
        (Protocol::MessagePack, ("messagepack".to_owned(), 6)),
    ] {
        let (client, _incoming, _) = open(protocol).await;
        let measured = soon(client.invoke("Measure", &(("a", 300),))).await;
        assert_eq!(measured, Ok(expected));
    }
}

#[tokio::test]
async fn streams_go_both_ways() {
    for protocol in Protocol::ALL {
        let (client, _incoming, _) = open(protocol).await;
        let items = client.stream::<_, u32>("Count", &(200,)).await.unwrap();
        let items: Vec<_> = soon(items.collect()).await;
        assert_eq!(items, (0..200).map(Ok).collect::<Vec<_>>(), "{protocol}");
        let numbers = Sent::new(stream::iter(1..=100_u32));
        let sum = soon(client.uploading([numbers]).invoke("Sum", &())).await;
        assert_eq!(sum, Ok(5_050), "{protocol}");
    }
}

#[tokio::test]
async fn the_server_asks_back() {
    for protocol in Protocol::ALL {
        let (client, mut incoming, _) = open(protocol).await;
        let asked = client.invoke::<_, u32>("AskBack", &("how many?",));
        let answered = async {
            let question = called(&mut incoming).await;
            assert_eq!(bound(&question), Ok(("how many?".to_owned(),)));
            let id = question.invocation_id.unwrap();
            client.complete(id, Ok(42)).await.unwrap();
        };
        let (answer, ()) = soon(async { tokio::join!(asked, answered) }).await;
        assert_eq!(answer, Ok(42), "{protocol}");
    }
}

#[tokio::test]
async fn one_call_reaches_clients_of_every_protocol() {
    let (options, handle) = serve().await;
    let mut clients = Vec::new();
    for protocol in Protocol::ALL {
        let (client, incoming) = soon(connect(options.clone().protocol(protocol)))
            .await
            .unwrap();
        let () = soon(client.invoke("Nothing", &())).await.unwrap();
        clients.push((client, incoming));
    }
    let told = soon(clients[0].0.invoke("TellAll", &("hey",))).await;
    assert_eq!(told, Ok(Protocol::ALL.len()));
    for (_, incoming) in &mut clients {
        let invocation = called(incoming).await;
        assert_eq!(bound(&invocation), Ok(("hey".to_owned(),)));
    }
    soon(handle.drain(true)).await;
    for (_, incoming) in &mut clients {
        let Some(Incoming::Closed(CloseReason::Server {
            allow_reconnect, ..
        })) = soon(incoming.recv()).await
        else {
            panic!("the server says goodbye")
        };
        assert!(allow_reconnect);
    }
    let late = soon(connect(options)).await;
    assert!(matches!(
        late,
        Err(ConnectError::Status { status: 503, .. })
    ));
}
