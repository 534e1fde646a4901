//! Identifiers. Each kind has its own type, so that one can never stand for another.
//!
//! Ids that we make are UUIDs with a prefix that names their kind (`ntf_0192…`); the caller hands
//! the UUID in, because making one takes a clock and randomness. Names that others choose
//! ([`UserId`], [`TopicName`]…) are short checked texts.

use std::{fmt, str::FromStr};

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

use crate::character::{is_ignorable, is_line_break};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// The prefix that names the kind is missing.
    #[error("must begin with '{0}_'")]
    Prefix(&'static str),
    /// What follows the prefix is not a UUID.
    #[error("must be '{0}_' and 32 hexadecimal digits")]
    Uuid(&'static str),
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// The text is longer than allowed, in characters.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most characters allowed.
        max: usize,
    },
    /// The text has a character outside the allowed set.
    #[error("must not contain {0:?}")]
    Character(char),
    /// The text begins or ends with a space.
    #[error("must not begin or end with a space")]
    Edge,
    /// The text is not in the one form of the several that look and mean the same (UAX #15).
    #[error("must be in Unicode normalization form C")]
    NotNfc,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of the textual form.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID made elsewhere: version 7, so that ids sort by the time they were made.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_prefixed(text, $prefix).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

uuid_id!(
    /// One notification: what a sender published and a person sees. The same on every path.
    NotificationId,
    "ntf"
);
uuid_id!(
    /// One notification to one user.
    DeliveryId,
    "dlv"
);
uuid_id!(
    /// One try of one delivery at one installation over one channel.
    AttemptId,
    "att"
);
uuid_id!(
    /// One install of an app on a device; made at first run, survives token rotation.
    InstallationId,
    "ins"
);
uuid_id!(
    /// A webhook of an App.
    WebhookId,
    "whk"
);
uuid_id!(
    /// An audience of an App that is uploaded as a file.
    AudienceId,
    "aud"
);

fn parse_prefixed(text: &str, prefix: &'static str) -> Result<Uuid, ParseIdError> {
    let hex = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(ParseIdError::Prefix(prefix))?;
    if hex.len() != 32 || hex.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(ParseIdError::Uuid(prefix));
    }
    Uuid::try_parse(hex).map_err(|_| ParseIdError::Uuid(prefix))
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $allowed:expr, $form:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters a value may have.
            pub const MAX_CHARS: usize = $max;

            /// Checks a text.
            ///
            /// # Errors
            /// [`ParseIdError`] when it is empty, too long or has a character outside the set.
            pub fn parse(text: impl Into<String>) -> Result<Self, ParseIdError> {
                let text = text.into();
                check_name(&text, $max, $allowed)?;
                $form(&text)?;
                Ok(Self(text))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

name_id!(
    /// The person, by the App's own identifier (login, number, e-mail…). Any visible text in
    /// normalization form C, so that no two identifiers look the same and are not.
    UserId,
    128,
    |c| !(c.is_control() || is_line_break(c) || is_ignorable(c)),
    check_visible_form
);
name_id!(
    /// A tenant: own users, keys and topics.
    AppId,
    64,
    is_slug,
    any_form
);
name_id!(
    /// A named event or group that users subscribe to.
    TopicName,
    128,
    |c| is_slug(c) || matches!(c, '.' | '/' | ':'),
    any_form
);
name_id!(
    /// A kind of content that a user can switch off (`orders`, `promotions`…).
    CategoryName,
    64,
    is_slug,
    any_form
);

fn is_slug(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn any_form(_: &str) -> Result<(), ParseIdError> {
    Ok(())
}

fn check_visible_form(text: &str) -> Result<(), ParseIdError> {
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(ParseIdError::Edge);
    }
    if !ComposingNormalizerBorrowed::new_nfc().is_normalized(text) {
        return Err(ParseIdError::NotNfc);
    }
    Ok(())
}

fn check_name(text: &str, max: usize, allowed: fn(char) -> bool) -> Result<(), ParseIdError> {
    if text.is_empty() {
        return Err(ParseIdError::Empty);
    }
    if text.chars().count() > max {
        return Err(ParseIdError::TooLong { max });
    }
    text.chars()
        .find(|c| !allowed(*c))
        .map_or(Ok(()), |c| Err(ParseIdError::Character(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_ids_round_trip_and_name_their_kind() {
        let id = NotificationId::from_uuid(Uuid::from_u128(0x0192_f0c1));
        let text = id.to_string();
        assert_eq!(text, "ntf_0000000000000000000000000192f0c1");
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.parse::<DeliveryId>(), Err(ParseIdError::Prefix("dlv")));
    }

    #[test]
    fn a_uuid_id_has_exactly_one_spelling() {
        for text in [
            "ntf_",
            "ntf_xyz",
            "ntf_0192F0C1000000000000000000000000",
            "ntf_0192f0c1-0000",
        ] {
            assert_eq!(
                text.parse::<NotificationId>(),
                Err(ParseIdError::Uuid("ntf")),
                "{text}"
            );
        }
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(
            TopicName::parse("orders/eu.west:1").unwrap().as_str(),
            "orders/eu.west:1"
        );
        assert_eq!(UserId::parse(""), Err(ParseIdError::Empty));
        assert_eq!(UserId::parse("a\nb"), Err(ParseIdError::Character('\n')));
        assert_eq!(AppId::parse("a b"), Err(ParseIdError::Character(' ')));
        assert_eq!(
            AppId::parse("x".repeat(65)),
            Err(ParseIdError::TooLong { max: 64 })
        );
        assert!(UserId::parse("Анна Каренина").is_ok());
    }

    #[test]
    fn no_two_user_ids_look_the_same() {
        for (text, error) in [
            ("an\u{200b}na", ParseIdError::Character('\u{200b}')),
            ("\u{202e}anna", ParseIdError::Character('\u{202e}')),
            ("an\u{ad}na", ParseIdError::Character('\u{ad}')),
            ("an\u{2028}na", ParseIdError::Character('\u{2028}')),
            (" anna", ParseIdError::Edge),
            ("anna\u{a0}", ParseIdError::Edge),
            ("e\u{301}va", ParseIdError::NotNfc),
            ("\u{212b}ke", ParseIdError::NotNfc),
        ] {
            assert_eq!(UserId::parse(text), Err(error), "{}", text.escape_unicode());
        }
        for text in ["\u{e9}va", "李雷", "नमस्ते", "😀", "a b", "anna@example.org"]
        {
            assert_eq!(UserId::parse(text).unwrap().as_str(), text);
        }
    }
}
