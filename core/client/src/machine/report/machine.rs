//! The machine.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;
use vestnik_clock::{Monotonic, Now};
use vestnik_model::limits::REPORT_BYTES;

use super::{Input, Outbox, Output, Settlement};
use crate::machine::{CallFailure, ConnectionNumber, Generation, Pace, pause::Backoff};

/// How long a fact waits for others to be reported with.
const DELAY: Duration = Duration::from_millis(50);
/// The most facts of a report.
const FACTS: u32 = 100;
/// The first pause after a failure is at most this long.
const BASE: Duration = Duration::from_secs(4);
/// Any pause after a failure is at most this long, unless the server asks for more.
const CAP: Duration = Duration::from_secs(5 * 60);
/// The shortest pause after a round that settled nothing.
const LEAST: Duration = Duration::from_secs(1);
/// The longest time that a fact is believed to wait: a time that lies further ahead comes from a clock
/// that was put back.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The machine that reports facts.
///
/// Calling contract: hand every [`Input`] to [`handle`](Self::handle), then drain
/// [`poll`](Self::poll) and carry each [`Output`] out; hand in [`Input::Tick`] no later than
/// [`deadline`](Self::deadline). Each output that names an input after an arrow is answered by exactly
/// one such input. Inputs of another connection or session than the present one are dropped.
#[derive(Debug)]
pub struct ReportMachine {
    pace: Pace,
    generation: Generation,
    connection: Option<ConnectionNumber>,
    /// How many facts wait.
    waiting: u64,
    /// When the first of them may be reported.
    ready_at: Option<Monotonic>,
    round: Round,
    /// After a failure nothing begins before this time.
    not_before: Option<Monotonic>,
    backoff: Backoff,
    bytes: usize,
    /// Somebody waits until nothing waits, at the longest until then.
    flush: Option<Option<Monotonic>>,
    outputs: VecDeque<Output>,
}

/// Where a round stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// None is under way.
    Idle,
    /// Until then facts wait for others to be reported with.
    Gathering(Monotonic),
    /// The store takes a batch.
    Taking,
    /// The batch is on its way.
    Sending(ConnectionNumber),
    /// The store settles the batch; whether the server refused it.
    Settling { is_refused: bool },
}

