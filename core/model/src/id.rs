//! Identifiers. Each kind has its own type, so that one can never stand for another.
//!
//! Ids that we make are UUIDs with a prefix that names their kind (`ntf_0192…`); the caller hands
//! the UUID in, because making one takes a clock and randomness. Names that others choose
//! ([`UserId`], [`TopicName`]…) are short checked texts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

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
    ($(#[$doc:meta])* $name:ident, $max:literal, $allowed:expr) => {
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
    /// The person, by the App's own identifier (login, number, e-mail…). Any printable text.
    UserId,
    128,
    |c| !c.is_control()
);
name_id!(
    /// A tenant: own users, keys and topics.
    AppId,
    64,
    is_slug
);
name_id!(
    /// A named event or group that users subscribe to.
    TopicName,
    128,
    |c| is_slug(c) || matches!(c, '.' | '/' | ':')
);
name_id!(
    /// A kind of content that a user can switch off (`orders`, `promotions`…).
    CategoryName,
    64,
    is_slug
);

fn is_slug(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
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
}
