//! Why a notification is not shown.

use vestnik_model::FactKind;

/// Why a notification is not shown. Each that is not shown has one of these; see
/// [`HistoryItem::show`](crate::HistoryItem::show).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
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
}

impl Suppression {
    const ALL: [Self; 10] = [
        Self::FirstSync,
        Self::Restored,
        Self::Read,
        Self::Deleted,
        Self::Expired,
        Self::BlockedOs,
        Self::BlockedApp,
        Self::AlreadyShown,
        Self::Failed,
        Self::Unreadable,
    ];

    /// The reason as it is stored, and as the fact `not_shown` says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstSync => "first_sync",
            Self::Restored => "restored",
            Self::Read => "read",
            Self::Deleted => "deleted",
            Self::Expired => "expired.ttl",
            Self::BlockedOs => "blocked.os",
            Self::BlockedApp => "blocked.app",
            Self::AlreadyShown => "already_shown",
            Self::Failed => "failed",
            Self::Unreadable => "unreadable",
        }
    }

    /// The reason with this text.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == code)
    }

    /// What is reported when this decides that a notification is not shown. What the user did or what
    /// was shown before is no failure to show.
    pub(crate) const fn fact(self) -> Option<FactKind> {
        match self {
            Self::Expired
            | Self::BlockedOs
            | Self::BlockedApp
            | Self::Failed
            | Self::Unreadable => Some(FactKind::NotShown),
            Self::FirstSync | Self::Restored | Self::Read | Self::Deleted | Self::AlreadyShown => {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back() {
        for reason in Suppression::ALL {
            assert_eq!(Suppression::from_code(reason.as_str()), Some(reason));
        }
        assert_eq!(Suppression::from_code("mood"), None);
    }
}
