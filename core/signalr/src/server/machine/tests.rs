//! The machine by itself, in virtual time.

mod answers;
mod resume;
mod resume_cuts;
mod uploads;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::message::{Arguments, CompletionOutcome};

/// A machine, its clock, and what it asked for.
struct Bench {
    machine: ServerMachine,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self::with(ServerConfig::default())
    }

    fn with(config: ServerConfig) -> Self {
        let now = start();
        Self {
            machine: ServerMachine::new(config, now),
            now,
        }
    }

    fn open() -> Self {
        let mut bench = Self::new();
        bench.open_up();
        bench
    }

    fn open_up(&mut self) {
        self.check(r#"{"protocol":"json","version":1}"#, &["send {}", "opened"]);
        self.check_input(Input::Welcomed, &[]);
    }

    /// Sends texts as one chunk and expects these outputs.
    fn check(&mut self, text: &str, expected: &[&str]) {
        let chunk = format!("{}\x1e", text.replace('\n', "\x1e"));
        self.machine
            .handle(self.now, Input::Received(chunk.as_bytes()));
        assert_eq!(self.outputs(), expected, "to {text}");
    }

    fn check_input(&mut self, input: Input<'_>, expected: &[&str]) {
        self.machine.handle(self.now, input);
        assert_eq!(self.outputs(), expected);
    }

    /// Lets time pass and ticks.
    fn check_after(&mut self, seconds: u64, expected: &[&str]) {
        self.now += Duration::from_secs(seconds);
        self.check_input(Input::Tick, expected);
    }

    fn deadline(&self) -> Option<u64> {
        self.machine
            .deadline()
            .map(|deadline| (deadline - self.now).as_secs())
    }

    fn outputs(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.machine.poll())
            .map(|output| describe(&output))
            .collect()
    }
}

fn describe(output: &Output) -> String {
    match output {
        Output::Opened(_) => "opened".to_owned(),
        Output::Send(frame) => {
            let text = std::str::from_utf8(frame).unwrap();
            format!("send {}", text.strip_suffix('\x1e').unwrap())
        }
        Output::Dispatch(call) if call.streaming => {
            format!("stream {} {}", call.key.0, call.target)
        }
        Output::Dispatch(call) => format!("call {} {}", call.key.0, call.target),
        Output::Cancel(key) => format!("cancel {}", key.0),
        Output::CancelCall(key) => format!("cancel call {}", key.0),
        Output::UploadItem(key, item) => {
            let item = std::str::from_utf8(item.as_bytes()).unwrap();
            format!("item {} {item}", key.0)
        }
        Output::UploadEnded(key, None) => format!("end {}", key.0),
        Output::UploadEnded(key, Some(error)) => format!("end {} by {error}", key.0),
        Output::DropUpload(key) => format!("drop {}", key.0),
        Output::Result(key, Ok(CompletionOutcome::Result(result))) => {
            let result = std::str::from_utf8(result.as_bytes()).unwrap();
            format!("result {} {result}", key.0)
        }
        Output::Result(key, Ok(CompletionOutcome::Void)) => format!("result {} void", key.0),
        Output::Result(key, Ok(CompletionOutcome::Error(error))) => {
            format!("result {} error {error}", key.0)
        }
        Output::Result(key, Err(why)) => format!("result {} {why:?}", key.0),
        Output::Close => "close".to_owned(),
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "an instant can only be had from the clock"
)]
fn start() -> Instant {
    Instant::now()
}

fn void(key: u64) -> Input<'static> {
    Input::Completed(CallKey(key), CompletionOutcome::Void)
}

