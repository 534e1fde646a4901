//! Texts that people read, and addresses that a tap opens, checked once.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

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
}

/// Whether a character can turn or hide the text around it: bidirectional controls and zero-width
/// spaces. They are taken out, because they let one title pose as another.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn clean(text: &str, max: usize, is_allowed: fn(char) -> bool) -> Result<String, TextError> {
    let clean: String = text.chars().filter(|c| !is_deceptive(*c)).collect();
    if clean.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if clean.chars().any(|c| c.is_control() && !is_allowed(c)) {
        return Err(TextError::Control);
    }
    Ok(clean)
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
        if text.trim().is_empty() {
            return Err(TextError::Empty);
        }
        Ok(Self(text))
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
        clean(text, Self::MAX_CHARS, |c| matches!(c, '\n' | '\t' | '\r')).map(Self)
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

/// An absolute `https` address.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpsUrl(String);

impl HttpsUrl {
    /// Checks an address.
    ///
    /// # Errors
    /// [`TextError`] when it is not `https`, has no host, is too long or has spaces or controls.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check_url(text, &["https"], "https://")?;
        Ok(Self(text.to_owned()))
    }

    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The most characters an address may have.
pub const MAX_URL_CHARS: usize = 2_048;

/// Checks that `url` is absolute, has one of `schemes` (any harmless scheme when empty) and hides
/// nothing; `wanted` is what the error tells the sender.
///
/// # Errors
/// [`TextError`] that says what is wrong with it.
pub fn check_url(url: &str, schemes: &[&str], wanted: &'static str) -> Result<(), TextError> {
    if url.chars().count() > MAX_URL_CHARS {
        return Err(TextError::TooLong { max: MAX_URL_CHARS });
    }
    if url
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || is_deceptive(c))
    {
        return Err(TextError::Control);
    }
    let (scheme, rest) = url.split_once("://").ok_or(TextError::Scheme(wanted))?;
    let scheme = scheme.to_ascii_lowercase();
    let is_known = if schemes.is_empty() {
        is_app_scheme(&scheme)
    } else {
        schemes.contains(&scheme.as_str())
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if is_known && !host.is_empty() {
        Ok(())
    } else {
        Err(TextError::Scheme(wanted))
    }
}

/// Checks that `url` is a deep link by an app's own scheme.
///
/// # Errors
/// [`TextError`] that says what is wrong with it.
pub fn check_app_url(url: &str) -> Result<(), TextError> {
    check_url(url, &[], "the app's own scheme, as in 'shop://'")
}

/// A scheme an app may claim as its own; those that browsers or systems give a meaning are not.
fn is_app_scheme(scheme: &str) -> bool {
    const TAKEN: [&str; 8] = [
        "javascript",
        "data",
        "file",
        "vbscript",
        "blob",
        "about",
        "content",
        "intent",
    ];
    let mut chars = scheme.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !TAKEN.contains(&scheme)
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

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )+};
}

wire_text!(Title, Body, HttpsUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_pose_as_another() {
        assert_eq!(Title::parse("pay\u{202e}lap").unwrap().as_str(), "paylap");
        assert_eq!(Title::parse("\u{200b} \u{2066}"), Err(TextError::Empty));
        assert_eq!(Title::parse("two\nlines"), Err(TextError::Control));
        assert_eq!(
            Title::parse(&"я".repeat(257)),
            Err(TextError::TooLong { max: 256 })
        );
        assert!(Title::parse(&"я".repeat(256)).is_ok());
    }

    #[test]
    fn emoji_and_markup_are_only_text() {
        assert_eq!(
            Body::parse("<b>👩‍👩‍👧</b>\nline").unwrap().as_str(),
            "<b>👩‍👩‍👧</b>\nline"
        );
        assert_eq!(Body::parse("bell\u{7}"), Err(TextError::Control));
    }

    #[test]
    fn addresses_are_absolute_and_harmless() {
        assert!(HttpsUrl::parse("https://cdn.example/x.jpg").is_ok());
        for bad in [
            "http://a/x",
            "https://",
            "https:/a",
            "//a",
            "x",
            "https:///a",
        ] {
            assert_eq!(
                HttpsUrl::parse(bad),
                Err(TextError::Scheme("https://")),
                "{bad}"
            );
        }
        assert_eq!(HttpsUrl::parse("https://a/ b"), Err(TextError::Control));
        assert!(check_url("shop://orders/1", &[], "").is_ok());
        for bad in ["javascript://a", "JavaScript://a", "file://x", "1a://b"] {
            assert!(check_url(bad, &[], "").is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(
            format!("{:?}", Title::parse("secret").unwrap()),
            "Title(6 bytes)"
        );
    }
}
