//! What a user relies on: what they do not want is at the server in the end, whatever the network does, and
//! nothing that others said is undone.

use std::time::Duration;

use serde_json::{Value, json};
use vestnik_clock::Now;
use vestnik_model::{
    ProblemCode,
    preference::{OptOutChange, OptOuts},
};

use super::{Consent, Input, Learned, Output};
use crate::machine::{
    CallFailure, CallNumber, ConnectionNumber, Generation, Pace, Secret, TokenNumber, fixture::now,
};

const FIRST: ConnectionNumber = ConnectionNumber::new(1);
const GENERATION: Generation = Generation::new(7);

fn change(value: Value) -> OptOutChange {
    serde_json::from_value(value).unwrap()
}

fn said(value: Value) -> OptOuts {
    serde_json::from_value(value).unwrap()
}

/// A device and the storage that keeps its changes.
struct Table {
    machine: Consent,
    now: Now,
    call: CallNumber,
    stored: OptOutChange,
    known: Option<OptOuts>,
}

impl Table {
    /// A device that is connected.
    fn up(changes: Value) -> Self {
        let stored = change(changes);
        let mut table = Self {
            machine: Consent::new(Pace::default()),
            now: now(),
            call: CallNumber::default(),
            stored: stored.clone(),
            known: None,
        };
        let begin = Input::Begin {
            generation: GENERATION,
            changes: stored,
        };
        assert_eq!(table.on(begin), [""; 0]);
        table
    }

    fn connected(changes: Value) -> (Self, Vec<String>) {
        let mut table = Self::up(changes);
        let first = table.on(Input::Up(FIRST));
        (table, first)
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
            Output::Read { call, .. } => {
                self.call = call;
                "read".to_owned()
            }
            Output::Put { call, opt_outs, .. } => {
                self.call = call;
                format!("put {}", serde_json::to_string(&opt_outs).unwrap())
            }
            Output::Keep(Learned {
                opt_outs,
                settled,
                refused,
            }) => {
                self.known = opt_outs.or_else(|| self.known.take());
                self.stored.settle(&settled);
                match refused {
                    Some(code) => format!("refused {}", code.as_str()),
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

    fn read(&mut self, result: Result<OptOuts, CallFailure>) -> Vec<String> {
        self.on(Input::Read {
            generation: GENERATION,
            call: self.call,
            result,
        })
    }

    fn put(&mut self, result: Result<(), CallFailure>) -> Vec<String> {
        self.on(Input::Put {
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
    assert_eq!(table.token(), ["read"]);
    assert_eq!(table.read(Ok(said(json!({"all": true})))), ["keep"]);
    assert_eq!(table.on(Input::Ask), [""; 0], "it was asked just now");
    table.now.monotonic = table.now.monotonic + Duration::from_secs(11);
    assert_eq!(table.on(Input::Ask), ["token"]);
}

#[test]
fn a_change_is_put_into_what_the_server_has() {
    let mut table = Table::up(json!({"categories": {"a": true}}));
    assert_eq!(table.token(), [""; 0], "it is not connected");
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    assert_eq!(table.token(), ["read"]);
    let put = r#"put {"all":false,"categories":["a","b"],"topics":[]}"#;
    let read = table.read(Ok(said(json!({"categories": ["b"]}))));
    assert_eq!(read, ["keep", put]);
    // The person changes their mind on the way.
    assert_eq!(
        table.change(json!({"categories": {"a": false}, "topics": {"t": true}})),
        [""; 0]
    );
    assert_eq!(table.put(Ok(())), ["settle", "token"]);
    assert_eq!(table.known, Some(said(json!({"categories": ["a", "b"]}))));
    assert_eq!(table.token(), ["read"]);
    let put = r#"put {"all":false,"categories":["b"],"topics":["t"]}"#;
    assert_eq!(table.read(Ok(table.known.clone().unwrap())), ["keep", put]);
    assert_eq!(table.put(Ok(())), ["settle"]);
    assert!(table.stored.is_empty());
}

#[test]
fn what_the_server_has_already_is_not_put() {
    let (mut table, first) = Table::connected(json!({"all": true}));
    assert_eq!(first, ["token"]);
    assert_eq!(table.token(), ["read"]);
    assert_eq!(table.read(Ok(said(json!({"all": true})))), ["settle"]);
    assert!(table.stored.is_empty());
}

#[test]
fn a_device_that_fell_asleep_meanwhile_puts_nothing_until_it_is_connected_again() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    table.token();
    assert_eq!(table.on(Input::Down(FIRST)), [""; 0]);
    assert_eq!(table.read(Ok(OptOuts::default())), ["keep"]);
    assert_eq!(table.machine.deadline(), None);
    assert_eq!(table.on(Input::Up(ConnectionNumber::new(2))), ["token"]);
}

/// A put that was given up may land behind what follows it.
#[test]
fn after_a_put_without_an_answer_it_is_looked_at_once_more_when_nothing_can_land() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    table.token();
    table.read(Ok(OptOuts::default()));
    assert_eq!(table.put(Err(CallFailure::NoAnswer)), [""; 0]);
    // The person wants everything again, and the server says that this is so.
    assert_eq!(table.change(json!({"all": false})), ["token"]);
    assert_eq!(table.token(), ["read"]);
    assert_eq!(table.read(Ok(OptOuts::default())), ["keep"]);
    assert!(!table.stored.is_empty());
    let (passed, next) = table.step();
    assert!(passed > Duration::from_secs(50), "{passed:?}");
    assert_eq!(next, ["token"]);
    assert_eq!(table.token(), ["read"]);
    // It landed meanwhile.
    let put = r#"put {"all":false,"categories":[],"topics":[]}"#;
    assert_eq!(table.read(Ok(said(json!({"all": true})))), ["keep", put]);
    assert_eq!(table.put(Ok(())), ["settle"]);
    assert!(table.stored.is_empty());
}

#[test]
fn failures_are_repeated_after_pauses_that_grow_and_refusals_are_told() {
    let (mut table, _) = Table::connected(json!({"all": true}));
    let mut waited = Duration::ZERO;
    for _ in 0..8 {
        table.token();
        assert_eq!(table.read(Err(CallFailure::NoAnswer)), [""; 0]);
        let (passed, next) = table.step();
        assert_eq!(next, ["token"]);
        assert!(passed >= Duration::from_secs(1));
        waited += passed;
    }
    assert!(waited > Duration::from_secs(30), "{waited:?}");
    table.token();
    table.read(Ok(OptOuts::default()));
    let told = table.put(Err(problem(ProblemCode::RequestInvalid)));
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
    let refused = table.read(Err(problem(ProblemCode::AuthInvalid)));
    assert_eq!(refused, ["another token"]);
    assert!(table.machine.wants_token());
    table.token();
    assert_eq!(table.read(Err(problem(ProblemCode::AuthInvalid))), [""; 0]);
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
    assert_eq!(table.token(), ["read"]);
    let (generation, result) = (GENERATION, Ok(said(json!({"all": true}))));
    let answer = Input::Read {
        generation,
        call: late,
        result,
    };
    assert_eq!(table.on(answer), [""; 0]);
    assert_eq!(table.on(Input::End), [""; 0]);
    assert_eq!(table.read(Ok(OptOuts::default())), [""; 0]);
    let begin = Input::Begin {
        generation: Generation::new(8),
        changes: OptOutChange::default(),
    };
    table.on(begin);
    assert_eq!(
        table.on(Input::Up(FIRST)),
        [""; 0],
        "that was a former user's"
    );
}
