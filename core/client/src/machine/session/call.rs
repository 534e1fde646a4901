//! What goes into the session machine and what comes out of it.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_model::{InstallationId, Open, ProblemCode, UserId};

use super::access::Grant;
use crate::machine::{CallFailure, CallNumber, Generation, Secret, TokenNumber, Trouble};

/// What the device's store says at the start.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The generation of the last session.
    pub generation: Generation,
    /// Who the device is.
    pub standing: SeedStanding,
    /// The logouts that the server has not confirmed, oldest first.
    pub logouts: Vec<PendingLogout>,
}

/// Who a device is at the start.
#[derive(Debug, Clone)]
pub enum SeedStanding {
    /// Nobody, and no history is kept.
    Nobody,
    /// A user whose session has not ended, as far as the device knows.
    LoggedIn {
        /// The user.
        user: UserId,
        /// The session's refresh token.
        refresh: Secret,
    },
    /// A user whose session has ended; their history is kept.
    Ended {
        /// The user.
        user: UserId,
    },
}

/// A logout that the server has not confirmed.
#[derive(Debug, Clone)]
pub struct PendingLogout {
    /// The generation of the session that ended.
    pub generation: Generation,
    /// Its refresh token.
    pub refresh: Secret,
    /// How often the server was asked in vain.
    pub tries: u32,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The app says who the user is, vouched for by an identity token.
    Login {
        /// The user.
        user: UserId,
        /// The identity token.
        identity: Secret,
    },
    /// The user logs out.
    Logout,
    /// The facts that waited are reported, or cannot be now.
    Flushed,
    /// Somebody needs an access token. → [`Output::Token`], once there is one.
    WantToken {
        /// The token that the server refused, if that is why.
        refused: Option<TokenNumber>,
    },
    /// Nobody needs an access token any more.
    DropToken,
    /// Something changed that makes another try promising.
    Nudge,
    /// The machine is about to sleep: the network is left alone.
    Suspend,
    /// The machine woke up.
    Resume,
    /// An exchange was answered.
    Exchanged {
        /// Which.
        call: CallNumber,
        /// What the server granted, or why it did not.
        result: Result<Grant, CallFailure>,
    },
    /// The server was asked to log an installation out.
    Deleted {
        /// Which call.
        call: CallNumber,
        /// What came of it.
        result: Result<(), CallFailure>,
    },
    /// The store did what was asked, or failed.
    Stored {
        /// Of which session.
        generation: Generation,
        /// Whether it is durable.
        is_durable: bool,
    },
    /// A deadline may have passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Ask the server for tokens. → [`Input::Exchanged`], no later than after `within`
    Exchange {
        /// Which call.
        call: CallNumber,
        /// By what.
        exchange: Exchange,
        /// After what time to give up.
        within: Duration,
    },
    /// Ask the server to log an installation out, by this access token. → [`Input::Deleted`], no
    /// later than after `within`
    Delete {
        /// Which call.
        call: CallNumber,
        /// Which installation, this one, if it is not known.
        installation: Option<InstallationId>,
        /// By which access token.
        token: Secret,
        /// After what time to give up.
        within: Duration,
    },
    /// Make something durable; all of these in the order in which they come. → [`Input::Stored`]
    Store {
        /// Of which session.
        generation: Generation,
        /// What.
        call: StoreCall,
    },
    /// Make something about a pending logout durable, as well as it can be: there is no answer.
    Note(LogoutNote),
    /// An access token, for all who wait for one.
    Token {
        /// Its number.
        number: TokenNumber,
        /// The token.
        token: Secret,
    },
    /// The session is durable: the device is this user now.
    Began {
        /// The session.
        generation: Generation,
        /// The user.
        user: UserId,
        /// Whose history was on the device before, if it was another user's.
        former: Option<UserId>,
    },
    /// The user is about to log out: nothing more is received for them.
    Leaving,
    /// Report the facts that wait. → [`Input::Flushed`]
    Flush,
    /// The session is over: whatever belongs to it in memory is forgotten, the live connection ends.
    Ended {
        /// The generation that begins.
        generation: Generation,
        /// Whether the user logged out, so that nothing of theirs may be seen any more.
        is_logout: bool,
    },
    /// What came of the logins of a user that were asked for and have no final answer yet.
    Login {
        /// The user whose login it was.
        user: UserId,
        /// What came of it.
        outcome: LoginOutcome,
    },
    /// The user is logged out here, or the device's storage failed and it is tried again.
    Logout(Result<(), Trouble>),
}

/// By what tokens are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// By an identity token, for this user.
    Identity(Secret),
    /// By a refresh token.
    Refresh(Secret),
    /// By the refresh token of an installation that this one replaced, whose secret is gone.
    Former(Secret),
}

/// What the device's store makes durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreCall {
    /// The user logged in; what belongs to another user is wiped or sealed.
    Login {
        /// The user.
        user: UserId,
        /// The session's refresh token.
        refresh: Secret,
    },
    /// The session's next refresh token.
    Keep {
        /// The token.
        refresh: Secret,
    },
    /// The session has ended at the server; the history stays.
    End,
    /// The user logged out: their history is wiped, and if there was a session, a pending logout is
    /// kept.
    Logout(Option<LogoutNote>),
}

/// What becomes of a pending logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutNote {
    /// It is pending, and this is the refresh token to tell the server by; it replaces a former one.
    Pending {
        /// The generation of the session that ended.
        generation: Generation,
        /// The user.
        user: Option<UserId>,
        /// The refresh token.
        refresh: Secret,
    },
    /// The server was asked in vain.
    Tried {
        /// The generation of the session that ended.
        generation: Generation,
        /// When the next try is, by the device's clock.
        next_at: Timestamp,
    },
    /// The server has confirmed it.
    Done {
        /// The generation of the session that ended.
        generation: Generation,
    },
}

/// What came of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The user is logged in.
    Done,
    /// The server refused the identity token.
    Refused(Open<ProblemCode>),
    /// The identity token vouches for another user than the app named.
    OtherUser,
    /// Another login or a logout came in between.
    Overtaken,
    /// It has not worked yet and goes on.
    Delayed(Trouble),
}

/// Who the device is, as the app sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody.
    Nobody,
    /// A login is under way.
    LoggingIn {
        /// The user.
        user: UserId,
    },
    /// A user.
    LoggedIn {
        /// The user.
        user: UserId,
    },
    /// A logout is under way.
    LoggingOut,
    /// The App's backend must vouch for the user.
    NeedsIdentity {
        /// Whose history is on the device, if it is anybody's.
        user: Option<UserId>,
        /// Why.
        reason: NeedsIdentity,
    },
}

/// Why the App's backend must vouch for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NeedsIdentity {
    /// The session had ended when the program began.
    Ended,
    /// The server refused the session or the identity token.
    Refused(Open<ProblemCode>),
    /// The server's answer named another user.
    OtherUser,
}
