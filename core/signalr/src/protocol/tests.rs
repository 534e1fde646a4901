//! What holds for every protocol.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    framing::Deframer,
    message::{
        Ack, Arguments, CancelInvocation, Close, Completion, CompletionOutcome, Headers,
        Invocation, InvocationId, Sequence, StreamInvocation, StreamItem,
    },
    payload::Payload,
};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn payload(protocol: Protocol) -> impl Strategy<Value = Payload> {
    value().prop_map(move |value| Payload::write(protocol, &value).unwrap())
}

fn headers() -> impl Strategy<Value = Headers> {
    prop::collection::btree_map(any::<String>(), any::<String>(), 0..3)
}

fn id() -> impl Strategy<Value = InvocationId> {
    ".{1,40}".prop_map(|id| InvocationId::new(id).unwrap())
}

fn outcome(protocol: Protocol) -> impl Strategy<Value = CompletionOutcome> {
    prop_oneof![
        Just(CompletionOutcome::Void),
        payload(protocol).prop_map(CompletionOutcome::Result),
        any::<String>().prop_map(CompletionOutcome::Error),
    ]
}

fn call(protocol: Protocol) -> impl Strategy<Value = Invocation> {
    (
        prop::option::of(id()),
        any::<String>(),
        prop::collection::vec(payload(protocol), 0..20).prop_map(Arguments::new),
        prop::collection::vec(any::<String>(), 0..20),
        headers(),
    )
        .prop_map(
            |(invocation_id, target, arguments, stream_ids, headers)| Invocation {
                invocation_id,
                target,
                arguments,
                stream_ids,
                headers,
            },
        )
}

fn stream_call((invocation_id, call): (InvocationId, Invocation)) -> Message {
    Message::StreamInvocation(StreamInvocation {
        invocation_id,
        target: call.target,
        arguments: call.arguments,
        stream_ids: call.stream_ids,
        headers: call.headers,
    })
}

fn message(protocol: Protocol) -> impl Strategy<Value = Message> {
    prop_oneof![
        call(protocol).prop_map(Message::Invocation),
        (id(), payload(protocol), headers()).prop_map(|(invocation_id, item, headers)| {
            Message::StreamItem(StreamItem {
                invocation_id,
                item,
                headers,
            })
        }),
        (id(), outcome(protocol), headers()).prop_map(|(invocation_id, outcome, headers)| {
            Message::Completion(Completion {
                invocation_id,
                outcome,
                headers,
            })
        }),
        (id(), call(protocol)).prop_map(stream_call),
        (id(), headers()).prop_map(|(invocation_id, headers)| {
            Message::CancelInvocation(CancelInvocation {
                invocation_id,
                headers,
            })
        }),
        Just(Message::Ping),
        (any::<Option<String>>(), any::<bool>()).prop_map(|(error, allow_reconnect)| {
            Message::Close(Close {
                error,
                allow_reconnect,
            })
        }),
        any::<u64>().prop_map(|sequence_id| Message::Ack(Ack { sequence_id })),
        any::<u64>().prop_map(|sequence_id| Message::Sequence(Sequence { sequence_id })),
    ]
}

/// Reads messages from a stream that comes in chunks of some size.
fn read(protocol: Protocol, stream: &[u8], chunk: usize) -> Vec<Message> {
    let mut deframer = Deframer::new(stream.len());
    deframer.set_framing(protocol.framing());
    let mut messages = Vec::new();
    for chunk in stream.chunks(chunk) {
        deframer.push(chunk);
        for frame in &mut deframer {
            messages.extend(protocol.decode(&frame.unwrap()).unwrap());
        }
    }
    messages
}

fn messages() -> impl Strategy<Value = (Protocol, Vec<Message>)> {
    prop::sample::select(&Protocol::ALL[..]).prop_flat_map(|protocol| {
        (
            Just(protocol),
            prop::collection::vec(message(protocol), 1..5),
        )
    })
}

