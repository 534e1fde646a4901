use std::time::Duration;

use vestnik_model::{
    Cursor,
    contract::{Entry, Page, Welcome},
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
    /// The greeting was answered; none when the connection failed first.
    Welcomed(Option<Welcome>),
    /// A page of the log was read; none when the connection failed first.
    Page(Option<Page>),
    /// The server called.
    Heard(Live),
    /// The hub's connection ended.
    Lost {
        /// Whether the server means that it may come back.
        may_return: bool,
    },
    /// The store could not take what was handed to it; this is where it stands.
    StorageFailed(Option<Cursor>),
    /// So many receipts wait.
    OutboxHas(u64),
    /// The report was answered; none when the connection failed first.
    Reported(Option<()>),
    /// The user logged out.
    LoggedOut,
}

/// What the server calls on a device.
#[derive(Debug)]
pub(crate) enum Live {
    /// Entries of the log.
    Entries(Vec<Entry>),
    /// Entries were left out: read on.
    Behind,
    /// It is about to close: come back after a while.
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

/// Why the hub's connection does not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectFailure {
    /// The server cannot be reached, or asked to come back later.
    Unreachable(Option<Duration>),
    /// The token is not accepted: another one is needed.
    Unauthorized,
    /// The server refuses for good.
    Refused,
}
