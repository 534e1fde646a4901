//! The machine.

mod answer;
mod errand;
mod request;

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};

use super::{
    call::{Exchange, Input, NeedsIdentity, Output, Seed, SeedStanding, Standing, StoreCall},
    logout::Logouts,
    state::{Lane, Login, Present, Progress, Purpose, State, Write},
};
use crate::machine::{CallNumber, Generation, Pace, Secret, TokenNumber, Trouble, pause::Backoff};

/// How long a logout waits for the facts that are not reported yet.
const FLUSH: Duration = Duration::from_secs(3);
/// How long an exchange for the session may take.
const EXCHANGE: Duration = Duration::from_secs(20);
/// How long each of the two calls of a pending logout may take: a login waits for them.
const LOGOUT_CALL: Duration = Duration::from_secs(5);
/// How many failures a refusal that ends nothing counts for.
const REFUSED: u32 = 6;

/// The machine that logs a device in and out.
///
/// Calling contract: hand every [`Input`] to [`handle`](Self::handle), then drain
/// [`poll`](Self::poll) and carry each [`Output`] out; hand in [`Input::Tick`] no later than
/// [`deadline`](Self::deadline). Each output that names an input after an arrow is answered by exactly
/// one such input; answers that come late or twice are dropped. [`Output::Store`] and
/// [`Output::Note`] are carried out in the order in which they come.
#[derive(Debug)]
pub struct Session {
    generation: Generation,
    state: State,
    /// A login that waits until the former user is logged out.
    next: Option<Login>,
    lane: Option<Lane>,
    write: Option<Write>,
    logouts: Logouts,
    wants_token: bool,
    is_suspended: bool,
    /// Whether a nudge came while a call was under way: if it gets no answer, the next begins at once.
    is_nudged: bool,
    backoff: Backoff,
    /// When the next exchange is, if one failed.
    not_before: Option<Monotonic>,
    trouble: Option<Trouble>,
    last_call: CallNumber,
    last_token: TokenNumber,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A machine for what the store says. Its first outputs are there at once.
    #[must_use]
    pub fn new(seed: Seed, pace: Pace) -> Self {
        let (logouts, dropped) = Logouts::new(seed.logouts, pace);
        let mut session = Self {
            generation: seed.generation,
            state: State::Nobody,
            next: None,
            lane: None,
            write: None,
            logouts,
            wants_token: false,
            is_suspended: false,
            is_nudged: false,
            backoff: pace.backoff(),
            not_before: None,
            trouble: None,
            last_call: CallNumber::default(),
            last_token: TokenNumber::default(),
            outputs: dropped.into_iter().map(Output::Note).collect(),
        };
        session.start(seed.standing);
        session
    }

    fn start(&mut self, standing: SeedStanding) {
        self.state = match standing {
            SeedStanding::Nobody => State::Nobody,
            SeedStanding::Ended { user } => State::NeedsIdentity {
                user: Some(user),
                reason: NeedsIdentity::Ended,
            },
            SeedStanding::LoggedIn { user, refresh } => {
                self.outputs.push_back(Output::Began {
                    generation: self.generation,
                    user: user.clone(),
                    former: None,
                });
                State::LoggedIn(Present {
                    user,
                    refresh,
                    access: None,
                    reserve: None,
                    has_begun: true,
                    former: None,
                })
            }
        };
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Login { user, identity } => self.on_login(now, user, identity),
            Input::Logout => self.on_logout(now),
            Input::Flushed => self.on_flushed(now),
            Input::WantToken { refused } => self.on_want_token(now, refused),
            Input::Nudge => self.on_nudge(now),
            Input::Suspend => self.is_suspended = true,
            Input::Resume => {
                self.is_suspended = false;
                self.on_nudge(now);
            }
            Input::Exchanged { call, result } => self.on_exchanged(now, call, result),
            Input::Deleted { call, result } => self.on_deleted(now, call, result),
            Input::Stored {
                generation,
                is_durable,
            } => self.on_stored(now, generation, is_durable),
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
        let leaving = match &self.state {
            State::Leaving { until, .. } => Some(*until),
            State::Nobody
            | State::LoggingIn(_)
            | State::LoggedIn(_)
            | State::Forgetting
            | State::NeedsIdentity { .. } => None,
        };
        let is_free = self.lane.is_none() && !self.is_suspended;
        let call = self.not_before.filter(|_| is_free && self.wants_exchange());
        let logout = self.logouts.next_at().filter(|_| is_free);
        [leaving, self.next_write(), call, logout]
            .into_iter()
            .flatten()
            .min()
    }