#[test]
fn shakes_hands_and_takes_what_follows_in_the_same_chunk() {
    let mut bench = Bench::new();
    bench.check(
        "{\"protocol\":\"json\",\"version\":1}\n{\"type\":1,\"target\":\"M\",\"arguments\":[]}",
        &["send {}", "opened"],
    );
    // A welcome may take long; meanwhile nothing is read and nobody is missed.
    bench.check("{\"type\":6}", &[]);
    assert!(!bench.machine.wants_input());
    bench.check_after(60, &[r#"send {"type":6}"#]);
    bench.check_input(Input::Welcomed, &["call 1 M"]);
    assert!(bench.machine.wants_input());
}

#[test]
fn refuses_a_handshake_that_is_late_or_long() {
    let canceled = r#"send {"error":"Handshake was canceled."}"#;
    let mut bench = Bench::new();
    assert_eq!(bench.deadline(), Some(15));
    bench.check_after(15, &[canceled, "close"]);
    assert_eq!(bench.deadline(), None);
    Bench::with(ServerConfig {
        max_message: 10,
        ..ServerConfig::default()
    })
    .check(r#"{"protocol":"json","version":1}"#, &[canceled, "close"]);
}

#[test]
fn sends_nothing_before_the_handshake_nor_after_the_end() {
    let mut bench = Bench::new();
    bench.check_input(Input::Send(Bytes::from_static(b"x\x1e")), &[]);
    bench.check_input(
        Input::Shutdown {
            error: None,
            allow_reconnect: true,
        },
        &["close"],
    );
    bench.check_input(Input::Send(Bytes::from_static(b"x\x1e")), &[]);
    bench.check(r#"{"protocol":"json","version":1}"#, &[]);
}

#[test]
fn runs_plain_calls_one_by_one_and_leaves_the_rest_unread() {
    let mut bench = Bench::open();
    let call = r#"{"type":1,"invocationId":"7","target":"M","arguments":[]}"#;
    bench.check(&[call, call, call].join("\n"), &["call 1 M"]);
    assert!(!bench.machine.wants_input());
    let done = r#"send {"type":3,"invocationId":"7"}"#;
    bench.check_input(void(1), &[done, "call 2 M"]);
    assert!(!bench.machine.wants_input());
    bench.check_input(void(2), &[done, "call 3 M"]);
    assert!(bench.machine.wants_input());
    bench.check_input(void(3), &[done]);
    // Told twice is told once.
    bench.check_input(void(3), &[]);
}

#[test]
fn never_answers_a_call_without_id() {
    let mut bench = Bench::open();
    bench.check(r#"{"type":1,"target":"M","arguments":[]}"#, &["call 1 M"]);
    let error = CompletionOutcome::Error("no".to_owned());
    bench.check_input(Input::Completed(CallKey(1), error), &[]);
}

#[test]
fn a_cancelled_stream_says_no_more() {
    let mut bench = Bench::open();
    let call = r#"{"type":4,"invocationId":"s","target":"M","arguments":[]}"#;
    bench.check(call, &["stream 1 M"]);
    bench.check(
        call,
        &[r#"send {"type":3,"invocationId":"s","error":"Invocation ID 's' is already in use."}"#],
    );
    let item = || {
        Arguments::write(Protocol::Json, &(5,))
            .unwrap()
            .into_inner()
            .remove(0)
    };
    bench.check_input(
        Input::Item(CallKey(1), item()),
        &[r#"send {"type":2,"invocationId":"s","item":5}"#],
    );
    let cancel = r#"{"type":5,"invocationId":"s"}"#;
    bench.check(
        cancel,
        &["cancel 1", r#"send {"type":3,"invocationId":"s"}"#],
    );
    bench.check(cancel, &[]);
    bench.check_input(Input::Item(CallKey(1), item()), &[]);
    bench.check_input(Input::StreamEnded(CallKey(1), CompletionOutcome::Void), &[]);
    // The id is free again, the key is not.
    bench.check(call, &["stream 2 M"]);
}

#[test]
fn a_cancelled_plain_call_is_told_and_still_answers() {
    let mut bench = Bench::open();
    bench.check(
        r#"{"type":1,"invocationId":"7","target":"M","arguments":[]}"#,
        &["call 1 M"],
    );
    bench.check(r#"{"type":5,"invocationId":"8"}"#, &[]);
    let cancel = r#"{"type":5,"invocationId":"7"}"#;
    bench.check(cancel, &["cancel call 1"]);
    bench.check_input(void(1), &[r#"send {"type":3,"invocationId":"7"}"#]);
    bench.check(cancel, &[]);
}

#[test]
fn runs_only_so_many_streams() {
    let mut bench = Bench::with(ServerConfig {
        max_streams: 1,
        ..ServerConfig::default()
    });
    bench.open_up();
    let call = |id| format!(r#"{{"type":4,"invocationId":"{id}","target":"M","arguments":[]}}"#);
    bench.check(&call("s"), &["stream 1 M"]);
    bench.check(
        &call("t"),
        &[r#"send {"type":3,"invocationId":"t","error":"An unexpected error occurred invoking 'M' on the server. HubException: Too many streams on this connection."}"#],
    );
    let ended = Input::StreamEnded(CallKey(1), CompletionOutcome::Void);
    bench.check_input(ended, &[r#"send {"type":3,"invocationId":"s"}"#]);
    bench.check(&call("t"), &["stream 2 M"]);
}

#[test]
fn pings_when_it_was_silent() {
    let mut bench = Bench::open();
    assert_eq!(bench.deadline(), Some(15));
    bench.check_after(14, &[]);
    bench.check_input(Input::Send(Bytes::from_static(b"x\x1e")), &["send x"]);
    assert_eq!(bench.deadline(), Some(15));
    bench.check_after(15, &[r#"send {"type":6}"#]);
    assert_eq!(bench.deadline(), Some(15));
    bench.check_after(14, &[]);
    bench.check_input(Input::SentPast, &[]);
    assert_eq!(bench.deadline(), Some(15));
}

#[test]
fn misses_only_clients_that_ping_and_that_nobody_keeps_waiting() {
    let mut bench = Bench::open();
    let ping = r#"send {"type":6}"#;
    bench.check_after(60, &[ping]);
    bench.check(
        "{\"type\":6}\n{\"type\":1,\"target\":\"M\",\"arguments\":[]}",
        &["call 1 M"],
    );
    bench.check_after(60, &[ping]);
    bench.check_input(void(1), &[]);
    bench.check_after(29, &[ping]);
    bench.check_after(
        1,
        &[
            r#"send {"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#,
            "close",
        ],
    );
}

#[test]
fn tells_the_details_of_an_end_only_when_configured() {
    for (detailed_errors, detail) in [
        (false, ""),
        (
            true,
            " InvalidDataException: missing required property 'target'",
        ),
    ] {
        let mut bench = Bench::with(ServerConfig {
            detailed_errors,
            ..ServerConfig::default()
        });
        bench.open_up();
        let close = format!(
            r#"send {{"type":7,"error":"Connection closed with an error.{detail}","allowReconnect":true}}"#
        );
        bench.check(r#"{"type":1,"arguments":[]}"#, &[&close, "close"]);
    }
}

#[test]
fn ignores_what_it_never_asked_for() {
    let mut bench = Bench::open();
    for text in [
        r#"{"type":2,"invocationId":"0","item":1}"#,
        r#"{"type":3,"invocationId":"0"}"#,
        r#"{"type":8,"sequenceId":1}"#,
        r#"{"type":9,"sequenceId":1}"#,
        r#"{"type":77}"#,
    ] {
        bench.check(text, &[]);
    }
    bench.check(r#"{"type":7}"#, &["close"]);
}

#[test]
fn runs_as_many_plain_calls_at_once_as_configured() {
    let mut bench = Bench::with(ServerConfig {
        parallel_calls: 2,
        ..ServerConfig::default()
    });
    bench.open_up();
    let call = r#"{"type":1,"invocationId":"7","target":"M","arguments":[]}"#;
    let calls = [call, call, call].join("\n");
    bench.check(&calls, &["call 1 M", "call 2 M"]);
    assert!(!bench.machine.wants_input());
    let done = r#"send {"type":3,"invocationId":"7"}"#;
    // The second overtakes the first.
    bench.check_input(void(2), &[done, "call 3 M"]);
    assert!(bench.machine.wants_input());
    bench.check_input(void(1), &[done]);
    bench.check_input(void(3), &[done]);
}

#[test]
fn sends_no_pings_over_long_polling() {
    let mut bench = Bench::new();
    bench.machine = bench.machine.over(Carrier::LONG_POLLING);
    bench.check(r#"{"protocol":"json","version":1}"#, &["send {}", "opened"]);
    assert_eq!(bench.deadline(), None);
    bench.check_after(3_600, &[]);
}
