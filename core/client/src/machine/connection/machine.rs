//! The machine.

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_inbox::planted::Plant;

use super::{Failed, Input, Nudge, Output, Phase};
use crate::machine::{
    CallFailure, ConnectionNumber, Pace, Secret, TokenNumber, Trouble, pause::Backoff,
};

/// After so long the failures before a connection are forgotten.
const STABLE: Duration = Duration::from_secs(30);
/// How many failures a refusal counts for: it is tried again, rarely.
const REFUSED: u32 = 6;
/// How long an attempt to connect may take. The time-outs of the transport are shorter.
const CONNECT_DEADLINE: Duration = Duration::from_secs(45);
/// How long the answer to a greeting may take. The time-outs of the transport are shorter.
const GREET_DEADLINE: Duration = Duration::from_secs(45);
/// How long the answer to a keep-alive may take.
const PROBE: Duration = Duration::from_secs(5);
/// How much longer the machine waits for the outcome of a keep-alive.
const PROBE_SLACK: Duration = Duration::from_secs(5);

/// The machine that holds the live connection.
///
/// Calling contract: hand every [`Input`] to [`handle`](Self::handle), then drain
/// [`poll`](Self::poll) and carry each [`Output`] out; hand in [`Input::Tick`] no later than
/// [`deadline`](Self::deadline). Each output that names an input after an arrow is answered by at most
/// one such input. Answers of another connection than the present one are dropped.
#[derive(Debug)]
pub struct Connection {
    has_session: bool,
    wants_online: bool,
    is_suspended: bool,
    phase: Phase,
    /// The present attempt or connection, and the last one when there is none.
    number: ConnectionNumber,
    token: Option<(TokenNumber, Secret)>,
    /// The token that was refused last, until another one is asked for in its place.
    refused: Option<TokenNumber>,
    /// Whether this attempt had a fresh token already.
    tried_fresh: bool,
    /// Whether a nudge came while an attempt was under way: if it fails, the next one begins at once.
    is_nudged: bool,
    /// When the present phase has lasted too long.
    until: Option<Monotonic>,
    backoff: Backoff,
    trouble: Option<Trouble>,
    outputs: VecDeque<Output>,
}

