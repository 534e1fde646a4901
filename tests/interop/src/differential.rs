//! Our codec against the official one over random messages: what we write it must read as we mean
//! it, and what it writes of the same meaning we must read so.

use std::{
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vestnik_signalr::{
    framing::Deframer,
    message::{Arguments, CompletionOutcome, Headers, InvocationId, Message},
    payload::Payload,
    protocol::Protocol,
};

use crate::generate::Generator;

/// The longest frame.
const LIMIT: usize = 1 << 20;

/// A line to or from the official codec: a frame, and what it means.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    frame: String,
    meaning: Value,
}

/// Compares so many frames of a protocol.
pub(crate) fn run(protocol: Protocol, frames: u32, seed: u64) -> Result<()> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut official = Command::new("node")
        .args(["js/codec.mjs", protocol.name()])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("node could not be started")?;
    let input = official.stdin.take().context("its input is piped")?;
    let output = official.stdout.take().context("its output is piped")?;
    let writing = thread::spawn(move || write(protocol, frames, seed, input));
    let mut generator = Generator::new(seed, protocol);
    let mut answers = BufReader::new(output).lines();
    for number in 0..frames {
        let message = generator.message();
        let answer = answers.next().context("the official codec stopped")??;
        check(protocol, &message, &answer)
            .with_context(|| format!("frame {number} of seed {seed}: {message:?}"))?;
    }
    ensure!(official.wait()?.success(), "the official codec failed");
    let Ok(written) = writing.join() else {
        bail!("the writer failed");
    };
    written
}

fn write(protocol: Protocol, frames: u32, seed: u64, input: impl std::io::Write) -> Result<()> {
    let mut generator = Generator::new(seed, protocol);
    let mut input = BufWriter::new(input);
    for _ in 0..frames {
        let message = generator.message();
        let line = Line {
            frame: BASE64_STANDARD.encode(protocol.encode(&message)),
            meaning: meaning(&message)?,
        };
        serde_json::to_writer(&mut input, &line)?;
        input.write_all(b"\n")?;
    }
    Ok(input.flush()?)
}

fn check(protocol: Protocol, message: &Message, answer: &str) -> Result<()> {
    let expected = exact(meaning(message)?);
    let Line { frame, meaning } = serde_json::from_str(answer)?;
    let read = exact(meaning);
    if is_read_by_clients(message) {
        let told = as_clients_tell(protocol, expected.clone());
        ensure!(read == told, "it reads {read} instead of {told}");
    }
    let frame = BASE64_STANDARD.decode(frame)?;
    let ours = exact(self::meaning(&decode(protocol, &frame)?)?);
    if !is_shortened_by_clients(protocol, message) {
        ensure!(ours == expected, "we read {ours} instead of {expected}");
    }
    Ok(())
}

/// The official client reads only what servers send, and passes over the rest.
const fn is_read_by_clients(message: &Message) -> bool {
    !matches!(
        message,
        Message::StreamInvocation(_) | Message::CancelInvocation(_)
    )
}

/// The official client's MessagePack tells of no streams that come with a call, because servers
/// send none.
fn as_clients_tell(protocol: Protocol, mut meaning: Value) -> Value {
    if protocol == Protocol::MessagePack
        && let Some(fields) = meaning.as_object_mut()
    {
        fields.remove("streamIds");
    }
    meaning
}

/// The official client's MessagePack writes every Close as a plain one.
fn is_shortened_by_clients(protocol: Protocol, message: &Message) -> bool {
    protocol == Protocol::MessagePack && matches!(message, Message::Close(_))
}

fn decode(protocol: Protocol, bytes: &[u8]) -> Result<Message> {
    let mut deframer = Deframer::new(LIMIT);
    deframer.set_framing(protocol.framing());
    deframer.push(bytes);
    let frame: Bytes = deframer.next().context("a whole frame")??;
    ensure!(deframer.is_empty(), "nothing but a frame");
    protocol.decode(&frame)?.context("a known type")
}

/// What a message says, whatever its encoding.
fn meaning(message: &Message) -> Result<Value> {
    let value = match message {
        Message::Invocation(m) => call(
            (1, m.invocation_id.as_ref()),
            &m.target,
            (&m.arguments, &m.stream_ids),
            &m.headers,
        )?,
        Message::StreamItem(m) => json!({
            "type": 2, "invocationId": m.invocation_id.as_str(), "item": value(&m.item)?,
            "headers": m.headers,
        }),
        Message::Completion(m) => {
            let mut told = json!({
                "type": 3, "invocationId": m.invocation_id.as_str(), "headers": m.headers,
            });
            match &m.outcome {
                CompletionOutcome::Void => {}
                CompletionOutcome::Result(result) => told["result"] = value(result)?,
                CompletionOutcome::Error(error) => told["error"] = json!(error),
            }
            told
        }
        Message::StreamInvocation(m) => call(
            (4, Some(&m.invocation_id)),
            &m.target,
            (&m.arguments, &m.stream_ids),
            &m.headers,
        )?,
        Message::CancelInvocation(m) => json!({
            "type": 5, "invocationId": m.invocation_id.as_str(), "headers": m.headers,
        }),
        Message::Ping => json!({"type": 6}),
        Message::Close(m) => json!({
            "type": 7, "error": m.error, "allowReconnect": m.allow_reconnect,
        }),
        Message::Ack(m) => json!({"type": 8, "sequenceId": m.sequence_id}),
        Message::Sequence(m) => json!({"type": 9, "sequenceId": m.sequence_id}),
    };
    Ok(value)
}

fn call(
    (kind, id): (u8, Option<&InvocationId>),
    target: &str,
    (arguments, stream_ids): (&Arguments, &[String]),
    headers: &Headers,
) -> Result<Value> {
    let arguments = arguments.as_slice().iter().map(value);
    Ok(json!({
        "type": kind, "invocationId": id.map(InvocationId::as_str), "target": target,
        "arguments": arguments.collect::<Result<Vec<_>>>()?, "streamIds": stream_ids,
        "headers": headers,
    }))
}

fn value(payload: &Payload) -> Result<Value> {
    Ok(payload.bind()?)
}

/// The same meaning in one form: JavaScript has one kind of number, and what is empty or nothing
/// at the top may as well be absent.
fn exact(meaning: Value) -> Value {
    let Value::Object(fields) = meaning else {
        return meaning;
    };
    let is_said = |name: &str, value: &Value| match value {
        Value::Null => name == "item" || name == "result",
        Value::Bool(false) => name != "allowReconnect",
        Value::Array(list) => name != "streamIds" || !list.is_empty(),
        Value::Object(map) => name != "headers" || !map.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => true,
    };
    let fields = fields
        .into_iter()
        .filter(|(name, value)| is_said(name, value));
    Value::Object(
        fields
            .map(|(name, value)| (name, one_number(value)))
            .collect(),
    )
}

fn one_number(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => Value::Array(list.into_iter().map(one_number).collect()),
        Value::Object(map) => {
            let entries = map.into_iter();
            Value::Object(
                entries
                    .map(|(name, value)| (name, one_number(value)))
                    .collect(),
            )
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}
