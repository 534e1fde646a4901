//! Whom a message is for.

use std::fmt;

use vestnik_model::{chat::ChatId, phone::PhoneNumber};

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
