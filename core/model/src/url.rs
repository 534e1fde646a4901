//! Addresses that a device fetches or a tap opens, checked by their scheme.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{character::is_deceptive, text::TextError};

/// An absolute `https` address, with its scheme in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpsUrl(String);

impl HttpsUrl {
    /// Checks an address.
    ///
    /// # Errors
    /// [`TextError`] when it is not `https`, has no host, is too long, has spaces or controls, or has a user
    /// or a password.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        parse_link(text, &["https"], "https://").map(Self)
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

/// An address that a person is shown or that a tap opens, as [`check_url`] wants it and with its scheme in
/// lower case: some systems compare schemes letter by letter.
///
/// What stands before an `@` in an address of the web is a user and a password, which nobody has to give to
/// a person in a notification. It passes for the host of another one: `https://bank.example@evil.example/`.
///
/// # Errors
/// [`TextError`] that says what is wrong with it.
pub fn parse_link(url: &str, schemes: &[&str], wanted: &'static str) -> Result<String, TextError> {
    check_url(url, schemes, wanted)?;
    let (scheme, rest) = url.split_once("://").ok_or(TextError::Scheme(wanted))?;
    let scheme = scheme.to_ascii_lowercase();
    if is_of_web(&scheme) && authority(rest).contains('@') {
        return Err(TextError::Credentials);
    }
    Ok(format!("{scheme}://{rest}"))
}

/// Whether the system's browser opens addresses of a scheme.
pub(crate) fn is_of_web(scheme: &str) -> bool {
    ["https", "http"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web))
}

/// What stands before the path of an address: its host, and what surrounds that.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

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
    if is_known && !authority(rest).is_empty() {
        Ok(())
    } else {
        Err(TextError::Scheme(wanted))
    }
}

/// A deep link by an app's own scheme.
///
/// # Errors
/// [`TextError`] that says what is wrong with it.
pub fn parse_app_link(url: &str) -> Result<String, TextError> {
    parse_link(url, &[], "the app's own scheme, as in 'shop://'")
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
    fn a_scheme_may_be_written_in_any_case_and_is_kept_in_lower_case() {
        let link = |url| parse_link(url, &["https", "http"], "https:// or http://");
        for (written, kept) in [
            ("HTTPS://Shop.example/Pay", "https://Shop.example/Pay"),
            ("Http://shop.example", "http://shop.example"),
        ] {
            assert_eq!(link(written).as_deref(), Ok(kept));
        }
        let image = HttpsUrl::parse("HTTPS://cdn.example/X.jpg").unwrap();
        assert_eq!(image.as_str(), "https://cdn.example/X.jpg");
        assert_eq!(
            parse_app_link("Shop://Orders").as_deref(),
            Ok("shop://Orders")
        );
    }

    #[test]
    fn an_address_of_the_web_has_no_user_before_its_host() {
        let link = |url| parse_link(url, &["https", "http"], "https:// or http://");
        for bad in [
            "https://bank.example@evil.example/",
            "https://user:password@host.example/pay",
            "HTTP://user@host.example",
            "https://@host.example/",
            "https://bank.example\\@evil.example/",
            "https://user:p@ss@host.example?x",
        ] {
            assert_eq!(link(bad), Err(TextError::Credentials), "{bad}");
        }
        for good in [
            "https://social.example/@anna",
            "https://shop.example?to=anna@shop.example",
            "https://shop.example#a@b",
        ] {
            assert_eq!(link(good).as_deref(), Ok(good), "{good}");
        }
        assert_eq!(
            HttpsUrl::parse("https://user@cdn.example/x.jpg"),
            Err(TextError::Credentials)
        );
        // What stands there is the app's own affair.
        assert!(parse_app_link("shop://anna@team/1").is_ok());
    }

    #[test]
    fn a_deep_link_is_of_the_apps_own_scheme() {
        for good in ["shop://orders/1", "com.example.shop://x", "shop2+beta://a"] {
            assert_eq!(parse_app_link(good).as_deref(), Ok(good), "{good}");
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
            assert!(parse_app_link(bad).is_err(), "{bad}");
        }
    }
}
