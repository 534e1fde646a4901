//! The address to listen on, as people write it.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de::Error as _};

/// Reads an address and a port. `localhost` is the IPv4 loopback address; other names are refused,
/// because a name may stand for several addresses, and for others tomorrow.
pub(super) fn parse(text: &str) -> Result<SocketAddr, &'static str> {
    let port = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok());
    let named = port.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    named.or_else(|| text.parse().ok()).ok_or(
        "must be an IP address and a port, as 127.0.0.1:4000 or [::1]:4000, or localhost and a port",
    )
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(reader: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(reader)?;
    parse(&text).map_err(D::Error::custom)
}
