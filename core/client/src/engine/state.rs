mod log;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use vestnik_model::{
    Cursor,
    contract::{Entries, Welcome},
    limits::REPORT_BYTES,
};
use vestnik_signalr::backoff::ReconnectPolicy;

use super::{
    effect::Effect,
    input::{ConnectFailure, Input, Live, TokenFailure},
};
use crate::{
    config::Tuning,
    event::{ConnectionState, OfflineReason},
    reporting,
};

/// The most live calls held while the log is being read; what comes beyond them is read too. A call is
/// at most a page, so this bounds bytes as well.
const MAX_HELD: usize = 16;
/// How long a report that failed on a standing connection waits, unless the server says.
const REPORT_PAUSE: Duration = Duration::from_secs(5);
/// How often the ceiling of a pause doubles at the most.
const MAX_DOUBLINGS: u32 = 16;
/// After so long online the next failure counts as the first.
const STABLE: Duration = Duration::from_secs(30);
/// How many back-off steps a refusal for good is worth: it is tried again, rarely.
const REFUSED_ATTEMPTS: u32 = 6;

/// A core's decisions about its connection.
#[derive(Debug)]
pub(crate) struct Engine {
    tuning: Tuning,
    phase: Phase,
    /// Where the device stands once the store has what was handed to it.
    cursor: Option<Cursor>,
    /// Live calls that came while the log was being read.
    held: Vec<Entries>,
    /// More is known to be missing than what is held.
    is_behind: bool,
    /// Failures in a row.
    attempts: u32,
    /// Facts that wait.
    waiting: u64,
    report: Reporting,
    /// The most bytes of a report that the server takes.
    report_bytes: usize,
    told: Option<ConnectionState>,
    effects: VecDeque<Effect>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not begun, or the user logged out.
    Idle,
    /// Another login took this installation's place: only the person's own act leads back.
    Replaced,
    /// Waiting to try again.
    Waiting {
        until: Instant,
    },
    GettingToken,
    Connecting,
    Greeting,
    /// A page is being read.
    Reading,
    Online {
        since: Instant,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reporting {
    Idle,
    /// Facts wait for others to be reported with, or for a pause to end.
    Due(Instant),
    /// A report is on its way.
    Running,
}

impl Engine {
    /// An engine whose store stands at `cursor` and has so many facts waiting.
    pub(crate) const fn new(tuning: Tuning, cursor: Option<Cursor>, waiting: u64) -> Self {
        Self {
            tuning,
            phase: Phase::Idle,
            cursor,
            held: Vec::new(),
            is_behind: false,
            attempts: 0,
            waiting,
            report: Reporting::Idle,
            report_bytes: REPORT_BYTES,
            told: None,
            effects: VecDeque::new(),
        }
    }

    /// Takes what happened. `random` is a fraction from 0 to 1, by which retries are spread.
    pub(crate) fn handle(&mut self, now: Instant, random: f64, input: Input) {
        match input {
            Input::Begin => self.begin(),
            Input::Nudge => self.nudge(),
            Input::Tick => self.tick(now),
            Input::Token(result) => self.on_token(now, random, result),
            Input::Connected(result) => self.on_connected(now, random, result),
            Input::Welcomed(welcome) => self.on_welcome(now, random, welcome),
            Input::Page(page) => self.on_page(now, random, page),
            Input::Heard(live) => self.on_live(now, random, live),
            Input::Lost { may_return } => self.on_lost(now, random, may_return),
            Input::StorageFailed(cursor) => self.on_storage_failed(now, random, cursor),
            Input::OutboxHas(waiting) => self.on_outbox(now, waiting),
            Input::Reported(outcome) => self.on_reported(now, outcome),
            Input::LoggedOut => self.on_logged_out(),
        }
    }

    /// Gives what to do next, oldest first.
    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call `handle` with `Tick` at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let retry = match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Idle
            | Phase::Replaced
            | Phase::GettingToken
            | Phase::Connecting
            | Phase::Greeting
            | Phase::Reading
            | Phase::Online { .. } => None,
        };
        let report = match self.report {
            Reporting::Due(at) => Some(at),
            Reporting::Idle | Reporting::Running => None,
        };
        [retry, report].into_iter().flatten().min()
    }