    /// Who the device is.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.state.standing()
    }

    /// The generation of the present session, or of the state after it.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// What is in the way of a token that is needed, and when the next try is.
    #[must_use]
    pub fn trouble(&self) -> Option<(Trouble, Option<Monotonic>)> {
        let retry_at = self.not_before.or_else(|| self.next_write());
        self.trouble.map(|trouble| (trouble, retry_at))
    }

    fn next_write(&self) -> Option<Monotonic> {
        match self.write.as_ref()?.progress {
            Progress::Due(at) => Some(at),
            Progress::Running => None,
        }
    }

    fn on_nudge(&mut self, now: Now) {
        self.backoff.reset();
        self.not_before = None;
        self.is_nudged = self.lane.is_some();
        self.logouts.nudge();
        if let Some(write) = &mut self.write
            && write.progress != Progress::Running
        {
            write.progress = Progress::Due(now.monotonic);
        }
    }

    fn on_tick(&mut self, now: Now) {
        if let State::Leaving { until, .. } = self.state
            && until <= now.monotonic
        {
            self.on_flushed(now);
        }
    }

    /// Begins a new generation: what is under way belongs to an older one.
    fn begin_generation(&mut self) {
        self.generation = self.generation.next();
        self.write = None;
        self.wants_token = false;
        self.backoff.reset();
        self.not_before = None;
        self.trouble = None;
    }

    fn make_durable(&mut self, now: Now, call: StoreCall) {
        self.write = Some(Write {
            call,
            progress: Progress::Due(now.monotonic),
        });
    }

    /// Starts what can be started. Everything that has to be durable goes before any call; a pending
    /// logout goes before an exchange for the session.
    fn advance(&mut self, now: Now) {
        self.start_write(now);
        if self.lane.is_some() || self.is_suspended {
            return;
        }
        if self.not_before.is_some_and(|at| at <= now.monotonic) {
            self.not_before = None;
        }
        if let Some((generation, refresh)) = self.logouts.due(now) {
            self.start_errand(generation, refresh);
        } else if self.not_before.is_none() && self.wants_exchange() {
            self.start_exchange();
        }
    }

    fn start_write(&mut self, now: Now) {
        if let Some(write) = &mut self.write
            && let Progress::Due(at) = write.progress
            && at <= now.monotonic
        {
            write.progress = Progress::Running;
            self.outputs.push_back(Output::Store {
                generation: self.generation,
                call: write.call.clone(),
            });
        }
    }

    fn start_exchange(&mut self) {
        let (purpose, exchange) = match &self.state {
            State::LoggingIn(login) => (
                Purpose::Login(login.user.clone()),
                Exchange::Identity(login.identity.clone()),
            ),
            State::LoggedIn(present) => {
                (Purpose::Refresh, Exchange::Refresh(present.refresh.clone()))
            }
            State::Nobody
            | State::Leaving { .. }
            | State::Forgetting
            | State::NeedsIdentity { .. } => return,
        };
        let call = self.take_lane(self.generation, purpose);
        self.outputs.push_back(Output::Exchange {
            call,
            exchange,
            within: EXCHANGE,
        });
    }

    fn start_errand(&mut self, generation: Generation, refresh: Secret) {
        let call = self.take_lane(generation, Purpose::Logout);
        self.outputs.push_back(Output::Exchange {
            call,
            exchange: Exchange::Refresh(refresh),
            within: LOGOUT_CALL,
        });
    }

    fn take_lane(&mut self, generation: Generation, purpose: Purpose) -> CallNumber {
        self.last_call = self.last_call.next();
        self.lane = Some(Lane {
            number: self.last_call,
            generation,
            purpose,
        });
        self.last_call
    }

    /// Whether an exchange for the session is wanted, once no pause is in the way.
    fn wants_exchange(&self) -> bool {
        match &self.state {
            State::LoggingIn(_) => self.write.is_none(),
            State::LoggedIn(_) => self.write.is_none() && self.wants_token,
            State::Nobody
            | State::Leaving { .. }
            | State::Forgetting
            | State::NeedsIdentity { .. } => false,
        }
    }
}
