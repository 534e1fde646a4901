//! Why the content of a push is not drawn.

use vestnik_model::Reason;

/// Why the content of a push is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Undrawn {
    /// The push has no content. The app connects and reads its log.
    Hint,
    /// The push is not a parcel of this version.
    Malformed,
    /// The push has more bytes than any service carries.
    TooLarge,
    /// There are no keys that could open it, as before a phone is unlocked for the first time.
    NoKeys,
    /// It was sealed for a key that this installation does not have, or has no more.
    UnknownKey,
    /// The envelope does not open, or its content cannot be read.
    DecryptFailed,
    /// It is for another user than the one whose history is on the device.
    OtherUser,
    /// It was recalled.
    Revoked,
    /// It was drawn before, or is being drawn.
    Duplicate,
    /// It could not be spooled: the spool is full, or the file system refuses.
    NotSpooled,
    /// The person has switched notifications off in the app.
    SwitchedOff,
}

impl Undrawn {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Hint,
        Self::Malformed,
        Self::TooLarge,
        Self::NoKeys,
        Self::UnknownKey,
        Self::DecryptFailed,
        Self::OtherUser,
        Self::Revoked,
        Self::Duplicate,
        Self::NotSpooled,
        Self::SwitchedOff,
    ];

    /// What the server is told, as the reason of a fact `not_shown`. `None`: nothing is lost that the server
    /// has to know of; the log brings the notification, and its show is decided then.
    #[must_use]
    pub const fn reported(self) -> Option<Reason> {
        match self {
            Self::UnknownKey => Some(Reason::DecryptUnknownKey),
            Self::DecryptFailed => Some(Reason::DecryptFailed),
            Self::OtherUser => Some(Reason::OwnerMismatchDropped),
            Self::Revoked => Some(Reason::Recalled),
            Self::Hint
            | Self::Malformed
            | Self::TooLarge
            | Self::NoKeys
            | Self::Duplicate
            | Self::NotSpooled
            | Self::SwitchedOff => None,
        }
    }

    /// Whether the server seals for another key than the present one, as far as can be seen: it is told of
    /// the key once more.
    #[must_use]
    pub const fn is_about_key(self) -> bool {
        match self {
            Self::UnknownKey | Self::DecryptFailed => true,
            Self::Hint
            | Self::Malformed
            | Self::TooLarge
            | Self::NoKeys
            | Self::OtherUser
            | Self::Revoked
            | Self::Duplicate
            | Self::NotSpooled
            | Self::SwitchedOff => false,
        }
    }

    /// Whether nothing of the notification, which is the present user's, is to be on the screen.
    pub(super) const fn is_unwanted(self) -> bool {
        match self {
            Self::Revoked | Self::SwitchedOff => true,
            Self::OtherUser
            | Self::Hint
            | Self::Malformed
            | Self::TooLarge
            | Self::NoKeys
            | Self::UnknownKey
            | Self::DecryptFailed
            | Self::Duplicate
            | Self::NotSpooled => false,
        }
    }

    /// Whether the person has something to see all the same: a text without content, because a notification
    /// has come. What is not for them, or was drawn before, is not announced.
    #[must_use]
    pub const fn is_announced(self) -> bool {
        match self {
            Self::Hint
            | Self::NoKeys
            | Self::UnknownKey
            | Self::DecryptFailed
            | Self::NotSpooled => true,
            Self::Malformed
            | Self::TooLarge
            | Self::OtherUser
            | Self::Revoked
            | Self::Duplicate
            | Self::SwitchedOff => false,
        }
    }
}
