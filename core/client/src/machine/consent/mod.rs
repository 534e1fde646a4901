//! What the user does not want: telling the server what changed here, and learning what changed elsewhere.
//!
//! Other devices, letters and the App's backend change it too. So a device keeps the *changes* that a person made
//! on it, the last word for each thing that can be opted out of, and tells the server these: what nobody
//! touched here stays as the server has it. It answers with all that is not wanted then. The changes are
//! durable before this machine knows of them, and stay until the server has answered. A request without an answer
//! may still land, behind a later one. Where it says the same, that changes nothing. A choice of which it says
//! something else stays, and is told once more after a while, when nothing can be on its way any more. What a
//! request says is durable before it begins, so that the next process knows it.
//!
//! A choice that the server has confirmed must not come back later and undo what others said since: it is told
//! again one time at most after the process has ended, also if that is before nothing can land any more.
//!
//! A device of an app that never asks and never changes anything makes no request.

mod machine;

#[cfg(test)]
mod tests;

pub use machine::Consent;

use vestnik_clock::Monotonic;
use vestnik_inbox::SentOptOuts;
use vestnik_model::{
    Open, ProblemCode,
    preference::{OptOutChange, StoredOptOuts},
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
        /// What requests that may still land say.
        sent: SentOptOuts,
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
    /// The server said what is not wanted, after what it was told if it was; or not.
    Answer {
        /// In which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// What it said.
        result: Result<StoredOptOuts, CallFailure>,
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
    /// Ask the server what is not wanted. → [`Input::Answer`]
    Ask {
        /// In which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// The access token.
        token: Secret,
    },
    /// Tell the server what was changed. → [`Input::Answer`]
    Change {
        /// In which session.
        generation: Generation,
        /// Which call.
        call: CallNumber,
        /// What was changed.
        changes: OptOutChange,
        /// The access token.
        token: Secret,
    },
    /// Keep what is learned, as well as it can be: there is no answer.
    Keep(Learned),
}

/// What is learned of what is not wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// What a request says that begins now.
    pub begun: OptOutChange,
    /// Whether what former requests say is of no account any more.
    pub forgets_sent: bool,
    /// What is not wanted, if the server said so.
    pub opt_outs: Option<StoredOptOuts>,
    /// The changes that it has answered.
    pub settled: OptOutChange,
    /// Why it refused these changes, if it did.
    pub refused: Option<Open<ProblemCode>>,
}

impl Learned {
    /// Brings up to it what is kept of what was sent.
    pub fn bring_up(&self, sent: &mut SentOptOuts) {
        if self.forgets_sent {
            *sent = SentOptOuts::default();
        }
        sent.add(&self.begun);
    }
}

/// A call that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Call {
    number: CallNumber,
    token: TokenNumber,
    /// When no answer can come any more.
    until: Monotonic,
}
