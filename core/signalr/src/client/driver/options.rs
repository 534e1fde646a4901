//! What a connection needs to be made.

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderValue};
use reqwest::Url;

use crate::client::machine::MachineConfig;

/// How to reach a hub.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// The hub's address, `http` or `https`.
    pub url: Url,
    /// Sent as `Authorization: Bearer` with negotiate and with the WebSocket.
    pub bearer: Option<BearerToken>,
    /// Sent with every request.
    pub headers: HeaderMap,
    /// Opens the WebSocket at once. Saves a round trip; needs a server that allows it, and gives no
    /// connection id.
    pub skip_negotiation: bool,
    /// How long negotiate, the socket and the handshake may take together. Too low and slow radios
    /// never connect; too high and a dead route is noticed late.
    pub connect_timeout: Duration,
    /// Times and sizes of the connection.
    pub machine: MachineConfig,
    /// How many calls of the server wait for a slow application before reading stops. Too low and
    /// bursts stall; too high and a slow application holds memory.
    pub incoming_queue: usize,
    /// How many calls wait to be written before callers wait.
    pub outgoing_queue: usize,
}

impl ConnectOptions {
    /// The usual settings for a hub.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            bearer: None,
            headers: HeaderMap::new(),
            skip_negotiation: false,
            connect_timeout: Duration::from_secs(20),
            machine: MachineConfig::default(),
            incoming_queue: 64,
            outgoing_queue: 64,
        }
    }

    /// The same with a token.
    #[must_use]
    pub fn bearer(self, token: BearerToken) -> Self {
        Self {
            bearer: Some(token),
            ..self
        }
    }
}

/// A token that stays out of logs.
#[derive(Clone)]
pub struct BearerToken(HeaderValue);

impl BearerToken {
    /// Takes a token; `None` when it cannot stand in a header.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    pub(crate) const fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken")
    }
}
