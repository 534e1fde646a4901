//! Open enums: words that a later version may add to.
//!
//! Devices in the field are older or newer than their server, and a stored row may have been written
//! by another version. What is read across such a border keeps a word that it does not know as text,
//! so that one new word never makes the rest unreadable. What senders and operators write stays
//! closed: there the bare enum is read, and an unknown word is refused.
//!
//! ```
//! use vestnik_model::{Priority, open::Open};
//!
//! let known: Open<Priority> = serde_json::from_str(r#""high""#)?;
//! assert_eq!(known.known(), Some(Priority::High));
//! let newer: Open<Priority> = serde_json::from_str(r#""volcanic""#)?;
//! assert_eq!(newer.known_or_default(), Priority::Normal);
//! assert_eq!(serde_json::to_string(&newer)?, r#""volcanic""#);
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::loose::Loose;

/// The most bytes of an unknown word that are kept; the rest is cut off at a character.
pub const MAX_WORD_BYTES: usize = 64;

/// A set of words, each with its text.
pub trait Word: Copy + Eq + 'static {
    /// Every word of this version; names that operators give are not among them.
    const WORDS: &'static [Self];

    /// The word as it is written in JSON and SQL.
    fn as_str(&self) -> &str;

    /// The word with this text, if this version knows it.
    #[must_use]
    fn from_word(text: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .copied()
            .find(|word| word.as_str() == text)
    }
}

/// A word of this version, or the text of one that another version added.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Open<T> {
    /// A word of this version.
    Known(T),
    /// A word of another version, at most [`MAX_WORD_BYTES`] long.
    Unknown(String),
}

impl<T: Word> Open<T> {
    /// Reads a text; never fails.
    #[must_use]
    pub fn read(text: &str) -> Self {
        T::from_word(text).map_or_else(
            || Self::Unknown(text[..floor_boundary(text, MAX_WORD_BYTES)].to_owned()),
            Self::Known,
        )
    }

    /// The word, if this version knows it.
    #[must_use]
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(word) => Some(*word),
            Self::Unknown(_) => None,
        }
    }

    /// The text, known or not.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(word) => word.as_str(),
            Self::Unknown(text) => text,
        }
    }
}

impl<T: Word + Default> Open<T> {
    /// The word, or the default in the place of one that this version does not know.
    #[must_use]
    pub fn known_or_default(&self) -> T {
        self.known().unwrap_or_default()
    }
}

impl<T: Default> Default for Open<T> {
    fn default() -> Self {
        Self::Known(T::default())
    }
}

/// Compares with a word of this version.
impl<T: PartialEq> PartialEq<T> for Open<T> {
    fn eq(&self, word: &T) -> bool {
        match self {
            Self::Known(known) => known == word,
            Self::Unknown(_) => false,
        }
    }
}

impl<T: Word> std::fmt::Display for Open<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<T> From<T> for Open<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

impl<T: Word> Serialize for Open<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, T: Word> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::read(&text))
    }
}

/// The largest index up to `max` at which a text can be cut.
fn floor_boundary(text: &str, max: usize) -> usize {
    if text.len() <= max {
        return text.len();
    }
    (0..=max)
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or_default()
}

/// Reads a value, or nothing in the place of one that cannot be read: for fields that are worth less
/// than the object that they are part of.
pub(crate) fn readable<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::de::DeserializeOwned,
    D: Deserializer<'de>,
{
    let Loose(value) = Loose::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Reads a value, or its default in the place of one that cannot be read.
pub(crate) fn readable_or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: serde::de::DeserializeOwned + Default,
    D: Deserializer<'de>,
{
    readable(deserializer).map(Option::unwrap_or_default)
}

/// Reads the elements of a list that can be read, at most `MAX` of them. A value that is no list is
/// read as an empty one.
pub(crate) fn readable_list<'de, const MAX: usize, T, D>(
    deserializer: D,
) -> Result<Vec<T>, D::Error>
where
    T: serde::de::DeserializeOwned,
    D: Deserializer<'de>,
{
    let values: Vec<serde_json::Value> = readable_or_default(deserializer)?;
    let read = values
        .into_iter()
        .filter_map(|value| serde_json::from_value(value).ok());
    Ok(read.take(MAX).collect())
}

/// Reads a value that may be `null`, which means the same as an absent field.
pub(crate) fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Whether a value is its default, which is left out when it is written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Implements [`Word`] for a closed enum, its text forms, and the strict serde forms: an unknown word
/// is refused. `Open` around it keeps unknown words.
macro_rules! words {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            /// Every word of this version.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The word as it is written in JSON and SQL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The word with this text, if this version knows it.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                <Self as $crate::open::Word>::from_word(code)
            }
        }

        impl $crate::open::Word for $name {
            const WORDS: &'static [Self] = &Self::ALL;

            fn as_str(&self) -> &str {
                Self::as_str(*self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(Self::as_str(*self))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(Self::as_str(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_code(&text).ok_or_else(|| {
                    <D::Error as serde::de::Error>::unknown_variant(&text, &[$($text),+])
                })
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::Object::builder()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($text),+]))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}
pub(crate) use words;

/// Implements [`Word`] for words and the names of gateways, its text forms, and the serde forms: a text that is
/// neither is refused.
macro_rules! words_or_gateways {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            /// Every word of this version that is not the name of a gateway.
            pub const BUILT_IN: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The word as it is written in JSON and SQL.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Gateway(name) => name.as_str(),
                }
            }

            /// The name, if it is a gateway.
            #[must_use]
            pub const fn gateway(self) -> Option<$crate::GatewayName> {
                match self {
                    $(Self::$variant)|+ => None,
                    Self::Gateway(name) => Some(name),
                }
            }

            /// The word with this text, or the gateway with this name.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                <Self as $crate::open::Word>::from_word(code)
            }
        }

        impl $crate::open::Word for $name {
            const WORDS: &'static [Self] = &Self::BUILT_IN;

            fn as_str(&self) -> &str {
                Self::as_str(self)
            }

            fn from_word(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    name => $crate::GatewayName::parse(name).ok().map(Self::Gateway),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_code(&text).ok_or_else(|| {
                    let known = &[$($text,)+ "the name of a gateway"];
                    <D::Error as serde::de::Error>::unknown_variant(&text, known)
                })
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::Object::builder()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some("One of the examples, or the name of a gateway of the App."))
                    .max_length(Some($crate::gateway::MAX_NAME_BYTES))
                    .pattern(Some("^[a-z][a-z0-9_]*$"))
                    .examples([$($text,)+ "sms", "telegram"])
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}
pub(crate) use words_or_gateways;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::Priority;

    #[test]
    fn every_word_reads_back() {
        for word in Priority::WORDS {
            assert_eq!(Open::<Priority>::read(word.as_str()).known(), Some(*word));
        }
    }

    #[test]
    fn an_unknown_word_is_kept_and_bounded() {
        let text = "я".repeat(100);
        let read = Open::<Priority>::read(&text);
        assert_eq!(read.known(), None);
        assert_eq!(read.as_str(), "я".repeat(32));
    }
}
