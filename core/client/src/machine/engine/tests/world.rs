//! A device's engine in a world of models: a server, a storage, an app and a clock.
//!
//! What the engine asks for waits in [`World::pending`] until a test answers it, in any order for the
//! network and in order for the storage, and by what the models say or by a failure. After each input
//! the world checks what must hold at any time:
//!
//! - at most one exchange is under way;
//! - a token, a place in the log and a session's number are used for their own user and session only;
//! - nothing is asked on a connection that was closed, and nothing of a session after its end;
//! - while the machine sleeps, the network is left alone;
//! - each login is answered once for good, and a logout begins within three seconds;
//! - a deadline that has passed leads to something.

mod answer;
mod check;
mod device;
mod server;
mod time;

use std::collections::{BTreeSet, VecDeque};

use vestnik_clock::{Monotonic, Now};
use vestnik_model::{TopicName, UserId};

use super::{
    Answer, CallFailure, CallNumber, Command, ConnectionNumber, Done, Engine, Event, ForeignBody,
    Generation, Grant, Input, Output, Pace, Phase, Secret, Standing, ToApp, ToNetwork, ToStorage,
    now, seed, state, user, welcome,
};
use crate::machine::{connection::Nudge, session::LoginOutcome};
pub(super) use device::{Device, place};
pub(super) use server::Server;

/// How a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By the models.
    Well,
    /// There is no answer.
    NoAnswer,
    /// A problem document says that the session is over.
    Auth,
    /// A captive portal.
    Portal,
    /// The server refuses it.
    Refused,
    /// The server is busy and asks for so many seconds.
    Busy(u64),
    /// In a way that is right and leads nowhere: a token without a life, a page that moves nothing, an
    /// empty batch, a batch of which nothing is settled.
    Fruitless,
}

pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Now,
    pub(super) server: Server,
    pub(super) device: Device,
    /// What was asked for and has no answer yet.
    pub(super) pending: VecDeque<Output>,
    /// Answers that were given, newest last.
    pub(super) given: VecDeque<Input>,
    /// When the network was asked for something.
    pub(super) calls: Vec<Monotonic>,
    /// When the storage was asked for something.
    pub(super) stores: Vec<Monotonic>,
    /// Whom the person wants to be.
    wish: Option<&'static str>,
    is_suspended: bool,
    /// The newest connection.
    pub(super) connection: u64,
    closed: BTreeSet<ConnectionNumber>,
    /// Logins without a final answer, oldest first.
    logins: VecDeque<UserId>,
    identities: u32,
    /// When the exchange or the logout that is under way is given up.
    late: Option<(CallNumber, Monotonic)>,
    leaving_since: Option<Monotonic>,
    /// Whether the program ended during a logout of which the server may know and the storage does not.
    is_half_out: bool,
    /// Whether nothing of a user may come out until a session begins.
    is_forgotten: bool,
    chance: u64,
}

impl World {
    /// A device on which Anna is logged in and has 4 of her 6 entries, or on which nobody is.
    pub(super) fn new(is_logged_in: bool, chance: u64) -> Self {
        let name = is_logged_in.then_some("anna");
        let mut world = Self {
            engine: Engine::new(seed(name), state(), Pace::default()),
            now: now(),
            server: Server::new(is_logged_in),
            device: Device::new(name),
            pending: VecDeque::new(),
            given: VecDeque::new(),
            calls: Vec::new(),
            stores: Vec::new(),
            wish: name,
            is_suspended: false,
            connection: 0,
            closed: BTreeSet::new(),
            logins: VecDeque::new(),
            identities: 0,
            late: None,
            leaving_since: None,
            is_half_out: false,
            is_forgotten: false,
            chance,
        };
        world.drain();
        world
    }

    pub(super) fn on(&mut self, input: Input) {
        // Knuth's linear congruential generator: any sequence that is not constant will do.
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.now.random = self.chance ^ (self.chance >> 33);
        self.engine.handle(self.now, input);
        self.drain();
    }

    pub(super) fn command(&mut self, command: Command) {
        if let Command::Suspend = command {
            self.is_suspended = true;
        }
        if let Command::Resume = command {
            self.is_suspended = false;
        }
        self.on(Input::App(command));
    }

    pub(super) fn login(&mut self, name: &'static str) {
        self.begin_leaving(Some(name));
        self.identities += 1;
        self.wish = Some(name);
        let user = user(name);
        self.logins.push_back(user.clone());
        let identity = Secret::new(format!("jwt-{name}-{}", self.identities));
        self.command(Command::Login { user, identity });
    }

