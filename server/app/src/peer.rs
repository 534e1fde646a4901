//! Who is at the other end of a connection, as far as addresses say it.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

use crate::config::{ProxyConfig, masked};

/// A household or a company as the network knows it: an IPv4 address, or the /64 of an IPv6 address,
/// because one subscriber has at least that many (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer(IpAddr);

impl Peer {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            address @ IpAddr::V6(_) => Self(Ipv6Addr::from_bits(masked(address, 64)).into()),
        }
    }
}

/// The address at the other end of the connection that a request came by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectedFrom(pub(crate) IpAddr);

/// The client that a request came from. Behind trusted proxies it is the last address of
/// `X-Forwarded-For` that is none of theirs; addresses before it may be the client's invention.
/// Nothing if only a trusted proxy is known.
pub(crate) fn client(
    connected: ConnectedFrom,
    headers: &HeaderMap,
    proxy: &ProxyConfig,
) -> Option<Peer> {
    if !proxy.trusts(connected.0) {
        return Some(Peer::of(connected.0));
    }
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let names = lines.filter_map(|line| line.to_str().ok());
    let addresses = names.flat_map(|line| line.rsplit(',')).map(str::trim);
    for address in addresses {
        // What is no address was not written by a trusted proxy.
        let address = read(address)?;
        if !proxy.trusts(address) {
            return Some(Peer::of(address));
        }
    }
    None
}

/// Some proxies add the port.
fn read(text: &str) -> Option<IpAddr> {
    let with_port = || {
        text.parse()
            .ok()
            .map(|address: std::net::SocketAddr| address.ip())
    };
    text.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::of(text.parse().unwrap())
    }

    #[test]
    fn an_ipv6_peer_is_its_network_of_64_bits() {
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::2:3"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
    }

    #[test]
    fn only_trusted_proxies_name_the_client() {
        #[track_caller]
        fn check(connected: &str, forwarded: &[&'static str], expected: Option<&str>) {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let connected = ConnectedFrom(connected.parse().unwrap());
            let found = client(connected, &headers, &ProxyConfig::default());
            assert_eq!(found, expected.map(peer));
        }
        check("192.0.2.1", &["198.51.100.1"], Some("192.0.2.1"));
        check("127.0.0.1", &["198.51.100.1"], Some("198.51.100.1"));
        check(
            "127.0.0.1",
            &["6.6.6.6, 198.51.100.1, 127.0.0.2"],
            Some("198.51.100.1"),
        );
        check(
            "127.0.0.1",
            &["6.6.6.6", "198.51.100.1"],
            Some("198.51.100.1"),
        );
        check("127.0.0.1", &["198.51.100.1:55000"], Some("198.51.100.1"));
        check("127.0.0.1", &["6.6.6.6, unknown"], None);
        check("127.0.0.1", &[], None);
    }
}
