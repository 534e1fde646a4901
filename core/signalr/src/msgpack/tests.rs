//! The vectors of the specification, and what tolerant reading has to take and to refuse.

use serde::Deserialize;

use super::*;
use crate::{
    message::{Arguments, Headers},
    payload::Payload,
    protocol::Protocol,
};

fn bytes(hex: &str) -> Bytes {
    let digits: Vec<u8> = hex.bytes().filter(|byte| *byte != b' ').collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn id() -> InvocationId {
    InvocationId::new("xyz").unwrap()
}

fn payload(value: u64) -> Payload {
    Payload::write(Protocol::MessagePack, &value).unwrap()
}

fn invocation(invocation_id: Option<InvocationId>) -> Message {
    Message::Invocation(Invocation {
        invocation_id,
        target: "method".to_owned(),
        arguments: Arguments::new(vec![payload(42)]),
        ..Invocation::default()
    })
}

fn completed(outcome: CompletionOutcome) -> Message {
    Message::Completion(Completion {
        invocation_id: id(),
        outcome,
        headers: Headers::new(),
    })
}

fn closed(error: Option<&str>, allow_reconnect: bool) -> Message {
    Message::Close(Close {
        error: error.map(str::to_owned),
        allow_reconnect,
    })
}

fn check_read(hex: &str, message: &Message) {
    assert_eq!(
        decode(&bytes(hex)).unwrap().as_ref(),
        Some(message),
        "{hex}"
    );
}

/// Reads a vector, and expects our writing to be the same behind a length of one byte.
fn check(hex: &str, message: &Message) {
    check_read(hex, message);
    let written = encode(message);
    assert_eq!(usize::from(written[0]), written.len() - 1, "{hex}");
    assert_eq!(written[1..], bytes(hex), "{hex}");
}

#[test]
fn speaks_the_vectors_of_the_specification() {
    check(
        "96 01 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 90",
        &invocation(Some(id())),
    );
    check(
        "96 01 80 c0 a6 6d 65 74 68 6f 64 91 2a 90",
        &invocation(None),
    );
    check(
        "94 02 80 a3 78 79 7a 2a",
        &Message::StreamItem(StreamItem {
            invocation_id: id(),
            item: payload(42),
            headers: Headers::new(),
        }),
    );
    let error = CompletionOutcome::Error("Error".to_owned());
    check(
        "95 03 80 a3 78 79 7a 01 a5 45 72 72 6f 72",
        &completed(error),
    );
    check(
        "94 03 80 a3 78 79 7a 02",
        &completed(CompletionOutcome::Void),
    );
    let result = CompletionOutcome::Result(payload(42));
    check("95 03 80 a3 78 79 7a 03 2a", &completed(result));
    check(
        "96 04 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 90",
        &Message::StreamInvocation(StreamInvocation {
            invocation_id: id(),
            target: "method".to_owned(),
            arguments: Arguments::new(vec![payload(42)]),
            stream_ids: Vec::new(),
            headers: Headers::new(),
        }),
    );
    let cancel = Message::CancelInvocation(CancelInvocation {
        invocation_id: id(),
        headers: Headers::new(),
    });
    check("93 05 80 a3 78 79 7a", &cancel);
    check("91 06", &Message::Ping);
    assert_eq!(encode(&Message::Ping), bytes("02 91 06"));
    check_read("92 07 a3 78 79 7a", &closed(Some("xyz"), false));
    check("93 07 a3 78 79 7a c3", &closed(Some("xyz"), true));
    check("93 07 c0 c2", &closed(None, false));
    check_read("92 08 cc 24", &Message::Ack(Ack { sequence_id: 36 }));
    check_read(
        "92 09 cc 13",
        &Message::Sequence(Sequence { sequence_id: 19 }),
    );
}

#[test]
fn reads_what_later_versions_append_and_what_others_leave_out() {
    let call = invocation(Some(id()));
    // Without stream ids, with nil for them and for headers, with items that nobody knows.
    check_read("95 01 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a", &call);
    check_read("96 01 c0 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a c0", &call);
    check_read(
        "98 01 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 90 07 80",
        &call,
    );
    check_read("92 06 2a", &Message::Ping);
    check_read("94 07 c0 c3 2a", &closed(None, true));
    check_read("93 07 c0 c0", &closed(None, false));
    check_read(
        "95 03 80 a3 78 79 7a 02 2a",
        &completed(CompletionOutcome::Void),
    );
    // An empty id is none.
    check_read(
        "96 01 80 a0 a6 6d 65 74 68 6f 64 91 2a 90",
        &invocation(None),
    );
    for unknown in ["91 0a", "93 cc c8 c1 c1", "91 cf ff ff ff ff ff ff ff ff"] {
        assert_eq!(decode(&bytes(unknown)), Ok(None), "{unknown}");
    }
}

#[test]
fn reads_integers_and_lengths_of_any_width() {
    for number in [
        "24",
        "cc 24",
        "cd 00 24",
        "ce 00 00 00 24",
        "cf 00 00 00 00 00 00 00 24",
        "d0 24",
        "d1 00 24",
        "d2 00 00 00 24",
        "d3 00 00 00 00 00 00 00 24",
    ] {
        check_read(
            &format!("92 08 {number}"),
            &Message::Ack(Ack { sequence_id: 36 }),
        );
        check_read(
            &format!("92 {} {number}", number.replace("24", "08")),
            &Message::Ack(Ack { sequence_id: 36 }),
        );
    }
    check_read(
        "dd 00 00 00 06 cc 01 de 00 00 d9 03 78 79 7a db 00 00 00 06 6d 65 74 68 6f 64 dc 00 01 2a dc 00 00",
        &invocation(Some(id())),
    );
}

#[test]
fn refuses_what_is_no_message() {
    for hex in [
        "",
        "c0",
        "80",
        "06",
        "91",
        "91 c0",
        "91 ff",
        "91 a1 31",
        // Lengths that promise more than there is.
        "96 01 80 c0 a6 6d 65",
        "96 01 80 c0 a1 6d dd ff ff ff ff",
        "94 02 80 a1 78 db ff ff ff ff 61",
        "96 01 df ff ff ff ff",
        "94 02 80 a1 78 c9 ff ff ff ff 01",
        "94 02 80 a1 78 c1",
        // Other types than they should have, and texts that are none.
        "96 01 80 01 a1 6d 90 90",
        "96 01 80 c0 c0 90 90",
        "96 01 80 c0 a1 6d 80 90",
        "96 01 80 c0 a1 ff 90 90",
        "94 03 80 a1 78 04",
        "92 08 ff",
        "93 07 c0 01",
    ] {
        assert!(
            matches!(decode(&bytes(hex)), Err(DecodeError::Syntax(_))),
            "{hex}"
        );
    }
    for (hex, property) in [
        ("90", "type"),
        ("91 01", "headers"),
        ("94 01 80 c0 a1 6d", "arguments"),
        ("94 04 80 c0 a1 6d", "invocationId"),
        ("94 04 80 a0 a1 6d", "invocationId"),
        ("93 02 80 a1 78", "item"),
        ("94 03 80 a1 78 03", "result"),
        ("94 03 80 a1 78 01", "error"),
        ("91 07", "error"),
        ("91 09", "sequenceId"),
    ] {
        assert_eq!(
            decode(&bytes(hex)),
            Err(DecodeError::Missing(property)),
            "{hex}"
        );
    }
}

#[test]
fn finds_the_end_of_values_of_every_kind() {
    for hex in [
        "00",
        "e0",
        "c0",
        "c2",
        "c3",
        "cc 00",
        "cd 00 00",
        "ce 00 00 00 00",
        "cf 00 00 00 00 00 00 00 00",
        "d0 00",
        "d1 00 00",
        "d2 00 00 00 00",
        "d3 00 00 00 00 00 00 00 00",
        "ca 00 00 00 00",
        "cb 00 00 00 00 00 00 00 00",
        "a1 61",
        "d9 01 61",
        "da 00 01 61",
        "db 00 00 00 01 61",
        "c4 01 61",
        "c5 00 01 61",
        "c6 00 00 00 01 61",
        "d4 ff 00",
        "d5 ff 00 00",
        "d6 ff 00 00 00 00",
        "d7 ff 00 00 00 00 00 00 00 00",
        "d8 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
        "c7 01 ff 00",
        "c8 00 01 ff 00",
        "c9 00 00 00 01 ff 00",
        "91 00",
        "dc 00 01 00",
        "dd 00 00 00 01 00",
        "81 a1 61 00",
        "de 00 01 a1 61 00",
        "df 00 00 00 01 a1 61 00",
    ] {
        let value = bytes(hex);
        assert_eq!(check_value(&value), Ok(()), "{hex}");
        for cut in 0..value.len() {
            assert!(check_value(&value[..cut]).is_err(), "{hex} cut at {cut}");
        }
        assert!(
            check_value(&[&value[..], &[0]].concat()).is_err(),
            "{hex} and more"
        );
    }
}

fn check_value(raw: &[u8]) -> Result<(), DecodeError> {
    super::check(raw)
}

#[test]
fn goes_only_so_deep() {
    let nested = |depth: usize| [vec![0x91; depth], vec![0x00]].concat();
    assert_eq!(check_value(&nested(MAX_DEPTH)), Ok(()));
    assert!(check_value(&nested(MAX_DEPTH + 1)).is_err());
    assert!(check_value(&nested(1_000_000)).is_err());

    #[derive(Debug, Deserialize)]
    enum Endless {
        #[serde(rename = "a")]
        A(#[expect(dead_code, reason = "only its depth matters")] Box<Self>),
    }
    let maps = [b"\x81\xa1a".repeat(MAX_DEPTH), vec![0x00]].concat();
    let payload = Payload::parse(Protocol::MessagePack, maps).unwrap();
    assert!(payload.bind::<Endless>().is_err());
}

#[test]
fn writes_payloads_as_others_read_them() {
    #[derive(serde::Serialize, Deserialize, PartialEq, Debug)]
    enum Colour {
        Red,
    }
    #[derive(serde::Serialize, Deserialize, PartialEq, Debug)]
    struct Point {
        x: u8,
        colour: Colour,
        home: std::net::Ipv4Addr,
        note: Option<String>,
    }
    let point = Point {
        x: 1,
        colour: Colour::Red,
        home: [127, 0, 0, 1].into(),
        note: None,
    };
    let payload = Payload::write(Protocol::MessagePack, &point).unwrap();
    let expected = b"\x84\xa1x\x01\xa6colour\xa3Red\xa4home\xa9127.0.0.1\xa4note\xc0";
    assert_eq!(payload.as_bytes(), expected);
    assert_eq!(payload.bind(), Ok(point));
    // Whole numbers are numbers of any kind, as JavaScript writes them.
    let one = Payload::parse(Protocol::MessagePack, &[1_u8][..]).unwrap();
    assert_eq!((one.bind::<f64>(), one.bind::<i64>()), (Ok(1.0), Ok(1)));
}
