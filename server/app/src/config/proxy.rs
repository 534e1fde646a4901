//! What stands in front of the server.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Network;

/// What stands in front of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyConfig {
    /// The proxies whose `X-Forwarded-For` is believed, as addresses or networks (`10.0.0.0/8`).
    /// They are exempt from the limits per address; the clients that they name are not.
    pub trusted: Vec<Network>,
}

impl Default for ProxyConfig {
    fn default() -> Self {
        Self {
            trusted: vec![
                Network::new(IpAddr::from([127, 0, 0, 0]), 8),
                Network::new(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), 128),
            ],
        }
    }
}

impl ProxyConfig {
    /// Whether the address is that of a trusted proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}
