//! The live connection: when there is one, and when the next attempt is.
//!
//! ```text
//!  Off ──▶ GettingToken ──▶ Connecting ──▶ Greeting ──▶ Up
//!           ▲    ▲               │             │         │
//!           │    └ refused token ┴─────────────┘         │
//!           └───────────── Waiting ◀─────────────────────┘
//! ```
//!
//! A connection is wanted while there is a session, the app is online and the machine is awake. Each
//! attempt to connect has a [`ConnectionNumber`]; what another attempt answers is dropped, and a
//! connection that opens after its attempt was given up is closed.
//!
//! A token that is refused, by whom and whenever it may be, leads to a fresh one once in each attempt;
//! the exchange for it shows whether the session is over. So no failure before can keep a refused token
//! in use.
//!
//! A *nudge* counts in every phase: it ends a pause, restarts an attempt on a network that has changed,
//! and puts a connection that stands to the test. It is tested by the transport's keep-alive, which
//! costs a few bytes and answers within seconds.

mod machine;

#[cfg(test)]
mod tests;

pub use machine::Connection;

use std::time::Duration;

use vestnik_clock::Monotonic;

use super::{CallFailure, ConnectionNumber, Secret, TokenNumber};

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// There is a session, or there is none any more.
    Session(bool),
    /// The app wants to be connected.
    GoOnline,
    /// The app does not want to be connected.
    GoOffline,
    /// The machine is about to sleep.
    Suspend,
    /// The machine woke up.
    Resume,
    /// Another try is promising.
    Nudge(Nudge),
    /// There is an access token.
    Token {
        /// Its number.
        number: TokenNumber,
        /// The token.
        token: Secret,
    },
    /// An attempt to connect was answered.
    Opened {
        /// Which.
        connection: ConnectionNumber,
        /// What came of it.
        result: Result<(), CallFailure>,
    },
    /// The greeting was answered.
    Greeted {
        /// Of which connection.
        connection: ConnectionNumber,
        /// What came of it.
        result: Result<(), CallFailure>,
    },
    /// The connection is over.
    Lost {
        /// Which.
        connection: ConnectionNumber,
        /// Whether the server means that the device may come back.
        may_return: bool,
    },
    /// The server is about to close its connections and asks to come back after this time, as it came.
    Drain {
        /// On which connection.
        connection: ConnectionNumber,
        /// After what time.
        after: Duration,
    },
    /// Another login took this installation's place.
    Replaced(ConnectionNumber),
    /// The keep-alive was answered, or not in time.
    Probed {
        /// Of which connection.
        connection: ConnectionNumber,
        /// Whether the other end answered.
        is_alive: bool,
    },
    /// A call on the connection got no answer.
    Doubtful(ConnectionNumber),
    /// A call on the connection failed in a way that makes it useless.
    Failed {
        /// Which.
        connection: ConnectionNumber,
        /// Why.
        failure: Failed,
    },
    /// A deadline may have passed.
    Tick,
}

/// Why another try is promising.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    /// The device has another network than before.
    NetworkChanged,
    /// The app came to the front, or the person asked for it.
    Foreground,
}

/// Why a connection is useless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// A call failed.
    Call(CallFailure),
    /// The server has more to read and moves nothing.
    Stuck,
    /// The device's storage failed.
    Storage,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Get an access token. → [`Input::Token`], unless the session ends
    WantToken {
        /// The token that was refused, if that is why.
        refused: Option<TokenNumber>,
    },
    /// Connect. → [`Input::Opened`]
    Connect {
        /// The attempt.
        connection: ConnectionNumber,
        /// The access token.
        token: Secret,
    },
    /// Say hello. → [`Input::Greeted`]
    Greet(ConnectionNumber),
    /// The greeting was answered: the connection can be used.
    Up(ConnectionNumber),
    /// The connection is not the present one any more: nothing that waits for it is answered.
    Down(ConnectionNumber),
    /// Close the connection, or give the attempt up. No answer.
    Close(ConnectionNumber),
    /// Send a keep-alive and wait at most so long for the answer. → [`Input::Probed`]
    Probe {
        /// On which connection.
        connection: ConnectionNumber,
        /// For how long.
        within: Duration,
    },
}

/// Where the machine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No connection is wanted.
    Off,
    /// Waiting until the next attempt.
    Waiting {
        /// When it is.
        until: Monotonic,
    },
    /// Waiting for an access token.
    GettingToken,
    /// An attempt to connect is under way.
    Connecting,
    /// The device said hello.
    Greeting,
    /// The connection stands.
    Up {
        /// Since when.
        since: Monotonic,
    },
}
