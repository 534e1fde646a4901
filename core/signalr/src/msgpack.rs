//! The MessagePack hub protocol: one array per message, its type first (`HubProtocol.md`,
//! MessagePack (`MsgPack`) encoding).
//!
//! Reading is tolerant as the official parsers are: unknown types and items that later versions
//! may append are ignored, integers may have any width, and what may be absent may be nil.
//! Payloads stay raw; only their ends are looked for, no deeper than [`MAX_DEPTH`].
//!
//! # Values
//!
//! [`Payload::write`](crate::payload::Payload::write) makes of a value what the official clients
//! make of its like: a struct is a map by the names of its fields, an enum's variant is its name
//! (with data, a map from the name to the data), an absent option is nil. Types that serde writes
//! in two ways, such as UUIDs, addresses and times, are texts as they are in JSON. Bytes are binary
//! only if the type asks serde for bytes; a plain `Vec<u8>` is an array of numbers. Names go as they
//! are: JavaScript and Java see the same as in JSON, while .NET expects its own spelling of members.
//! Integers beyond 2^53 do not survive JavaScript: send them as texts.

mod reader;
#[cfg(test)]
mod tests;
mod writer;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use self::{
    reader::{Fields, end_of_value},
    writer::Frame,
};
use crate::{
    message::{
        Ack, CancelInvocation, Close, Completion, CompletionOutcome, Invocation, InvocationId,
        Message, Sequence, StreamInvocation, StreamItem,
    },
    protocol::DecodeError,
};

/// How deep arrays and maps of a payload may be nested, as deep as JSON's here.
pub const MAX_DEPTH: usize = 128;

/// The one byte that stands for nothing.
pub(crate) const NIL: u8 = 0xC0;

const RESULT_ERROR: u64 = 1;
const RESULT_VOID: u64 = 2;
const RESULT_VALUE: u64 = 3;

/// Writes a message with its length in front.
///
/// # Panics
/// When a payload of the message is not MessagePack.
pub fn encode(message: &Message) -> Bytes {
    let begin = |items, kind| Frame::new(items, kind, message.size_hint());
    let frame = match message {
        Message::Invocation(m) => begin(6, 1)
            .headers(&m.headers)
            .optional(m.invocation_id.as_ref().map(InvocationId::as_str))
            .call(&m.target, &m.arguments, &m.stream_ids),
        Message::StreamItem(m) => begin(4, 2)
            .headers(&m.headers)
            .text(m.invocation_id.as_str())
            .payload(&m.item),
        Message::Completion(m) => completion(|items| begin(items, 3), m),
        Message::StreamInvocation(m) => begin(6, 4)
            .headers(&m.headers)
            .text(m.invocation_id.as_str())
            .call(&m.target, &m.arguments, &m.stream_ids),
        Message::CancelInvocation(m) => begin(3, 5)
            .headers(&m.headers)
            .text(m.invocation_id.as_str()),
        Message::Ping => begin(1, 6),
        Message::Close(m) => begin(3, 7)
            .optional(m.error.as_deref())
            .boolean(m.allow_reconnect),
        Message::Ack(m) => begin(2, 8).number(m.sequence_id),
        Message::Sequence(m) => begin(2, 9).number(m.sequence_id),
    };
    frame.finish()
}

fn completion(new: impl FnOnce(u8) -> Frame, m: &Completion) -> Frame {
    let begin = |items, kind| {
        new(items)
            .headers(&m.headers)
            .text(m.invocation_id.as_str())
            .number(kind)
    };
    match &m.outcome {
        CompletionOutcome::Error(error) => begin(5, RESULT_ERROR).text(error),
        CompletionOutcome::Void => begin(4, RESULT_VOID),
        CompletionOutcome::Result(result) => begin(5, RESULT_VALUE).payload(result),
    }
}

/// Reads a message without its length; `None` is one of a type unknown to us.
///
/// # Errors
/// [`DecodeError`] when the bytes are no hub message.
pub fn decode(frame: &Bytes) -> Result<Option<Message>, DecodeError> {
    let mut fields = Fields::open(frame)?;
    let message = match fields.number("type")? {
        1 => Message::Invocation(Invocation {
            headers: fields.headers()?,
            invocation_id: fields.optional_id()?,
            target: fields.text("target")?,
            arguments: fields.arguments()?,
            stream_ids: fields.stream_ids()?,
        }),
        2 => Message::StreamItem(StreamItem {
            headers: fields.headers()?,
            invocation_id: fields.id()?,
            item: fields.payload("item")?,
        }),
        3 => Message::Completion(Completion {
            headers: fields.headers()?,
            invocation_id: fields.id()?,
            outcome: outcome(&mut fields)?,
        }),
        4 => Message::StreamInvocation(StreamInvocation {
            headers: fields.headers()?,
            invocation_id: fields.id()?,
            target: fields.text("target")?,
            arguments: fields.arguments()?,
            stream_ids: fields.stream_ids()?,
        }),
        5 => Message::CancelInvocation(CancelInvocation {
            headers: fields.headers()?,
            invocation_id: fields.id()?,
        }),
        6 => Message::Ping,
        7 => Message::Close(Close {
            error: fields.optional_text("error")?,
            allow_reconnect: fields.flag("allowReconnect")?,
        }),
        8 => Message::Ack(Ack {
            sequence_id: fields.number("sequenceId")?,
        }),
        9 => Message::Sequence(Sequence {
            sequence_id: fields.number("sequenceId")?,
        }),
        _ => return Ok(None),
    };
    Ok(Some(message))
}

fn outcome(fields: &mut Fields<'_>) -> Result<CompletionOutcome, DecodeError> {
    match fields.number("resultKind")? {
        RESULT_ERROR => fields.text("error").map(CompletionOutcome::Error),
        RESULT_VOID => Ok(CompletionOutcome::Void),
        RESULT_VALUE => fields.payload("result").map(CompletionOutcome::Result),
        other => Err(DecodeError::Syntax(format!("no result kind is {other}"))),
    }
}

/// Writes a value: structs as maps by name, enums as texts, times and ids as they are in JSON.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let mut serializer = rmp_serde::Serializer::new(Vec::new())
        .with_struct_map()
        .with_human_readable();
    value.serialize(&mut serializer)?;
    Ok(serializer.into_inner())
}

/// Reads a value.
pub(crate) fn read<T: DeserializeOwned>(raw: &[u8]) -> Result<T, rmp_serde::decode::Error> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(raw).with_human_readable();
    deserializer.set_max_depth(MAX_DEPTH + 1);
    T::deserialize(&mut deserializer)
}

/// Checks that bytes are one value and nothing else.
pub(crate) fn check(raw: &[u8]) -> Result<(), DecodeError> {
    match end_of_value(raw)? {
        [] => Ok(()),
        [_, ..] => Err(DecodeError::Syntax(
            "there is more than one value".to_owned(),
        )),
    }
}
