//! Where a gateway is: scheme, host and port.

use std::fmt;

use http::Uri;

use crate::{fault::Invalid, node::Node};

/// Scheme, host and port, in lower case and without the scheme's own port.
///
/// It is a setting of every provider, so that a simulator or a server of the operator's own can stand in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin, such as `https://api.example`; none if the text is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let own_port = match uri.scheme_str()? {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let authority = uri.authority()?;
        let is_bare = uri.path() == "/" && uri.query().is_none();
        if !is_bare || authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let scheme = uri.scheme_str()?;
        let host = authority.host().to_ascii_lowercase();
        Some(Self(match authority.port_u16() {
            Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }

    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let origin = Self::parse(node.text(300)?);
        origin.ok_or_else(|| node.rule("must be an origin such as https://api.example"))
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
