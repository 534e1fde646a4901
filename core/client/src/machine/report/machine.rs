//! The machine.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;
use vestnik_clock::{Monotonic, Now};
use vestnik_inbox::planted::Plant;
use vestnik_model::limits::REPORT_BYTES;

use super::{Input, Outbox, Output, Settlement};
use crate::machine::{CallFailure, ConnectionNumber, Generation, Pace, patience, pause::Backoff};

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
/// A flush does not wait for a pause that is longer.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);
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
    generation: Option<Generation>,
    connection: Option<ConnectionNumber>,
    /// How many facts wait.
    waiting: u64,
    /// How many of them there would be if the batch under way were not settled.
    unsettled: u64,
    /// When the first of them may be reported, by the device's clock and as it is believed.
    ready_wall: Option<Timestamp>,
    ready_at: Option<Monotonic>,
    round: Round,
    /// After a failure nothing begins before this time.
    not_before: Option<Monotonic>,
    backoff: Backoff,
    /// After an empty batch the store is not asked before this time, unless there is a new fact.
    empty_until: Option<Monotonic>,
    empty: Backoff,
    /// Whether the last report got no answer: it may be what ended its connection.
    is_suspect: bool,
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
    Taking {
        /// When no answer can come any more.
        until: Monotonic,
    },
    /// The batch is on its way.
    Sending {
        connection: ConnectionNumber,
        /// When no answer can come any more.
        until: Monotonic,
    },
    /// The store settles the batch; whether the server refused it.
    Settling {
        is_refused: bool,
        /// When no answer can come any more.
        until: Monotonic,
    },
}