proptest! {
    #[test]
    fn reads_what_it_wrote_over_any_chunking((protocol, messages) in messages(), chunk in 1..300_usize) {
        let stream: Vec<u8> = messages
            .iter()
            .flat_map(|message| protocol.encode(message))
            .collect();
        prop_assert_eq!(read(protocol, &stream, chunk), messages);
    }

    #[test]
    fn values_survive(value in value()) {
        for protocol in Protocol::ALL {
            let payload = Payload::write(protocol, &value).unwrap();
            prop_assert_eq!(payload.bind::<Value>(), Ok(value.clone()), "{}", protocol);
            let parsed = Payload::parse(protocol, payload.as_bytes().to_vec());
            prop_assert_eq!(parsed, Ok(payload));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        for protocol in Protocol::ALL {
            drop(protocol.decode(&Bytes::copy_from_slice(&bytes)));
        }
    }
}

#[test]
fn protocols_are_found_by_name_without_case() {
    assert_eq!(Protocol::from_name("JSON"), Some(Protocol::Json));
    assert_eq!(
        Protocol::from_name("messagepack"),
        Some(Protocol::MessagePack)
    );
    assert_eq!(Protocol::from_name("blazorpack"), None);
}

#[test]
#[should_panic(expected = "the protocol it was written for")]
fn a_payload_stays_in_its_protocol() {
    let item = StreamItem {
        invocation_id: InvocationId::new("0").unwrap(),
        item: Payload::null(Protocol::Json),
        headers: Headers::new(),
    };
    Protocol::MessagePack.encode(&Message::StreamItem(item));
}

fn seven() -> InvocationId {
    InvocationId::new("7").unwrap()
}

fn calls(protocol: Protocol) -> [(&'static str, Message); 3] {
    let payload = |value: Value| Payload::write(protocol, &value).unwrap();
    let whole = Invocation {
        invocation_id: Some(seven()),
        target: "Say".to_owned(),
        arguments: Arguments::new(vec![payload(json!("hi")), payload(json!({"a": [1, null]}))]),
        stream_ids: vec!["8".to_owned(), "9".to_owned()],
        headers: Headers::from([("traceparent".to_owned(), "00-1".to_owned())]),
    };
    let least = Invocation {
        invocation_id: None,
        stream_ids: Vec::new(),
        headers: Headers::new(),
        ..whole.clone()
    };
    [
        ("stream invocation", stream_call((seven(), whole.clone()))),
        ("invocation", Message::Invocation(whole)),
        ("invocation without answer", Message::Invocation(least)),
    ]
}

fn answers(protocol: Protocol) -> [(&'static str, Message); 4] {
    let payload = |value: Value| Payload::write(protocol, &value).unwrap();
    let completion = |outcome| {
        Message::Completion(Completion {
            invocation_id: seven(),
            outcome,
            headers: Headers::new(),
        })
    };
    let item = StreamItem {
        invocation_id: seven(),
        item: payload(json!(1.5)),
        headers: Headers::new(),
    };
    let result = CompletionOutcome::Result(payload(json!(null)));
    let error = CompletionOutcome::Error("no".to_owned());
    [
        ("stream item", Message::StreamItem(item)),
        ("completion", completion(CompletionOutcome::Void)),
        ("completion with a result", completion(result)),
        ("completion with an error", completion(error)),
    ]
}

fn others() -> [(&'static str, Message); 6] {
    let cancel = CancelInvocation {
        invocation_id: seven(),
        headers: Headers::new(),
    };
    let failure = Close {
        error: Some("bye".to_owned()),
        allow_reconnect: true,
    };
    [
        ("cancel invocation", Message::CancelInvocation(cancel)),
        ("ping", Message::Ping),
        ("close", Message::Close(Close::default())),
        ("close with an error", Message::Close(failure)),
        ("ack", Message::Ack(Ack { sequence_id: 300 })),
        ("sequence", Message::Sequence(Sequence { sequence_id: 1 })),
    ]
}

#[test]
fn the_wire_is_as_reviewed() {
    let mut wire = String::new();
    for protocol in Protocol::ALL {
        let samples = calls(protocol).into_iter();
        let samples = samples.chain(answers(protocol)).chain(others());
        for (name, message) in samples {
            let frame = protocol.encode(&message);
            writeln!(wire, "{protocol}, {name}:\n  {}", frame.escape_ascii()).unwrap();
        }
    }
    insta::assert_snapshot!(wire);
}
