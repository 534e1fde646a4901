//! What the server asks of clients.

use super::{
    uploads::{UPLOADING, upload_item},
    *,
};

impl Bench {
    /// Asks the client a question whose answer is awaited for ten seconds.
    fn ask(&self, key: u64) -> Input<'static> {
        Input::Ask(self.question(key))
    }

    fn question(&self, key: u64) -> Ask {
        Ask {
            key: ResultKey(key),
            target: "Ask".to_owned(),
            arguments: Arguments::default(),
            until: Some(self.now + Duration::from_secs(10)),
            from_welcome: false,
        }
    }

    /// Asks as the welcome of the connection does.
    fn ask_from_welcome(&self, key: u64) -> Input<'static> {
        Input::Ask(Ask {
            from_welcome: true,
            ..self.question(key)
        })
    }
}

fn question(id: &str) -> String {
    format!(r#"send {{"type":1,"invocationId":"{id}","target":"Ask","arguments":[]}}"#)
}

#[test]
fn hands_the_clients_answer_to_whoever_asked() {
    let mut bench = Bench::open();
    bench.check_input(bench.ask(7), &[&question("s1")]);
    bench.check_input(bench.ask(8), &[&question("s2")]);
    bench.check_input(bench.ask(9), &[&question("s3")]);
    bench.check(
        r#"{"type":3,"invocationId":"s2","result":42}"#,
        &["result 8 42"],
    );
    bench.check(
        r#"{"type":3,"invocationId":"s3","error":"no idea"}"#,
        &["result 9 error no idea"],
    );
    bench.check(r#"{"type":3,"invocationId":"s1"}"#, &["result 7 void"]);
    // What was never asked, or was answered before, is nobody's.
    bench.check(r#"{"type":3,"invocationId":"s1"}"#, &[]);
    bench.check(r#"{"type":3,"invocationId":"s4","result":42}"#, &[]);
}

#[test]
fn an_upload_and_an_answer_may_have_the_same_id() {
    let mut bench = Bench::open();
    bench.check(&UPLOADING.replace(r#"["u"]"#, r#"["s1"]"#), &["call 1 M"]);
    bench.check_input(bench.ask(7), &[&question("s1")]);
    bench.check(&upload_item("s1", 5), &["item 2 5"]);
    bench.check(r#"{"type":3,"invocationId":"s1"}"#, &["end 2"]);
    bench.check(
        r#"{"type":3,"invocationId":"s1","result":5}"#,
        &["result 7 5"],
    );
}

#[test]
fn awaits_an_answer_until_its_deadline() {
    let mut bench = Bench::open();
    bench.check_input(bench.ask(7), &[&question("s1")]);
    assert_eq!(bench.deadline(), Some(10));
    bench.check_after(9, &[]);
    bench.check_after(1, &["result 7 TimedOut"]);
    bench.check(r#"{"type":3,"invocationId":"s1","result":1}"#, &[]);
    // An answer that nobody awaits any more has no deadline either.
    bench.check_input(bench.ask(8), &[&question("s2")]);
    bench.check_input(Input::Forget(ResultKey(8)), &[]);
    bench.check(r#"{"type":3,"invocationId":"s2","result":1}"#, &[]);
    assert_eq!(bench.deadline(), Some(15));
}

#[test]
fn asks_nothing_before_the_handshake_and_not_too_much_at_once() {
    let mut bench = Bench::with(ServerConfig {
        max_results: 1,
        ..ServerConfig::default()
    });
    bench.check_input(bench.ask(1), &["result 1 TooEarly"]);
    bench.open_up();
    bench.check_input(bench.ask(3), &[&question("s1")]);
    bench.check_input(bench.ask(4), &["result 4 TooMany"]);
    bench.check(r#"{"type":3,"invocationId":"s1"}"#, &["result 3 void"]);
    bench.check_input(bench.ask(5), &[&question("s2")]);
}

#[test]
fn what_is_asked_during_the_welcome_is_sent_after_it_in_its_order() {
    let mut bench = Bench::with(ServerConfig {
        max_results: 2,
        ..ServerConfig::default()
    });
    bench.check(r#"{"protocol":"json","version":1}"#, &["send {}", "opened"]);
    bench.check_input(bench.ask(1), &[]);
    bench.check_input(bench.ask(2), &[]);
    bench.check_input(bench.ask(3), &["result 3 TooMany"]);
    assert!(!bench.machine.wants_input(), "nothing is awaited yet");
    bench.check_input(Input::Forget(ResultKey(1)), &[]);
    bench.check_input(bench.ask(4), &[]);
    // A call of the client waits as the questions do.
    bench.check(r#"{"type":1,"target":"M","arguments":[]}"#, &[]);
    bench.check_input(
        Input::Welcomed,
        &[&question("s1"), &question("s2"), "call 1 M"],
    );
    let answers = [("s2", 4), ("s1", 2)];
    for (id, key) in answers {
        let answer = format!(r#"{{"type":3,"invocationId":"{id}"}}"#);
        bench.check(&answer, &[&format!("result {key} void")]);
    }
}

#[test]
fn only_the_welcome_itself_is_refused_an_answer() {
    let mut bench = Bench::new();
    bench.check(r#"{"protocol":"json","version":1}"#, &["send {}", "opened"]);
    bench.check_input(bench.ask_from_welcome(1), &["result 1 TooEarly"]);
    bench.check_input(bench.ask(2), &[]);
    bench.check_input(Input::Welcomed, &[&question("s1")]);
    // What the welcome left behind may ask afterwards.
    bench.check_input(bench.ask_from_welcome(3), &[&question("s2")]);
}

#[test]
fn the_patience_of_a_question_counts_on_during_the_welcome() {
    let mut bench = Bench::new();
    bench.check(r#"{"protocol":"json","version":1}"#, &["send {}", "opened"]);
    bench.check_input(bench.ask(1), &[]);
    assert_eq!(bench.deadline(), Some(10));
    bench.check_after(4, &[]);
    bench.check_input(bench.ask(2), &[]);
    bench.check_after(6, &["result 1 TimedOut"]);
    bench.check_input(Input::Welcomed, &[&question("s1")]);
    bench.check_after(4, &["result 2 TimedOut"]);
}

#[test]
fn a_welcome_that_fails_answers_what_was_asked_meanwhile() {
    let mut bench = Bench::new();
    bench.check(r#"{"protocol":"json","version":1}"#, &["send {}", "opened"]);
    bench.check_input(bench.ask(1), &[]);
    let shutdown = Input::Shutdown {
        error: None,
        allow_reconnect: false,
    };
    let close = r#"send {"type":7}"#;
    bench.check_input(shutdown, &[close, "result 1 Disconnected", "close"]);
}

#[test]
fn answers_that_are_awaited_end_with_the_connection() {
    let mut bench = Bench::open();
    bench.check_input(bench.ask(7), &[&question("s1")]);
    bench.check(r#"{"type":7}"#, &["result 7 Disconnected", "close"]);
    bench.check_input(bench.ask(8), &[]);
}

#[test]
fn finds_an_answer_behind_calls_that_wait_for_it() {
    let mut bench = Bench::with(ServerConfig {
        read_ahead: 100,
        ..ServerConfig::default()
    });
    bench.open_up();
    let call = r#"{"type":1,"invocationId":"7","target":"M","arguments":[]}"#;
    bench.check(&[call, call].join("\n"), &["call 1 M"]);
    assert!(!bench.machine.wants_input());
    bench.check_input(bench.ask(5), &[&question("s1")]);
    assert!(bench.machine.wants_input());
    // The client's order stands: only the answer goes ahead.
    let answer = r#"{"type":3,"invocationId":"s1","result":5}"#;
    bench.check(&[r#"{"type":6}"#, answer].join("\n"), &["result 5 5"]);
    assert!(!bench.machine.wants_input());
    let done = r#"send {"type":3,"invocationId":"7"}"#;
    bench.check_input(void(1), &[done, "call 2 M"]);
    bench.check_input(void(2), &[done]);
    assert!(bench.machine.wants_input());
}

#[test]
fn looks_only_so_far_ahead_for_an_answer() {
    let mut bench = Bench::with(ServerConfig {
        read_ahead: 100,
        ..ServerConfig::default()
    });
    bench.open_up();
    let call = r#"{"type":1,"invocationId":"7","target":"M","arguments":[]}"#;
    bench.check(&[call, call].join("\n"), &["call 1 M"]);
    bench.check_input(bench.ask(5), &[&question("s1")]);
    bench.check(call, &[]);
    assert!(!bench.machine.wants_input());
    // What is too far behind is read when its time comes, but then nobody waits for it.
    bench.check(r#"{"type":3,"invocationId":"s1","result":5}"#, &[]);
    bench.check_after(10, &["result 5 TimedOut"]);
    let done = r#"send {"type":3,"invocationId":"7"}"#;
    bench.check_input(void(1), &[done, "call 2 M"]);
    bench.check_input(void(2), &[done, "call 3 M"]);
    bench.check_input(void(3), &[done]);
    assert!(bench.machine.wants_input());
}
