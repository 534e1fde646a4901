//! Chats of people with an App at the platforms of messengers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A text is no id of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {} visible ASCII characters", ChatId::MAX_BYTES)]
pub struct ChatIdError;

/// A platform's id of a chat with a person: a number or another short text, never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(String);

impl ChatId {
    /// The most bytes of an id.
    pub const MAX_BYTES: usize = 128;

    /// Reads an id.
    ///
    /// # Errors
    /// [`ChatIdError`] if the text has other characters, or too many.
    pub fn parse(text: &str) -> Result<Self, ChatIdError> {
        let is_id = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| Self(text.to_owned())).ok_or(ChatIdError)
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChatId")
    }
}

impl FromStr for ChatId {
    type Err = ChatIdError;

    fn from_str(text: &str) -> Result<Self, ChatIdError> {
        Self::parse(text)
    }
}

impl Serialize for ChatId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ChatId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_as_it_is_and_not_shown() {
        for text in ["42", "-100123", "a/b+c==", &"x".repeat(ChatId::MAX_BYTES)] {
            let id = ChatId::parse(text).unwrap();
            assert_eq!(id.as_str(), text);
            assert_eq!(format!("{id:?}"), "ChatId");
        }
        for text in ["", "4 2", "4\n2", "чат", &"x".repeat(ChatId::MAX_BYTES + 1)] {
            assert_eq!(ChatId::parse(text), Err(ChatIdError), "{text:?}");
        }
    }
}
