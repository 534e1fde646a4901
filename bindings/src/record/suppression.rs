//! Why a notification is not shown.

use vestnik_inbox as inbox;

/// Why a notification is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Suppression {
    /// It was accepted before this installation logged in.
    FirstSync,
    /// It was accepted before the history was lost or set back, and may have been shown before.
    Restored,
    /// It was read before it could be shown, here or on another device.
    Read,
    /// It was deleted before it could be shown.
    Deleted,
    /// Its time passed before it could be shown.
    Expired,
    /// The system does not let the app show notifications.
    BlockedOs,
    /// The user does not want to see it, by a setting of the app.
    BlockedApp,
    /// It was shown before the history was wiped or pruned.
    AlreadyShown,
    /// Showing it failed too often, or for too long.
    Failed,
    /// Its content cannot be read by this version.
    Unreadable,
    /// A reason that another version wrote.
    Other,
}

impl Suppression {
    /// The core's reason; none for one that only another version knows.
    pub(crate) const fn known(self) -> Option<inbox::Suppression> {
        Some(match self {
            Self::FirstSync => inbox::Suppression::FirstSync,
            Self::Restored => inbox::Suppression::Restored,
            Self::Read => inbox::Suppression::Read,
            Self::Deleted => inbox::Suppression::Deleted,
            Self::Expired => inbox::Suppression::Expired,
            Self::BlockedOs => inbox::Suppression::BlockedOs,
            Self::BlockedApp => inbox::Suppression::BlockedApp,
            Self::AlreadyShown => inbox::Suppression::AlreadyShown,
            Self::Failed => inbox::Suppression::Failed,
            Self::Unreadable => inbox::Suppression::Unreadable,
            Self::Other => return None,
        })
    }
}

impl From<inbox::Suppression> for Suppression {
    fn from(reason: inbox::Suppression) -> Self {
        match reason {
            inbox::Suppression::FirstSync => Self::FirstSync,
            inbox::Suppression::Restored => Self::Restored,
            inbox::Suppression::Read => Self::Read,
            inbox::Suppression::Deleted => Self::Deleted,
            inbox::Suppression::Expired => Self::Expired,
            inbox::Suppression::BlockedOs => Self::BlockedOs,
            inbox::Suppression::BlockedApp => Self::BlockedApp,
            inbox::Suppression::AlreadyShown => Self::AlreadyShown,
            inbox::Suppression::Failed => Self::Failed,
            inbox::Suppression::Unreadable => Self::Unreadable,
            _ => Self::Other,
        }
    }
}
