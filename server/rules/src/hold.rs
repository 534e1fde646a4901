//! What a person may have said against a notification: what they do not want, and what their device does not
//! show.
//!
//! What holds a delivery back is decided by a look ([`cascade::look`](crate::cascade::look)), the first thing
//! that does in this order: it has ended, is withdrawn or has expired; it is not wanted; its hours are closed;
//! the app is too old; the device has time to confirm it; the device shows nothing; it has no address that is
//! alive; nobody pushes for the App; an earlier try is waited for. The order decides what the sender is told,
//! and what happens next: who does not want a notification is not reached by another channel either, one whose
//! phone shows nothing is. It is checked by `cascade/tests/order.rs`.
//!
//! ```
//! use vestnik_model::{Permission, Reason};
//! use vestnik_rules::hold::{Block, OptOut};
//!
//! assert_eq!(OptOut::Category.reason(), Reason::OptoutCategory);
//! assert_eq!(Block::of(Permission::Denied).map(Block::reason), Some(Reason::BlockedOs));
//! ```

use vestnik_model::{Permission, Reason};

/// What a person does not want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOut {
    /// Any notification.
    All,
    /// Those of its category.
    Category,
    /// Those of its topic.
    Topic,
}

impl OptOut {
    /// The reason with which a delivery ends that is not wanted.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::All => Reason::OptoutAll,
            Self::Category => Reason::OptoutCategory,
            Self::Topic => Reason::OptoutTopic,
        }
    }
}

/// What keeps a channel from showing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// The system's permission.
    Os,
    /// The app's own switch.
    App,
    /// The system's switch for this kind of notification.
    Channel,
}

impl Block {
    /// What keeps an installation from showing anything, by what it told.
    #[must_use]
    pub const fn of(permission: Permission) -> Option<Self> {
        match permission {
            Permission::Denied => Some(Self::Os),
            Permission::SwitchedOff => Some(Self::App),
            // Who was not asked may be, and what a system does not tell is tried.
            Permission::Unknown
            | Permission::NotAsked
            | Permission::Granted
            | Permission::Provisional => None,
        }
    }

    /// The reason with which the channel gives way to the next.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Os => Reason::BlockedOs,
            Self::App => Reason::BlockedApp,
            Self::Channel => Reason::BlockedChannel,
        }
    }
}

#[cfg(test)]
mod tests;