impl ReportMachine {
    /// A machine without a session.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            generation: None,
            connection: None,
            waiting: 0,
            unsettled: 0,
            ready_wall: None,
            ready_at: None,
            round: Round::Idle,
            not_before: None,
            backoff: pace.background(BASE, CAP),
            empty_until: None,
            empty: Backoff::new(BASE, LONGEST_WAIT),
            is_suspect: false,
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
            Input::Down(connection) => self.on_down(now, connection),
            Input::Outbox { generation, outbox } if self.generation == Some(generation) => {
                self.on_changed(now, outbox);
            }
            Input::Taken { generation, facts } => self.on_taken(now, generation, facts),
            Input::Answered { connection, result } => self.on_answered(now, connection, result),
            Input::Settled { generation, outbox } => self.on_settled(now, generation, outbox),
            Input::Flush { until } => self.flush = Some(until),
            Input::Tick => self.on_tick(now),
            Input::Outbox { .. } => {}
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
            Round::Taking { until }
            | Round::Sending { until, .. }
            | Round::Settling { until, .. } => Some(until),
            Round::Idle => None,
        };
        [round, self.flush.flatten()].into_iter().flatten().min()
    }

    fn begin(&mut self, now: Now, generation: Generation, outbox: Outbox) {
        self.end();
        self.generation = Some(generation);
        self.count(now, outbox);
    }

    fn count(&mut self, now: Now, outbox: Outbox) {
        self.waiting = outbox.waiting;
        self.ready_wall = outbox.ready_at;
        self.read_clock(now);
    }

    /// Believes anew when the first fact may be reported: the clock may have stepped.
    fn read_clock(&mut self, now: Now) {
        let at = self.ready_wall;
        self.ready_at = at.map(|at| now.monotonic + wait_until(at, now));
    }

    fn on_changed(&mut self, now: Now, outbox: Outbox) {
        let new = outbox.waiting.saturating_sub(self.waiting);
        if new > 0 {
            self.unsettled += new;
            self.empty_until = None;
        }
        self.count(now, outbox);
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
        if !self.is_suspect {
            self.backoff.reset();
            self.not_before = None;
        }
    }

    /// What was on its way over the connection goes out again on the next. If it was a report that ends
    /// each connection, the connections last ever longer before it.
    fn on_down(&mut self, now: Now, connection: ConnectionNumber) {
        if self.connection != Some(connection) {
            return;
        }
        self.connection = None;
        match self.round {
            Round::Sending { .. } => {
                self.round = Round::Idle;
                self.is_suspect = true;
                self.pause(now, None);
            }
            Round::Gathering(_) => self.round = Round::Idle,
            Round::Idle | Round::Taking { .. } | Round::Settling { .. } => {}
        }
    }

    fn on_tick(&mut self, now: Now) {
        let Some(generation) = self.generation else {
            return;
        };
        match self.round {
            Round::Taking { until } if until <= now.monotonic => {
                self.on_taken(now, generation, None);
            }
            Round::Sending { connection, until } if until <= now.monotonic => {
                self.on_answered(now, connection, Err(CallFailure::NoAnswer));
            }
            Round::Settling { until, .. } if until <= now.monotonic => {
                self.on_settled(now, generation, None);
            }
            Round::Idle
            | Round::Gathering(_)
            | Round::Taking { .. }
            | Round::Sending { .. }
            | Round::Settling { .. } => {}
        }
    }

    fn on_taken(&mut self, now: Now, generation: Generation, facts: Option<usize>) {
        if self.generation != Some(generation) || !matches!(self.round, Round::Taking { .. }) {
            return;
        }
        self.round = Round::Idle;
        match (facts, self.connection) {
            (None, _) => self.pause(now, None),
            (Some(0), _) => self.on_empty(now),
            (Some(_), Some(connection)) => {
                self.empty.reset();
                self.unsettled = self.waiting;
                self.round = Round::Sending {
                    connection,
                    until: now.monotonic + patience::SERVER,
                };
                self.outputs.push_back(Output::Send(connection));
            }
            (Some(_), None) => {}
        }
    }

    /// What waits may not go out yet, against what was believed: a clock stepped.
    fn on_empty(&mut self, now: Now) {
        self.read_clock(now);
        let pause = self.empty.fail(None, now.random).max(LEAST);
        self.empty_until = Some(now.monotonic + pause);
    }

    fn on_answered(
        &mut self,
        now: Now,
        connection: ConnectionNumber,
        result: Result<(), CallFailure>,
    ) {
        if !matches!(self.round, Round::Sending { connection: own, .. } if own == connection) {
            return;
        }
        self.round = Round::Idle;
        self.is_suspect = false;
        match result {
            Ok(()) => self.settle(now, Settlement::Answer),
            Err(failure) => match failure {
                CallFailure::Problem { ref code, .. }
                    if failure.is_refusal() && !Plant::RefusedReportRepeats.is_on() =>
                {
                    self.settle(now, Settlement::RefusedWhole(code.as_str().to_owned()));
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
            self.is_suspect = true;
            self.outputs.push_back(Output::Doubtful(connection));
        }
    }

    fn settle(&mut self, now: Now, settlement: Settlement) {
        self.round = Round::Settling {
            is_refused: settlement != Settlement::Answer,
            until: now.monotonic + patience::STORAGE,
        };
        let Some(generation) = self.generation else {
            return;
        };
        self.outputs.push_back(Output::Settle {
            generation,
            settlement,
        });
    }

    fn on_settled(&mut self, now: Now, generation: Generation, outbox: Option<Outbox>) {
        let Round::Settling { is_refused, .. } = self.round else {
            return;
        };
        if self.generation != Some(generation) {
            return;
        }
        self.round = Round::Idle;
        match outbox {
            Some(outbox) => {
                let is_settled = outbox.waiting < self.unsettled;
                self.count(now, outbox);
                if is_settled && !is_refused {
                    self.backoff.reset();
                } else {
                    self.pause(now, None);
                }
            }
            None => self.pause(now, None),
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
            Round::Taking { .. } | Round::Sending { .. } | Round::Settling { .. } => return,
        };
        self.round = Round::Gathering(until);
        if self.due_at(until) <= now.monotonic {
            self.take(now);
        }
    }

    /// When the next round begins, if facts wait for others until `gathered`.
    fn due_at(&self, gathered: Monotonic) -> Monotonic {
        [self.ready_at, self.not_before, self.empty_until]
            .into_iter()
            .flatten()
            .fold(gathered, Monotonic::max)
    }

    fn take(&mut self, now: Now) {
        let Some(generation) = self.generation else {
            return;
        };
        self.round = Round::Taking {
            until: now.monotonic + patience::STORAGE,
        };
        self.not_before = None;
        self.empty_until = None;
        self.outputs.push_back(Output::Take {
            generation,
            facts: FACTS,
            bytes: self.bytes,
        });
    }

    /// Whether nothing is under way, and the next round is far away.
    fn is_stuck(&self, now: Now) -> bool {
        let is_idle = matches!(self.round, Round::Idle | Round::Gathering(_));
        is_idle && self.due_at(now.monotonic) > now.monotonic + FLUSH_PATIENCE
    }

    fn answer_flush(&mut self, now: Now) {
        let Some(until) = self.flush else {
            return;
        };
        let is_empty = self.waiting == 0;
        let is_over = until.is_some_and(|until| until <= now.monotonic);
        if is_empty || is_over || self.connection.is_none() || self.is_stuck(now) {
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
