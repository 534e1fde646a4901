//! Telling the server about this device: its whole state, and the topics that its user joins.
//!
//! The state is a register: the app sets parts of it at any time, offline too, and the last value wins.
//! Each change raises its *version*, and at most one request is under way, so that an older state never
//! lands behind a newer one: what changes meanwhile is told afterwards, as a whole. A request without
//! an answer may still land. The state that follows it is told once more after a while, when nothing
//! can be on its way any more.
//!
//! When the app was last brought to the front is told beside the state, by how long ago that is, so that the
//! device's clock does not matter: the server decides by it which device of a user is the primary one.
//!
//! Topics are registers too, one for each topic: joining and leaving in a tunnel comes to the last wish,
//! which is kept until the server answers.

mod machine;
mod opening;
mod topic;

#[cfg(test)]
mod tests;

pub use machine::{Registration, digest};
pub use topic::Wish;

use jiff::Timestamp;
use vestnik_clock::Monotonic;
use vestnik_model::{
    InstallationReport, InstallationState, Open, Permission, ProblemCode, PushAddress,
    PushAddressKind, TopicName,
};

use super::{CallFailure, ConnectionNumber, Generation, Secret, TokenNumber};

/// What the server was told of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The [`digest`] of the state.
    pub digest: String,
    /// When, by the device's clock.
    pub at: Timestamp,
}

/// A change of the device's state. Parts that are absent stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Whether the system lets the app show notifications.
    pub permission: Option<Permission>,
    /// A BCP 47 language tag.
    pub locale: Option<String>,
    /// The IANA name of the time zone.
    pub time_zone: Option<String>,
    /// The app's version.
    pub app_version: Option<String>,
    /// The system's version.
    pub os_version: Option<String>,
    /// The public key that pushes are sealed for.
    pub envelope_key: Option<String>,
}

impl Change {
    /// A state with the parts that are present.
    #[must_use]
    pub fn applied(self, state: InstallationState) -> InstallationState {
        InstallationState {
            permission: self.permission.map_or(state.permission, Open::Known),
            locale: self.locale.or(state.locale),
            time_zone: self.time_zone.or(state.time_zone),
            app_version: self.app_version.or(state.app_version),
            os_version: self.os_version.or(state.os_version),
            envelope_key: self.envelope_key.or(state.envelope_key),
            ..state
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A session begins, or goes on after a start.
    Begin {
        /// The session.
        generation: Generation,
        /// What the server was told in this session.
        told: Option<Told>,
        /// The wishes that the server has not answered.
        wishes: Vec<Wish>,
    },
    /// The session is over: what belongs to its user is forgotten.
    End,
    /// A connection can be used.
    Up(ConnectionNumber),
    /// The connection is over.
    Down(ConnectionNumber),
    /// Something about the device changed.
    Change(Change),
    /// The app was brought to the front.
    Opened(Monotonic),
    /// A push service gave this installation an address, in the place of those that it excludes.
    PushAddress(PushAddress),
    /// A push service reaches this installation no more.
    ForgetPushAddress(PushAddressKind),
    /// The server may have forgotten what it was told: it is told once more.
    TellAgain,
    /// The user joins or leaves a topic.
    Topic {
        /// The topic.
        topic: TopicName,
        /// Whether they join.
        joins: bool,
    },
    /// There is an access token.
    Token {
        /// Its number.
        number: TokenNumber,
        /// The token.
        token: Secret,
    },
    /// The server was told of the device, or not.
    Put {
        /// Of which session.
        generation: Generation,
        /// Which version of the state.
        version: u64,
        /// What came of it.
        result: Result<(), CallFailure>,
    },
    /// The server was told of a topic, or not.
    TopicTold {
        /// On which connection.
        connection: ConnectionNumber,
        /// What came of it.
        result: Result<(), CallFailure>,
    },
    /// A deadline may have passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Get an access token. → [`Input::Token`], unless the session ends
    WantToken {
        /// The token that was refused, if that is why.
        refused: Option<TokenNumber>,
    },
    /// Tell the server of the device. → [`Input::Put`]
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
    /// Tell the server of a topic. → [`Input::TopicTold`]
    Topic {
        /// On which connection.
        connection: ConnectionNumber,
        /// The topic.
        topic: TopicName,
        /// Whether the user joins it.
        joins: bool,
    },
    /// Keep what the server was told, as well as it can be: there is no answer.
    KeepTold(Option<Told>),
    /// Keep the wishes that the server has not answered, as well as it can be: there is no answer.
    KeepWishes(Vec<Wish>),
    /// The server took the wish.
    TopicDone {
        /// The topic.
        topic: TopicName,
        /// Whether the user joined it.
        joins: bool,
    },
    /// The server refused the wish, and it is dropped.
    TopicRefused {
        /// The topic.
        topic: TopicName,
        /// The problem's code.
        code: Open<ProblemCode>,
    },
}
