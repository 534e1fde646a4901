//! The JSON hub protocol: one object per message, strict writing, tolerant reading
//! (`HubProtocol.md`, JSON Encoding).
//!
//! Properties come in any order, unknown ones and unknown types are ignored,
//! as all official parsers do; the specification calls them protocol errors (Errors).

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

pub use crate::protocol::DecodeError;
use crate::{
    framing::RECORD_SEPARATOR,
    message::{
        Ack, Arguments, CancelInvocation, Close, Completion, CompletionOutcome, Headers,
        Invocation, InvocationId, Message, Sequence, StreamInvocation, StreamItem,
    },
    payload::Payload,
    protocol::Protocol,
};

/// Writes a message with its separator.
///
/// # Panics
/// When a payload of the message is not JSON.
pub fn encode(message: &Message) -> Bytes {
    let begin = |kind| Object::new(kind, message.size_hint());
    let object = match message {
        Message::Invocation(m) => begin(1)
            .headers(&m.headers)
            .optional(
                "invocationId",
                m.invocation_id.as_ref().map(InvocationId::as_str),
            )
            .call(&m.target, &m.arguments, &m.stream_ids),
        Message::StreamItem(m) => begin(2)
            .headers(&m.headers)
            .value("invocationId", m.invocation_id.as_str())
            .payload("item", &m.item),
        Message::Completion(m) => completion(begin(3), m),
        Message::StreamInvocation(m) => begin(4)
            .headers(&m.headers)
            .value("invocationId", m.invocation_id.as_str())
            .call(&m.target, &m.arguments, &m.stream_ids),
        Message::CancelInvocation(m) => begin(5)
            .headers(&m.headers)
            .value("invocationId", m.invocation_id.as_str()),
        Message::Ping => begin(6),
        Message::Close(m) => begin(7)
            .optional("error", m.error.as_deref())
            .optional("allowReconnect", m.allow_reconnect.then_some(&true)),
        Message::Ack(m) => begin(8).value("sequenceId", &m.sequence_id),
        Message::Sequence(m) => begin(9).value("sequenceId", &m.sequence_id),
    };
    object.finish()
}

fn completion(object: Object, m: &Completion) -> Object {
    let object = object
        .headers(&m.headers)
        .value("invocationId", m.invocation_id.as_str());
    match &m.outcome {
        CompletionOutcome::Void => object,
        CompletionOutcome::Result(result) => object.payload("result", result),
        CompletionOutcome::Error(error) => object.value("error", error.as_str()),
    }
}

/// A JSON object in the making. Payloads are copied as they are.
struct Object(Vec<u8>);

impl Object {
    fn new(kind: u8, capacity: usize) -> Self {
        let mut text = Vec::with_capacity(capacity);
        text.extend_from_slice(b"{\"type\":");
        text.push(b'0' + kind);
        Self(text)
    }

    /// Adds a property whose name needs no escapes.
    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn value<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        self.name(name);
        serde_json::to_writer(&mut self.0, value)
            .expect("texts, numbers and maps by text are JSON, and a buffer takes any of it");
        self
    }

    fn optional<T: Serialize + ?Sized>(self, name: &str, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.value(name, value),
            None => self,
        }
    }

    fn payload(mut self, name: &str, payload: &Payload) -> Self {
        self.name(name);
        self.0.extend_from_slice(payload.bytes_in(Protocol::Json));
        self
    }

    fn headers(self, headers: &Headers) -> Self {
        self.optional("headers", (!headers.is_empty()).then_some(headers))
    }

    fn call(self, target: &str, arguments: &Arguments, stream_ids: &[String]) -> Self {
        let mut object = self.value("target", target);
        object.name("arguments");
        object.0.push(b'[');
        for (index, argument) in arguments.as_slice().iter().enumerate() {
            if index > 0 {
                object.0.push(b',');
            }
            object
                .0
                .extend_from_slice(argument.bytes_in(Protocol::Json));
        }
        object.0.push(b']');
        object.optional("streamIds", (!stream_ids.is_empty()).then_some(stream_ids))
    }

    fn finish(mut self) -> Bytes {
        self.0.push(b'}');
        self.0.push(RECORD_SEPARATOR);
        self.0.into()
    }
}

/// Reads a message without its separator; `None` is one of a type unknown to us.
///
/// # Errors
/// [`DecodeError`] when the text is no hub message.
pub fn decode(frame: &Bytes) -> Result<Option<Message>, DecodeError> {
    let wire: Wire<'_> =
        serde_json::from_slice(frame).map_err(|error| DecodeError::Syntax(error.to_string()))?;
    wire.into_message(frame)
}

/// Every property of every message.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: Option<u64>,
    headers: Option<Headers>,
    invocation_id: Option<String>,
    target: Option<String>,
    #[serde(borrow)]
    arguments: Option<Vec<&'a RawValue>>,
    stream_ids: Option<Vec<String>>,
    #[serde(borrow, default, deserialize_with = "present")]
    item: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    error: Option<String>,
    allow_reconnect: Option<bool>,
    sequence_id: Option<u64>,
}

/// Keeps JSON's null apart from an absent property.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A value within a frame, sharing its memory.
fn payload(frame: &Bytes, raw: &RawValue) -> Payload {
    Payload::from_raw(Protocol::Json, frame.slice_ref(raw.get().as_bytes()))
}

