//! A process of the app, as the driver of the core is one: jobs of the storage one after the other, calls
//! that each end once, connections.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use vestnik_core::{
    Secret,
    machine::{
        CallFailure, CallNumber, ConnectionNumber, Generation,
        engine::{Answer, Done, Engine, Event, Input, Snapshot, ToStorage},
        session::Grant,
    },
    storage::{Files, Round},
};
use vestnik_inbox::Settled;
use vestnik_model::{
    InstallationId, InstallationReport, InstallationSecret, NotificationId, Permission, Report,
    Reported, TokenRequest, TokenResponse, UserId,
    contract::{Hello, Page, Sync as SyncCall, Welcome},
};

use super::{Shell, Show};
use crate::time::At;

/// A process of the app.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) installation: InstallationId,
    pub(crate) secret: InstallationSecret,
    pub(crate) engine: Engine,
    pub(crate) files: Files,
    /// The batch of facts that is on its way.
    pub(crate) round: Mutex<Round>,
    pub(crate) jobs: VecDeque<Job>,
    /// Whether a job runs.
    pub(crate) is_busy: bool,
    pub(crate) outcomes: VecDeque<Input>,
    pub(crate) calls: BTreeMap<u64, Pending>,
    /// Open connections and their wires.
    pub(crate) links: BTreeMap<ConnectionNumber, u64>,
    pub(crate) snapshot: Option<Snapshot>,
    /// How often everything of a user was forgotten, and how often the storage has hidden that.
    pub(crate) forgotten: u64,
    pub(crate) hidden: u64,
    pub(crate) shell: Shell,
    /// How many calls of the app to log out have no answer.
    pub(crate) logouts: u32,
    /// The tick that is awaited.
    pub(crate) tick_at: Option<At>,
    /// Inputs since a moment, to notice an engine that never rests.
    pub(crate) inputs: (At, u32),
    pub(crate) is_suspended: bool,
}

/// A job of the storage.
#[derive(Debug)]
pub(crate) enum Job {
    Carry(Box<ToStorage>),
    /// Nothing of a former user may be seen any more; this one is present.
    Hide(Option<UserId>),
    /// What is to be drawn?
    Take,
    Settle {
        show: Box<Show>,
        settled: Settled,
    },
    Return(Box<Show>),
    Permission(Permission),
    Person(Deed),
}

/// What a person does with the history, or a push service.
#[derive(Debug)]
pub(crate) enum Deed {
    Read(NotificationId),
    ReadAll,
    Click(NotificationId),
    Press(NotificationId),
    Dismiss(NotificationId),
    Archive(NotificationId, bool),
    Delete(NotificationId, bool),
    Reply(NotificationId),
    Push(Vec<u8>),
    /// The person looks at the history.
    Look,
}

/// A call whose answer is awaited.
#[derive(Debug, Clone)]
pub(crate) enum Pending {
    Exchange(CallNumber),
    Delete(CallNumber),
    Put(Generation, u64),
    Connect(ConnectionNumber),
    Greet(ConnectionNumber),
    Probe(ConnectionNumber),
    Read(ConnectionNumber),
    Report(ConnectionNumber),
    Topic(ConnectionNumber),
}

/// What is asked of the server.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Exchange(TokenRequest),
    Delete(Secret, InstallationId),
    Put(Secret, InstallationId, Box<InstallationReport>),
    Connect(Secret),
    Hello(Box<Hello>),
    Probe,
    Sync(SyncCall),
    Report(Report),
    Topic,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Tokens(TokenResponse),
    Done,
    Opened(u64),
    Welcome(Box<Welcome>),
    Page(Page),
    Reported(Reported),
    Failed(CallFailure),
}

impl Pending {
    /// On which connection it is made.
    pub(crate) const fn connection(&self) -> Option<ConnectionNumber> {
        match self {
            Self::Exchange(_) | Self::Delete(_) | Self::Put(..) | Self::Connect(_) => None,
            Self::Greet(connection)
            | Self::Probe(connection)
            | Self::Read(connection)
            | Self::Report(connection)
            | Self::Topic(connection) => Some(*connection),
        }
    }

    /// The input that a reply is, as the driver of the core makes it. A reply that does not fit is none.
    pub(crate) fn input(self, reply: Reply, round: &Mutex<Round>) -> Input {
        match self {
            Self::Exchange(call) => Input::Call {
                call,
                answer: Answer::Exchanged(reply.tokens().map(Grant::from)),
            },
            Self::Delete(call) => Input::Call {
                call,
                answer: Answer::Deleted(reply.done()),
            },
            Self::Put(generation, version) => Input::Session {
                generation,
                result: Done::Put {
                    version,
                    result: reply.done(),
                },
            },
            Self::Connect(connection) => on(connection, Event::Opened(reply.done())),
            Self::Greet(connection) => on(connection, Event::Greeted(reply.welcome())),
            Self::Probe(connection) => {
                let is_alive = reply.done().is_ok();
                on(connection, Event::Probed { is_alive })
            }
            Self::Read(connection) => on(connection, Event::Page(reply.page())),
            Self::Report(connection) => {
                let answered = reply.reported().map(|answer| {
                    if let Ok(mut round) = round.lock() {
                        round.answer = answer;
                    }
                });
                on(connection, Event::Answered(answered))
            }
            Self::Topic(connection) => on(connection, Event::TopicTold(reply.done())),
        }
    }
}

const fn on(connection: ConnectionNumber, event: Event) -> Input {
    Input::Connection { connection, event }
}

impl Reply {
    fn tokens(self) -> Result<TokenResponse, CallFailure> {
        if let Self::Tokens(tokens) = self {
            Ok(tokens)
        } else {
            Err(self.failure())
        }
    }

    fn welcome(self) -> Result<Welcome, CallFailure> {
        if let Self::Welcome(welcome) = self {
            Ok(*welcome)
        } else {
            Err(self.failure())
        }
    }

    fn page(self) -> Result<Page, CallFailure> {
        if let Self::Page(page) = self {
            Ok(page)
        } else {
            Err(self.failure())
        }
    }

    fn reported(self) -> Result<Reported, CallFailure> {
        if let Self::Reported(reported) = self {
            Ok(reported)
        } else {
            Err(self.failure())
        }
    }

    fn done(self) -> Result<(), CallFailure> {
        if matches!(self, Self::Done | Self::Opened(_)) {
            Ok(())
        } else {
            Err(self.failure())
        }
    }

    /// An answer to something else is none.
    fn failure(self) -> CallFailure {
        match self {
            Self::Failed(failure) => failure,
            Self::Tokens(_)
            | Self::Done
            | Self::Opened(_)
            | Self::Welcome(_)
            | Self::Page(_)
            | Self::Reported(_) => CallFailure::NoAnswer,
        }
    }
}
