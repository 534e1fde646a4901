//! What the user does not want: telling the server what changed here, and learning what changed elsewhere.
//!
//! The server takes what is not wanted as a whole, and other devices and the App's backend change it too. So
//! a device keeps the *changes* that a person made on it, one for each thing that can be opted out of. To
//! tell them, it reads what the server has, applies them, and puts the whole back if that differs: what
//! nobody touched here stays as the server has it. The changes are durable before this machine knows of
//! them, and stay until the server has answered. A request without an answer may still land; the whole is
//! read and put once more after a while, when nothing can be on its way any more.
//!
//! A device of an app that never asks and never changes anything makes no request.

mod machine;

#[cfg(test)]
mod tests;

pub use machine::Consent;

use vestnik_clock::Monotonic;
use vestnik_model::{
    Open, ProblemCode,
    preference::{OptOutChange, OptOuts},
};

use super::{CallFailure, CallNumber, ConnectionNumber, Generation, Secret, TokenNumber};

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A session begins, or goes on after a start.
    Begin {
        /// The session.
        generation: Generation,
        /// What was changed and the server has not answered.
        changes: OptOutChange,
    },
    /// The session is over: what belongs to its user is forgotten.
    End,
    /// A connection can be used.
    Up(ConnectionNumber),
    /// The connection is over.
    Down(ConnectionNumber),
    /// What was changed and the server has not answered, as it is stored now.
    Changes {
        /// In which session.
        generation: Generation,
        /// All of it.
        changes: OptOutChange,
    },
    /// The app wants to know what the server has.
    Ask,
    /// There is an access token.
    Token {
        /// Its number.
        number: TokenNumber,
        /// The token.
        token: Secret,
    },
    /// The server said what is not wanted, or not.
    Read {
        /// In which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// What it said.
        result: Result<OptOuts, CallFailure>,
    },
    /// The server was told, or not.
    Put {
        /// In which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
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
    /// Ask the server what is not wanted. → [`Input::Read`]
    Read {
        /// In which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// The access token.
        token: Secret,
    },
    /// Tell the server what is not wanted, whole. → [`Input::Put`]
    Put {
        /// In which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// What is not wanted.
        opt_outs: OptOuts,
        /// The access token.
        token: Secret,
    },
    /// Keep what the server said, as well as it can be: there is no answer.
    Keep(Learned),
}

/// What the server said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// What is not wanted, if it said so.
    pub opt_outs: Option<OptOuts>,
    /// The changes that it has answered.
    pub settled: OptOutChange,
    /// Why it refused these changes, if it did.
    pub refused: Option<Open<ProblemCode>>,
}

/// A call that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Call {
    number: CallNumber,
    token: TokenNumber,
    /// When no answer can come any more.
    until: Monotonic,
}
