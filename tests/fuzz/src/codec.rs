//! Framing, codec, handshake and negotiate.

use std::slice;

use bytes::Bytes;
use vestnik_signalr::{
    events::{self, EventReader},
    framing::{Deframer, Framing},
    handshake::{HandshakeRequest, HandshakeResponse},
    json,
    message::{Completion, CompletionOutcome, Message},
    msgpack,
    negotiate::NegotiateRequest,
    payload::Payload,
    protocol::Protocol,
};

use crate::chunks;

/// The longest frame; short, so that the limit is met.
const LIMIT: usize = 64;

/// Frames do not depend on how the bytes came, and none is longer than allowed.
pub(crate) fn framing(data: &[u8]) {
    for framing in [Framing::RecordSeparator, Framing::LengthPrefix] {
        framed(framing, data);
    }
}

fn framed(framing: Framing, data: &[u8]) {
    let mut whole = Deframer::new(LIMIT);
    whole.set_framing(framing);
    whole.push(data.get(1..).unwrap_or_default());
    let expected: Vec<_> = whole.by_ref().collect();
    let mut cut = Deframer::new(LIMIT);
    cut.set_framing(framing);
    let mut frames = Vec::new();
    for chunk in chunks(data) {
        cut.push(chunk);
        frames.extend(cut.by_ref());
    }
    assert_eq!(frames, expected);
    for frame in frames.iter().flatten() {
        assert!(frame.len() <= LIMIT);
    }
}

/// Events do not depend on how the bytes came, none is longer than allowed, and one that is written
/// again reads the same.
pub(crate) fn events(data: &[u8]) {
    let mut whole = EventReader::new(LIMIT);
    whole.push(data.get(1..).unwrap_or_default());
    let expected: Vec<_> = whole.by_ref().collect();
    let mut cut = EventReader::new(LIMIT);
    let mut events = Vec::new();
    for chunk in chunks(data) {
        cut.push(chunk);
        events.extend(cut.by_ref());
    }
    assert_eq!(events, expected);
    for event in events.into_iter().flatten() {
        assert!(event.len() <= LIMIT);
        let mut again = EventReader::new(LIMIT);
        again.push(&events::encode(&event));
        assert_eq!(again.next(), Some(Ok(event)));
    }
}

/// What was read can be written, and reading it again gives the same.
pub(crate) fn json(data: &[u8]) {
    let Ok(Some(message)) = json::decode(&Bytes::copy_from_slice(data)) else {
        return;
    };
    let written = json::encode(&message);
    let frame = written
        .strip_suffix(b"\x1e")
        .expect("a message ends with its separator");
    assert!(
        !frame.contains(&0x1e),
        "the separator is never inside a message"
    );
    let again = json::decode(&written.slice_ref(frame))
        .expect("what we write can be read")
        .expect("and is of a known type");
    assert_eq!(json::encode(&again), written);
}

/// As [`json`], and a payload that was let in is one value for good.
pub(crate) fn message_pack(data: &[u8]) {
    let Ok(Some(message)) = msgpack::decode(&Bytes::copy_from_slice(data)) else {
        return;
    };
    for payload in payloads(&message) {
        let raw = payload.as_bytes().to_vec();
        assert!(Payload::parse(Protocol::MessagePack, raw).is_ok());
        // It may hold what no such value can; reading must only come to an end.
        drop(payload.bind::<serde_json::Value>());
    }
    let written = msgpack::encode(&message);
    let mut deframer = Deframer::new(written.len());
    deframer.set_framing(Framing::LengthPrefix);
    deframer.push(&written);
    let frame = deframer.next().expect("a message has its length in front");
    assert!(deframer.is_empty());
    let again = msgpack::decode(&frame.expect("it is no longer than itself"))
        .expect("what we write can be read")
        .expect("and is of a known type");
    assert_eq!(again, message);
}

fn payloads(message: &Message) -> &[Payload] {
    match message {
        Message::Invocation(call) => call.arguments.as_slice(),
        Message::StreamInvocation(call) => call.arguments.as_slice(),
        Message::StreamItem(item) => slice::from_ref(&item.item),
        Message::Completion(Completion {
            outcome: CompletionOutcome::Result(result),
            ..
        }) => slice::from_ref(result),
        Message::Completion(_)
        | Message::CancelInvocation(_)
        | Message::Ping
        | Message::Close(_)
        | Message::Ack(_)
        | Message::Sequence(_) => &[],
    }
}

/// A request is read, or refused by a text that can be sent.
pub(crate) fn handshake(data: &[u8]) {
    match HandshakeRequest::decode(data) {
        Ok(request) => assert!(request.encode().ends_with(b"\x1e")),
        Err(error) => {
            let answer = HandshakeResponse::refusal(&error).encode();
            assert_eq!(answer.iter().filter(|byte| **byte == 0x1e).count(), 1);
        }
    }
}

/// Whatever the query, the version answered in is one of ours.
pub(crate) fn negotiate(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    if let Ok(request) = NegotiateRequest::parse(&query) {
        assert!(request.version <= NegotiateRequest::NEWEST);
    }
}
