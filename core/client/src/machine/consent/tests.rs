//! What a user relies on: what they do not want is at the server in the end, whatever the network does, and
//! nothing that others said is undone.

use std::time::Duration;

use serde_json::{Value, json};
use vestnik_clock::Now;
use vestnik_inbox::SentOptOuts;
use vestnik_model::{
    ProblemCode,
    preference::{OptOutChange, StoredOptOuts},
};

use super::{Consent, Input, Learned, Output};
use crate::machine::{
    CallFailure, CallNumber, ConnectionNumber, ForeignBody, Generation, Pace, Secret, TokenNumber,
    fixture::now,
};

const FIRST: ConnectionNumber = ConnectionNumber::new(1);
const GENERATION: Generation = Generation::new(7);

fn change(value: Value) -> OptOutChange {
    serde_json::from_value(value).unwrap()
}

fn said(value: Value) -> StoredOptOuts {
    serde_json::from_value(value).unwrap()
}

/// A device and the storage that keeps its changes.
struct Table {
    machine: Consent,
    now: Now,
    call: CallNumber,
    stored: OptOutChange,
    sent: SentOptOuts,
    known: Option<StoredOptOuts>,
}

impl Table {
    /// A device that begins with these changes, of which it has sent these.
    fn begin(changes: Value, sent: SentOptOuts) -> Self {
        let stored = change(changes);
        let mut table = Self {
            machine: Consent::new(Pace::default()),
            now: now(),
            call: CallNumber::default(),
            stored: stored.clone(),
            sent: sent.clone(),
            known: None,
        };
        let begin = Input::Begin {
            generation: GENERATION,
            changes: stored,
            sent,
        };
        assert_eq!(table.on(begin), [""; 0]);
        table
    }

    /// A device that is connected.
    fn connected(changes: Value) -> (Self, Vec<String>) {
        let mut table = Self::begin(changes, SentOptOuts::default());
        let first = table.on(Input::Up(FIRST));
        (table, first)
    }

    /// The same device after the end of its process.
    fn restarted(self) -> Self {
        let changes = serde_json::to_value(&self.stored).unwrap();
        let mut table = Self::begin(changes, self.sent);
        let expected: &[&str] = if table.stored.is_empty() {
            &[]
        } else {
            &["token"]
        };
        assert_eq!(table.on(Input::Up(FIRST)), expected);
        table
    }

    fn on(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(self.now, input);
        let mut texts = Vec::new();
        while let Some(output) = self.machine.poll() {
            texts.push(self.written(output));
        }
        texts
    }

    fn written(&mut self, output: Output) -> String {
        match output {
            Output::WantToken { refused: None } => "token".to_owned(),
            Output::WantToken { refused: Some(_) } => "another token".to_owned(),
            Output::Ask { call, .. } => {
                self.call = call;
                "ask".to_owned()
            }
            Output::Change { call, changes, .. } => {
                self.call = call;
                format!("tell {}", serde_json::to_string(&changes).unwrap())
            }
            Output::Keep(learned) => {
                learned.bring_up(&mut self.sent);
                let Learned {
                    begun,
                    forgets_sent: _,
                    opt_outs,
                    settled,
                    refused,
                } = learned;
                self.known = opt_outs.or_else(|| self.known.take());
                self.stored.settle(&settled);
                match refused {
                    Some(code) => format!("refused {}", code.as_str()),
                    None if !begun.is_empty() => "begun".to_owned(),
                    None if settled.is_empty() => "keep".to_owned(),
                    None => "settle".to_owned(),
                }
            }
        }
    }

    fn token(&mut self) -> Vec<String> {
        self.on(Input::Token {
            number: TokenNumber::new(1),
            token: Secret::new("acc"),
        })
    }

    fn answer(&mut self, result: Result<StoredOptOuts, CallFailure>) -> Vec<String> {
        self.on(Input::Answer {
            generation: GENERATION,
            call: self.call,
            result,
        })
    }

