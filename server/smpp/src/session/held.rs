//! Arrivals that are with their consumer.

use std::time::Duration;

use vestnik_clock::Monotonic;

use crate::{
    arrival::{Answer, Arrival},
    pdu::{Command, Status},
};

/// The most arrivals at a time that the consumer has.
pub(super) const MOST: usize = 64;
/// How often a receipt of an unknown message is offered again, and after which time.
const AGAIN: (u8, Duration) = (3, Duration::from_secs(2));

/// An arrival that the peer waits to be answered.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) command: Command,
    pub(super) sequence: u32,
    arrival: Arrival,
    /// Until when the consumer has to say something, and when it is offered again if it did.
    state: State,
    /// How often it was unknown.
    unknown: u8,
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
    pub(super) const fn new(
        (command, sequence): (Command, u32),
        arrival: Arrival,
        until: Monotonic,
    ) -> Self {
        Self {
            command,
            sequence,
            arrival,
            state: State::With { until },
            unknown: 0,
        }
    }

    /// The consumer said something. None while nothing follows at once.
    pub(super) fn on_answer(&mut self, answer: Answer, now: Monotonic) -> Option<Status> {
        let State::With { .. } = self.state else {
            return None;
        };
        let (most, wait) = AGAIN;
        match answer {
            Answer::Taken => Some(Status::OK),
            Answer::Later => Some(Status::TEMPORARY),
            Answer::Never => Some(Status::REFUSED),
            Answer::Unknown if self.unknown < most => {
                self.unknown += 1;
                self.state = State::Again { at: now + wait };
                None
            }
            Answer::Unknown => Some(Status::OK),
        }
    }

    /// Whether it stayed unknown to the end.
    pub(super) fn stays_unknown(&self, answer: Answer) -> bool {
        answer == Answer::Unknown && self.unknown >= AGAIN.0
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
