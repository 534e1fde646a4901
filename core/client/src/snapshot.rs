//! The state that an app watches: only the newest counts.

use std::fmt;

use jiff::Timestamp;
use vestnik_model::UserId;

use crate::machine::{
    Trouble,
    engine::Phase,
    session::{NeedsIdentity, Standing},
};

/// The state of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Who the device is.
    pub standing: Standing,
    /// How it is connected.
    pub connection: ConnectionState,
    /// How many notifications are unread: the badge.
    pub unread: u64,
}

/// How a device is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionState {
    /// How far it is.
    pub phase: Phase,
    /// What is in the way, until it is over.
    pub last_error: Option<Trouble>,
    /// When the next try is, if one is planned, by the device's clock.
    pub retry_at: Option<Timestamp>,
}

/// What the app has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// Call [`login`](crate::Vestnik::login): the App's backend must vouch for the user.
    Identity(NeedsIdentity),
    /// Ask the person to sign in to the network: it answers in the server's place.
    NetworkSignIn,
    /// Make room: the device's storage fails.
    Storage,
    /// Check the server's address: what answers there is not a Vestnik server.
    Address,
}

impl Snapshot {
    /// The state before anything is known.
    pub(crate) const fn begin() -> Self {
        Self {
            standing: Standing::Nobody,
            connection: ConnectionState {
                phase: Phase::Off,
                last_error: None,
                retry_at: None,
            },
            unread: 0,
        }
    }

    /// Who is logged in, is about to be, or whose history is on the device.
    #[must_use]
    pub const fn user(&self) -> Option<&UserId> {
        match &self.standing {
            Standing::LoggedIn { user } | Standing::LoggingIn { user } => Some(user),
            Standing::NeedsIdentity { user, .. } => user.as_ref(),
            Standing::Nobody | Standing::LoggingOut => None,
        }
    }

    /// Whether the device is connected and has everything.
    #[must_use]
    pub const fn is_online(&self) -> bool {
        matches!(self.connection.phase, Phase::Online)
    }

    /// What the app or the person has to do, if anything.
    #[must_use]
    pub fn needs(&self) -> Option<Needs> {
        if let Standing::NeedsIdentity { reason, .. } = &self.standing {
            return Some(Needs::Identity(reason.clone()));
        }
        match self.connection.last_error? {
            Trouble::CaptivePortal => Some(Needs::NetworkSignIn),
            Trouble::Storage => Some(Needs::Storage),
            Trouble::WrongAddress => Some(Needs::Address),
            Trouble::Unreachable
            | Trouble::Refused
            | Trouble::Throttled
            | Trouble::ServerBusy
            | Trouble::Internal => None,
        }
    }
}

/// In a few English words, for logs and terminals.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.standing {
            Standing::Nobody => return f.write_str("signed out"),
            Standing::LoggingOut => return f.write_str("signing out"),
            Standing::NeedsIdentity { .. } => {
                return f.write_str("waiting for the App to vouch for the user");
            }
            Standing::LoggingIn { .. } => f.write_str("signing in")?,
            Standing::LoggedIn { .. } => f.write_str(match self.connection.phase {
                Phase::Off | Phase::Waiting => "offline",
                Phase::Connecting => "connecting",
                Phase::Syncing => "reading what was missed",
                Phase::Online => "online",
            })?,
        }
        match self.connection.last_error {
            Some(trouble) => write!(f, ": {}", words(trouble)),
            None => Ok(()),
        }
    }
}

const fn words(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Unreachable => "the server cannot be reached",
        Trouble::CaptivePortal => "the network wants a person to sign in",
        Trouble::WrongAddress => "there is no Vestnik server at this address",
        Trouble::Refused => "the server refuses",
        Trouble::Throttled => "the server asks to slow down",
        Trouble::ServerBusy => "the server restarts or is overloaded",
        Trouble::Storage => "the storage failed",
        Trouble::Internal => "the engine failed and begins again",
    }
}
