//! What the server may connect to.

use serde::{Deserialize, Serialize};
use vestnik_outbound::{Reach, ReachError};

/// What the server may connect to when others name the address: push services of accounts, endpoints of
/// Web Push.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundConfig {
    /// Hosts that are not public, or are spoken to over plain text, as `push.internal` or
    /// `127.0.0.1:4100`. Everything else must be a public address over TLS.
    pub listed: Vec<String>,
}

impl OutboundConfig {
    /// What may be connected to.
    ///
    /// # Errors
    /// [`ReachError`] for a text that is no host.
    pub fn reach(&self) -> Result<Reach, ReachError> {
        let mut reach = Reach::public();
        for host in &self.listed {
            reach = reach.and(host)?;
        }
        Ok(reach)
    }
}