impl ReportMachine {
    /// A machine without a session.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            generation: Generation::new(0),
            connection: None,
            waiting: 0,
            ready_at: None,
            round: Round::Idle,
            not_before: None,
            backoff: pace.background(BASE, CAP),
            bytes: REPORT_BYTES,
            flush: None,
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Begin { generation, outbox } => self.begin(now, generation, outbox),
            Input::End => self.end(),
            Input::Up {
                connection,
                report_bytes,
            } => self.on_up(connection, report_bytes),
            Input::Down(connection) => self.on_down(connection),
            Input::Outbox { generation, outbox } if generation == self.generation => {
                self.count(now, outbox);
            }
            Input::Taken { generation, facts } => self.on_taken(now, generation, facts),
            Input::Answered { connection, result } => self.on_answered(now, connection, result),
            Input::Settled { generation, outbox } => self.on_settled(now, generation, outbox),
            Input::Flush { until } => self.flush = Some(until),
            Input::Rebuilt { generation, outbox } => self.on_rebuilt(now, generation, outbox),
            Input::Outbox { .. } | Input::Tick => {}
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
        let round = match self.round {
            Round::Gathering(until) => Some(self.due_at(until)),
            Round::Idle | Round::Taking | Round::Sending(_) | Round::Settling { .. } => None,
        };
        [round, self.flush.flatten()].into_iter().flatten().min()
    }

    fn begin(&mut self, now: Now, generation: Generation, outbox: Outbox) {
        self.end();
        self.generation = generation;
        self.count(now, outbox);
    }

    fn count(&mut self, now: Now, outbox: Outbox) {
        self.waiting = outbox.waiting;
        self.ready_at = outbox
            .ready_at
            .map(|at| now.monotonic + wait_until(at, now));
    }

    /// The next session begins without what the former one left behind.
    fn end(&mut self) {
        let flush = self.flush.take();
        *self = Self {
            bytes: self.bytes,
            ..Self::new(self.pace)
        };
        if flush.is_some() {
            self.outputs.push_back(Output::Flushed { is_empty: false });
        }
    }

    fn on_up(&mut self, connection: ConnectionNumber, report_bytes: u64) {
        self.connection = Some(connection);
        self.bytes =
            usize::try_from(report_bytes).map_or(REPORT_BYTES, |bytes| bytes.min(REPORT_BYTES));
        self.backoff.reset();
        self.not_before = None;
    }

    /// What was on its way over the connection goes out again on the next.
    fn on_down(&mut self, connection: ConnectionNumber) {
        if self.connection == Some(connection) {
            self.connection = None;
            if matches!(self.round, Round::Sending(_) | Round::Gathering(_)) {
                self.round = Round::Idle;
            }
        }
    }

    fn on_taken(&mut self, now: Now, generation: Generation, facts: Option<usize>) {
        if generation != self.generation || self.round != Round::Taking {
            return;
        }
        self.round = Round::Idle;
        match (facts, self.connection) {
            (None, _) => self.pause(now, None),
            // What waits may not go out yet, against what the store said.
            (Some(0), _) => self.not_before = Some(now.monotonic + LEAST),
            (Some(_), Some(connection)) => {
                self.round = Round::Sending(connection);
                self.outputs.push_back(Output::Send(connection));
            }
            (Some(_), None) => {}
        }
    }

    fn on_answered(
        &mut self,
        now: Now,
        connection: ConnectionNumber,
        result: Result<(), CallFailure>,
    ) {
        if self.round != Round::Sending(connection) {
            return;
        }
        self.round = Round::Idle;
        match result {
            Ok(()) => self.settle(Settlement::Answer),
            Err(failure) => match failure {
                CallFailure::Problem { ref code, .. } if failure.is_refusal() => {
                    self.settle(Settlement::RefusedWhole(code.as_str().to_owned()));
                }
                CallFailure::NoAnswer
                | CallFailure::Problem { .. }
                | CallFailure::Foreign { .. } => self.on_failed(now, connection, failure),
            },
        }
    }

    fn on_failed(&mut self, now: Now, connection: ConnectionNumber, failure: CallFailure) {
        self.pause(now, failure.retry_after());
        if failure.is_about_token() {
            self.outputs.push_back(Output::Refused {
                connection,
                failure,
            });
        } else if failure == CallFailure::NoAnswer {
            self.outputs.push_back(Output::Doubtful(connection));
        }
    }

    fn settle(&mut self, settlement: Settlement) {
        self.round = Round::Settling {
            is_refused: settlement != Settlement::Answer,
        };
        self.outputs.push_back(Output::Settle {
            generation: self.generation,
            settlement,
        });
    }

    fn on_settled(&mut self, now: Now, generation: Generation, outbox: Option<Outbox>) {
        let Round::Settling { is_refused } = self.round else {
            return;
        };
        if generation != self.generation {
            return;
        }
        self.round = Round::Idle;
        match outbox {
            Some(outbox) => {
                self.count(now, outbox);
                if is_refused {
                    self.pause(now, None);
                } else {
                    self.backoff.reset();
                }
            }
            None => self.pause(now, None),
        }
    }

    /// What the store was asked for is not answered any more, or has no meaning. It is asked again after
    /// a moment, when nothing older can be on its way.
    fn on_rebuilt(&mut self, now: Now, generation: Generation, outbox: Outbox) {
        if generation != self.generation {
            return;
        }
        self.count(now, outbox);
        if matches!(self.round, Round::Taking | Round::Settling { .. }) {
            self.round = Round::Idle;
            self.not_before = Some(now.monotonic + LEAST);
        }
    }

    /// Nothing begins before a pause has passed.
    fn pause(&mut self, now: Now, asked: Option<Duration>) {
        let pause = self.backoff.fail(asked, now.random).max(LEAST);
        self.not_before = Some(now.monotonic + pause);
    }

    /// Decides what to do next.
    fn advance(&mut self, now: Now) {
        self.answer_flush(now);
        if self.connection.is_none() || self.waiting == 0 {
            if matches!(self.round, Round::Gathering(_)) {
                self.round = Round::Idle;
            }
            return;
        }
        let is_hurried = self.flush.is_some() || self.waiting >= FACTS.into();
        let until = match self.round {
            Round::Idle | Round::Gathering(_) if is_hurried => now.monotonic,
            Round::Idle => now.monotonic + DELAY,
            Round::Gathering(until) => until,
            Round::Taking | Round::Sending(_) | Round::Settling { .. } => return,
        };
        self.round = Round::Gathering(until);
        if self.due_at(until) <= now.monotonic {
            self.take();
        }
    }

    /// When the next round begins, if facts wait for others until `gathered`.
    fn due_at(&self, gathered: Monotonic) -> Monotonic {
        [self.ready_at, self.not_before]
            .into_iter()
            .flatten()
            .fold(gathered, Monotonic::max)
    }

    fn take(&mut self) {
        self.round = Round::Taking;
        self.not_before = None;
        self.outputs.push_back(Output::Take {
            generation: self.generation,
            facts: FACTS,
            bytes: self.bytes,
        });
    }

    fn answer_flush(&mut self, now: Now) {
        let Some(until) = self.flush else {
            return;
        };
        let is_empty = self.waiting == 0;
        let is_over = until.is_some_and(|until| until <= now.monotonic);
        if is_empty || is_over || self.connection.is_none() {
            self.flush = None;
            self.outputs.push_back(Output::Flushed { is_empty });
        }
    }
}

/// How long to wait until a time of day.
fn wait_until(at: Timestamp, now: Now) -> Duration {
    let ahead = Duration::try_from(at.duration_since(now.wall));
    ahead.unwrap_or_default().min(LONGEST_WAIT)
}
