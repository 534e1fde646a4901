//! Whom a message is for.

use std::fmt;

use vestnik_model::phone::PhoneNumber;

/// What kind of address a gateway sends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecipientKind {
    /// A telephone number.
    Phone,
    /// A chat that the person opened.
    Chat,
}

impl RecipientKind {
    /// The word in a descriptor.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Chat => "chat",
        }
    }
}

/// Whom a message is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum To<'a> {
    /// Whoever has the number.
    Phone(&'a PhoneNumber),
    /// Whoever is in the chat.
    Chat(&'a ChatId),
}

impl To<'_> {
    /// The kind of the address.
    #[must_use]
    pub const fn kind(self) -> RecipientKind {
        match self {
            Self::Phone(_) => RecipientKind::Phone,
            Self::Chat(_) => RecipientKind::Chat,
        }
    }
}

/// Shows the kind only.
impl fmt::Debug for To<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone(_) => "Phone",
            Self::Chat(_) => "Chat",
        })
    }
}

/// A text is no id of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {} visible ASCII characters", ChatId::MAX_BYTES)]
pub struct ChatIdError;

/// A platform's id of a chat with a person: a number or another short text, never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(String);

impl ChatId {
    /// The most bytes of an id. Viber's have 24.
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
