//! What the core tells its shell. Facts come by a bounded stream, once each; state by `watch`,
//! where only the newest counts.

use std::{fmt, path::PathBuf, time::Instant};

use tokio::sync::mpsc;
use vestnik_model::NotificationId;

use crate::history::HistoryItem;

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// It is in the history. Draw it now, under a tag made of its id, then call
    /// [`report_shown`](crate::Client::report_shown).
    Show {
        /// What to draw.
        item: Box<HistoryItem>,
        /// It may be on the screen already: the program ended between drawing and telling. Drawing
        /// under the same tag replaces and never doubles.
        again: bool,
    },
    /// Read or deleted on another device, or recalled by the sender: take these off the screen.
    Withdraw(Vec<NotificationId>),
    /// These changed in the history.
    Changed(Vec<NotificationId>),
    /// Nobody is logged in, and the App's backend must vouch for the user.
    NeedsIdentity,
    /// Something a person may want to know.
    Warning(Warning),
}

/// Something a person may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The history was damaged. It was put aside, and is read from the server anew.
    HistoryRebuilt {
        /// Where the damaged file lies.
        quarantined: PathBuf,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HistoryRebuilt { quarantined } => {
                write!(
                    f,
                    "the history was damaged and put aside at {}",
                    quarantined.display()
                )
            }
        }
    }
}

/// How the live connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not connected.
    Offline {
        /// Why.
        reason: OfflineReason,
        /// When the next try is, if one is planned.
        retry_at: Option<Instant>,
    },
    /// A connection is being made.
    Connecting,
    /// Connected; reading what was missed.
    Syncing,
    /// Connected, and nothing is missing.
    Online,
    /// The App's backend must vouch for the user first.
    NeedsIdentity,
    /// The user logged out.
    SignedOut,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfflineReason {
    /// The client was only just started, or was stopped.
    NotStarted,
    /// The server cannot be reached.
    Unreachable,
    /// The server asked to come back later.
    Draining,
    /// The server ended the connection for good; it is tried again all the same, rarely.
    Refused,
    /// The device's own storage failed.
    Storage,
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offline {
                reason: OfflineReason::NotStarted,
                ..
            } => "offline",
            Self::Offline {
                reason: OfflineReason::Unreachable,
                ..
            } => "offline: the server cannot be reached",
            Self::Offline {
                reason: OfflineReason::Draining,
                ..
            } => "offline: the server restarts",
            Self::Offline {
                reason: OfflineReason::Refused,
                ..
            } => "offline: the server ended the connection",
            Self::Offline {
                reason: OfflineReason::Storage,
                ..
            } => "offline: the storage failed",
            Self::Connecting => "connecting",
            Self::Syncing => "reading what was missed",
            Self::Online => "online",
            Self::NeedsIdentity => "waiting for the App to vouch for the user",
            Self::SignedOut => "signed out",
        })
    }
}

/// What happened, in order.
#[derive(Debug)]
pub struct EventStream(mpsc::Receiver<Event>);

impl EventStream {
    pub(crate) const fn new(receiver: mpsc::Receiver<Event>) -> Self {
        Self(receiver)
    }

    /// Waits for the next event; `None` once the client has stopped.
    pub async fn recv(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}
