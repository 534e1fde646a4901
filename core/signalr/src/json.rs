//! The JSON hub protocol: one object per message, strict writing, tolerant reading.
//!
//! Properties come in any order, unknown ones and unknown types are ignored,
//! as all official parsers do.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::{
    framing::RECORD_SEPARATOR,
    message::{
        Ack, Arguments, CancelInvocation, Close, Completion, CompletionOutcome, Headers,
        Invocation, InvocationId, Message, Sequence, StreamInvocation, StreamItem,
    },
};

/// A text is no hub message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is not a JSON object with properties of the right types.
    #[error("not a hub message: {0}")]
    Syntax(String),
    /// A property that the message needs is absent.
    #[error("missing required property '{0}'")]
    Missing(&'static str),
}

/// Writes a message with its separator.
pub fn encode(message: &Message) -> Bytes {
    let mut writer = BytesMut::with_capacity(128).writer();
    serde_json::to_writer(&mut writer, &Wire::from(message))
        .expect("all map keys are strings and a buffer takes any number of bytes");
    let mut buffer = writer.into_inner();
    buffer.put_u8(RECORD_SEPARATOR);
    buffer.freeze()
}

/// Reads a message without its separator; `None` is one of a type unknown to us.
///
/// # Errors
/// [`DecodeError`] when the text is no hub message.
pub fn decode(frame: &[u8]) -> Result<Option<Message>, DecodeError> {
    let wire: Wire<'_> =
        serde_json::from_slice(frame).map_err(|error| DecodeError::Syntax(error.to_string()))?;
    wire.into_message()
}

/// Every property of every message, in the order that the official server writes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<Cow<'a, Headers>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invocation_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arguments: Option<Cow<'a, [Box<RawValue>]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream_ids: Option<Cow<'a, [String]>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    item: Option<Cow<'a, RawValue>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    result: Option<Cow<'a, RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allow_reconnect: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence_id: Option<u64>,
}

/// Keeps JSON's null apart from an absent property.
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'static, RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(|raw| Some(Cow::Owned(raw)))
}

impl<'a> From<&'a Message> for Wire<'a> {
    fn from(message: &'a Message) -> Self {
        match message {
            Message::Invocation(m) => Self {
                invocation_id: m.invocation_id.as_ref().map(borrow_id),
                ..Self::call(1, &m.target, &m.arguments, &m.stream_ids).headers(&m.headers)
            },
            Message::StreamItem(m) => Self {
                item: Some(Cow::Borrowed(&m.item)),
                ..Self::about(2, &m.invocation_id).headers(&m.headers)
            },
            Message::Completion(m) => Self::completion(m),
            Message::StreamInvocation(m) => Self {
                invocation_id: Some(borrow_id(&m.invocation_id)),
                ..Self::call(4, &m.target, &m.arguments, &m.stream_ids).headers(&m.headers)
            },
            Message::CancelInvocation(m) => Self::about(5, &m.invocation_id).headers(&m.headers),
            Message::Ping => Self::kind(6),
            Message::Close(m) => Self {
                error: m.error.as_deref().map(Cow::Borrowed),
                allow_reconnect: m.allow_reconnect.then_some(true),
                ..Self::kind(7)
            },
            Message::Ack(m) => Self {
                sequence_id: Some(m.sequence_id),
                ..Self::kind(8)
            },
            Message::Sequence(m) => Self {
                sequence_id: Some(m.sequence_id),
                ..Self::kind(9)
            },
        }
    }
}

impl<'a> Wire<'a> {
    fn kind(kind: u64) -> Self {
        Self {
            kind: Some(kind),
            ..Self::default()
        }
    }

    fn about(kind: u64, id: &'a InvocationId) -> Self {
        Self {
            invocation_id: Some(borrow_id(id)),
            ..Self::kind(kind)
        }
    }

