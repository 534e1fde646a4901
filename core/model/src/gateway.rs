//! The names of gateways and of the providers behind them.
//!
//! A gateway is a channel that an App's operator describes or takes as it is shipped: SMS, a messenger, a flash
//! call. It has no variant of its own in the code; its name is its word.
//!
//! ```
//! use vestnik_model::{Channel, GatewayName};
//!
//! let sms = GatewayName::parse("sms")?;
//! assert_eq!(Channel::from_code("sms"), Some(Channel::Gateway(sms)));
//! assert!(GatewayName::parse("email").is_err());
//! # Ok::<(), vestnik_model::gateway::NameError>(())
//! ```

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, publish::StepChannel};

    #[test]
    fn a_name_reads_back_and_keeps_its_order() {
        for text in ["sms", "flash_call", "a", "x2", "abcdefghijklmnopqrst"] {
            assert_eq!(GatewayName::parse(text).unwrap().as_str(), text);
            assert_eq!(ProviderName::parse(text).unwrap().to_string(), text);
        }
        let [short, long] = ["sms", "sms2"].map(|text| GatewayName::parse(text).unwrap());
        assert!(short < long);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "2sms",
            "_sms",
            "Sms",
            "sms-ru",
            "смс",
            "s ms",
            "abcdefghijklmnopqrstu",
            "a\0",
        ] {
            let refused = Err(NameError::Malformed);
            assert_eq!(GatewayName::parse(text).map(|_| ()), refused, "{text}");
            assert_eq!(ProviderName::parse(text).map(|_| ()), refused, "{text}");
        }
    }

    #[test]
    fn no_gateway_has_the_word_of_another_channel() {
        let channels = Channel::BUILT_IN.iter().map(Channel::as_str);
        let steps = StepChannel::BUILT_IN.iter().map(StepChannel::as_str);
        for word in channels.chain(steps).chain(["hms", "rustore"]) {
            assert_eq!(GatewayName::parse(word), Err(NameError::Taken), "{word}");
            assert!(ProviderName::parse(word).is_ok());
        }
    }

    #[test]
    fn every_other_word_of_a_channel_is_a_gateway() {
        let max = GatewayName::parse("max").unwrap();
        assert_eq!(Channel::from_code("max"), Some(Channel::Gateway(max)));
        let step: StepChannel = serde_json::from_str(r#""max""#).unwrap();
        assert_eq!(step, StepChannel::Gateway(max));
        assert_eq!(serde_json::to_string(&step).unwrap(), r#""max""#);
        for word in ["fcm", "Max", "hms_2 "] {
            assert_eq!(StepChannel::from_code(word), None, "{word}");
        }
    }
}