    fn change(&mut self, value: Value) -> Vec<String> {
        self.stored.add(change(value));
        let (generation, changes) = (GENERATION, self.stored.clone());
        self.on(Input::Changes {
            generation,
            changes,
        })
    }

    /// Waits until the machine wants a tick; gives for how long.
    fn step(&mut self) -> (Duration, Vec<String>) {
        let at = self.machine.deadline().unwrap();
        let passed = at - self.now.monotonic;
        self.now.monotonic = self.now.monotonic.max(at);
        (passed, self.on(Input::Tick))
    }
}

fn problem(code: ProblemCode) -> CallFailure {
    CallFailure::Problem {
        code: code.into(),
        status: code.status(),
        retry_after: None,
    }
}

#[test]
fn without_a_wish_and_a_question_nothing_is_asked() {
    let (mut table, first) = Table::connected(json!({}));
    assert_eq!(first, [""; 0]);
    assert_eq!(table.machine.deadline(), None);
    assert_eq!(table.on(Input::Ask), ["token"]);
    assert_eq!(table.token(), ["ask"]);
    assert_eq!(table.answer(Ok(said(json!({"all": true})))), ["keep"]);
    assert_eq!(table.on(Input::Ask), [""; 0], "it was asked just now");
    table.now.monotonic = table.now.monotonic + Duration::from_secs(11);
    assert_eq!(table.on(Input::Ask), ["token"]);
}

