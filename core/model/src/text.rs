//! Texts that people read, checked once. Senders' texts are refused when they break a rule; stored
//! ones are read by [`Title::from_stored`] and [`Body::from_stored`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::character::{is_deceptive, is_invisible, is_line_break};

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after the invisible characters are taken out.
    #[error("must not be empty")]
    Empty,
    /// It has more characters than a device can be expected to show.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most characters allowed.
        max: usize,
    },
    /// It has a control character.
    #[error("must not contain control characters")]
    Control,
    /// The address does not begin with an allowed scheme.
    #[error("must be an absolute address that begins with {0}")]
    Scheme(&'static str),
    /// The address has a user or a password before its host.
    #[error("must not have a user or a password before its host")]
    Credentials,
}

fn clean(text: &str, max: usize, is_allowed: fn(char) -> bool) -> Result<String, TextError> {
    let clean: String = text.chars().filter(|c| !is_deceptive(*c)).collect();
    if clean.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if clean
        .chars()
        .any(|c| !is_allowed(c) && (c.is_control() || is_line_break(c)))
    {
        return Err(TextError::Control);
    }
    Ok(clean)
}

/// The same without a refusal, for texts that a server stored: what is not allowed becomes a space, and
/// what is too long is cut.
fn clean_stored(text: &str, max: usize, is_allowed: fn(char) -> bool) -> String {
    text.chars()
        .filter(|c| !is_deceptive(*c))
        .map(|c| {
            let is_kept = is_allowed(c) || !(c.is_control() || is_line_break(c));
            if is_kept { c } else { ' ' }
        })
        .take(max)
        .collect()
}

/// The one line by which a person recognises a notification: 1 to 256 characters, no line breaks.
#[derive(Clone, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// The most characters a title may have.
    pub const MAX_CHARS: usize = 256;

    /// Cleans and checks a text.
    ///
    /// # Errors
    /// [`TextError`] when nothing visible is left, it is too long or has control characters.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = clean(text, Self::MAX_CHARS, |_| false)?;
        if text.chars().all(is_invisible) {
            return Err(TextError::Empty);
        }
        Ok(Self(text))
    }

    /// Reads what a server stored, perhaps by other rules: cleans and cuts instead of refusing. A title
    /// of which nothing visible is left becomes an ellipsis.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        let text = clean_stored(text, Self::MAX_CHARS, |_| false);
        if text.chars().all(is_invisible) {
            return Self("…".to_owned());
        }
        Self(text)
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a notification says: up to 4,000 characters of plain text, line breaks allowed, never HTML.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Body(String);

impl Body {
    /// The most characters a body may have.
    pub const MAX_CHARS: usize = 4_000;

    /// Cleans and checks a text; an empty one is fine.
    ///
    /// # Errors
    /// [`TextError`] when it is too long or has control characters other than line breaks and tabs.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        clean(text, Self::MAX_CHARS, is_body_control).map(Self)
    }

    /// Reads what a server stored, perhaps by other rules: cleans and cuts instead of refusing.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(clean_stored(text, Self::MAX_CHARS, is_body_control))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_body_control(c: char) -> bool {
    c == '\t' || is_line_break(c)
}

macro_rules! wire_text {
    ($($name:ident),+) => {$(
        /// Shows the length only: content stays out of logs.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} bytes)", stringify!($name), self.0.len())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        /// Reads what a server stored; never refuses a text.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(|text| Self::from_stored(&text))
            }
        }
    )+};
}

wire_text!(Title, Body);

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> Result<String, TextError> {
        Title::parse(text).map(|title| title.0)
    }

    #[test]
    fn a_title_cannot_pose_as_another() {
        assert_eq!(title("pay\u{202e}lap").unwrap(), "paylap");
        assert_eq!(title("a\u{61c}b\u{200f}c\u{206a}").unwrap(), "abc");
        assert_eq!(
            title(&"я".repeat(257)),
            Err(TextError::TooLong { max: 256 })
        );
        assert!(title(&"я".repeat(256)).is_ok());
    }

    #[test]
    fn a_title_of_invisible_characters_is_empty() {
        let invisible = [
            "",
            " ",
            "\u{200b} \u{2066}",
            "\u{200d}",
            "\u{ad}",
            "\u{34f}",
            "\u{2062}",
            "\u{3164}",
            "\u{2800}",
            "\u{fe0f}",
            "\u{e0001}\u{e0041}\u{e007f}",
            "\u{115f}\u{1160}",
            "\u{17b4}\u{17b5}",
            "\u{180e}",
            "\u{ffa0}",
            "\u{a0}\u{3000}",
            "\u{1d173}",
            "\u{200d}\u{fe0f} \u{feff}",
        ];
        for text in invisible {
            assert_eq!(
                title(text),
                Err(TextError::Empty),
                "{}",
                text.escape_unicode()
            );
        }
        assert!(title("\u{200d}x").is_ok());
    }

    #[test]
    fn a_title_is_one_line() {
        for break_ in [
            '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
        ] {
            let text = format!("two{break_}lines");
            assert_eq!(
                title(&text),
                Err(TextError::Control),
                "{}",
                break_.escape_unicode()
            );
        }
        assert_eq!(
            Body::parse("a\u{2028}b\u{85}c\r\nd\te").unwrap().0,
            "a\u{2028}b\u{85}c\r\nd\te"
        );
    }

    #[test]
    fn emoji_and_markup_are_only_text() {
        let family = "<b>👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}</b>\nline";
        assert_eq!(Body::parse(family).unwrap().as_str(), family);
        assert_eq!(Body::parse("bell\u{7}"), Err(TextError::Control));
    }

    #[test]
    fn what_was_stored_is_never_refused() {
        let read = |text: &str| Title::from_stored(text).0;
        assert_eq!(read("two\nlines\u{0}"), "two lines ");
        assert_eq!(read("\u{3164}"), "…");
        assert_eq!(read(&"я".repeat(300)), "я".repeat(256));
        assert_eq!(Body::from_stored("a\u{7}\nb").0, "a \nb");
        let json = serde_json::to_string(&"x".repeat(5_000)).unwrap();
        let body: Body = serde_json::from_str(&json).unwrap();
        assert_eq!(body.as_str().len(), Body::MAX_CHARS);
    }

    #[test]
    fn debug_shows_no_content() {
        let title = Title::parse("secret").unwrap();
        assert_eq!(format!("{title:?}"), "Title(6 bytes)");
    }
}
