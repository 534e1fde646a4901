//! A connection that loses its socket and goes on.

use super::*;

const CALL: &str = r#"{"type":1,"invocationId":"1","target":"M","arguments":[]}"#;
const PING: &str = r#"{"type":6}"#;
const ANSWER: &str = r#"send {"type":3,"invocationId":"1"}"#;

impl Bench {
    /// A stateful connection whose window is full beyond so many bytes.
    fn stateful(buffer: usize) -> Self {
        Self::granted(buffer, 2)
    }

    fn granted(buffer: usize, version: u32) -> Self {
        let mut bench = Self::new();
        bench.machine = bench.machine.granting(StatefulReconnect {
            buffer,
            ..StatefulReconnect::default()
        });
        let handshake = format!(r#"{{"protocol":"json","version":{version}}}"#);
        bench.check(&handshake, &["send {}", "opened"]);
        bench.check_input(Input::Welcomed, &[]);
        bench
    }

    /// Sends a call of the server's, three bytes long.
    fn push(&mut self, number: u64, expected: &[&str]) {
        let frame = Bytes::from(format!("{number:02}\x1e"));
        self.check_input(Input::Send(frame), expected);
    }

    fn ack(&mut self, number: u64, expected: &[&str]) {
        let text = format!(r#"{{"type":8,"sequenceId":{number}}}"#);
        self.check(&text, expected);
    }

    fn sequence(&mut self, number: u64, expected: &[&str]) {
        let text = format!(r#"{{"type":9,"sequenceId":{number}}}"#);
        self.check(&text, expected);
    }
}

#[test]
fn what_is_not_confirmed_comes_again_in_order() {
    let mut bench = Bench::stateful(100);
    for (number, sent) in [(1, "send 01"), (2, "send 02"), (3, "send 03")] {
        bench.push(number, &[sent]);
    }
    bench.ack(1, &[]);
    bench.check_input(Input::Detached, &[]);
    bench.push(4, &[]);
    let repeated = [
        r#"send {"type":9,"sequenceId":2}"#,
        "send 02",
        "send 03",
        "send 04",
    ];
    bench.check_input(Input::Attached, &repeated);
    // A client that comes anew before its old socket is missed takes over.
    bench.check_input(Input::Attached, &repeated);
    bench.ack(4, &[]);
    bench.check_input(Input::Attached, &[r#"send {"type":9,"sequenceId":5}"#]);
}

#[test]
fn what_was_given_out_and_not_drained_is_not_sent_twice() {
    let mut bench = Bench::stateful(100);
    let frame = Bytes::from_static(b"01\x1e");
    bench.machine.handle(bench.now, Input::Send(frame));
    bench.machine.handle(bench.now, Input::Detached);
    bench.check_input(
        Input::Attached,
        &[r#"send {"type":9,"sequenceId":1}"#, "send 01"],
    );
}

#[test]
fn what_the_client_repeats_runs_once() {
    let mut bench = Bench::stateful(1000);
    bench.check(CALL, &["call 1 M"]);
    bench.check_input(void(1), &[ANSWER]);
    // Half a message is lost with its socket.
    bench
        .machine
        .handle(bench.now, Input::Received(&CALL.as_bytes()[..20]));
    bench.check_input(Input::Detached, &[]);
    bench.check_input(
        Input::Attached,
        &[r#"send {"type":9,"sequenceId":1}"#, ANSWER],
    );
    bench.sequence(1, &[]);
    bench.check(CALL, &[]);
    let second = CALL.replace("\"1\"", "\"2\"");
    bench.check(&second, &["call 2 M"]);
    // Both are confirmed, a second after the first of them came.
    bench.check_input(void(2), &[&ANSWER.replace("\"1\"", "\"2\"")]);
    bench.check_after(1, &[r#"send {"type":8,"sequenceId":2}"#]);
    assert_eq!(bench.deadline(), Some(15));
}

#[test]
fn a_late_sequence_is_accepted() {
    let mut bench = Bench::stateful(1000);
    bench.check(CALL, &["call 1 M"]);
    bench.check_input(void(1), &[ANSWER]);
    bench.machine.handle(bench.now, Input::Attached);
    bench.outputs();
    bench.check(CALL, &["call 2 M"]);
    bench.sequence(2, &[]);
    bench.check(CALL, &[]);
    bench.check(CALL, &[]);
    bench.check_input(void(2), &[ANSWER, "call 3 M"]);
}

#[test]
fn calls_go_on_without_a_socket() {
    let mut bench = Bench::stateful(1000);
    bench.check(&format!("{CALL}\n{CALL}"), &["call 1 M"]);
    bench.check_input(Input::Detached, &[]);
    assert!(!bench.machine.wants_input());
    // No ping, no ack, nobody is missed: only the window counts.
    bench.check_after(1, &[]);
    bench.check_input(void(1), &["call 2 M"]);
    assert_eq!(bench.deadline(), Some(14));
    // What is due to be confirmed does not wait behind what is repeated.
    bench.check_input(
        Input::Attached,
        &[
            r#"send {"type":9,"sequenceId":1}"#,
            r#"send {"type":8,"sequenceId":2}"#,
            ANSWER,
        ],
    );
}

#[test]
fn the_window_ends_the_connection() {
    let mut bench = Bench::stateful(1000);
    bench.check(PING, &[]);
    bench.check_input(Input::Detached, &[]);
    // A second loss, as of a socket that broke at once, prolongs nothing.
    bench.check_after(10, &[]);
    bench.check_input(Input::Detached, &[]);
    bench.check_after(4, &[]);
    bench.check_after(1, &["close"]);
    assert!(!bench.machine.is_resumable());
}

#[test]
fn a_shutdown_without_a_socket_is_at_once() {
    let mut bench = Bench::stateful(1000);
    bench.check_input(Input::Detached, &[]);
    let shutdown = Input::Shutdown {
        error: None,
        allow_reconnect: true,
    };
    bench.check_input(shutdown, &["close"]);
}

#[test]
fn nobody_is_missed_before_the_patience_begins_anew() {
    let mut bench = Bench::stateful(1000);
    bench.check(PING, &[]);
    bench.check_after(14, &[]);
    bench.check_input(Input::Detached, &[]);
    bench.check_after(14, &[]);
    bench.check_input(Input::Attached, &[r#"send {"type":9,"sequenceId":1}"#]);
    assert_eq!(bench.deadline(), Some(15));
    bench.check_after(15, &[r#"send {"type":6}"#]);
    bench.check_after(14, &[]);
}

#[test]
fn a_full_window_stops_sends_and_calls_until_an_ack() {
    let mut bench = Bench::stateful(3);
    bench.push(1, &["send 01"]);
    assert!(bench.machine.takes_output());
    bench.push(2, &["send 02"]);
    assert!(!bench.machine.takes_output());
    bench.check(CALL, &[]);
    // What is said about the connection itself passes the calls that wait.
    assert!(bench.machine.wants_input());
    bench.check(PING, &[]);
    // The waiting call is not confirmed.
    bench.check_after(1, &[]);
    bench.ack(1, &["call 1 M"]);
    assert!(bench.machine.takes_output());
    bench.check_after(1, &[r#"send {"type":8,"sequenceId":1}"#]);
}

#[test]
fn both_windows_full_do_not_lock_each_other() {
    let mut bench = Bench::stateful(3);
    bench.check(CALL, &["call 1 M"]);
    bench.check(CALL, &[]);
    bench.check_input(void(1), &[ANSWER]);
    assert!(!bench.machine.takes_output());
    // The client is full too: all it may send is acks. Ours names what is done.
    bench.check_after(1, &[r#"send {"type":8,"sequenceId":1}"#]);
    bench.ack(1, &["call 2 M"]);
    bench.check_after(1, &[r#"send {"type":8,"sequenceId":2}"#]);
}

#[test]
fn calls_that_hide_an_ack_are_served_although_the_window_is_full() {
    let mut bench = Bench::stateful(20);
    bench.machine.config.read_ahead = 0;
    bench.machine.config.max_message = 80;
    let frame = Bytes::from_static(b"larger than all of the window is\x1e");
    bench.check_input(
        Input::Send(frame),
        &["send larger than all of the window is"],
    );
    let mut flood = [CALL; 3].join("\n");
    flood.push_str("\n{\"type\":8,\"sequenceId\":1}");
    bench.check(&flood, &["call 1 M"]);
    assert!(bench.machine.takes_output());
    bench.check_input(void(1), &[ANSWER, "call 2 M"]);
    // The last call is held, and the ack was found behind it.
    assert!(bench.machine.wants_input() && !bench.machine.takes_output());
    bench.check_input(void(2), &[ANSWER]);
    bench.ack(3, &["call 3 M"]);
}

#[test]
fn a_client_that_confirms_nothing_is_given_up() {
    let mut bench = Bench::stateful(3);
    bench.push(1, &["send 01"]);
    bench.push(2, &["send 02"]);
    bench.check_after(15, &[r#"send {"type":6}"#]);
    bench.check(PING, &[]);
    bench.check_after(
        15,
        &[
            r#"send {"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#,
            "close",
        ],
    );
}

#[test]
fn one_message_larger_than_the_window_is_sent() {
    let mut bench = Bench::stateful(3);
    let frame = Bytes::from_static(b"longer than three\x1e");
    bench.check_input(Input::Send(frame), &["send longer than three"]);
    assert!(!bench.machine.takes_output());
    bench.ack(1, &[]);
    assert!(bench.machine.takes_output());
}

#[test]
fn numbers_that_cannot_be_right_end_the_connection() {
    for (text, detail) in [
        (
            r#"{"type":9,"sequenceId":2}"#,
            "Sequence ID greater than amount of messages we've received.",
        ),
        (
            r#"{"type":9,"sequenceId":0}"#,
            "Sequence ID must be at least 1.",
        ),
        (
            r#"{"type":8,"sequenceId":1}"#,
            "Acknowledged more messages than we've sent.",
        ),
    ] {
        let mut bench = Bench::stateful(1000);
        bench.machine.config.detailed_errors = true;
        let close = format!(
            r#"send {{"type":7,"error":"Connection closed with an error. InvalidOperationException: {detail}","allowReconnect":true}}"#
        );
        bench.check(text, &[&close, "close"]);
    }
}

#[test]
fn a_goodbye_leaves_no_window() {
    let mut bench = Bench::stateful(1000);
    bench.check(r#"{"type":7}"#, &["close"]);
    assert!(!bench.machine.is_resumable());
}

#[test]
fn a_handshake_of_the_first_version_declines() {
    let mut bench = Bench::granted(3, 1);
    assert!(!bench.machine.is_resumable());
    bench.push(1, &["send 01"]);
    bench.push(2, &["send 02"]);
    assert!(bench.machine.takes_output());
    // As of any connection without it, such messages are ignored.
    bench.ack(9, &[]);
    bench.sequence(9, &[]);
    bench.check(CALL, &["call 1 M"]);
    assert_eq!(bench.deadline(), Some(15));
    bench.check_input(Input::Detached, &["close"]);
}

#[test]
fn the_second_version_alone_grants_nothing() {
    let mut bench = Bench::new();
    bench.check(r#"{"protocol":"json","version":2}"#, &["send {}", "opened"]);
    assert!(!bench.machine.is_resumable());
}

#[test]
fn acks_are_read_while_the_welcome_sends_more_than_the_window() {
    let mut bench = Bench::new();
    let terms = StatefulReconnect {
        buffer: 3,
        ..StatefulReconnect::default()
    };
    bench.machine = bench.machine.granting(terms);
    bench.check(r#"{"protocol":"json","version":2}"#, &["send {}", "opened"]);
    assert!(!bench.machine.wants_input());
    bench.push(1, &["send 01"]);
    bench.push(2, &["send 02"]);
    assert!(bench.machine.wants_input());
    bench.check(CALL, &[]);
    bench.ack(2, &[]);
    assert!(bench.machine.takes_output() && !bench.machine.wants_input());
    bench.check_input(Input::Welcomed, &["call 1 M"]);
}