impl Connection {
    /// A machine that wants no connection yet.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            has_session: false,
            wants_online: false,
            is_suspended: false,
            phase: Phase::Off,
            number: ConnectionNumber::new(0),
            token: None,
            refused: None,
            tried_fresh: false,
            is_nudged: false,
            until: None,
            backoff: pace.backoff(),
            trouble: None,
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Session(has_session) => self.has_session = has_session,
            Input::GoOnline => self.wants_online = true,
            Input::GoOffline => self.wants_online = false,
            Input::Suspend => self.is_suspended = true,
            Input::Resume => self.is_suspended = false,
            Input::Nudge(nudge) => self.on_nudge(nudge, now),
            Input::Token { number, token } => self.on_token(now, number, token),
            Input::Opened { connection, result } => self.on_opened(now, connection, result),
            Input::Greeted { connection, result } => self.on_greeted(now, connection, result),
            Input::Lost {
                connection,
                may_return,
            } => self.on_lost(now, connection, may_return),
            Input::Drain { connection, after } => self.on_drain(now, connection, after),
            Input::Replaced(connection) => self.on_replaced(now, connection),
            Input::Probed {
                connection,
                is_alive,
            } => self.on_probed(now, connection, is_alive),
            Input::Doubtful(connection) => self.on_doubtful(now, connection),
            Input::Failed {
                connection,
                failure,
            } => self.on_failed(now, connection, failure),
            Input::Tick => self.on_tick(now),
        }
        self.follow_wishes();
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle` with `Tick` at the latest.
    #[must_use]
    pub const fn deadline(&self) -> Option<Monotonic> {
        match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Off
            | Phase::GettingToken
            | Phase::Connecting
            | Phase::Greeting
            | Phase::Up { .. } => self.until,
        }
    }

    /// Where the machine stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// What was in the way last, until a connection stands.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// The connection that stands, if one does.
    #[must_use]
    pub const fn up(&self) -> Option<ConnectionNumber> {
        match self.phase {
            Phase::Up { .. } => Some(self.number),
            Phase::Off
            | Phase::Waiting { .. }
            | Phase::GettingToken
            | Phase::Connecting
            | Phase::Greeting => None,
        }
    }

    /// Whether the answer to the greeting of this connection is awaited.
    #[must_use]
    pub fn is_greeting(&self, connection: ConnectionNumber) -> bool {
        self.phase == Phase::Greeting && self.number == connection
    }

    const fn is_wanted(&self) -> bool {
        self.has_session && self.wants_online && !self.is_suspended
    }

    /// Begins when a connection is wanted and none is on its way, ends when none is wanted.
    fn follow_wishes(&mut self) {
        if self.is_wanted() {
            if self.phase == Phase::Off {
                self.backoff.reset();
                self.get_token();
            }
        } else if self.phase != Phase::Off {
            self.leave();
            self.phase = Phase::Off;
            self.trouble = None;
            self.refused = None;
            self.tried_fresh = false;
            self.is_nudged = false;
        }
    }

    /// Leaves the present attempt or connection, whatever its phase.
    fn leave(&mut self) {
        // What was asked for and not begun belongs to what is left.
        let says = |output: &Output| match output {
            Output::Up(_) | Output::Down(_) | Output::Close(_) => true,
            Output::WantToken { .. }
            | Output::Connect { .. }
            | Output::Greet(_)
            | Output::Probe { .. } => false,
        };
        self.outputs.retain(says);
        match self.phase {
            Phase::Connecting => self.outputs.push_back(Output::Close(self.number)),
            Phase::Greeting | Phase::Up { .. } => self
                .outputs
                .extend([Output::Down(self.number), Output::Close(self.number)]),
            Phase::Off | Phase::Waiting { .. } | Phase::GettingToken => {}
        }
        self.until = None;
        self.token = None;
    }

    fn get_token(&mut self) {
        self.phase = Phase::GettingToken;
        let is_forgotten = Plant::RefusedTokenStays.is_on() && !self.backoff.is_clear();
        let refused = self.refused.take().filter(|_| !is_forgotten);
        self.tried_fresh |= refused.is_some();
        self.outputs.push_back(Output::WantToken { refused });
    }

    fn connect(&mut self, now: Now, token: Secret) {
        self.number = self.number.next();
        self.phase = Phase::Connecting;
        self.until = Some(now.monotonic + CONNECT_DEADLINE);
        self.outputs.push_back(Output::Connect {
            connection: self.number,
            token,
        });
    }

    fn on_token(&mut self, now: Now, number: TokenNumber, token: Secret) {
        if self.phase == Phase::GettingToken {
            self.token = Some((number, token.clone()));
            self.connect(now, token);
        }
    }

    fn on_opened(
        &mut self,
        now: Now,
        connection: ConnectionNumber,
        result: Result<(), CallFailure>,
    ) {
        let is_present = connection == self.number && self.phase == Phase::Connecting;
        match result {
            Ok(()) if is_present => {
                self.phase = Phase::Greeting;
                self.until = Some(now.monotonic + GREET_DEADLINE);
                self.outputs.push_back(Output::Greet(connection));
            }
            // It was given up before it opened.
            Ok(()) if !self.is_present(connection) => {
                self.outputs.push_back(Output::Close(connection));
            }
            Err(failure) if is_present => {
                // What did not open needs no end.
                self.phase = Phase::GettingToken;
                self.refused_or_failed(now, &failure);
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn on_greeted(
        &mut self,
        now: Now,
        connection: ConnectionNumber,
        result: Result<(), CallFailure>,
    ) {
        if !self.is_greeting(connection) {
            return;
        }
        match result {
            Ok(()) => {
                self.phase = Phase::Up {
                    since: now.monotonic,
                };
                self.until = None;
                self.tried_fresh = false;
                self.is_nudged = false;
                self.trouble = None;
                self.outputs.push_back(Output::Up(connection));
            }
            Err(failure) => self.refused_or_failed(now, &failure),
        }
    }

    fn on_lost(&mut self, now: Now, connection: ConnectionNumber, may_return: bool) {
        if self.is_present(connection) {
            let trouble = if may_return {
                Trouble::Unreachable
            } else {
                Trouble::Refused
            };
            self.wait(now, trouble, None);
        }
    }

    fn on_drain(&mut self, now: Now, connection: ConnectionNumber, after: Duration) {
        if self.is_present(connection) {
            self.wait(now, Trouble::ServerBusy, Some(after));
        }
    }

    /// The session may be over; the exchange for a fresh token shows it. A server that replaces a device
    /// each time it comes is asked rarely.
    fn on_replaced(&mut self, now: Now, connection: ConnectionNumber) {
        if !self.is_present(connection) {
            return;
        }
        self.doubt_token();
        if !self.tried_fresh && self.may_return_at_once(now) {
            self.get_fresh_token();
        } else {
            self.wait(now, Trouble::Refused, None);
        }
    }

    /// Refused for its token: another one is tried, once in each attempt, and at once if that cannot go
    /// round without end. Anything else is waited out.
    fn refused_or_failed(&mut self, now: Now, failure: &CallFailure) {
        if failure.is_about_token() {
            self.doubt_token();
            if !self.tried_fresh && self.may_return_at_once(now) {
                return self.get_fresh_token();
            }
        }
        self.wait(now, failure.trouble(), failure.retry_after());
    }

    fn doubt_token(&mut self) {
        self.refused = self.token.as_ref().map(|(number, _)| *number);
    }

    /// Whether the next attempt may begin without a pause. After a connection that stood, however
    /// shortly, only if nothing failed before: each attempt may succeed, and what follows it be refused.
    fn may_return_at_once(&mut self, now: Now) -> bool {
        if self.up().is_none() {
            return true;
        }
        self.forgive(now);
        let is_clear = self.backoff.is_clear();
        self.backoff.at_least(1);
        is_clear
    }

    fn get_fresh_token(&mut self) {
        self.leave();
        self.get_token();
    }

    fn on_failed(&mut self, now: Now, connection: ConnectionNumber, failure: Failed) {
        if !self.is_present(connection) {
            return;
        }
        match failure {
            Failed::Call(failure) => self.refused_or_failed(now, &failure),
            Failed::Stuck => self.wait(now, Trouble::Refused, None),
            Failed::Storage => self.wait(now, Trouble::Storage, None),
        }
    }

    fn is_present(&self, connection: ConnectionNumber) -> bool {
        let is_open = matches!(self.phase, Phase::Greeting | Phase::Up { .. });
        is_open && connection == self.number
    }

    fn on_nudge(&mut self, nudge: Nudge, now: Now) {
        self.backoff.reset();
        match self.phase {
            Phase::Off | Phase::GettingToken => {}
            Phase::Waiting { .. } => self.retry(),
            Phase::Connecting | Phase::Greeting => match nudge {
                Nudge::NetworkChanged => self.restart(now),
                Nudge::Foreground => self.is_nudged = true,
            },
            Phase::Up { .. } => self.probe(now),
        }
    }

    /// The attempt is on its way over a network that is gone.
    fn restart(&mut self, now: Now) {
        let token = self.token.clone();
        self.leave();
        match token {
            Some((number, token)) => {
                self.token = Some((number, token.clone()));
                self.connect(now, token);
            }
            None => self.get_token(),
        }
    }

    fn retry(&mut self) {
        self.tried_fresh = false;
        self.get_token();
    }

    fn probe(&mut self, now: Now) {
        if self.until.is_none() {
            self.until = Some(now.monotonic + PROBE + PROBE_SLACK);
            self.outputs.push_back(Output::Probe {
                connection: self.number,
                within: PROBE,
            });
        }
    }

    fn on_probed(&mut self, now: Now, connection: ConnectionNumber, is_alive: bool) {
        if self.up() != Some(connection) || self.until.is_none() {
            return;
        }
        self.until = None;
        if !is_alive {
            self.come_back(now);
        }
    }

    /// The other end is gone, and nothing says that the server is: the next attempt begins at once.
    fn come_back(&mut self, now: Now) {
        self.is_nudged = true;
        self.wait(now, Trouble::Unreachable, None);
    }

    fn on_doubtful(&mut self, now: Now, connection: ConnectionNumber) {
        if self.up() == Some(connection) {
            self.probe(now);
        }
    }

    fn on_tick(&mut self, now: Now) {
        let is_over = self.deadline().is_some_and(|at| at <= now.monotonic);
        if !is_over {
            return;
        }
        match self.phase {
            Phase::Waiting { .. } => self.retry(),
            Phase::Connecting | Phase::Greeting => self.wait(now, Trouble::Unreachable, None),
            Phase::Up { .. } => self.come_back(now),
            Phase::Off | Phase::GettingToken => self.until = None,
        }
    }

    /// A connection that stood for a while proves that the failures before it are over.
    fn forgive(&mut self, now: Now) {
        if let Phase::Up { since } = self.phase
            && now.monotonic - since >= STABLE
        {
            self.backoff.reset();
        }
    }

    /// Leaves the present attempt or connection and waits for the next. What a server asks for wins; a
    /// nudge that came meanwhile makes the pause the shortest.
    fn wait(&mut self, now: Now, trouble: Trouble, asked: Option<Duration>) {
        self.forgive(now);
        self.leave();
        self.trouble = Some(trouble);
        if matches!(trouble, Trouble::Refused | Trouble::WrongAddress) {
            self.backoff.at_least(REFUSED);
        }
        let is_nudged = std::mem::take(&mut self.is_nudged);
        let pause = if is_nudged && asked.is_none() && self.backoff.is_clear() {
            self.backoff.at_least(1);
            Duration::ZERO
        } else {
            self.backoff.fail(asked, now.random)
        };
        self.phase = Phase::Waiting {
            until: now.monotonic + pause,
        };
    }
}
