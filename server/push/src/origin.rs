//! Where a service is: scheme, host and port.

use std::fmt;

use http::Uri;

/// A scheme, a host and a port, written as RFC 6454, 6.2 has it: in lower case, without the scheme's
/// own port.
///
/// A push service's origin is a setting, so that a simulator can stand in for the service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is not an absolute address.
    #[error("must be an address such as https://example.com")]
    Address,
    /// Its scheme is not `http` or `https`.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// It has a user name, or a path, or a query.
    #[error("must have nothing but a scheme, a host and a port")]
    Surplus,
}

impl Origin {
    /// Reads an origin that an operator wrote.
    ///
    /// # Errors
    /// [`OriginError`] if it is something else.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let uri: Uri = text.parse().map_err(|_| OriginError::Address)?;
        if uri
            .path_and_query()
            .is_some_and(|rest| rest.as_str() != "/")
        {
            return Err(OriginError::Surplus);
        }
        Self::of(&uri)
    }

    /// The origin of an address.
    ///
    /// # Errors
    /// [`OriginError`] if the address is relative, is of another scheme or names a user.
    pub fn of(uri: &Uri) -> Result<Self, OriginError> {
        let scheme = uri.scheme_str().ok_or(OriginError::Address)?;
        let own_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(OriginError::Scheme),
        };
        let authority = uri.authority().ok_or(OriginError::Address)?;
        if authority.as_str().contains('@') {
            return Err(OriginError::Surplus);
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(OriginError::Address);
        }
        Ok(Self(match authority.port_u16() {
            Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }

    /// The origin of a service, known to be one.
    pub(crate) fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The origin itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, wanted) in [
            ("https://Push.Example", "https://push.example"),
            ("https://push.example:443/", "https://push.example"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), wanted);
        }
    }

    #[test]
    fn anything_else_is_no_origin() {
        for (text, wanted) in [
            ("push.example", OriginError::Address),
            ("/path", OriginError::Surplus),
            ("", OriginError::Address),
            ("ftp://push.example", OriginError::Scheme),
            ("https://user@push.example", OriginError::Surplus),
            ("https://push.example/path", OriginError::Surplus),
            ("https://push.example?query", OriginError::Surplus),
        ] {
            assert_eq!(Origin::parse(text), Err(wanted), "{text}");
        }
    }
}
