//! The states of a session.

use vestnik_clock::Monotonic;
use vestnik_model::UserId;

use super::{
    access::Access,
    call::{NeedsIdentity, Standing, StoreCall},
};
use crate::machine::{CallNumber, Generation, Secret};

/// Who the device is.
#[derive(Debug)]
pub(super) enum State {
    Nobody,
    LoggingIn(Login),
    LoggedIn(Present),
    /// The user logs out; the facts that wait are reported first.
    Leaving {
        present: Present,
        until: Monotonic,
    },
    /// The user is logged out, and the store is being told.
    Forgetting,
    NeedsIdentity {
        user: Option<UserId>,
        reason: NeedsIdentity,
    },
}

/// A login that the server has not answered for good.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) user: UserId,
    pub(super) identity: Secret,
    /// A newer identity token of the same user, for the case that the first is refused.
    pub(super) reserve: Option<Secret>,
    /// Whose history is on the device.
    pub(super) former: Option<UserId>,
    /// Whether the app waits for the outcome.
    pub(super) is_awaited: bool,
}

/// A session.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) user: UserId,
    pub(super) refresh: Secret,
    pub(super) access: Option<Access>,
    /// An identity token of the same user, for the case that the session ends.
    pub(super) reserve: Option<Secret>,
    /// Whether the login is durable.
    pub(super) has_begun: bool,
    /// Whose history was on the device.
    pub(super) former: Option<UserId>,
    /// Whether the app waits until the login is durable.
    pub(super) is_awaited: bool,
}

/// What has to be made durable next.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) call: StoreCall,
    pub(super) progress: Progress,
    /// How many answers to the same call were waited for in vain.
    pub(super) unanswered: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Due(Monotonic),
    Running {
        /// When no answer can come any more.
        until: Monotonic,
    },
}

/// The call that is under way.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) number: CallNumber,
    pub(super) generation: Generation,
    pub(super) purpose: Purpose,
    /// When an answer can come no more.
    pub(super) until: Monotonic,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    Login(UserId),
    Refresh,
    /// A pending logout: its token is exchanged, then the server is asked to end the session.
    Logout,
}

impl State {
    /// Who the device is, as the app sees it.
    pub(super) fn standing(&self) -> Standing {
        match self {
            Self::Nobody => Standing::Nobody,
            Self::LoggingIn(Login { user, .. }) => Standing::LoggingIn { user: user.clone() },
            Self::LoggedIn(Present {
                user, has_begun, ..
            }) => {
                let user = user.clone();
                if *has_begun {
                    Standing::LoggedIn { user }
                } else {
                    Standing::LoggingIn { user }
                }
            }
            Self::Leaving { .. } | Self::Forgetting => Standing::LoggingOut,
            Self::NeedsIdentity { user, reason } => Standing::NeedsIdentity {
                user: user.clone(),
                reason: reason.clone(),
            },
        }
    }
}
