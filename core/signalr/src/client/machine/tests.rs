mod resume;

use std::time::Duration;

use super::*;
use crate::{
    message::{Arguments, CompletionOutcome},
    payload::Payload,
    protocol::Protocol,
};

/// A machine with the other end played by the test, in virtual time.
struct Table {
    machine: ClientMachine,
    now: Instant,
}

impl Table {
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn new() -> Self {
        let now = Instant::now();
        Self {
            machine: ClientMachine::new(MachineConfig::default(), now),
            now,
        }
    }

    fn open() -> Self {
        let mut table = Self::new();
        table.hear("{}\x1e");
        assert_eq!(
            table.drain(),
            [
                "> {\"protocol\":\"json\",\"version\":1}",
                "Opened",
                "> {\"type\":6}"
            ]
        );
        table
    }

    fn hear(&mut self, text: &str) {
        self.machine.handle_bytes(self.now, text.as_bytes());
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.machine.handle_tick(self.now);
    }

    /// What came out, in words.
    fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.machine.poll())
            .flat_map(words)
            .collect()
    }

    fn invoke(&mut self, target: &str) -> String {
        let id = self.machine.invoke(self.now, call(target)).id;
        id.as_str().to_owned()
    }
}

fn text(payload: &Payload) -> &str {
    std::str::from_utf8(payload.as_bytes()).unwrap()
}

fn call(target: &str) -> Call {
    Call::new(target, Arguments::default())
}

fn id(text: &str) -> InvocationId {
    InvocationId::new(text).unwrap()
}

fn number(value: u32) -> Payload {
    Payload::write(Protocol::Json, &value).unwrap()
}

fn words(output: Output) -> Vec<String> {
    match output {
        Output::Send(bytes) => {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.split_terminator('\x1e')
                .map(|frame| format!("> {frame}"))
                .collect()
        }
        Output::Event(Event::Opened) => vec!["Opened".to_owned()],
        Output::Event(Event::Invocation(call)) => vec![format!("called {}", call.target)],
        Output::Event(Event::Item { id, item }) => vec![format!("item {id} {}", text(&item))],
        Output::Event(Event::Completed { id, outcome }) => vec![match outcome {
            CompletionOutcome::Void => format!("completed {id}"),
            CompletionOutcome::Result(result) => format!("completed {id} {}", text(&result)),
            CompletionOutcome::Error(error) => format!("failed {id} {error}"),
        }],
        Output::Event(Event::UploadOver(id)) => vec![format!("upload {id} is over")],
        Output::Event(Event::Resuming) => vec!["Resuming".to_owned()],
        Output::Event(Event::Resumed) => vec!["Resumed".to_owned()],
        Output::Reopen(reach) => vec![format!("reopen after {reach:?}")],
        Output::Probe => vec!["probe".to_owned()],
        Output::Event(Event::Closed(reason)) => vec![format!("closed: {reason}")],
    }
}

#[test]
fn the_handshake_may_be_followed_by_calls_in_one_chunk() {
    let mut table = Table::new();
    table.hear("{}\x1e{\"type\":1,\"target\":\"Notify\",\"arguments\":[]}\x1e");
    assert_eq!(
        table.drain()[1..],
        ["Opened", "> {\"type\":6}", "called Notify"]
    );
}

