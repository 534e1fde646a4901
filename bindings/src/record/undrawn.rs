//! Why the content of a push is not drawn.

use vestnik_inbox::push;

/// Why the content of a push is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Undrawn {
    /// The push has no content. The app connects and reads its log.
    Hint,
    /// The push is not one of Vestnik's.
    Malformed,
    /// The push has more bytes than any service carries.
    TooLarge,
    /// There are no keys that could open it, as before a phone is unlocked for the first time.
    NoKeys,
    /// It was sealed for a key that this installation does not have, or has no more.
    UnknownKey,
    /// It does not open, or its content cannot be read.
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
    /// A reason of a later version.
    Other,
}

impl From<push::Undrawn> for Undrawn {
    fn from(why: push::Undrawn) -> Self {
        use push::Undrawn as Why;
        match why {
            Why::Hint => Self::Hint,
            Why::Malformed => Self::Malformed,
            Why::TooLarge => Self::TooLarge,
            Why::NoKeys => Self::NoKeys,
            Why::UnknownKey => Self::UnknownKey,
            Why::DecryptFailed => Self::DecryptFailed,
            Why::OtherUser => Self::OtherUser,
            Why::Revoked => Self::Revoked,
            Why::Duplicate => Self::Duplicate,
            Why::NotSpooled => Self::NotSpooled,
            Why::SwitchedOff => Self::SwitchedOff,
            _ => Self::Other,
        }
    }
}
