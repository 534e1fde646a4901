//! The machine.

mod answer;
mod errand;
mod request;

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_model::UserId;

use super::{
    call::{
        Exchange, Input, LogoutNote, NeedsIdentity, Output, Seed, SeedStanding, Standing, StoreCall,
    },
    logout::Logouts,
    state::{Lane, Login, Present, Progress, Purpose, State, Write},
};
use crate::machine::{
    CallFailure, CallNumber, Generation, Pace, Secret, TokenNumber, Trouble, patience,
    pause::Backoff,
};

/// How long a logout waits for the facts that are not reported yet.
const FLUSH: Duration = Duration::from_secs(3);
/// How long an exchange for the session may take.
const EXCHANGE: Duration = Duration::from_secs(20);
/// How long each of the two calls of a pending logout may take: a login waits for them.
const LOGOUT_CALL: Duration = Duration::from_secs(5);
/// How much longer the machine waits for an answer than a call may take, in case it was lost on the way.
const SLACK: Duration = Duration::from_secs(10);
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
    /// The newest number that was given to a session or to the state after one.
    newest: Generation,
    state: State,
    /// A login that waits until the former user is logged out.
    next: Option<Login>,
    lane: Option<Lane>,
    write: Option<Write>,
    /// How many answers to writes before may still come: the next ones are theirs.
    strays: u32,
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
        // The number of a session that was never durable may have been given to a logout.
        let numbers = seed.logouts.iter().map(|pending| pending.generation);
        let newest = numbers.fold(seed.generation, Generation::max);
        let (logouts, dropped) = Logouts::new(seed.logouts, pace);
        let mut session = Self {
            generation: seed.generation,
            newest,
            state: State::Nobody,
            next: None,
            lane: None,
            write: None,
            strays: 0,
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
            SeedStanding::LoggedIn { user, refresh }
                if self.logouts.is_pending(self.generation) =>
            {
                return self.finish_logout(user, refresh);
            }
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
                    is_awaited: false,
                })
            }
        };
    }

    /// The program ended in the middle of a logout, which the server may know of already.
    fn finish_logout(&mut self, user: UserId, refresh: Secret) {
        let pending = LogoutNote::Pending {
            generation: self.generation,
            user: Some(user),
            refresh,
        };
        self.begin_generation();
        self.state = State::Forgetting;
        self.outputs.push_back(Output::Ended {
            generation: self.generation,
            is_logout: true,
        });
        self.write = Some(Write {
            call: StoreCall::Logout(Some(pending)),
            progress: Progress::Due(Monotonic::from_origin(Duration::ZERO)),
            unanswered: 0,
        });
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Login { user, identity } => self.on_login(now, user, identity),
            Input::Logout => self.on_logout(now),
            Input::Flushed => self.on_flushed(now),
            Input::WantToken { refused } => self.on_want_token(now, refused),
            Input::DropToken => self.wants_token = false,
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
        [leaving, self.next_write(), self.next_call()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When the network is asked next, or no answer can come any more.
    fn next_call(&self) -> Option<Monotonic> {
        if self.is_suspended {
            return None;
        }
        if let Some(lane) = &self.lane {
            return Some(lane.until);
        }
        let exchange = self.not_before.filter(|_| self.wants_exchange());
        [exchange, self.logouts.next_at()]
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
        let is_needed = self.write.is_some() || self.wants_exchange();
        let trouble = self.trouble.filter(|_| is_needed)?;
        let retry_at = self
            .not_before
            .or_else(|| match self.write.as_ref()?.progress {
                Progress::Due(at) => Some(at),
                Progress::Running { .. } => None,
            });
        Some((trouble, retry_at))
    }

    fn next_write(&self) -> Option<Monotonic> {
        match self.write.as_ref()?.progress {
            Progress::Due(at) | Progress::Running { until: at } => Some(at),
        }
    }

    fn on_nudge(&mut self, now: Now) {
        self.backoff.reset();
        self.not_before = None;
        self.is_nudged = self.lane.is_some();
        self.logouts.nudge();
        if let Some(write) = &mut self.write
            && matches!(write.progress, Progress::Due(_))
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
        if let Some(write) = &self.write
            && matches!(write.progress, Progress::Running { until } if until <= now.monotonic)
        {
            self.give_up_write(now);
        }
    }

    /// Begins a new generation: what is under way belongs to an older one.
    fn begin_generation(&mut self) {
        self.newest = self.newest.next();
        self.generation = self.newest;
        self.write = None;
        self.strays = 0;
        self.wants_token = false;
        self.backoff.reset();
        self.not_before = None;
        self.trouble = None;
    }

    fn make_durable(&mut self, now: Now, call: StoreCall) {
        self.write = Some(Write {
            call,
            progress: Progress::Due(now.monotonic),
            unanswered: 0,
        });
    }

    /// Starts what can be started. Everything that has to be durable goes before any call. A logout goes
    /// before an exchange for the session when it is told for the first time, and gives way from then on,
    /// so that no number of logouts keeps a user from their session.
    fn advance(&mut self, now: Now) {
        self.start_write(now);
        if self.is_suspended {
            return;
        }
        self.give_up_call(now);
        if self.lane.is_some() {
            return;
        }
        if self.not_before.is_some_and(|at| at <= now.monotonic) {
            self.not_before = None;
        }
        let exchanges = self.not_before.is_none() && self.wants_exchange();
        if let Some((generation, exchange)) = self.logouts.due(now, exchanges) {
            self.start_errand(now, generation, exchange);
        } else if exchanges {
            self.start_exchange(now);
        }
    }

    /// The answer to the call under way was lost.
    fn give_up_call(&mut self, now: Now) {
        let Some(lane) = self.lane.as_ref() else {
            return;
        };
        if lane.until <= now.monotonic {
            self.on_exchanged(now, lane.number, Err(CallFailure::NoAnswer));
        }
    }

    fn start_write(&mut self, now: Now) {
        let Some(write) = &mut self.write else {
            return;
        };
        if !matches!(write.progress, Progress::Due(at) if at <= now.monotonic) {
            return;
        }
        write.progress = Progress::Running {
            until: now.monotonic + patience::STORAGE,
        };
        // The server may have been told of the logout since the store failed.
        if let StoreCall::Logout(note) = &mut write.call {
            *note = note.take().and_then(|note| self.logouts.brought_up(note));
        }
        self.outputs.push_back(Output::Store {
            generation: self.generation,
            call: write.call.clone(),
        });
    }

    fn start_exchange(&mut self, now: Now) {
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
        let call = self.take_lane(now, self.generation, purpose, EXCHANGE);
        self.outputs.push_back(Output::Exchange {
            call,
            exchange,
            within: EXCHANGE,
        });
    }

    fn start_errand(&mut self, now: Now, generation: Generation, exchange: Exchange) {
        let call = self.take_lane(now, generation, Purpose::Logout, LOGOUT_CALL);
        self.outputs.push_back(Output::Exchange {
            call,
            exchange,
            within: LOGOUT_CALL,
        });
    }

    fn take_lane(
        &mut self,
        now: Now,
        generation: Generation,
        purpose: Purpose,
        within: Duration,
    ) -> CallNumber {
        self.last_call = self.last_call.next();
        self.lane = Some(Lane {
            number: self.last_call,
            generation,
            purpose,
            until: now.monotonic + within + SLACK,
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
