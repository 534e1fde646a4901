//! Framing, codec, handshake and negotiate.

use bytes::Bytes;
use vestnik_signalr::{
    framing::Deframer,
    handshake::{HandshakeRequest, HandshakeResponse},
    json,
    negotiate::NegotiateRequest,
};

use crate::chunks;

/// The longest frame; short, so that the limit is met.
const LIMIT: usize = 64;

/// Frames do not depend on how the bytes came, and none is longer than allowed.
pub(crate) fn framing(data: &[u8]) {
    let mut whole = Deframer::new(LIMIT);
    whole.push(data.get(1..).unwrap_or_default());
    let expected: Vec<_> = whole.by_ref().collect();
    let mut cut = Deframer::new(LIMIT);
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
