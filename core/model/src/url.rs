//! Addresses that a device fetches or a tap opens, checked by their scheme.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{character::is_deceptive, text::TextError};

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

/// Shows the length only: content stays out of logs.
impl fmt::Debug for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpsUrl({} bytes)", self.0.len())
    }
}

impl Serialize for HttpsUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Refuses what is no `https` address, stored or not: half an address is none. Readers of stored
/// notifications read such a field as absent.
impl<'de> Deserialize<'de> for HttpsUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
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

/// Schemes that systems, browsers and other programs give a meaning: a deep link of these would not
/// reach the app.
const TAKEN_SCHEMES: [&str; 61] = [
    "about",
    "acrobat",
    "afp",
    "android-app",
    "apt",
    "blob",
    "callto",
    "cid",
    "chrome",
    "chrome-extension",
    "content",
    "data",
    "dav",
    "davs",
    "dns",
    "facetime",
    "facetime-audio",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "geo",
    "git",
    "gopher",
    "hcp",
    "help",
    "http",
    "https",
    "imap",
    "intent",
    "irc",
    "itms",
    "jar",
    "javascript",
    "ldap",
    "ldaps",
    "mailto",
    "maps",
    "market",
    "mhtml",
    "mid",
    "moz-extension",
    "nfs",
    "pop",
    "rdp",
    "res",
    "resource",
    "rtsp",
    "search",
    "search-ms",
    "sftp",
    "shell",
    "smb",
    "sms",
    "ssh",
    "tel",
    "telnet",
    "vbscript",
    "view-source",
    "vnc",
];
/// Beginnings of such schemes: one system's own family each.
const TAKEN_FAMILIES: [&str; 8] = [
    "ms-",
    "microsoft",
    "windows",
    "itms-",
    "x-apple",
    "x-webkit",
    "x-man",
    "webcal",
];

/// A scheme an app may claim as its own.
fn is_app_scheme(scheme: &str) -> bool {
    let mut characters = scheme.chars();
    let is_scheme = characters.next().is_some_and(|c| c.is_ascii_lowercase())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let is_taken = TAKEN_SCHEMES.contains(&scheme)
        || TAKEN_FAMILIES
            .iter()
            .any(|family| scheme.starts_with(family))
        || matches!(
            scheme,
            "ws" | "wss" | "xmpp" | "sip" | "sips" | "onenote" | "vscode"
        );
    is_scheme && !is_taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_fetched_by_https() {
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
        for bad in ["https://a/ b", "https://a/\u{202e}b", "https://a/\n"] {
            assert_eq!(HttpsUrl::parse(bad), Err(TextError::Control));
        }
    }

    #[test]
    fn a_deep_link_is_of_the_apps_own_scheme() {
        for good in ["shop://orders/1", "com.example.shop://x", "shop2+beta://a"] {
            assert_eq!(check_app_url(good), Ok(()), "{good}");
        }
        for bad in [
            "javascript://a",
            "JavaScript://a",
            "file://x",
            "1a://b",
            "http://a",
            "HTTPS://a",
            "search-ms://query",
            "ms-settings://x",
            "ms-msdt://x",
            "MS-Excel://x",
            "smb://host/share",
            "vbscript://x",
            "data://x",
            "intent://x",
            "shop:orders",
            "://x",
            "wss://x",
            "itms-apps://x",
        ] {
            assert!(check_app_url(bad).is_err(), "{bad}");
        }
    }
}
