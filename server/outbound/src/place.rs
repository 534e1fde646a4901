//! Where a request goes: scheme, host and port.

use std::fmt;

use http::Uri;

/// Where a request goes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Place {
    is_secure: bool,
    /// In lower case, without the brackets of an IPv6 address and without a dot at the end.
    host: String,
    port: u16,
}

/// Why an address says no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It is relative, or has no host.
    #[error("the address has no host")]
    Host,
    /// It is neither `http` nor `https`.
    #[error("the address is neither http nor https")]
    Scheme,
    /// It names a user.
    #[error("the address names a user")]
    User,
}

impl Place {
    /// The place that an address names.
    ///
    /// # Errors
    /// [`PlaceError`] if there is none, or the address names a user.
    pub fn of(uri: &Uri) -> Result<Self, PlaceError> {
        let (is_secure, own_port) = match uri.scheme_str() {
            Some("https") => (true, 443),
            Some("http") => (false, 80),
            Some(_) => return Err(PlaceError::Scheme),
            None => return Err(PlaceError::Host),
        };
        let authority = uri.authority().ok_or(PlaceError::Host)?;
        if authority.as_str().contains('@') {
            return Err(PlaceError::User);
        }
        let host = bare(authority.host());
        if host.is_empty() {
            return Err(PlaceError::Host);
        }
        Ok(Self {
            is_secure,
            host,
            port: authority.port_u16().unwrap_or(own_port),
        })
    }

    /// A host and a port that something else than HTTP is spoken at.
    ///
    /// # Errors
    /// [`PlaceError::Host`] if the text is no name and no IP address, [`PlaceError::User`] if it names a
    /// user.
    pub fn at(host: &str, port: u16, is_secure: bool) -> Result<Self, PlaceError> {
        let host = bare(host);
        if host.contains('@') {
            return Err(PlaceError::User);
        }
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        let is_name = !host.is_empty()
            && !host.contains(|c: char| c == ':' || c == '/' || !c.is_ascii_graphic());
        if !is_address && !is_name {
            return Err(PlaceError::Host);
        }
        Ok(Self {
            is_secure,
            host,
            port,
        })
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The host: a name in lower case, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// A host in the one spelling in which hosts are compared.
pub(crate) fn bare(host: &str) -> String {
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    host.to_ascii_lowercase()
}

/// Host and port only: a path may be secret.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        if host.contains(':') {
            write!(f, "[{host}]:{}", self.port)
        } else {
            write!(f, "{host}:{}", self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_has_one_spelling() {
        for (text, wanted) in [
            ("https://Push.Example/secret?q", "push.example:443"),
            ("https://push.example.:8443", "push.example:8443"),
            ("http://[::1]/", "[::1]:80"),
            ("http://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ] {
            assert_eq!(Place::of(&uri(text)).unwrap().to_string(), wanted);
        }
    }

    #[test]
    fn a_host_and_a_port_are_a_place() {
        let place = Place::at("SMTP.Example.", 465, true).unwrap();
        assert_eq!(place.to_string(), "smtp.example:465");
        assert_eq!(
            Place::at("[::1]", 25, false).unwrap().to_string(),
            "[::1]:25"
        );
        for (host, wanted) in [
            ("", PlaceError::Host),
            ("a b", PlaceError::Host),
            ("a:1", PlaceError::Host),
            ("a/b", PlaceError::Host),
            ("почта.рф", PlaceError::Host),
            ("user@a", PlaceError::User),
        ] {
            assert_eq!(Place::at(host, 25, true), Err(wanted), "{host}");
        }
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for (text, wanted) in [
            ("/path", PlaceError::Host),
            ("ftp://push.example", PlaceError::Scheme),
            ("https://user@push.example", PlaceError::User),
            ("https://push.example@127.0.0.1", PlaceError::User),
        ] {
            assert_eq!(Place::of(&uri(text)), Err(wanted), "{text}");
        }
    }
}
