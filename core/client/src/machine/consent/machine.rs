//! The machine.

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_model::{
    Open, ProblemCode,
    preference::{OptOutChange, OptOuts},
};

use super::{Call, Input, Learned, Output};
use crate::machine::{
    CallFailure, CallNumber, ConnectionNumber, Generation, Pace, Secret, TokenNumber, patience,
    pause::Backoff,
};

/// For so long what the server said is not asked for again: settings are opened and closed.
const FRESH: Duration = Duration::from_secs(10);
/// After so long no request that was given up can land any more.
const SETTLED: Duration = Duration::from_secs(60);
/// The first pause after a failure is at most this long.
const BASE: Duration = Duration::from_secs(4);
/// Any pause after a failure is at most this long, unless the server asks for more.
const CAP: Duration = Duration::from_secs(15 * 60);
/// The shortest pause after a failure.
const LEAST: Duration = Duration::from_secs(1);

/// The machine that tells the server what the user does not want.
///
/// Calling contract: hand every [`Input`] to [`handle`](Self::handle), then drain
/// [`poll`](Self::poll) and carry each [`Output`] out; hand in [`Input::Tick`] no later than
/// [`deadline`](Self::deadline). Each output that names an input after an arrow is answered by exactly
/// one such input. Answers to another call or of another session than the present one are dropped.
#[derive(Debug)]
pub struct Consent {
    pace: Pace,
    generation: Option<Generation>,
    connection: Option<ConnectionNumber>,
    /// What the server has not answered.
    changes: OptOutChange,
    /// Whether the app wants to know what the server has.
    is_asked: bool,
    /// When the server said it last in this session.
    read_at: Option<Monotonic>,
    step: Step,
    /// The newest call.
    call: CallNumber,
    /// Until then a request that was given up may land.
    uncertain_until: Option<Monotonic>,
    not_before: Option<Monotonic>,
    backoff: Backoff,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Idle,
    WantsToken,
    Reading(Call, Secret),
    Putting(Call, Sent),
}

/// What the server is being told.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    changes: OptOutChange,
    opt_outs: OptOuts,
}

