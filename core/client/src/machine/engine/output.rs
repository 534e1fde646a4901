//! What comes out of the engine.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_clock::Monotonic;
use vestnik_model::{
    Cursor, InstallationId, InstallationReport, Open, Permission, ProblemCode, TopicName, UserId,
    preference::OptOutChange,
};

use crate::machine::{
    CallNumber, ConnectionNumber, Generation, Secret, Trouble,
    consent::Learned,
    registration::{Told, Wish},
    report::Settlement,
    session::{Exchange, LoginOutcome, LogoutNote, Standing, StoreCall},
    sync::Proposal,
};

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Ask the server.
    Network(ToNetwork),
    /// Ask the device's storage.
    Storage(ToStorage),
    /// Tell the app.
    App(ToApp),
}

/// What the server is asked. An arrow names the input that answers; without one there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ToNetwork {
    /// Ask the server for tokens. → [`Answer::Exchanged`](super::Answer::Exchanged)
    Exchange {
        /// Which call.
        call: CallNumber,
        /// By what.
        exchange: Exchange,
        /// After what time to give up.
        within: Duration,
    },
    /// Ask the server to log an installation out. → [`Answer::Deleted`](super::Answer::Deleted)
    Delete {
        /// Which call.
        call: CallNumber,
        /// Which installation; this one, if it is not known.
        installation: Option<InstallationId>,
        /// By which access token.
        token: Secret,
        /// After what time to give up.
        within: Duration,
    },
    /// Tell the server of the device. → [`Done::Put`](super::Done::Put)
    Put {
        /// Of which session.
        generation: Generation,
        /// Which version of the state.
        version: u64,
        /// The state, and when the app was opened.
        report: Box<InstallationReport>,
        /// The access token.
        token: Secret,
    },
    /// Ask the server what the user does not want. → [`Done::OptOuts`](super::Done::OptOuts)
    AskOptOuts {
        /// Of which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// The access token.
        token: Secret,
    },
    /// Tell the server what the user changed of what they do not want. → [`Done::OptOuts`](super::Done::OptOuts)
    ChangeOptOuts {
        /// Of which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// What they changed.
        changes: OptOutChange,
        /// The access token.
        token: Secret,
    },
    /// Connect. → [`Event::Opened`](super::Event::Opened)
    Connect {
        /// The attempt.
        connection: ConnectionNumber,
        /// The access token.
        token: Secret,
    },
    /// Close the connection, or give the attempt up.
    Close(ConnectionNumber),
    /// Say hello. → [`Event::Greeted`](super::Event::Greeted)
    Greet {
        /// On which connection.
        connection: ConnectionNumber,
        /// What to say.
        greeting: Box<Greeting>,
    },
    /// Send a keep-alive. → [`Event::Probed`](super::Event::Probed)
    Probe {
        /// On which connection.
        connection: ConnectionNumber,
        /// How long to wait for the answer.
        within: Duration,
    },
    /// Read the log on. → [`Event::Page`](super::Event::Page)
    Read {
        /// On which connection.
        connection: ConnectionNumber,
        /// From where; absent for the beginning.
        from: Option<Cursor>,
        /// The most entries.
        limit: u32,
    },
    /// Report the batch. → [`Event::Answered`](super::Event::Answered)
    Report(ConnectionNumber),
    /// Tell the server of a topic. → [`Event::TopicTold`](super::Event::TopicTold)
    Topic {
        /// On which connection.
        connection: ConnectionNumber,
        /// The topic.
        topic: TopicName,
        /// Whether the user joins it.
        joins: bool,
    },
}

