//! Keeps a hub connected: when to dial, when to wait, when to give up, without a socket or a clock.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::backoff::{Backoff, ReconnectPolicy};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The application wants to be connected.
    Start,
    /// The application wants to be connected no more.
    Stop,
    /// The network is another one, or is back.
    NetworkChanged,
    /// The attempt that was asked for made a connection.
    Connected,
    /// The connection lost its socket, and comes to another one by itself.
    Resuming,
    /// It came to another one.
    Resumed,
    /// The attempt that was asked for made none, or the connection ended.
    Failed(Failure),
    /// A deadline may have passed.
    Tick,
}

/// What is to be known of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Whether trying again can help.
    pub is_retryable: bool,
    /// After how long the server asked to come back.
    pub hint: Option<Duration>,
    /// 64 even random bits.
    pub entropy: u64,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Begin an attempt to connect, in place of one that runs.
    Dial,
    /// End the attempt or the connection.
    HangUp,
    /// Put the connection to the test.
    Probe,
    /// Tell the application.
    Phase(Phase),
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not connected, and nothing is done about it.
    Disconnected,
    /// Not connected yet since the start. The attempt with this number, from 1, comes after a wait.
    Connecting(Attempt),
    /// Connected.
    Connected,
    /// Connected, but without a socket at the moment.
    Resuming,
    /// Connected before, and about to be again.
    Reconnecting(Attempt),
}

/// An attempt to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Counts from 1 since the start or since the connection was lost.
    pub number: u32,
    /// How long it waits.
    pub wait: Duration,
}

/// The decisions about one hub's connections, one after the other.
///
/// After each [`handle`](Self::handle) drain [`poll`](Self::poll), then wait for more input, but at
/// most until [`deadline`](Self::deadline), which calls for [`Input::Tick`].
#[derive(Debug)]
pub struct Supervisor {
    policy: ReconnectPolicy,
    backoff: Backoff,
    state: State,
    /// Whether there was a connection since the start.
    was_connected: bool,
    /// The number of the current attempt.
    attempt: u32,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Dialing,
    Waiting { until: Instant },
    Connected,
}

impl Supervisor {
    /// Begins disconnected.
    #[must_use]
    pub const fn new(policy: ReconnectPolicy) -> Self {
        Self {
            policy,
            backoff: Backoff::new(policy),
            state: State::Idle,
            was_connected: false,
            attempt: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match (input, self.state) {
            (Input::Start, State::Idle) => self.start(),
            (Input::Stop, State::Dialing | State::Waiting { .. } | State::Connected) => {
                self.outputs.push_back(Output::HangUp);
                self.rest();
            }
            (Input::NetworkChanged, State::Connected) => self.outputs.push_back(Output::Probe),
            (Input::NetworkChanged, State::Dialing | State::Waiting { .. }) => {
                self.backoff.reset();
                self.announce(Duration::ZERO);
                self.dial();
            }
            (Input::Connected, State::Dialing) => {
                self.backoff.connected(now);
                self.state = State::Connected;
                self.was_connected = true;
                self.tell(Phase::Connected);
            }
            (Input::Resuming, State::Connected) => self.tell(Phase::Resuming),
            (Input::Resumed, State::Connected) => self.tell(Phase::Connected),
            (Input::Failed(failure), State::Connected) => {
                self.attempt = 0;
                self.fail(now, failure);
            }
            (Input::Failed(failure), State::Dialing) => self.fail(now, failure),
            (Input::Tick, State::Waiting { until }) if now >= until => self.dial(),
            // Starting what has started, stopping what has stopped, and news of what was hung up.
            (
                Input::Start
                | Input::Stop
                | Input::NetworkChanged
                | Input::Connected
                | Input::Resuming
                | Input::Resumed
                | Input::Failed(_)
                | Input::Tick,
                State::Idle | State::Dialing | State::Waiting { .. } | State::Connected,
            ) => {}
        }
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to give [`Input::Tick`] at the latest.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Idle | State::Dialing | State::Connected => None,
        }
    }

    fn start(&mut self) {
        self.backoff = Backoff::new(self.policy);
        self.was_connected = false;
        self.attempt = 1;
        self.announce(Duration::ZERO);
        self.dial();
    }

    fn dial(&mut self) {
        self.state = State::Dialing;
        self.outputs.push_back(Output::Dial);
    }

    fn rest(&mut self) {
        self.state = State::Idle;
        self.tell(Phase::Disconnected);
    }

    fn tell(&mut self, phase: Phase) {
        self.outputs.push_back(Output::Phase(phase));
    }

    fn fail(&mut self, now: Instant, failure: Failure) {
        let is_covered = self.was_connected || self.policy.covers_start;
        if !is_covered || !failure.is_retryable {
            return self.rest();
        }
        match self.backoff.failed(now, failure.hint, failure.entropy) {
            None => self.rest(),
            Some(wait) => {
                self.attempt = self.attempt.saturating_add(1);
                self.state = State::Waiting { until: now + wait };
                self.announce(wait);
            }
        }
    }

    fn announce(&mut self, wait: Duration) {
        let attempt = Attempt {
            number: self.attempt,
            wait,
        };
        let phase = if self.was_connected {
            Phase::Reconnecting(attempt)
        } else {
            Phase::Connecting(attempt)
        };
        self.tell(phase);
    }
}

#[cfg(test)]
mod tests;
