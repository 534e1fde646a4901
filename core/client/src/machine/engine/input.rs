//! What goes into the engine.

use std::time::Duration;

use vestnik_clock::Monotonic;
use vestnik_inbox::SentOptOuts;
use vestnik_model::{
    Cursor, PushAddress, PushAddressKind, TopicName, UserId,
    contract::{Entries, Page, Welcome},
    preference::{OptOutChange, StoredOptOuts},
};

use crate::machine::{
    CallFailure, CallNumber, ConnectionNumber, Generation, Secret,
    connection::Nudge,
    registration::{Change, Told, Wish},
    report::Outbox,
    session::Grant,
};

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The app asks for something, or says something about the device.
    App(Command),
    /// The server answered a call that needs no connection and no session.
    Call {
        /// Which.
        call: CallNumber,
        /// What it answered.
        answer: Answer,
    },
    /// Something that was begun for a session was done, or failed.
    Session {
        /// For which.
        generation: Generation,
        /// What came of it.
        result: Done,
    },
    /// Something happened on a connection.
    Connection {
        /// On which.
        connection: ConnectionNumber,
        /// What.
        event: Event,
    },
    /// A deadline may have passed.
    Tick,
}

/// What the app asks for, or says about the device.
#[derive(Debug, Clone)]
pub enum Command {
    /// The user, vouched for by an identity token.
    Login {
        /// The user.
        user: UserId,
        /// The identity token.
        identity: Secret,
    },
    /// The user logs out.
    Logout,
    /// Be connected.
    GoOnline,
    /// Be not connected.
    GoOffline,
    /// The machine is about to sleep.
    Suspend,
    /// The machine woke up.
    Resume,
    /// Another try is promising.
    Nudge(Nudge),
    /// Report what waits without delay. → [`ToApp::Flushed`](super::ToApp::Flushed)
    Flush,
    /// Read the log to its end. → [`ToApp::CaughtUp`](super::ToApp::CaughtUp)
    CatchUp,
    /// Something about the device changed.
    Change(Change),
    /// The app was brought to the front.
    Opened(Monotonic),
    /// A push service gave this installation an address.
    PushAddress(PushAddress),
    /// A push service reaches this installation no more.
    ForgetPushAddress(PushAddressKind),
    /// The server may have forgotten what it was told of the device.
    TellAgain,
    /// The app wants to know what the user does not want, as the server has it.
    AskOptOuts,
    /// The user joins or leaves a topic.
    Topic {
        /// The topic.
        topic: TopicName,
        /// Whether they join.
        joins: bool,
    },
}

/// What the server answered to a call of the session machine.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To an exchange.
    Exchanged(Result<Grant, CallFailure>),
    /// To a logout.
    Deleted(Result<(), CallFailure>),
}

/// What came of something that was begun for a session.
#[derive(Debug, Clone)]
pub enum Done {
    /// What the session asked for is durable, or it failed.
    Stored {
        /// Whether it is durable.
        is_durable: bool,
    },
    /// The user's store says where it stands; `None` if it failed.
    Stands(Option<Stands>),
    /// The store took the entries.
    Applied {
        /// Where it stands now.
        cursor: Cursor,
        /// What waits in the outbox now.
        outbox: Outbox,
    },
    /// The store took nothing: the entries do not follow what it has.
    Stale {
        /// Where it stands.
        cursor: Option<Cursor>,
    },
    /// The store failed to take the entries.
    NotApplied,
    /// The store was damaged and was rebuilt, or was set back. It comes by itself, before the answers to
    /// what the store does after it.
    Rebuilt {
        /// Where it stands now.
        cursor: Option<Cursor>,
        /// What waits in the outbox now.
        outbox: Outbox,
    },
    /// The outbox changed by something else than a report or the log.
    Outbox(Outbox),
    /// The store took a batch of so many facts; `None` if it failed.
    Taken(Option<usize>),
    /// The store settled the batch, and this waits now; `None` if it failed.
    Settled(Option<Outbox>),
    /// The server was told of the device, or not.
    Put {
        /// Which version of its state.
        version: u64,
        /// What came of it.
        result: Result<(), CallFailure>,
    },
    /// What the user changed of what they do not want, and the server has not answered. It comes by itself
    /// when that is stored.
    OptOutChanges(OptOutChange),
    /// The server said what the user does not want, after what it was told if it was; or not.
    OptOuts {
        /// Which call.
        call: CallNumber,
        /// What it said.
        result: Result<StoredOptOuts, CallFailure>,
    },
}

/// What happened on a connection.
#[derive(Debug, Clone)]
pub enum Event {
    /// It is open, or cannot be opened.
    Opened(Result<(), CallFailure>),
    /// The greeting was answered.
    Greeted(Result<Welcome, CallFailure>),
    /// It is over.
    Lost {
        /// Whether the server means that the device may come back.
        may_return: bool,
    },
    /// The server is about to close it and asks to come back after this time, as it came.
    Drain(Duration),
    /// Another login took this installation's place.
    Replaced,
    /// The keep-alive was answered, or not in time.
    Probed {
        /// Whether the other end answered.
        is_alive: bool,
    },
    /// A read was answered.
    Page(Result<Page, CallFailure>),
    /// The server called: the log has grown.
    Entries(Entries),
    /// The server called: there is something to read. The end of the log, if it could be read.
    Behind(Option<Cursor>),
    /// The report was answered: there is a result for each fact, or this is why there is none.
    Answered(Result<(), CallFailure>),
    /// The server was told of a topic, or not.
    TopicTold(Result<(), CallFailure>),
}

/// Where a user's store stands.
#[derive(Debug, Clone, Default)]
pub struct Stands {
    /// How far the log was read.
    pub cursor: Option<Cursor>,
    /// What waits in the outbox.
    pub outbox: Outbox,
    /// What the server was told of the device.
    pub told: Option<Told>,
    /// The topics that the server was not told of.
    pub wishes: Vec<Wish>,
    /// What the user changed of what they do not want, and the server has not answered.
    pub opt_out_changes: OptOutChange,
    /// What requests that may still land say of it.
    pub sent_opt_outs: SentOptOuts,
}