impl Wire<'_> {
    fn into_message(mut self, frame: &Bytes) -> Result<Option<Message>, DecodeError> {
        let headers = self.headers.take().unwrap_or_default();
        Ok(Some(
            match self.kind.ok_or(DecodeError::Missing("type"))? {
                1 => Message::Invocation(Invocation {
                    invocation_id: self.optional_id(),
                    target: self.target()?,
                    arguments: self.arguments(frame)?,
                    stream_ids: self.stream_ids(),
                    headers,
                }),
                2 => Message::StreamItem(StreamItem {
                    invocation_id: self.id()?,
                    item: payload(frame, self.item.ok_or(DecodeError::Missing("item"))?),
                    headers,
                }),
                3 => Message::Completion(Completion {
                    invocation_id: self.id()?,
                    outcome: self.outcome(frame),
                    headers,
                }),
                4 => Message::StreamInvocation(StreamInvocation {
                    invocation_id: self.id()?,
                    target: self.target()?,
                    arguments: self.arguments(frame)?,
                    stream_ids: self.stream_ids(),
                    headers,
                }),
                5 => Message::CancelInvocation(CancelInvocation {
                    invocation_id: self.id()?,
                    headers,
                }),
                6 => Message::Ping,
                7 => Message::Close(Close {
                    error: self.error,
                    allow_reconnect: self.allow_reconnect.unwrap_or(false),
                }),
                8 => Message::Ack(Ack {
                    sequence_id: self.sequence_id()?,
                }),
                9 => Message::Sequence(Sequence {
                    sequence_id: self.sequence_id()?,
                }),
                _ => return Ok(None),
            },
        ))
    }

    fn optional_id(&mut self) -> Option<InvocationId> {
        self.invocation_id.take().and_then(InvocationId::new)
    }

    fn id(&mut self) -> Result<InvocationId, DecodeError> {
        self.optional_id()
            .ok_or(DecodeError::Missing("invocationId"))
    }

    fn target(&mut self) -> Result<String, DecodeError> {
        self.target.take().ok_or(DecodeError::Missing("target"))
    }

    fn arguments(&self, frame: &Bytes) -> Result<Arguments, DecodeError> {
        let raw = self
            .arguments
            .as_ref()
            .ok_or(DecodeError::Missing("arguments"))?;
        let arguments = raw.iter().map(|raw| payload(frame, raw));
        Ok(Arguments::new(arguments.collect()))
    }

    fn stream_ids(&mut self) -> Vec<String> {
        self.stream_ids.take().unwrap_or_default()
    }

    /// An error wins over a result, as at the official server.
    fn outcome(&mut self, frame: &Bytes) -> CompletionOutcome {
        match (self.error.take(), self.result) {
            (Some(error), _) => CompletionOutcome::Error(error),
            (None, Some(result)) => CompletionOutcome::Result(payload(frame, result)),
            (None, None) => CompletionOutcome::Void,
        }
    }

    fn sequence_id(&self) -> Result<u64, DecodeError> {
        self.sequence_id.ok_or(DecodeError::Missing("sequenceId"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Message>, DecodeError> {
        decode(&Bytes::copy_from_slice(text.as_bytes()))
    }

    /// Reads a text and expects our writing of the same message.
    fn check(text: &str, written: &str) {
        let message = read(text).unwrap().unwrap();
        assert_eq!(encode(&message), format!("{written}\x1e"));
    }

    fn check_same(text: &str) {
        check(text, text);
    }

    #[test]
    fn reads_and_writes_every_message() {
        check_same(
            r#"{"type":1,"headers":{"a":"b"},"invocationId":"0","target":"M","arguments":[42,{"x":[]}],"streamIds":["1"]}"#,
        );
        check_same(r#"{"type":1,"target":"M","arguments":[]}"#);
        check_same(r#"{"type":2,"invocationId":"0","item":null}"#);
        check_same(r#"{"type":3,"invocationId":"0"}"#);
        check_same(r#"{"type":3,"invocationId":"0","result":null}"#);
        check_same(r#"{"type":3,"invocationId":"0","error":"no"}"#);
        check_same(r#"{"type":4,"invocationId":"0","target":"M","arguments":[]}"#);
        check_same(r#"{"type":5,"invocationId":"0"}"#);
        check_same(r#"{"type":6}"#);
        check_same(r#"{"type":7}"#);
        check_same(r#"{"type":7,"error":"e","allowReconnect":true}"#);
        check_same(r#"{"type":8,"sequenceId":5}"#);
        check_same(r#"{"type":9,"sequenceId":5}"#);
    }

    #[test]
    fn reads_any_order_and_ignores_the_unknown() {
        check(
            r#"{ "arguments" : [ 1.0 ], "new": {"deep": [1]}, "target":"M", "invocationId":"", "type":1 }"#,
            r#"{"type":1,"target":"M","arguments":[1.0]}"#,
        );
        check(
            r#"{"type":3,"invocationId":"0","result":1,"error":"e"}"#,
            r#"{"type":3,"invocationId":"0","error":"e"}"#,
        );
        assert!(read(r#"{"type":99,"target":5.5e3}"#).is_err());
        assert!(read(r#"{"type":99,"what":5}"#).unwrap().is_none());
    }

    #[test]
    fn refuses_what_is_no_message() {
        for text in [
            "",
            "[]",
            "{",
            "null",
            r#"{"type":"1"}"#,
            "\u{feff}{\"type\":6}",
        ] {
            assert!(matches!(read(text), Err(DecodeError::Syntax(_))), "{text}");
        }
        for (text, property) in [
            ("{}", "type"),
            (r#"{"type":1,"arguments":[]}"#, "target"),
            (r#"{"type":1,"target":"M"}"#, "arguments"),
            (r#"{"type":4,"target":"M","arguments":[]}"#, "invocationId"),
            (r#"{"type":2,"invocationId":"0"}"#, "item"),
            (r#"{"type":3}"#, "invocationId"),
            (r#"{"type":8}"#, "sequenceId"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error, DecodeError::Missing(property), "{text}");
        }
    }
}