#[test]
fn only_what_was_changed_is_told_and_the_answer_is_what_is_known() {
    let mut table = Table::begin(json!({"categories": {"a": true}}), SentOptOuts::default());
    assert_eq!(table.token(), [""; 0], "it is not connected");
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    table.on(Input::Ask);
    assert_eq!(
        table.token(),
        ["begun", r#"tell {"categories":{"a":true}}"#]
    );
    // The person changes their mind on the way.
    let mind = json!({"categories": {"a": false}, "topics": {"t": true}});
    assert_eq!(table.change(mind), [""; 0]);
    let later = said(json!({"categories": ["a", "b", ""], "senders": ["bank"]}));
    assert_eq!(table.answer(Ok(later.clone())), ["settle", "token"]);
    assert_eq!(
        table.known,
        Some(later),
        "with what this version does not know"
    );
    let told = r#"tell {"categories":{"a":false},"topics":{"t":true}}"#;
    assert_eq!(table.token(), ["begun", told]);
    let now = said(json!({"categories": ["b", ""], "topics": ["t"], "senders": ["bank"]}));
    assert_eq!(table.answer(Ok(now)), ["settle"]);
    assert!(table.stored.is_empty() && table.sent.is_empty());
    assert_eq!(table.on(Input::Ask), [""; 0], "it was answered just now");
}

#[test]
fn what_is_changed_while_it_is_asked_is_told_next() {
    let (mut table, _) = Table::connected(json!({}));
    table.on(Input::Ask);
    assert_eq!(table.token(), ["ask"]);
    assert_eq!(table.change(json!({"all": true})), [""; 0]);
    assert_eq!(
        table.answer(Ok(StoredOptOuts::default())),
        ["keep", "token"]
    );
    assert_eq!(table.token(), ["begun", r#"tell {"all":true}"#]);
}

#[test]
fn a_device_that_fell_asleep_tells_nothing_until_it_is_connected_again() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    assert_eq!(table.on(Input::Down(FIRST)), [""; 0]);
    assert_eq!(table.token(), [""; 0]);
    assert_eq!(table.machine.deadline(), None);
    assert_eq!(table.on(Input::Up(ConnectionNumber::new(2))), ["token"]);
}

/// A request that was given up may land behind what follows it.
#[test]
fn after_a_change_without_an_answer_it_is_told_once_more_when_nothing_can_land() {
    for failure in [
        CallFailure::NoAnswer,
        problem(ProblemCode::OutcomeUnknown),
        CallFailure::Foreign {
            status: 504,
            body: ForeignBody::Html,
            retry_after: None,
        },
    ] {
        let (mut table, _) = Table::connected(json!({"all": true}));
        table.token();
        assert_eq!(table.answer(Err(failure)), [""; 0]);
        // The person wants everything again, and the server says that this is so.
        assert_eq!(table.change(json!({"all": false})), ["token"]);
        assert_eq!(table.token(), ["begun", r#"tell {"all":false}"#]);
        assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["keep"]);
        assert!(!table.stored.is_empty());
        let (passed, next) = table.step();
        assert!(passed > Duration::from_secs(50), "{passed:?}");
        // It may have landed meanwhile.
        assert_eq!(next, ["token"]);
        assert_eq!(table.token(), ["begun", r#"tell {"all":false}"#]);
        assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["settle"]);
        assert!(table.stored.is_empty());
    }
}

/// The lost request may have landed while the answer to the later one was on its way.
#[test]
fn an_answer_that_takes_long_settles_nothing_that_a_lost_request_may_have_undone() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    table.token();
    assert_eq!(table.answer(Err(CallFailure::NoAnswer)), [""; 0]);
    table.now.monotonic = table.now.monotonic + Duration::from_secs(20);
    assert_eq!(table.change(json!({"all": false})), ["token"]);
    assert_eq!(table.token(), ["begun", r#"tell {"all":false}"#]);
    table.now.monotonic = table.now.monotonic + Duration::from_secs(42);
    assert_eq!(
        table.answer(Ok(StoredOptOuts::default())),
        ["keep", "token"]
    );
    assert!(!table.stored.is_empty());
    assert_eq!(table.token(), ["begun", r#"tell {"all":false}"#]);
    assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["settle"]);
    assert!(table.stored.is_empty());
}

/// The process ends while a request is under way, the person changes their mind in the next one.
#[test]
fn what_was_under_way_when_the_process_ended_is_told_once_more() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    assert_eq!(table.token(), ["begun", r#"tell {"all":true}"#]);
    let mut table = table.restarted();
    table.change(json!({"all": false}));
    assert_eq!(table.token(), ["begun", r#"tell {"all":false}"#]);
    assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["keep"]);
    let (passed, next) = table.step();
    assert_eq!(
        (passed, next),
        (Duration::from_secs(60), vec!["token".to_owned()])
    );
    table.token();
    assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["settle"]);
    assert!(table.stored.is_empty() && table.sent.is_empty());
}

/// The server confirmed it, and the process ends before it is certain: the next one tells it, no later one does.
#[test]
fn what_was_confirmed_is_told_by_one_more_process_at_most() {
    let (mut table, _) = Table::connected(json!({"all": true, "topics": {"t": true}}));
    table.token();
    assert_eq!(table.answer(Err(CallFailure::NoAnswer)), [""; 0]);
    table.change(json!({"all": false}));
    table.token();
    // What was said once only is settled at once.
    let topics = said(json!({"topics": ["t"]}));
    assert_eq!(table.answer(Ok(topics.clone())), ["settle"]);
    assert_eq!(table.stored, change(json!({"all": false})));
    let mut table = table.restarted();
    assert_eq!(table.token(), ["begun", r#"tell {"all":false}"#]);
    assert_eq!(table.answer(Ok(topics)), ["settle"]);
    let table = table.restarted();
    assert!(table.stored.is_empty() && table.sent.is_empty());
}

/// Two days later the device must not overwrite what a link or another device said since.
#[test]
fn a_lost_answer_to_what_the_server_has_confirmed_since_leaves_nothing_to_tell() {
    let (mut table, _) = Table::connected(json!({"all": false}));
    assert_eq!(table.token(), ["begun", r#"tell {"all":false}"#]);
    assert_eq!(table.answer(Err(CallFailure::NoAnswer)), [""; 0]);
    let (_, next) = table.step();
    assert_eq!(next, ["token"]);
    assert_eq!(table.token(), [r#"tell {"all":false}"#]);
    assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["settle"]);
    assert!(table.stored.is_empty());
    // The app is closed within the minute. The person opts out by a letter's link; the app starts.
    let mut table = table.restarted();
    assert_eq!(table.machine.deadline(), None);
    assert_eq!(table.on(Input::Ask), ["token"]);
    assert_eq!(table.token(), ["ask"]);
    let by_link = said(json!({"all": true}));
    assert_eq!(table.answer(Ok(by_link.clone())), ["keep"]);
    assert_eq!(table.known, Some(by_link));
}

/// What was settled early is still protected from the request that was lost.
#[test]
fn a_mind_that_changes_behind_a_settled_choice_outlives_the_lost_request() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    table.token();
    table.answer(Err(CallFailure::NoAnswer));
    table.step();
    table.token();
    assert_eq!(table.answer(Ok(said(json!({"all": true})))), ["settle"]);
    let mut table = table.restarted();
    table.change(json!({"all": false}));
    table.token();
    assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["keep"]);
    let (_, next) = table.step();
    assert_eq!(
        next,
        ["token"],
        "the first request may have landed meanwhile"
    );
    table.token();
    assert_eq!(table.answer(Ok(StoredOptOuts::default())), ["settle"]);
    assert!(table.stored.is_empty() && table.sent.is_empty());
}

#[test]
fn what_was_never_under_way_is_settled_by_the_first_answer() {
    let mut table = Table::begin(json!({"all": true}), SentOptOuts::default()).restarted();
    table.token();
    assert_eq!(table.answer(Ok(said(json!({"all": true})))), ["settle"]);
    assert!(table.stored.is_empty());
}

#[test]
fn failures_are_repeated_after_pauses_that_grow_and_refusals_are_told() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    let mut waited = Duration::ZERO;
    for _ in 0..8 {
        table.token();
        assert_eq!(table.answer(Err(CallFailure::NoAnswer)), [""; 0]);
        let (passed, next) = table.step();
        assert_eq!(next, ["token"]);
        assert!(passed >= Duration::from_secs(1));
        waited += passed;
    }
    assert!(waited > Duration::from_secs(30), "{waited:?}");
    table.token();
    let told = table.answer(Err(problem(ProblemCode::RequestInvalid)));
    assert_eq!(told, ["refused request.invalid"]);
    assert!(table.stored.is_empty());
    let (_, next) = table.step();
    assert_eq!(next, [""; 0]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    table.token();
    let refused = table.answer(Err(problem(ProblemCode::AuthInvalid)));
    assert_eq!(refused, ["another token"]);
    assert!(table.machine.wants_token());
    table.token();
    assert_eq!(
        table.answer(Err(problem(ProblemCode::AuthInvalid))),
        [""; 0]
    );
    assert!(!table.stored.is_empty(), "that is no refusal of the change");
}

#[test]
fn an_answer_that_is_lost_is_none_and_one_that_comes_late_is_dropped() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    table.token();
    let late = table.call;
    table.step();
    let (_, next) = table.step();
    assert_eq!(next, ["token"]);
    assert_eq!(table.token(), [r#"tell {"all":true}"#]);
    let (generation, result) = (GENERATION, Ok(said(json!({"all": true}))));
    let answer = Input::Answer {
        generation,
        call: late,
        result,
    };
    assert_eq!(table.on(answer), [""; 0]);
    assert_eq!(table.on(Input::End), [""; 0]);
    assert_eq!(table.answer(Ok(StoredOptOuts::default())), [""; 0]);
    let begin = Input::Begin {
        generation: Generation::new(8),
        changes: OptOutChange::default(),
        sent: SentOptOuts::default(),
    };
    table.on(begin);
    assert_eq!(
        table.on(Input::Up(FIRST)),
        [""; 0],
        "that was a former user's"
    );
}
