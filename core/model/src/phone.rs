//! Telephone numbers, parsed once.

mod country;
mod typed;

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use self::country::{Country, CountryError};

/// A text is no telephone number in international form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a telephone number in international form, such as +4930123456")]
pub struct PhoneError;

/// A telephone number in the international form of ITU-T E.164: `+`, a country code and a number, 7 to 15
/// digits together.
///
/// Spaces and hyphens between digits are left out of it. It is not checked that somebody has the number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The most bytes of a text that is read: every digit with a separator behind it.
    const MAX_TEXT: usize = 32;

    /// Reads a number.
    ///
    /// # Errors
    /// [`PhoneError`] if it is none.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > Self::MAX_TEXT {
            return Err(PhoneError);
        }
        let written = text.strip_prefix('+').ok_or(PhoneError)?;
        let digits: String = written
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .collect();
        let is_number = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            // No country code begins with 0.
            && !digits.starts_with('0')
            && written.ends_with(|c: char| c.is_ascii_digit());
        if !is_number {
            return Err(PhoneError);
        }
        Ok(Self(format!("+{digits}")))
    }

    /// The number, `+4930123456`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is shown of it: its last two digits.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = self.0.len().saturating_sub(2);
        format!("+…{}", self.0.get(last..).unwrap_or_default())
    }
}

/// Shows nothing of it: who is called stays out of logs.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber")
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, PhoneError> {
        Self::parse(text)
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Reads what backends and senders write: a number as it was typed, with the code of its country.
impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_typed(&text, None).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_without_what_separates_its_digits() {
        for (text, kept) in [
            ("+4930123456", "+4930123456"),
            ("+49 30 12-34-56", "+4930123456"),
            ("+1234567", "+1234567"),
            ("+123456789012345", "+123456789012345"),
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "4930123456",
            "004930123456",
            "+04930123456",
            "+123456",
            "+1234567890123456",
            "+49 30 123456 ",
            "+49 (0) 30 123456",
            "+49३0123456",
            "+4930123456x",
            "+…56",
            &format!("+4930123456{}", " ".repeat(30)),
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneError), "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_of_it_is_no_number() {
        let number = PhoneNumber::parse("+4930123456").unwrap();
        assert_eq!(number.masked(), "+…56");
        assert_eq!(PhoneNumber::parse(&number.masked()), Err(PhoneError));
        assert_eq!(format!("{number:?}"), "PhoneNumber");
    }
}