/// What the device's storage is asked, in the order in which it comes. An arrow names the input that
/// answers; without one there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ToStorage {
    /// Make something about the session durable, in the order in which these come. →
    /// [`Done::Stored`](super::Done::Stored)
    Store {
        /// Of which session.
        generation: Generation,
        /// What.
        call: StoreCall,
    },
    /// Make something about a pending logout durable, in the same order, as well as it can be.
    Note(LogoutNote),
    /// Say where the user's store stands. → [`Done::Stands`](super::Done::Stands)
    AskStore {
        /// Of which session.
        generation: Generation,
        /// The user.
        user: UserId,
    },
    /// Store these in one transaction. → [`Done::Applied`](super::Done::Applied),
    /// [`Done::Stale`](super::Done::Stale) or [`Done::NotApplied`](super::Done::NotApplied)
    Apply {
        /// Of which session.
        generation: Generation,
        /// What to store.
        proposal: Proposal,
    },
    /// Take a batch of facts from the store. → [`Done::Taken`](super::Done::Taken)
    Take {
        /// Of which session.
        generation: Generation,
        /// The most facts.
        facts: u32,
        /// The most bytes.
        bytes: usize,
    },
    /// Settle the batch in the store. → [`Done::Settled`](super::Done::Settled)
    Settle {
        /// Of which session.
        generation: Generation,
        /// By what.
        settlement: Settlement,
    },
    /// Keep what the server was told of the device, as well as it can be.
    KeepTold(Option<Told>),
    /// Keep the topics that the server was not told of, as well as it can be.
    KeepWishes(Vec<Wish>),
    /// Keep what the server said of what the user does not want, as well as it can be.
    KeepOptOuts(Learned),
    /// The server said what time it is.
    ServerTime(TimeReading),
}

/// What time it is at the server, as an answer said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeReading {
    /// The server's clock when it answered.
    pub server: Timestamp,
    /// The device's clock when the answer came.
    pub device: Timestamp,
    /// How long the device waited for the answer.
    pub round_trip: Duration,
}

/// What the app is told.
#[derive(Debug, Clone, PartialEq)]
pub enum ToApp {
    /// Nothing of the former user may be seen any more: queued facts and shows are dropped, drawn
    /// notifications are taken off the screen.
    Forget,
    /// What came of the logins of a user that were asked for and have no final answer yet.
    Login {
        /// The user whose login it was.
        user: UserId,
        /// What came of it.
        outcome: LoginOutcome,
    },
    /// The user is logged out here, or the device's storage failed and it is tried again.
    Logout(Result<(), Trouble>),
    /// Nothing waits in the outbox any more, or nothing can be reported now.
    Flushed {
        /// Whether nothing waits.
        is_empty: bool,
    },
    /// The log was read to its end, or no connection is wanted.
    CaughtUp {
        /// Whether it was read.
        is_read: bool,
    },
    /// The server took the wish of a topic.
    TopicDone {
        /// The topic.
        topic: TopicName,
        /// Whether the user joined it.
        joins: bool,
    },
    /// The server refused the wish of a topic.
    TopicRefused {
        /// The topic.
        topic: TopicName,
        /// The problem's code.
        code: Open<ProblemCode>,
    },
    /// The state that the app sees has changed.
    Tell(Snapshot),
}

impl From<ToNetwork> for Output {
    fn from(output: ToNetwork) -> Self {
        Self::Network(output)
    }
}

impl From<ToStorage> for Output {
    fn from(output: ToStorage) -> Self {
        Self::Storage(output)
    }
}

impl From<ToApp> for Output {
    fn from(output: ToApp) -> Self {
        Self::App(output)
    }
}

/// What a device says hello with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// How far the log was read.
    pub cursor: Option<Cursor>,
    /// A BCP 47 language tag.
    pub locale: Option<String>,
    /// The IANA name of the time zone.
    pub time_zone: Option<String>,
    /// Whether the system lets the app show notifications.
    pub permission: Open<Permission>,
    /// The app's version.
    pub app_version: Option<String>,
}

/// Who the device is and how it is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Who the device is.
    pub standing: Standing,
    /// How it is connected.
    pub phase: Phase,
    /// What is in the way.
    pub last_error: Option<Trouble>,
    /// When the next try is.
    pub retry_at: Option<Monotonic>,
}

/// How a device is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No connection is wanted.
    Off,
    /// Waiting until the next attempt.
    Waiting,
    /// A connection is being made.
    Connecting,
    /// The connection stands; reading what was missed.
    Syncing,
    /// The connection stands, and nothing is missing.
    Online,
}