impl Consent {
    /// A machine without a session.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            generation: None,
            connection: None,
            changes: OptOutChange::default(),
            is_asked: false,
            read_at: None,
            step: Step::Idle,
            call: CallNumber::default(),
            uncertain_until: None,
            not_before: None,
            backoff: pace.background(BASE, CAP),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Begin {
                generation,
                changes,
            } => self.begin(generation, changes),
            Input::End => self.end(),
            Input::Up(connection) => self.on_up(connection),
            Input::Down(connection) => self.on_down(connection),
            Input::Changes {
                generation,
                changes,
            } => self.on_changes(generation, changes),
            Input::Ask => self.on_ask(now),
            Input::Token { number, token } => self.on_token(now, number, token),
            Input::Read {
                generation,
                call,
                result,
            } => self.on_read(now, (generation, call), result),
            Input::Put {
                generation,
                call,
                result,
            } => self.on_put(now, (generation, call), result),
            Input::Tick => self.on_tick(now),
        }
        self.advance(now);
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle` with `Tick` at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Monotonic> {
        self.connection?;
        match &self.step {
            Step::Idle => self.not_before,
            Step::WantsToken => None,
            Step::Reading(call, _) | Step::Putting(call, _) => Some(call.until),
        }
    }

    /// Whether an access token is waited for.
    #[must_use]
    pub fn wants_token(&self) -> bool {
        self.step == Step::WantsToken
    }

    fn begin(&mut self, generation: Generation, changes: OptOutChange) {
        self.end();
        self.generation = Some(generation);
        self.changes = changes;
    }

    /// Whoever asked is answered in the next session.
    fn end(&mut self) {
        let (call, is_asked) = (self.call, self.is_asked);
        *self = Self {
            call,
            is_asked,
            ..Self::new(self.pace)
        };
    }

    fn on_up(&mut self, connection: ConnectionNumber) {
        self.connection = Some(connection);
        self.backoff.reset();
        self.not_before = None;
    }

    fn on_down(&mut self, connection: ConnectionNumber) {
        if self.connection == Some(connection) {
            self.connection = None;
            if self.step == Step::WantsToken {
                self.step = Step::Idle;
            }
        }
    }

    /// A new wish is told at once, whatever pause an older one has.
    fn on_changes(&mut self, generation: Generation, changes: OptOutChange) {
        if self.generation == Some(generation) && self.changes != changes {
            self.changes = changes;
            self.not_before = None;
        }
    }

    fn on_ask(&mut self, now: Now) {
        let is_fresh = |at: Monotonic| now.monotonic.saturating_since(at) < FRESH;
        self.is_asked |= !self.read_at.is_some_and(is_fresh);
    }

    fn on_token(&mut self, now: Now, number: TokenNumber, token: Secret) {
        let (Step::WantsToken, Some(generation)) = (&self.step, self.generation) else {
            return;
        };
        let call = self.next_call(now, number);
        self.step = Step::Reading(call, token.clone());
        self.outputs.push_back(Output::Read {
            generation,
            call: call.number,
            token,
        });
    }

    fn next_call(&mut self, now: Now, token: TokenNumber) -> Call {
        self.call = self.call.next();
        Call {
            number: self.call,
            token,
            until: now.monotonic + patience::SERVER,
        }
    }

    fn on_read(
        &mut self,
        now: Now,
        (generation, number): (Generation, CallNumber),
        result: Result<OptOuts, CallFailure>,
    ) {
        let Step::Reading(call, token) = &self.step else {
            return;
        };
        if self.generation != Some(generation) || call.number != number {
            return;
        }
        let (call, token) = (*call, token.clone());
        self.step = Step::Idle;
        match result {
            Ok(of_server) => {
                self.is_asked = false;
                self.read_at = Some(now.monotonic);
                self.compare(now, (generation, call, token), of_server);
            }
            Err(failure) => {
                let changes = self.changes.clone();
                self.on_failure(now, call.token, &failure, changes);
            }
        }
    }

    /// What the server has lacks a change, or it has all of them already.
    fn compare(
        &mut self,
        now: Now,
        (generation, call, token): (Generation, Call, Secret),
        of_server: OptOuts,
    ) {
        let changes = self.changes.clone();
        let opt_outs = changes.applied(of_server.clone());
        if opt_outs == of_server {
            self.learn(now, Sent { changes, opt_outs });
            return;
        }
        self.keep(Some(of_server), OptOutChange::default(), None);
        if self.connection.is_none() {
            // The device may be asleep: it goes on with the next connection.
            return;
        }
        let call = self.next_call(now, call.token);
        self.outputs.push_back(Output::Put {
            generation,
            call: call.number,
            opt_outs: opt_outs.clone(),
            token,
        });
        self.step = Step::Putting(call, Sent { changes, opt_outs });
    }

    fn on_put(
        &mut self,
        now: Now,
        (generation, number): (Generation, CallNumber),
        result: Result<(), CallFailure>,
    ) {
        let Step::Putting(call, sent) = &self.step else {
            return;
        };
        if self.generation != Some(generation) || call.number != number {
            return;
        }
        let (call, sent) = (*call, sent.clone());
        self.step = Step::Idle;
        match result {
            Ok(()) => self.learn(now, sent),
            Err(failure) => {
                if failure == CallFailure::NoAnswer {
                    self.uncertain_until = Some(now.monotonic + SETTLED);
                }
                self.on_failure(now, call.token, &failure, sent.changes);
            }
        }
    }

    /// The server has what was sent. While an older request may land behind it, the changes stay.
    fn learn(&mut self, now: Now, sent: Sent) {
        self.backoff.reset();
        let uncertain = self.uncertain_until.filter(|at| *at > now.monotonic);
        self.uncertain_until = uncertain;
        if uncertain.is_some() {
            self.not_before = uncertain;
            self.keep(Some(sent.opt_outs), OptOutChange::default(), None);
            return;
        }
        self.changes.settle(&sent.changes);
        self.keep(Some(sent.opt_outs), sent.changes, None);
    }

    fn on_failure(
        &mut self,
        now: Now,
        token: TokenNumber,
        failure: &CallFailure,
        sent: OptOutChange,
    ) {
        if failure.is_about_token() && self.backoff.is_clear() && self.connection.is_some() {
            self.backoff.at_least(1);
            self.step = Step::WantsToken;
            self.outputs.push_back(Output::WantToken {
                refused: Some(token),
            });
            return;
        }
        if failure.is_refusal()
            && let CallFailure::Problem { code, .. } = failure
        {
            self.is_asked = false;
            self.changes.settle(&sent);
            if !sent.is_empty() {
                self.keep(None, sent, Some(code.clone()));
            }
        }
        let pause = self.backoff.fail(failure.retry_after(), now.random);
        self.not_before = Some(now.monotonic + pause.max(LEAST));
    }

    fn keep(
        &mut self,
        opt_outs: Option<OptOuts>,
        settled: OptOutChange,
        refused: Option<Open<ProblemCode>>,
    ) {
        self.outputs.push_back(Output::Keep(Learned {
            opt_outs,
            settled,
            refused,
        }));
    }

    /// An answer that was lost on the way is none.
    fn on_tick(&mut self, now: Now) {
        let Some(generation) = self.generation else {
            return;
        };
        let is_late = |call: &Call| call.until <= now.monotonic;
        match &self.step {
            Step::Reading(call, _) if is_late(call) => {
                let number = (generation, call.number);
                self.on_read(now, number, Err(CallFailure::NoAnswer));
            }
            Step::Putting(call, _) if is_late(call) => {
                let number = (generation, call.number);
                self.on_put(now, number, Err(CallFailure::NoAnswer));
            }
            Step::Idle | Step::WantsToken | Step::Reading(..) | Step::Putting(..) => {}
        }
    }

    /// Decides what to do next.
    fn advance(&mut self, now: Now) {
        if self.generation.is_none() || self.connection.is_none() {
            return;
        }
        self.not_before = self.not_before.filter(|at| *at > now.monotonic);
        let is_due = self.is_asked || !self.changes.is_empty();
        if is_due && self.step == Step::Idle && self.not_before.is_none() {
            self.step = Step::WantsToken;
            self.outputs.push_back(Output::WantToken { refused: None });
        }
    }
}
