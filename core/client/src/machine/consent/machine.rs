//! The machine.

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_inbox::SentOptOuts;
use vestnik_model::preference::{OptOutChange, StoredOptOuts};

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
    /// What requests that may still land say.
    sent: SentOptOuts,
    /// What is kept of that for the next process.
    kept: SentOptOuts,
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
    Asking(Call),
    /// The server is told of these changes.
    Changing(Call, OptOutChange),
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
            sent: SentOptOuts::default(),
            kept: SentOptOuts::default(),
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
                sent,
            } => self.begin(now, generation, changes, sent),
            Input::End => self.end(),
            Input::Up(connection) => self.on_up(connection),
            Input::Down(connection) => self.on_down(connection),
            Input::Changes {
                generation,
                changes,
            } => self.on_changes(generation, changes),
            Input::Ask => self.on_ask(now),
            Input::Token { number, token } => self.on_token(now, number, token),
            Input::Answer {
                generation,
                call,
                result,
            } => self.on_answer(now, (generation, call), result),
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
            Step::Asking(call) | Step::Changing(call, _) => Some(call.until),
        }
    }

    /// Whether an access token is waited for.
    #[must_use]
    pub fn wants_token(&self) -> bool {
        self.step == Step::WantsToken
    }

    /// What was told when the former process, or the former session, ended may still land.
    fn begin(
        &mut self,
        now: Now,
        generation: Generation,
        changes: OptOutChange,
        sent: SentOptOuts,
    ) {
        self.end();
        self.generation = Some(generation);
        self.uncertain_until = (!sent.is_empty()).then(|| now.monotonic + SETTLED);
        self.kept = sent.clone();
        self.sent = sent;
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
        let changes = self.changes.clone();
        if changes.is_empty() {
            self.step = Step::Asking(call);
            self.outputs.push_back(Output::Ask {
                generation,
                call: call.number,
                token,
            });
            return;
        }
        self.note_begun(now, &changes);
        self.step = Step::Changing(call, changes.clone());
        self.outputs.push_back(Output::Change {
            generation,
            call: call.number,
            changes,
            token,
        });
    }

    /// What a request says is kept before it begins.
    fn note_begun(&mut self, now: Now, changes: &OptOutChange) {
        if self.is_certain(now) {
            self.sent = SentOptOuts::default();
        }
        self.sent.add(changes);
        let mut kept = self.kept.clone();
        kept.add(changes);
        if kept != self.kept {
            self.keep(Learned {
                begun: changes.clone(),
                ..Learned::default()
            });
        }
    }

    /// Whether no request can land any more but one that is under way.
    fn is_certain(&self, now: Now) -> bool {
        self.uncertain_until.is_none_or(|at| at <= now.monotonic)
    }

    fn next_call(&mut self, now: Now, token: TokenNumber) -> Call {
        self.call = self.call.next();
        Call {
            number: self.call,
            token,
            until: now.monotonic + patience::SERVER,
        }
    }

    fn on_answer(
        &mut self,
        now: Now,
        (generation, number): (Generation, CallNumber),
        result: Result<StoredOptOuts, CallFailure>,
    ) {
        let (call, sent) = match &self.step {
            Step::Asking(call) => (*call, OptOutChange::default()),
            Step::Changing(call, sent) => (*call, sent.clone()),
            Step::Idle | Step::WantsToken => return,
        };
        if self.generation != Some(generation) || call.number != number {
            return;
        }
        self.step = Step::Idle;
        match result {
            Ok(opt_outs) => self.learn(now, opt_outs, sent),
            Err(failure) => {
                if !sent.is_empty() && failure.may_be_done() {
                    self.uncertain_until = Some(now.monotonic + SETTLED);
                }
                self.on_failure(now, call.token, &failure, sent);
            }
        }
    }

    /// The server has what was sent. While an older request that says otherwise may land behind it, the choice
    /// stays. It has been confirmed: the next process tells it once more and has done with it.
    fn learn(&mut self, now: Now, opt_outs: StoredOptOuts, sent: OptOutChange) {
        self.is_asked = false;
        self.read_at = Some(now.monotonic);
        self.backoff.reset();
        // What could still land when this was sent may have landed behind it by now.
        let contested = self.sent.contested(&sent);
        let mut settled = sent;
        settled.settle(&contested);
        self.changes.settle(&settled);
        if !contested.is_empty() && self.changes == contested {
            self.not_before = self.uncertain_until;
        }
        let forgets_sent = self.is_certain(now) || !contested.is_empty();
        self.keep(Learned {
            opt_outs: Some(opt_outs),
            settled,
            forgets_sent,
            ..Learned::default()
        });
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
                self.keep(Learned {
                    settled: sent,
                    forgets_sent: self.is_certain(now),
                    refused: Some(code.clone()),
                    ..Learned::default()
                });
            }
        }
        let pause = self.backoff.fail(failure.retry_after(), now.random);
        self.not_before = Some(now.monotonic + pause.max(LEAST));
    }

    fn keep(&mut self, learned: Learned) {
        learned.bring_up(&mut self.kept);
        self.outputs.push_back(Output::Keep(learned));
    }

    /// An answer that was lost on the way is none.
    fn on_tick(&mut self, now: Now) {
        let Some(generation) = self.generation else {
            return;
        };
        let call = match &self.step {
            Step::Asking(call) | Step::Changing(call, _) => *call,
            Step::Idle | Step::WantsToken => return,
        };
        if call.until <= now.monotonic {
            let number = (generation, call.number);
            self.on_answer(now, number, Err(CallFailure::NoAnswer));
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