#[test]
fn a_refused_handshake_ends_the_connection() {
    let mut table = Table::new();
    table.hear("{\"error\":\"no\"}\x1e{\"type\":6}\x1e");
    assert_eq!(
        table.drain()[1..],
        ["closed: the server refused the handshake: no"]
    );
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_server_that_skips_the_handshake_is_refused() {
    let mut table = Table::new();
    table.hear("{\"type\":6}\x1e");
    assert!(table.drain()[1].contains("expected a handshake response"));
}

#[test]
fn a_handshake_that_never_comes_times_out() {
    let mut table = Table::new();
    table.pass(14);
    assert_eq!(table.drain().len(), 1);
    table.pass(1);
    assert_eq!(
        table.drain(),
        ["closed: nothing was heard from the server in time"]
    );
}

#[test]
fn a_call_is_answered_once() {
    let mut table = Table::open();
    let id = table.invoke("Echo");
    table.hear("{\"type\":3,\"invocationId\":\"0\",\"result\":42}\x1e");
    table.hear("{\"type\":3,\"invocationId\":\"0\",\"result\":43}\x1e");
    assert_eq!(
        table.drain(),
        [
            "> {\"type\":1,\"invocationId\":\"0\",\"target\":\"Echo\",\"arguments\":[]}",
            "completed 0 42"
        ]
    );
    assert_eq!(id, "0");
}

#[test]
fn a_stream_gives_items_until_it_is_cancelled() {
    let mut table = Table::open();
    let id = table.machine.stream(table.now, call("Watch")).id;
    table.hear("{\"type\":2,\"invocationId\":\"0\",\"item\":null}\x1e");
    table.machine.cancel(table.now, &id);
    table.machine.cancel(table.now, &id);
    table.hear("{\"type\":2,\"invocationId\":\"0\",\"item\":1}\x1e");
    table.hear("{\"type\":3,\"invocationId\":\"0\"}\x1e");
    assert_eq!(
        table.drain()[1..],
        ["item 0 null", "> {\"type\":5,\"invocationId\":\"0\"}"]
    );
}

#[test]
fn silence_is_broken_by_a_ping_and_ends_at_the_server_timeout() {
    let mut table = Table::open();
    table.pass(14);
    assert!(table.drain().is_empty());
    table.pass(1);
    assert_eq!(table.drain(), ["> {\"type\":6}"]);
    table.hear("{\"type\":6}\x1e");
    table.pass(15);
    assert_eq!(table.drain(), ["> {\"type\":6}"]);
    table.pass(15);
    assert_eq!(
        table.drain(),
        ["closed: nothing was heard from the server in time"]
    );
}

#[test]
fn a_ping_that_is_due_soon_goes_with_what_is_heard() {
    let mut table = Table::open();
    table.pass(9);
    table.hear("{\"type\":6}\x1e");
    assert!(table.drain().is_empty(), "it is not due soon");
    table.pass(1);
    table.hear("{\"type\":6}");
    assert_eq!(table.drain(), ["> {\"type\":6}"], "part of a message");
    table.hear("\x1e{\"type\":6}\x1e");
    assert!(table.drain().is_empty(), "it went already");
    table.pass(14);
    assert!(table.drain().is_empty());
    table.hear("{\"type\":7}\x1e");
    let closed = ["closed: closed by the server"];
    assert_eq!(table.drain(), closed, "nothing is written behind the end");
}

#[test]
fn the_deadline_is_the_next_thing_to_do() {
    let mut table = Table::open();
    assert_eq!(
        table.machine.deadline(),
        Some(table.now + Duration::from_secs(15))
    );
    table.pass(10);
    table.invoke("Echo");
    assert_eq!(
        table.machine.deadline(),
        Some(table.now + Duration::from_secs(15))
    );
    table.pass(5);
    table.invoke("Echo");
    assert_eq!(
        table.machine.deadline(),
        Some(table.now + Duration::from_secs(15))
    );
}

#[test]
fn a_close_says_whether_to_come_back() {
    for (frame, retryable) in [
        ("{\"type\":7,\"allowReconnect\":true}\x1e", true),
        ("{\"type\":7,\"error\":\"bye\"}\x1e", false),
    ] {
        let mut table = Table::open();
        table.hear(frame);
        let Some(Output::Event(Event::Closed(reason))) = table.machine.poll() else {
            panic!()
        };
        assert_eq!(reason.is_retryable(), retryable, "{frame}");
    }
}

#[test]
fn what_is_not_the_protocol_ends_the_connection() {
    let mut table = Table::open();
    table.hear("nonsense\x1e");
    assert!(table.drain()[0].starts_with("closed: the server broke the protocol"));
}

#[test]
fn a_message_that_is_too_large_ends_the_connection() {
    let mut table = Table::open();
    table.hear(&"x".repeat((1 << 20) + 1));
    assert!(table.drain()[0].contains("maximum message size"));
}

#[test]
fn after_the_end_nothing_is_said() {
    let mut table = Table::open();
    table.machine.close(table.now);
    assert_eq!(
        table.drain(),
        ["> {\"type\":7}", "closed: closed by this side"]
    );
    table.machine.handle_lost();
    table.invoke("Echo");
    table.hear("{\"type\":6}\x1e");
    assert!(table.drain().is_empty());
}

#[test]
fn unknown_messages_are_ignored() {
    let mut table = Table::open();
    table.hear("{\"type\":99}\x1e{\"type\":8,\"sequenceId\":1}\x1e");
    assert!(table.drain().is_empty());
}

#[test]
fn uploads_share_the_counter_of_the_calls_and_go_along_by_name() {
    let mut table = Table::open();
    let begun = table.machine.invoke(table.now, call("Sum").with_uploads(2));
    assert_eq!(begun.uploads, [id("0"), id("1")]);
    assert_eq!(begun.id, id("2"));
    table.machine.upload(table.now, &id("1"), number(7));
    table.machine.end_upload(table.now, &id("1"), None);
    table
        .machine
        .end_upload(table.now, &id("0"), Some("broken".to_owned()));
    assert_eq!(
        table.drain(),
        [
            r#"> {"type":1,"invocationId":"2","target":"Sum","arguments":[],"streamIds":["0","1"]}"#,
            r#"> {"type":2,"invocationId":"1","item":7}"#,
            r#"> {"type":3,"invocationId":"1"}"#,
            r#"> {"type":3,"invocationId":"0","error":"broken"}"#,
        ]
    );
}

#[test]
fn an_upload_that_ended_says_nothing_more() {
    let mut table = Table::open();
    table.machine.send(table.now, call("Log").with_uploads(1));
    table.machine.end_upload(table.now, &id("0"), None);
    table.drain();
    table.machine.upload(table.now, &id("0"), number(1));
    table.machine.end_upload(table.now, &id("0"), None);
    table.machine.upload(table.now, &id("9"), number(1));
    assert!(table.drain().is_empty());
}

#[test]
fn uploads_are_over_with_their_call_and_only_then() {
    let mut table = Table::open();
    table.machine.invoke(table.now, call("A").with_uploads(1));
    table.machine.stream(table.now, call("B").with_uploads(1));
    table.machine.send(table.now, call("C").with_uploads(1));
    table.drain();
    table.hear("{\"type\":3,\"invocationId\":\"1\"}\x1e");
    assert_eq!(table.drain(), ["completed 1", "upload 0 is over"]);
    for upload in ["0", "2", "4"] {
        table.machine.upload(table.now, &id(upload), number(5));
    }
    assert_eq!(
        table.drain(),
        [
            r#"> {"type":2,"invocationId":"2","item":5}"#,
            r#"> {"type":2,"invocationId":"4","item":5}"#,
        ]
    );
}

#[test]
fn cancelling_a_call_ends_its_uploads_for_the_server_too() {
    let mut table = Table::open();
    let begun = table.machine.stream(table.now, call("B").with_uploads(1));
    table.drain();
    table.machine.cancel(table.now, &begun.id);
    table.machine.upload(table.now, &id("0"), number(5));
    assert_eq!(
        table.drain(),
        [
            r#"> {"type":5,"invocationId":"1"}"#,
            r#"> {"type":3,"invocationId":"0","error":"Stream canceled by client."}"#,
            "upload 0 is over",
        ]
    );
}

#[test]
fn a_call_of_the_servers_is_answered_once_and_only_when_it_asked() {
    let mut table = Table::open();
    table.invoke("Mine");
    table.hear("{\"type\":1,\"target\":\"Tell\",\"arguments\":[]}\x1e");
    table.hear("{\"type\":1,\"invocationId\":\"0\",\"target\":\"Ask\",\"arguments\":[]}\x1e");
    table.drain();
    for _ in 0..2 {
        let outcome = CompletionOutcome::Result(number(3));
        table.machine.complete(table.now, &id("0"), outcome);
        let outcome = CompletionOutcome::Error("why".to_owned());
        table.machine.complete(table.now, &id("7"), outcome);
    }
    assert_eq!(
        table.drain(),
        [r#"> {"type":3,"invocationId":"0","result":3}"#]
    );
    table.hear("{\"type\":3,\"invocationId\":\"0\",\"result\":4}\x1e");
    assert_eq!(
        table.drain(),
        ["completed 0 4"],
        "the two ids are two calls"
    );
}

#[test]
fn a_probe_that_is_not_answered_ends_a_connection_in_seconds() {
    let mut table = Table::open();
    table.pass(1);
    table.machine.probe(table.now);
    table.pass(2);
    table.machine.probe(table.now);
    assert_eq!(table.drain(), ["probe"]);
    let expected = table.now + Duration::from_secs(3);
    assert_eq!(table.machine.deadline(), Some(expected));
    table.pass(3);
    assert_eq!(
        table.drain(),
        ["closed: nothing was heard from the server in time"]
    );
}

#[test]
fn a_probe_that_is_answered_leaves_the_connection_alone() {
    let mut table = Table::open();
    table.machine.probe(table.now);
    table.pass(4);
    table.hear("");
    table.pass(10);
    assert_eq!(table.drain(), ["probe"]);
    table.machine.probe(table.now);
    assert_eq!(table.drain(), ["probe"]);
}

#[test]
fn what_is_begun_after_the_end_leaves_nothing_behind() {
    let mut table = Table::open();
    table.machine.close(table.now);
    table.drain();
    table.machine.invoke(table.now, call("A").with_uploads(1));
    table.machine.send(table.now, call("B").with_uploads(1));
    table.machine.probe(table.now);
    table.machine.upload(table.now, &id("0"), number(1));
    assert!(table.drain().is_empty());
    assert!(table.machine.pending.is_empty());
    assert!(!table.machine.uploads.contains(&id("0")) && !table.machine.uploads.contains(&id("2")));
}

#[test]
fn a_server_that_asks_without_end_fills_no_memory() {
    let mut table = Table::open();
    for number in 0..1_025 {
        table.hear(&format!(
            "{{\"type\":1,\"invocationId\":\"s{number}\",\"target\":\"Ask\",\"arguments\":[]}}\x1e"
        ));
    }
    let said = table.drain();
    assert_eq!(said[1_023], "called Ask");
    assert_eq!(
        said[1_024],
        r#"> {"type":3,"invocationId":"s1024","error":"Client didn't provide a result."}"#
    );
}

#[test]
fn long_polling_shows_life_without_pings() {
    let mut table = Table::new();
    table.machine = table.machine.over(Carrier::LONG_POLLING);
    table.hear("{}\x1e");
    let opening = ["> {\"protocol\":\"json\",\"version\":1}", "Opened"];
    assert_eq!(table.drain(), opening);
    assert_eq!(table.machine.deadline(), None);
    table.pass(3_600);
    assert!(table.drain().is_empty());
    // Only doubt makes silence a sign.
    table.machine.probe(table.now);
    assert!(table.machine.deadline().is_some());
    table.pass(60);
    assert_eq!(
        table.drain(),
        ["probe", "closed: nothing was heard from the server in time"]
    );
}
