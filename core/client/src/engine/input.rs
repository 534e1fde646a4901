use std::time::Duration;

use vestnik_model::{
    Cursor,
    contract::{Entries, Page, Welcome},
};

/// What happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// Go online.
    Begin,
    /// The network changed, or the app came to the front: try now.
    Nudge,
    /// A deadline may have passed.
    Tick,
    /// There is a token, or there is none.
    Token(Result<(), TokenFailure>),
    /// The hub's connection stands, or does not.
    Connected(Result<(), ConnectFailure>),
    /// The greeting was answered, refused, or not answered.
    Welcomed(Result<Welcome, ConnectFailure>),
    /// A page of the log was read, or not, with the pause that the server asked for.
    Page(Result<Page, Option<Duration>>),
    /// The server called.
    Heard(Live),
    /// The hub's connection ended.
    Lost {
        /// Whether the server means that it may come back.
        may_return: bool,
    },
    /// The store could not take what was handed to it; this is where it stands.
    StorageFailed(Option<Cursor>),
    /// So many facts wait.
    OutboxHas(u64),
    /// The report was answered, or not, with the pause that the server asked for.
    Reported(Result<(), Option<Duration>>),
    /// The user logged out.
    LoggedOut,
}

/// What the server calls on a device.
#[derive(Debug)]
pub(crate) enum Live {
    /// The log has grown.
    Entries(Entries),
    /// There is something to read; the end of the log, if it could be read.
    Behind(Option<Cursor>),
    /// Another login took this installation's place.
    Replaced,
    /// The server is about to close its connections and asks to come back after this time.
    Drain(Duration),
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFailure {
    /// The server cannot be reached, or asked to come back later.
    Unreachable(Option<Duration>),
    /// The App's backend must vouch for the user, and does not now.
    NeedsIdentity,
    /// The device's own storage failed.
    Storage,
}

/// Why there is no connection to the hub, or why it greets the device by a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectFailure {
    /// The server cannot be reached, or asked to come back later.
    Unreachable(Option<Duration>),
    /// The token is not accepted: another one is needed.
    Unauthorized,
    /// The server refuses for good.
    Refused,
}
