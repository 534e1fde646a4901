//! The typed hub over MessagePack: the same handlers, other bytes.

use futures_util::{Stream, StreamExt, stream};
use vestnik_signalr::{
    framing::{Deframer, Framing},
    message::{
        Arguments, Completion, CompletionOutcome, Headers, Invocation, InvocationId, Message,
        StreamInvocation, StreamItem, ToArguments,
    },
    payload::Payload,
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubError, Upload},
};

use crate::client::{Client, PATIENCE, serve};

const PACKED: Protocol = Protocol::MessagePack;

/// A client that speaks MessagePack.
struct Packer {
    client: Client,
    deframer: Deframer,
}

impl Packer {
    async fn open(address: std::net::SocketAddr) -> Self {
        let mut client = Client::connect(address, "/hub", &[]).await.unwrap();
        client
            .send(r#"{"protocol":"messagepack","version":1}"#)
            .await;
        assert_eq!(client.next_binary().await, &b"{}\x1e"[..]);
        let mut deframer = Deframer::new(1 << 20);
        deframer.set_framing(Framing::LengthPrefix);
        Self { client, deframer }
    }

    async fn send(&mut self, message: &Message) {
        let frame = PACKED.encode(message);
        self.client.send_frame(frame.into()).await;
    }

    async fn call<A: ToArguments>(&mut self, target: &str, arguments: &A, streams: &[&str]) {
        self.send(&Message::Invocation(Invocation {
            invocation_id: Some(id("0")),
            target: target.to_owned(),
            arguments: Arguments::write(PACKED, arguments).unwrap(),
            stream_ids: streams.iter().map(|id| (*id).to_owned()).collect(),
            headers: Headers::new(),
        }))
        .await;
    }

    async fn complete(&mut self, name: &str, outcome: CompletionOutcome) {
        self.send(&completion(name, outcome)).await;
    }

    async fn check(&mut self, expected: Message) {
        let message = loop {
            if let Some(frame) = self.deframer.next() {
                break PACKED.decode(&frame.unwrap()).unwrap().unwrap();
            }
            let bytes = self.client.next_binary().await;
            self.deframer.push(&bytes);
        };
        assert_eq!(message, expected);
    }
}

fn id(text: &str) -> InvocationId {
    InvocationId::new(text).unwrap()
}

fn packed<T: serde::Serialize>(value: T) -> Payload {
    Payload::write(PACKED, &value).unwrap()
}

fn item(name: &str, number: u32) -> Message {
    Message::StreamItem(StreamItem {
        invocation_id: id(name),
        item: packed(number),
        headers: Headers::new(),
    })
}

fn completion(name: &str, outcome: CompletionOutcome) -> Message {
    Message::Completion(Completion {
        invocation_id: id(name),
        outcome,
        headers: Headers::new(),
    })
}

fn result<T: serde::Serialize>(value: T) -> Message {
    completion("0", CompletionOutcome::Result(packed(value)))
}

async fn sum(mut numbers: Upload<u32>) -> Result<u32, HubError> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await {
        sum += number?;
    }
    Ok(sum)
}

async fn count(to: u32) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
    Ok(stream::iter(1..=to).map(Ok))
}

async fn ask_back(caller: Connection, question: String) -> Result<Option<bool>, HubError> {
    Ok(caller.invoke("Ask", &(question,), PATIENCE).await?)
}

async fn tell_all(caller: Connection, text: String) -> Result<(), HubError> {
    assert_eq!(
        caller.hub().all().send(&Frame::new("Said", (text,))).queued,
        2
    );
    Ok(())
}

async fn address() -> std::net::SocketAddr {
    serve(
        Hub::builder(())
            .on("Sum", sum)
            .stream("Count", count)
            .on("AskBack", ask_back)
            .on("TellAll", tell_all)
            .build(),
    )
    .await
}

#[tokio::test]
async fn streams_both_ways() {
    let mut client = Packer::open(address().await).await;
    client.call("Sum", &(), &["u"]).await;
    for number in [20, 22] {
        client.send(&item("u", number)).await;
    }
    client.complete("u", CompletionOutcome::Void).await;
    client.check(result(42)).await;

    client
        .send(&Message::StreamInvocation(StreamInvocation {
            invocation_id: id("s"),
            target: "Count".to_owned(),
            arguments: Arguments::write(PACKED, &(2,)).unwrap(),
            stream_ids: Vec::new(),
            headers: Headers::new(),
        }))
        .await;
    client.check(item("s", 1)).await;
    client.check(item("s", 2)).await;
    client.check(completion("s", CompletionOutcome::Void)).await;
}

#[tokio::test]
async fn an_item_of_the_wrong_type_fails_its_stream_alone() {
    let mut client = Packer::open(address().await).await;
    client.call("Sum", &(), &["u"]).await;
    client
        .send(&Message::StreamItem(StreamItem {
            invocation_id: id("u"),
            item: packed("three"),
            headers: Headers::new(),
        }))
        .await;
    let text = "An unexpected error occurred invoking 'Sum' on the server. HubException: Failed to bind Stream message.";
    let error = CompletionOutcome::Error(text.to_owned());
    client.check(completion("0", error)).await;
    client.call("Sum", &(), &["v"]).await;
    client.complete("v", CompletionOutcome::Void).await;
    client.check(result(0)).await;
}

#[tokio::test]
async fn awaits_answers() {
    let mut client = Packer::open(address().await).await;
    for (answer, expected) in [
        (CompletionOutcome::Result(packed(true)), result(true)),
        // No result reads as null does.
        (CompletionOutcome::Void, result(())),
    ] {
        client.call("AskBack", &("sure?",), &[]).await;
        let number = if expected == result(true) { "s1" } else { "s2" };
        client
            .check(Message::Invocation(Invocation {
                invocation_id: Some(id(number)),
                target: "Ask".to_owned(),
                arguments: Arguments::write(PACKED, &("sure?",)).unwrap(),
                ..Invocation::default()
            }))
            .await;
        client.complete(number, answer).await;
        client.check(expected).await;
    }
}

#[tokio::test]
async fn one_frame_reaches_clients_of_both_protocols() {
    let address = address().await;
    let mut texts = Client::open(address).await;
    let mut packer = Packer::open(address).await;
    packer.call("TellAll", &("hey",), &[]).await;
    packer
        .check(Message::Invocation(Invocation {
            target: "Said".to_owned(),
            arguments: Arguments::write(PACKED, &("hey",)).unwrap(),
            ..Invocation::default()
        }))
        .await;
    packer.check(result(())).await;
    assert_eq!(
        texts.next().await,
        r#"{"type":1,"target":"Said","arguments":["hey"]}"#
    );
}
