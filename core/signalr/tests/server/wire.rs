//! Messages on the wire of either protocol, told as the JSON texts they stand for.

use bytes::Bytes;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message as SocketMessage;
use vestnik_signalr::{
    framing::Deframer,
    message::{Arguments, CompletionOutcome, Message},
    payload::Payload,
    protocol::Protocol,
};

/// Writes the message that a text stands for.
pub(crate) fn frame(protocol: Protocol, text: &str) -> SocketMessage {
    match protocol {
        Protocol::Json => SocketMessage::text(format!("{text}\x1e")),
        Protocol::MessagePack => {
            let message = Protocol::Json.decode(&Bytes::copy_from_slice(text.as_bytes()));
            let message = translated(message.unwrap().unwrap(), protocol);
            SocketMessage::binary(protocol.encode(&message))
        }
    }
}

/// Reads whole messages as texts.
pub(crate) fn texts(protocol: Protocol, batch: &[u8]) -> Vec<String> {
    let mut deframer = Deframer::new(batch.len());
    deframer.set_framing(protocol.framing());
    deframer.push(batch);
    let texts = deframer
        .by_ref()
        .map(|frame| text(protocol, &frame.unwrap()));
    let texts = texts.collect();
    assert!(deframer.is_empty(), "messages are never split");
    texts
}

fn text(protocol: Protocol, frame: &Bytes) -> String {
    let json = match protocol {
        Protocol::Json => return String::from_utf8(frame.to_vec()).unwrap(),
        Protocol::MessagePack => protocol.decode(frame).unwrap().unwrap(),
    };
    let json = Protocol::Json.encode(&translated(json, Protocol::Json));
    String::from_utf8(json[..json.len() - 1].to_vec()).unwrap()
}

fn translated(mut message: Message, to: Protocol) -> Message {
    match &mut message {
        Message::Invocation(call) => call.arguments = all(&call.arguments, to),
        Message::StreamInvocation(call) => call.arguments = all(&call.arguments, to),
        Message::StreamItem(item) => item.item = one(&item.item, to),
        Message::Completion(completion) => {
            if let CompletionOutcome::Result(result) = &mut completion.outcome {
                *result = one(result, to);
            }
        }
        Message::CancelInvocation(_)
        | Message::Ping
        | Message::Close(_)
        | Message::Ack(_)
        | Message::Sequence(_) => {}
    }
    message
}

fn all(arguments: &Arguments, to: Protocol) -> Arguments {
    let arguments = arguments.as_slice().iter();
    Arguments::new(arguments.map(|argument| one(argument, to)).collect())
}

fn one(payload: &Payload, to: Protocol) -> Payload {
    Payload::write(to, &payload.bind::<Value>().unwrap()).unwrap()
}
