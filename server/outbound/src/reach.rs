//! What may be connected to.

use std::net::{IpAddr, SocketAddr};

use crate::{
    place::{Place, bare},
    public::is_public,
};

/// What may be connected to: public hosts by name over TLS, and what the operator lists.
///
/// A listed host may be a name or an address of any network, and is spoken to over plain text too if the
/// address says `http`. List no host of which users choose the name or what it resolves to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    listed: Vec<Listed>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    host: String,
    /// Any port if absent.
    port: Option<u16>,
}

/// A text is no host to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a host such as push.internal, push.internal:8443 or [::1]:8443")]
pub struct ReachError;

/// Why something must not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Plain text is for listed hosts.
    #[error("the address is not https and its host is not listed")]
    PlainText,
    /// Addresses in numbers are for listed hosts.
    #[error("the host is an IP address and is not listed")]
    Literal,
    /// The host resolves to no public address and is not listed.
    #[error("the host has no public address and is not listed")]
    NotPublic,
}

impl Reach {
    /// Public hosts only.
    #[must_use]
    pub const fn public() -> Self {
        Self { listed: Vec::new() }
    }

    /// Lists a host, with a port or for all ports.
    ///
    /// # Errors
    /// [`ReachError`] if the text is something else.
    pub fn and(mut self, host: &str) -> Result<Self, ReachError> {
        self.listed.push(Listed::parse(host).ok_or(ReachError)?);
        Ok(self)
    }

    /// Whether the operator lists a place.
    #[must_use]
    pub fn is_listed(&self, place: &Place) -> bool {
        self.listed.iter().any(|listed| {
            listed.host == place.host() && listed.port.is_none_or(|port| port == place.port())
        })
    }

    /// Checks a place before its host is resolved.
    ///
    /// # Errors
    /// [`Forbidden`] if it is not listed and either not TLS or an address in numbers.
    pub fn check(&self, place: &Place) -> Result<(), Forbidden> {
        if self.is_listed(place) {
            return Ok(());
        }
        if !place.is_secure() {
            return Err(Forbidden::PlainText);
        }
        if place.host().parse::<IpAddr>().is_ok() {
            return Err(Forbidden::Literal);
        }
        Ok(())
    }

    /// Of the addresses that a place resolved to, those that may be connected to.
    ///
    /// # Errors
    /// [`Forbidden`] if there are addresses and none of them may be.
    pub fn permitted(
        &self,
        place: &Place,
        mut addresses: Vec<SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Forbidden> {
        if addresses.is_empty() || self.is_listed(place) {
            return Ok(addresses);
        }
        addresses.retain(|address| is_public(address.ip()));
        if addresses.is_empty() {
            return Err(Forbidden::NotPublic);
        }
        Ok(addresses)
    }
}

impl Listed {
    fn parse(text: &str) -> Option<Self> {
        let whole = |host: &str| Self {
            host: bare(host),
            port: None,
        };
        if text.parse::<IpAddr>().is_ok() {
            return Some(whole(text));
        }
        let authority: http::uri::Authority = text.parse().ok()?;
        let host = bare(authority.host());
        let is_host = !host.is_empty() && !text.contains('@') && !text.contains('*');
        // A colon without a usable number behind it is not a host either.
        let has_port = text.len() > authority.host().len();
        if !is_host || has_port != authority.port_u16().is_some() {
            return None;
        }
        Some(Self {
            host,
            port: authority.port_u16(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::of(&text.parse().unwrap()).unwrap()
    }

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_tls_to_a_name_is_open_to_all() {
        let reach = Reach::public();
        for (text, wanted) in [
            ("https://push.example/x", Ok(())),
            ("https://push.example:8443/x", Ok(())),
            ("http://push.example/x", Err(Forbidden::PlainText)),
            ("https://8.8.8.8/x", Err(Forbidden::Literal)),
            ("https://127.0.0.1/x", Err(Forbidden::Literal)),
            ("https://[::1]/x", Err(Forbidden::Literal)),
        ] {
            assert_eq!(reach.check(&place(text)), wanted, "{text}");
        }
    }

    #[test]
    fn what_a_name_resolves_to_decides() {
        let (reach, place) = (Reach::public(), place("https://push.example"));
        let mixed = addresses(&["10.0.0.1:443", "8.8.8.8:443", "[::1]:443"]);
        let public = addresses(&["8.8.8.8:443"]);
        assert_eq!(reach.permitted(&place, mixed), Ok(public));
        let inside = addresses(&["10.0.0.1:443", "127.0.0.1:443"]);
        assert_eq!(reach.permitted(&place, inside), Err(Forbidden::NotPublic));
    }

    #[test]
    fn a_listed_host_is_reached_at_the_listed_port_only() {
        let reach = Reach::public().and("Sim.Internal:8443").unwrap();
        let reach = reach.and("127.0.0.1").unwrap().and("[::1]:80").unwrap();
        for (text, is_listed) in [
            ("https://sim.internal:8443", true),
            ("http://sim.internal:8443", true),
            ("http://sim.internal.:8443", true),
            ("https://sim.internal", false),
            ("https://x.sim.internal:8443", false),
            ("http://127.0.0.1:1", true),
            ("http://127.0.0.2:1", false),
            ("http://[::1]", true),
            ("http://[::1]:81", false),
        ] {
            assert_eq!(reach.is_listed(&place(text)), is_listed, "{text}");
        }
        let inside = addresses(&["10.0.0.1:8443"]);
        let listed = place("https://sim.internal:8443");
        assert_eq!(reach.permitted(&listed, inside.clone()), Ok(inside));
    }

    #[test]
    fn what_is_no_host_cannot_be_listed() {
        for text in [
            "",
            "user@host",
            "host:",
            "host:99999",
            "https://host",
            "host/x",
            "*",
            "a b",
        ] {
            assert_eq!(Reach::public().and(text), Err(ReachError), "{text}");
        }
    }
}
