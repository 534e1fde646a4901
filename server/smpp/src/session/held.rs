//! Arrivals that are with their consumer.

use std::time::Duration;

use vestnik_clock::Monotonic;

use crate::{
    arrival::{Answer, Arrival, MessageId},
    pdu::{Command, Status},
};

/// The most arrivals at a time that the consumer has.
pub(super) const MOST: usize = 64;
/// Of the most receipts it is kept what is known of them until they come again.
pub(super) const MOST_PUT_OFF: usize = 1_024;
/// How often a receipt of an unknown message is offered again, and after which time.
const AGAIN: (u8, Duration) = (3, Duration::from_secs(2));
/// How long a submission must have ended before a receipt that is unknown still is not of its message: the id in
/// its answer has to be kept first.
const SETTLED: Duration = Duration::from_secs(4);

/// An arrival that the peer waits to be answered.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) command: Command,
    pub(super) sequence: u32,
    arrival: Arrival,
    /// Until when the consumer has to say something, and when it is offered again if it did.
    state: State,
    /// When it came.
    since: Monotonic,
    pub(super) doubt: Doubt,
}

/// What is known of a receipt whose message may not be known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The latest part that was submitted when it came first. Its message is no later one.
    pub(super) latest: u64,
    /// How often it was unknown.
    unknown: u8,
    /// When it was unknown last while such a part was not answered.
    open_at: Option<Monotonic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    With { until: Monotonic },
    Again { at: Monotonic },
}

/// What becomes of an arrival.
pub(super) enum Fate {
    /// It is offered once more.
    Offer(Arrival),
    /// The peer is answered.
    Answer(Status),
}

impl Held {
    pub(super) fn new(
        (command, sequence): (Command, u32),
        arrival: Arrival,
        doubt: Doubt,
        (since, patience): (Monotonic, Duration),
    ) -> Self {
        let until = since + patience;
        Self {
            command,
            sequence,
            arrival,
            state: State::With { until },
            since,
            doubt,
        }
    }

    /// The consumer said something. None while nothing follows at once. `is_open` says whether a part that its
    /// message may have is not answered, and `patience` how long the peer may wait.
    pub(super) fn on_answer(
        &mut self,
        answer: Answer,
        is_open: bool,
        (now, patience): (Monotonic, Duration),
    ) -> Option<Status> {
        let State::With { .. } = self.state else {
            return None;
        };
        match answer {
            Answer::Taken => return Some(Status::OK),
            Answer::Later => return Some(Status::TEMPORARY),
            Answer::Never => return Some(Status::REFUSED),
            Answer::Unknown if self.doubt.on_unknown(is_open, now) => return Some(Status::OK),
            Answer::Unknown => {}
        }
        let (_, wait) = AGAIN;
        let at = now + wait;
        if at > self.since + patience {
            return Some(Status::TEMPORARY);
        }
        self.state = State::Again { at };
        None
    }

    /// The id that a receipt names.
    pub(super) const fn id(&self) -> Option<&MessageId> {
        match &self.arrival {
            Arrival::Receipt(receipt) => Some(&receipt.id),
            Arrival::Message(_) => None,
        }
    }

    /// Time passed.
    pub(super) fn on_time(&mut self, now: Monotonic, patience: Duration) -> Option<Fate> {
        match self.state {
            State::With { until } if until <= now => Some(Fate::Answer(Status::TEMPORARY)),
            State::Again { at } if at <= now => {
                let until = now + patience;
                self.state = State::With { until };
                Some(Fate::Offer(self.arrival.clone()))
            }
            State::With { .. } | State::Again { .. } => None,
        }
    }

    pub(super) const fn deadline(&self) -> Monotonic {
        match self.state {
            State::With { until } => until,
            State::Again { at } => at,
        }
    }
}

impl Doubt {
    pub(super) const fn new(latest: u64) -> Self {
        Self {
            latest,
            unknown: 0,
            open_at: None,
        }
    }

    /// It is unknown once more; true if it is another system's.
    fn on_unknown(&mut self, is_open: bool, now: Monotonic) -> bool {
        if is_open {
            self.open_at = Some(now);
        }
        let (most, _) = AGAIN;
        let is_settled = self.open_at.is_none_or(|at| at + SETTLED <= now);
        let is_over = is_settled && self.unknown >= most;
        self.unknown = self.unknown.saturating_add(1);
        is_over
    }
}
