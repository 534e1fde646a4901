//! Whose clock a local time is read by.

use crate::open::words;

/// The word for the recipient's own clock in the place of a zone's name.
pub const RECIPIENT: &str = "recipient";

/// Whose clock a local time is read by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneRule {
    /// Each recipient's own, and what to do if it is not known.
    Recipient(OnNoTimeZone),
    /// That of one zone, the same for everybody.
    Named(ZoneName),
}

/// The name of a time zone as the IANA database spells names (`Europe/Berlin`). Whether there is such a
/// zone is for the owner of the database to say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName(String);

impl ZoneName {
    /// The most characters.
    pub const MAX_CHARS: usize = 64;

    /// Reads a name; `None` if no zone can have it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-/".contains(&byte);
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_short = text.len() <= Self::MAX_CHARS;
        (begins_well && is_short && text.bytes().all(is_name)).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What becomes of a recipient whose zone is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnNoTimeZone {
    /// The App's default zone is taken, and UTC if it has none.
    #[default]
    AppDefault,
    /// They are notified without waiting for a local time or a window.
    SendNow,
    /// They are not notified.
    Drop,
}

words!(OnNoTimeZone {
    AppDefault = "app_default",
    SendNow = "send_now",
    Drop = "drop",
});
