//! Who the device is and how it is connected.

use std::time::SystemTime;

use vestnik_core as core;

/// Who the device is, how it is connected, and how many notifications are unread.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Snapshot {
    /// Who the device is.
    pub standing: Standing,
    /// How it is connected.
    pub connection: Connection,
    /// How many notifications are unread: the badge.
    pub unread: u64,
}

/// Who the device is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Standing {
    /// Nobody is logged in.
    Nobody,
    /// A login is under way; it goes on by itself when the server can be reached.
    LoggingIn {
        /// Who is to be logged in.
        user: String,
    },
    /// A user is logged in.
    LoggedIn {
        /// The user.
        user: String,
    },
    /// A logout is under way.
    LoggingOut,
    /// The session has ended. Call `login` with a fresh identity token.
    NeedsIdentity {
        /// Whose session it was.
        user: Option<String>,
        /// The problem's code, if the server refused; `other_user` if its answer named another user.
        reason: Option<String>,
    },
}

/// How a device is connected.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Connection {
    /// Where it stands.
    pub phase: Phase,
    /// What is in the way.
    pub last_error: Option<Trouble>,
    /// When it is tried again.
    pub retry_at: Option<SystemTime>,
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Phase {
    /// No connection is wanted.
    Off,
    /// Waiting until the next attempt.
    Waiting,
    /// A connection is being made.
    Connecting,
    /// Connected; what was missed is being read.
    Syncing,
    /// Connected, and nothing is missing.
    Online,
}

/// What stands between the device and its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Trouble {
    /// The server cannot be reached.
    Unreachable,
    /// The network wants a person to sign in first.
    CaptivePortal,
    /// What answers at the address is not a Vestnik server.
    WrongAddress,
    /// The server refuses, and repeating the same soon does not help.
    Refused,
    /// The server asks this device to slow down.
    Throttled,
    /// The server is restarting, overloaded or out of order.
    ServerBusy,
    /// The device's own storage failed.
    Storage,
    /// A fault of the core, which has started again.
    Internal,
}

/// How far a login came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Login {
    /// The user is logged in.
    Done,
    /// Something is in the way. The login goes on by itself, and the snapshot shows it.
    Pending {
        /// What.
        trouble: Trouble,
    },
}

impl From<core::Snapshot> for Snapshot {
    fn from(snapshot: core::Snapshot) -> Self {
        let core::Snapshot {
            standing,
            connection,
            unread,
        } = snapshot;
        Self {
            standing: standing.into(),
            connection: connection.into(),
            unread,
        }
    }
}

impl From<core::Standing> for Standing {
    fn from(standing: core::Standing) -> Self {
        match standing {
            core::Standing::Nobody => Self::Nobody,
            core::Standing::LoggingIn { user } => Self::LoggingIn {
                user: user.to_string(),
            },
            core::Standing::LoggedIn { user } => Self::LoggedIn {
                user: user.to_string(),
            },
            core::Standing::LoggingOut => Self::LoggingOut,
            core::Standing::NeedsIdentity { user, reason } => Self::NeedsIdentity {
                user: user.map(|user| user.to_string()),
                reason: code(&reason),
            },
        }
    }
}

fn code(reason: &core::NeedsIdentity) -> Option<String> {
    match reason {
        core::NeedsIdentity::Ended => None,
        core::NeedsIdentity::Refused(code) => Some(code.as_str().to_owned()),
        core::NeedsIdentity::OtherUser => Some("other_user".to_owned()),
    }
}

impl From<core::ConnectionState> for Connection {
    fn from(connection: core::ConnectionState) -> Self {
        let core::ConnectionState {
            phase,
            last_error,
            retry_at,
        } = connection;
        Self {
            phase: phase.into(),
            last_error: last_error.map(Into::into),
            retry_at: retry_at.map(Into::into),
        }
    }
}

impl From<core::Phase> for Phase {
    fn from(phase: core::Phase) -> Self {
        match phase {
            core::Phase::Off => Self::Off,
            core::Phase::Waiting => Self::Waiting,
            core::Phase::Connecting => Self::Connecting,
            core::Phase::Syncing => Self::Syncing,
            core::Phase::Online => Self::Online,
        }
    }
}

impl From<core::Trouble> for Trouble {
    fn from(trouble: core::Trouble) -> Self {
        match trouble {
            core::Trouble::Unreachable => Self::Unreachable,
            core::Trouble::CaptivePortal => Self::CaptivePortal,
            core::Trouble::WrongAddress => Self::WrongAddress,
            core::Trouble::Refused => Self::Refused,
            core::Trouble::Throttled => Self::Throttled,
            core::Trouble::ServerBusy => Self::ServerBusy,
            core::Trouble::Storage => Self::Storage,
            core::Trouble::Internal => Self::Internal,
        }
    }
}

impl From<core::Login> for Login {
    fn from(login: core::Login) -> Self {
        match login {
            core::Login::Done => Self::Done,
            core::Login::Pending(trouble) => Self::Pending {
                trouble: trouble.into(),
            },
        }
    }
}
