//! The names of gateways and of the providers behind them.
//!
//! A gateway is a channel that an App's operator describes or takes as it is shipped: SMS, a messenger, a flash
//! call. It has no variant of its own in the code; its name is its word.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The most bytes of the name of a gateway, and of a provider.
pub const MAX_NAME_BYTES: usize = 20;

/// The words of channels that are no gateways, of this version and of planned ones.
const TAKEN: [&str; 9] = [
    "push", "hub", "fcm", "apns", "webpush", "hms", "rustore", "email", "webhook",
];

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is not made of the characters of a name, or is too long.
    #[error(
        "must begin with a letter and have at most {MAX_NAME_BYTES} characters a to z, 0 to 9 and `_`"
    )]
    Malformed,
    /// It is the word of a channel that is no gateway.
    #[error("is the word of a channel that is no gateway")]
    Taken,
}

/// A name of at most [`MAX_NAME_BYTES`] bytes, filled up with zeros: so the order of the arrays is that of the
/// texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name([u8; MAX_NAME_BYTES]);

impl Name {
    fn parse(text: &str) -> Result<Self, NameError> {
        let is_of_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let is_name = text.len() <= MAX_NAME_BYTES
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(is_of_name);
        if !is_name {
            return Err(NameError::Malformed);
        }
        let mut bytes = [0; MAX_NAME_BYTES];
        bytes
            .iter_mut()
            .zip(text.bytes())
            .for_each(|(at, byte)| *at = byte);
        Ok(Self(bytes))
    }

    fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0);
        let written = self.0.get(..end.unwrap_or(MAX_NAME_BYTES));
        written
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// The name of a gateway, which is the word of its channel: `sms`, `telegram`, `flash_call`, or what an operator
/// calls one of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayName(Name);

impl GatewayName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`] if it is none, or the word of another channel.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = Name::parse(text)?;
        if TAKEN.contains(&text) {
            return Err(NameError::Taken);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The name of a provider of a gateway: one of the up to four that an App has an account with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderName(Name);

impl ProviderName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`] if it is none.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Name::parse(text).map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

macro_rules! text_forms {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    )+};
}
text_forms!(GatewayName, ProviderName);