    fn call(
        kind: u64,
        target: &'a str,
        arguments: &'a Arguments,
        stream_ids: &'a [String],
    ) -> Self {
        Self {
            target: Some(Cow::Borrowed(target)),
            arguments: Some(Cow::Borrowed(arguments.as_slice())),
            stream_ids: (!stream_ids.is_empty()).then_some(Cow::Borrowed(stream_ids)),
            ..Self::kind(kind)
        }
    }

    fn completion(m: &'a Completion) -> Self {
        let base = Self::about(3, &m.invocation_id).headers(&m.headers);
        match &m.outcome {
            CompletionOutcome::Void => base,
            CompletionOutcome::Result(result) => Self {
                result: Some(Cow::Borrowed(result)),
                ..base
            },
            CompletionOutcome::Error(error) => Self {
                error: Some(error.into()),
                ..base
            },
        }
    }

    fn headers(self, headers: &'a Headers) -> Self {
        Self {
            headers: (!headers.is_empty()).then_some(Cow::Borrowed(headers)),
            ..self
        }
    }

    fn into_message(mut self) -> Result<Option<Message>, DecodeError> {
        let headers = self.headers.take().map(Cow::into_owned).unwrap_or_default();
        Ok(Some(
            match self.kind.ok_or(DecodeError::Missing("type"))? {
                1 => Message::Invocation(Invocation {
                    invocation_id: self.optional_id(),
                    target: self.target()?,
                    arguments: self.arguments()?,
                    stream_ids: self.stream_ids(),
                    headers,
                }),
                2 => Message::StreamItem(StreamItem {
                    invocation_id: self.id()?,
                    item: self.item.ok_or(DecodeError::Missing("item"))?.into_owned(),
                    headers,
                }),
                3 => Message::Completion(Completion {
                    invocation_id: self.id()?,
                    outcome: self.outcome(),
                    headers,
                }),
                4 => Message::StreamInvocation(StreamInvocation {
                    invocation_id: self.id()?,
                    target: self.target()?,
                    arguments: self.arguments()?,
                    stream_ids: self.stream_ids(),
                    headers,
                }),
                5 => Message::CancelInvocation(CancelInvocation {
                    invocation_id: self.id()?,
                    headers,
                }),
                6 => Message::Ping,
                7 => Message::Close(Close {
                    error: self.error.map(Cow::into_owned),
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
        self.target
            .take()
            .map(Cow::into_owned)
            .ok_or(DecodeError::Missing("target"))
    }

    fn arguments(&mut self) -> Result<Arguments, DecodeError> {
        let raw = self
            .arguments
            .take()
            .ok_or(DecodeError::Missing("arguments"))?;
        Ok(Arguments::new(raw.into_owned()))
    }

    fn stream_ids(&mut self) -> Vec<String> {
        self.stream_ids
            .take()
            .map(Cow::into_owned)
            .unwrap_or_default()
    }

    /// An error wins over a result, as at the official server.
    fn outcome(&mut self) -> CompletionOutcome {
        match (self.error.take(), self.result.take()) {
            (Some(error), _) => CompletionOutcome::Error(error.into_owned()),
            (None, Some(result)) => CompletionOutcome::Result(result.into_owned()),
            (None, None) => CompletionOutcome::Void,
        }
    }

    fn sequence_id(&self) -> Result<u64, DecodeError> {
        self.sequence_id.ok_or(DecodeError::Missing("sequenceId"))
    }
}

fn borrow_id(id: &InvocationId) -> Cow<'_, str> {
    Cow::Borrowed(id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text and expects our writing of the same message.
    fn check(text: &str, written: &str) {
        let message = decode(text.as_bytes()).unwrap().unwrap();
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
        assert!(decode(br#"{"type":99,"target":5.5e3}"#).is_err());
        assert!(decode(br#"{"type":99,"what":5}"#).unwrap().is_none());
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
            assert!(
                matches!(decode(text.as_bytes()), Err(DecodeError::Syntax(_))),
                "{text}"
            );
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
            let error = decode(text.as_bytes()).unwrap_err();
            assert_eq!(error, DecodeError::Missing(property), "{text}");
        }
    }
}