    pub(super) fn logout(&mut self) {
        self.begin_leaving(None);
        self.wish = None;
        self.command(Command::Logout);
    }

    fn begin_leaving(&mut self, next: Option<&str>) {
        if let Standing::LoggedIn { user } = self.engine.snapshot().standing
            && next != Some(user.as_str())
        {
            self.leaving_since = Some(self.now.monotonic);
        }
    }

    /// The program ends, whatever was under way, and begins again.
    pub(super) fn restart(&mut self) {
        for number in 0..=self.connection {
            self.server.close(number);
        }
        self.is_half_out |= self.engine.snapshot().standing == Standing::LoggingOut;
        self.engine = Engine::new(self.device.seed(), state(), Pace::default());
        self.pending.clear();
        self.given.clear();
        self.closed.clear();
        self.logins.clear();
        (self.late, self.leaving_since) = (None, None);
        (self.is_suspended, self.is_forgotten) = (false, false);
        self.connection = 0;
        self.drain();
        self.command(Command::GoOnline);
    }

    pub(super) fn topic(&mut self, joins: bool) {
        let topic = TopicName::parse("news").unwrap();
        self.command(Command::Topic { topic, joins });
    }

    /// The person says whether they want everything: it is stored, and the engine learns of it.
    pub(super) fn opt_out(&mut self, is_out: bool) {
        if let Some((generation, result)) = self.device.opt_out(is_out) {
            self.on(Input::Session { generation, result });
        }
    }

    pub(super) fn nudge(&mut self, nudge: Nudge) {
        self.command(Command::Nudge(nudge));
    }

    pub(super) fn event(&mut self, number: u64, event: Event) {
        let connection = ConnectionNumber::new(number);
        self.on(Input::Connection { connection, event });
    }

    fn drain(&mut self) {
        let mut count = 0;
        while let Some(output) = self.engine.poll() {
            count += 1;
            assert!(count < 60, "one input has no end of outputs");
            self.check(&output);
            match &output {
                Output::Network(ToNetwork::Close(connection)) => self.close(*connection),
                Output::Network(call) => {
                    self.on_call(call);
                    self.calls.push(self.now.monotonic);
                    self.pending.push_back(output);
                }
                Output::Storage(work) => {
                    if let ToStorage::AskStore { .. } = work {
                        self.is_forgotten = false;
                    }
                    self.stores.push(self.now.monotonic);
                    self.pending.push_back(output);
                }
                Output::App(told) => self.on_told(told),
            }
        }
    }

    /// The driver gives up what was under way on a connection that is closed.
    fn close(&mut self, connection: ConnectionNumber) {
        self.closed.insert(connection);
        self.server.close(connection.get());
        self.pending
            .retain(|output| check::connection_of(output) != Some(connection));
    }

    fn on_call(&mut self, call: &ToNetwork) {
        match call {
            ToNetwork::Exchange { call, within, .. } | ToNetwork::Delete { call, within, .. } => {
                self.late = Some((*call, self.now.monotonic + *within));
            }
            ToNetwork::Connect { connection, .. } => self.connection = connection.get(),
            ToNetwork::Put { .. }
            | ToNetwork::AskOptOuts { .. }
            | ToNetwork::ChangeOptOuts { .. }
            | ToNetwork::Close(_)
            | ToNetwork::Greet { .. }
            | ToNetwork::Probe { .. }
            | ToNetwork::Read { .. }
            | ToNetwork::Report(_)
            | ToNetwork::Topic { .. } => {}
        }
    }

    fn on_told(&mut self, told: &ToApp) {
        match told {
            ToApp::Forget => {
                self.is_forgotten = true;
                self.leaving_since = None;
            }
            ToApp::Login { user, outcome } => self.on_login(user, outcome),
            ToApp::Logout(_)
            | ToApp::Flushed { .. }
            | ToApp::CaughtUp { .. }
            | ToApp::TopicDone { .. }
            | ToApp::TopicRefused { .. }
            | ToApp::Tell(_) => {}
        }
    }

    fn on_login(&mut self, user: &UserId, outcome: &LoginOutcome) {
        let is_awaited = self.logins.front() == Some(user);
        assert!(is_awaited, "nobody waits for it: {user} {outcome:?}");
        if !matches!(outcome, LoginOutcome::Delayed(_)) {
            while self.logins.front() == Some(user) {
                self.logins.pop_front();
            }
        }
    }
}
