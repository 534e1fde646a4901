//! Holds on to a connection whose socket was cut: when to open another one, when to wait, when to
//! give up, without a socket or a clock.
//!
//! The official clients make one attempt, at once: that heals a reset and no outage, and a server
//! that accepts and drops is asked without pause. The official server knows the connection for
//! some time, so there may be many attempts; only one after a socket that was of use comes at once.

use std::time::{Duration, Instant};

use super::machine::Reach;
use crate::{
    backoff::{Backoff, ReconnectPolicy},
    resume::OFFICIAL_LIMIT,
};

/// How to hold on to a connection whose socket is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatefulReconnect {
    /// How much is kept that the server has not confirmed, in bytes, before callers wait. Higher
    /// and an outage fills memory; lower and callers wait for a server that confirms once a second.
    /// 100,000 officially.
    pub buffer: usize,
    /// How long after a cut to try. Longer than the server knows the connection and attempts are in
    /// vain; shorter and outages it would have waited through lose calls. The official server's
    /// 15 s.
    pub window: Duration,
    /// How long an attempt may take. Too low and slow radios never resume; too high and an attempt
    /// that a dead route swallowed uses the window up.
    pub attempt_timeout: Duration,
    /// The ceiling of the wait after a first attempt that failed; it doubles with each.
    pub base: Duration,
    /// The ceiling that the doubling stops at. Higher and a network that healed is noticed late.
    pub cap: Duration,
}

impl Default for StatefulReconnect {
    fn default() -> Self {
        Self {
            buffer: OFFICIAL_LIMIT,
            window: Duration::from_secs(15),
            attempt_timeout: Duration::from_secs(5),
            base: Duration::from_millis(100),
            cap: Duration::from_secs(2),
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Begin an attempt to open a socket, in place of one that runs.
    Open,
    /// The connection is lost.
    GiveUp,
}

/// The decisions about the sockets of one connection.
///
/// After each call ask [`step`](Self::step) until it gives nothing, then again at
/// [`deadline`](Self::deadline). `entropy` is 64 even random bits each time.
#[derive(Debug)]
pub struct Resumption {
    settings: StatefulReconnect,
    backoff: Backoff,
    state: State,
    /// When to give up, since a socket was lost on which the server was heard.
    ends: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is a socket, or no hope of one.
    Idle,
    Waiting {
        until: Instant,
    },
    Opening {
        until: Instant,
    },
    GivingUp,
}

impl Resumption {
    /// Begins with a socket.
    #[must_use]
    pub fn new(settings: StatefulReconnect) -> Self {
        let policy = ReconnectPolicy {
            base: settings.base,
            cap: settings.cap,
            max_attempts: None,
            // What held longer than the longest wait is no loop.
            stable_after: settings.cap,
            ..ReconnectPolicy::default()
        };
        Self {
            settings,
            backoff: Backoff::new(policy),
            state: State::Idle,
            ends: None,
        }
    }

    /// A socket was lost. After one that was of no use the next attempt waits as after a failure.
    pub fn lost(&mut self, now: Instant, reach: Reach, entropy: u64) {
        if reach != Reach::Nothing {
            self.ends = None;
        }
        self.ends.get_or_insert(now + self.settings.window);
        if reach == Reach::Progress {
            self.backoff.reset();
            self.state = State::Waiting { until: now };
        } else {
            self.pause(now, entropy);
        }
    }

    /// The attempt that was asked for opened a socket.
    pub const fn opened(&mut self, now: Instant) {
        self.backoff.connected(now);
        self.state = State::Idle;
    }

    /// The attempt that was asked for failed. `is_final` when the server knows the connection no
    /// more, or another attempt cannot help for any other reason.
    pub fn failed(&mut self, now: Instant, is_final: bool, entropy: u64) {
        match self.state {
            State::Waiting { .. } | State::Opening { .. } if is_final => {
                self.state = State::GivingUp;
            }
            State::Opening { .. } => self.pause(now, entropy),
            // An attempt that took too long has failed before.
            State::Waiting { .. } | State::Idle | State::GivingUp => {}
        }
    }

    /// The network is another one, or is back: what is waited for is not worth it.
    pub const fn network_changed(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting { .. } | State::Opening { .. }) {
            self.backoff.reset();
            self.state = State::Waiting { until: now };
        }
    }

    /// Says what to do now, if anything.
    pub fn step(&mut self, now: Instant, entropy: u64) -> Option<Step> {
        let is_over = self.ends.is_some_and(|ends| ends <= now);
        match self.state {
            State::Idle => None,
            State::GivingUp => Some(self.give_up()),
            State::Waiting { .. } | State::Opening { .. } if is_over => Some(self.give_up()),
            State::Waiting { until } if until <= now => {
                let until = now + self.settings.attempt_timeout;
                self.state = State::Opening { until };
                Some(Step::Open)
            }
            State::Opening { until } if until <= now => {
                self.pause(now, entropy);
                None
            }
            State::Waiting { .. } | State::Opening { .. } => None,
        }
    }

    /// When to ask for the next step at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Idle | State::GivingUp => None,
            State::Waiting { until } | State::Opening { until } => {
                [Some(until), self.ends].into_iter().flatten().min()
            }
        }
    }

    fn pause(&mut self, now: Instant, entropy: u64) {
        let wait = self.backoff.failed(now, None, entropy);
        self.state = match wait {
            Some(wait) => State::Waiting { until: now + wait },
            None => State::GivingUp,
        };
    }

    const fn give_up(&mut self) -> Step {
        self.state = State::Idle;
        Step::GiveUp
    }
}

#[cfg(test)]
mod tests;
