//! The cursor: how far a device has read its user's log.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The most bytes of a cursor.
pub const MAX_CURSOR_BYTES: usize = 64;

/// A place in a user's log, as the server writes it. A device keeps it, compares it for equality and
/// gives it back; only the server reads what it says.
///
/// A device whose own cursor equals the `after` of some [`Entries`](crate::contract::Entries) may
/// apply them and then stands at their `cursor`.
///
/// ```
/// use vestnik_model::Cursor;
///
/// let cursor: Cursor = serde_json::from_str(r#""0000002a:17:c0ffee00""#)?;
/// assert_eq!(cursor.as_str(), "0000002a:17:c0ffee00");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(String);

/// The text cannot be a cursor of any version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a cursor that the server gave: 1 to {MAX_CURSOR_BYTES} printable ASCII characters"
)]
pub struct ParseCursorError;

impl Cursor {
    /// Takes a text as a cursor.
    ///
    /// # Errors
    /// [`ParseCursorError`] when it is empty, too long or has other than printable ASCII characters.
    pub fn parse(text: impl Into<String>) -> Result<Self, ParseCursorError> {
        let text = text.into();
        let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_CURSOR_BYTES || !is_printable {
            return Err(ParseCursorError);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({})", self.0)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        Self::parse(text)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_any_short_printable_text() {
        assert!(Cursor::parse("0000002a:17:c0ffee00").is_ok());
        assert!(Cursor::parse("some later version's form").is_err());
        assert!(Cursor::parse("v2.c2hvcA==").is_ok());
        for bad in ["", "a\nb", "я", &"x".repeat(65)] {
            assert_eq!(Cursor::parse(bad), Err(ParseCursorError), "{bad}");
        }
    }
}