    /// Whether calls to the server can be made.
    pub(crate) const fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Reading | Phase::Online { .. })
    }

    fn begin(&mut self) {
        if self.phase == Phase::Idle {
            self.get_token(false);
        }
    }

    /// Tries now. A connection that stands is put to the test by reading on: its other end may
    /// have gone with the network or while the machine slept, and nobody would have said so.
    fn nudge(&mut self) {
        match self.phase {
            Phase::Waiting { .. } => {
                self.attempts = 0;
                self.get_token(false);
            }
            Phase::Replaced => self.get_token(true),
            Phase::Online { .. } => self.read(),
            Phase::Idle
            | Phase::GettingToken
            | Phase::Connecting
            | Phase::Greeting
            | Phase::Reading => {}
        }
    }

    fn tick(&mut self, now: Instant) {
        if let Phase::Waiting { until } = self.phase
            && until <= now
        {
            self.get_token(false);
        }
        if let Reporting::Due(at) = self.report
            && at <= now
            && self.is_online()
        {
            self.report = Reporting::Running;
            self.effects.push_back(Effect::Report {
                max_bytes: self.report_bytes,
            });
        }
    }

    fn get_token(&mut self, fresh: bool) {
        self.phase = Phase::GettingToken;
        self.tell(ConnectionState::Connecting);
        self.effects.push_back(Effect::GetToken { fresh });
    }

    fn on_token(&mut self, now: Instant, random: f64, result: Result<(), TokenFailure>) {
        if self.phase != Phase::GettingToken {
            return;
        }
        match result {
            Ok(()) => {
                self.phase = Phase::Connecting;
                self.tell(ConnectionState::Connecting);
                self.effects.push_back(Effect::Connect);
            }
            Err(TokenFailure::Unreachable(hint)) => {
                self.wait(now, random, (OfflineReason::Unreachable, hint));
            }
            Err(TokenFailure::Storage) => self.wait(now, random, (OfflineReason::Storage, None)),
            Err(TokenFailure::NeedsIdentity) => {
                self.attempts = self.attempts.max(REFUSED_ATTEMPTS);
                self.wait(now, random, (OfflineReason::Refused, None));
                self.tell(ConnectionState::NeedsIdentity);
                self.effects.push_back(Effect::AskForIdentity);
            }
        }
    }

    fn on_connected(&mut self, now: Instant, random: f64, result: Result<(), ConnectFailure>) {
        if self.phase != Phase::Connecting {
            return;
        }
        match result {
            Ok(()) => {
                self.phase = Phase::Greeting;
                self.held.clear();
                self.is_behind = false;
                self.report = Reporting::Idle;
                self.tell(ConnectionState::Syncing);
                self.effects.push_back(Effect::Greet(self.cursor.clone()));
            }
            Err(failure) => self.on_no_connection(now, random, failure),
        }
    }

    fn on_no_connection(&mut self, now: Instant, random: f64, failure: ConnectFailure) {
        match failure {
            ConnectFailure::Unauthorized if self.attempts == 0 => {
                self.attempts += 1;
                self.get_token(true);
            }
            ConnectFailure::Unreachable(hint) => {
                self.wait(now, random, (OfflineReason::Unreachable, hint));
            }
            ConnectFailure::Unauthorized | ConnectFailure::Refused => {
                self.attempts = self.attempts.max(REFUSED_ATTEMPTS);
                self.wait(now, random, (OfflineReason::Refused, None));
            }
        }
    }

    fn on_welcome(&mut self, now: Instant, random: f64, welcome: Result<Welcome, ConnectFailure>) {
        if self.phase != Phase::Greeting {
            return;
        }
        let welcome = match welcome {
            Ok(welcome) => welcome,
            Err(failure) => {
                self.effects.push_back(Effect::HangUp);
                return self.on_no_connection(now, random, failure);
            }
        };
        self.effects.push_back(Effect::Register);
        self.report_bytes = reporting::max_bytes(welcome.limits.report_bytes);
        if welcome.behind_by > 0 || self.is_missing(welcome.cursor.as_ref()) || self.is_behind {
            self.read();
        } else {
            self.catch_up_with_live(now);
        }
        self.report_soon(now);
    }

    fn go_online(&mut self, now: Instant) {
        self.phase = Phase::Online { since: now };
        self.tell(ConnectionState::Online);
    }

    fn on_live(&mut self, now: Instant, random: f64, live: Live) {
        match live {
            Live::Entries(entries) => self.take_live(vec![entries]),
            Live::Behind(end) => self.on_behind(end.as_ref()),
            Live::Replaced => self.on_replaced(),
            Live::Drain(after) => {
                self.effects.push_back(Effect::HangUp);
                self.wait(now, random, (OfflineReason::Draining, Some(after)));
            }
        }
    }

    /// Logging in again by itself would take the place back, without end.
    fn on_replaced(&mut self) {
        self.phase = Phase::Replaced;
        self.held.clear();
        self.report = Reporting::Idle;
        self.effects.push_back(Effect::HangUp);
        self.tell(ConnectionState::NeedsIdentity);
        self.effects.push_back(Effect::AskForIdentity);
    }

    fn on_lost(&mut self, now: Instant, random: f64, may_return: bool) {
        match self.phase {
            Phase::Idle | Phase::Replaced | Phase::Waiting { .. } | Phase::GettingToken => {}
            Phase::Connecting | Phase::Greeting | Phase::Reading | Phase::Online { .. } => {
                self.forgive(now);
                if may_return {
                    self.wait(now, random, (OfflineReason::Unreachable, None));
                } else {
                    self.attempts = self.attempts.max(REFUSED_ATTEMPTS);
                    self.wait(now, random, (OfflineReason::Refused, None));
                }
            }
        }
    }

    /// A connection that stood for a while proves that the failures before are over.
    fn forgive(&mut self, now: Instant) {
        if let Phase::Online { since } = self.phase
            && now.duration_since(since) >= STABLE
        {
            self.attempts = 0;
        }
    }

    fn fail(&mut self, now: Instant, random: f64, hint: Option<Duration>) {
        self.effects.push_back(Effect::HangUp);
        self.wait(now, random, (OfflineReason::Unreachable, hint));
    }

    fn on_storage_failed(&mut self, now: Instant, random: f64, cursor: Option<Cursor>) {
        self.cursor = cursor;
        self.effects.push_back(Effect::HangUp);
        self.wait(now, random, (OfflineReason::Storage, None));
    }

    /// Waits for the next try: by full jitter, unlimited; what the server asked for wins.
    fn wait(
        &mut self,
        now: Instant,
        random: f64,
        (reason, hint): (OfflineReason, Option<Duration>),
    ) {
        let pause = hint.unwrap_or_else(|| self.backoff(random));
        self.attempts = self.attempts.saturating_add(1);
        let until = now + pause;
        self.phase = Phase::Waiting { until };
        self.report = Reporting::Idle;
        self.tell(ConnectionState::Offline {
            reason,
            retry_at: Some(until),
        });
    }

    fn backoff(&self, random: f64) -> Duration {
        let policy = ReconnectPolicy {
            base: self.tuning.backoff_base,
            cap: self.tuning.backoff_cap,
            ..ReconnectPolicy::default()
        };
        let most = policy.ceiling(self.attempts.min(MAX_DOUBLINGS));
        most.mul_f64(random.clamp(0.0, 1.0))
    }

    fn on_outbox(&mut self, now: Instant, waiting: u64) {
        self.waiting = waiting;
        self.report_soon(now);
    }

    fn report_soon(&mut self, now: Instant) {
        if self.waiting > 0 && self.report == Reporting::Idle && self.is_online() {
            let is_full = self.waiting >= u64::from(self.tuning.report_batch);
            let delay = if is_full {
                Duration::ZERO
            } else {
                self.tuning.report_delay
            };
            self.report = Reporting::Due(now + delay);
        }
    }

    /// What failed stays in the outbox, for the next connection or until a pause has passed.
    fn on_reported(&mut self, now: Instant, outcome: Result<(), Option<Duration>>) {
        if self.report != Reporting::Running {
            return;
        }
        match outcome {
            Ok(()) => {
                self.report = Reporting::Idle;
                self.report_soon(now);
            }
            Err(hint) => self.report = Reporting::Due(now + hint.unwrap_or(REPORT_PAUSE)),
        }
    }

    fn on_logged_out(&mut self) {
        self.phase = Phase::Idle;
        self.cursor = None;
        self.held.clear();
        self.waiting = 0;
        self.report = Reporting::Idle;
        self.effects.push_back(Effect::HangUp);
        self.tell(ConnectionState::SignedOut);
    }

    fn tell(&mut self, state: ConnectionState) {
        if self.told != Some(state) {
            self.told = Some(state);
            self.effects.push_back(Effect::Tell(state));
        }
    }
}
