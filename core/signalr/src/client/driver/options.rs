//! What a connection needs to be made.

use std::{fmt, time::Duration};

use http::HeaderMap;
use reqwest::Url;

use super::{
    proxy::Proxy,
    token::{BearerToken, TokenSource},
};
use crate::{
    client::{machine::MachineConfig, resumption::StatefulReconnect},
    negotiate::Transports,
    protocol::Protocol,
};

/// How to reach a hub.
#[derive(Clone)]
pub struct ConnectOptions {
    /// The hub's address, `http` or `https`.
    pub url: Url,
    /// Gives what is sent as `Authorization: Bearer` (RFC 6750, section 2.1) with negotiate and with
    /// each transport.
    pub token: Option<TokenSource>,
    /// Sent with every request.
    pub headers: HeaderMap,
    /// Reaches the server through a proxy. What is not told here is not done: the environment's
    /// proxies are not looked at.
    pub proxy: Option<Proxy>,
    /// Certificates of authorities to trust besides those of the system, each as PEM. On Android the
    /// app's network security configuration is the place for them, and these are not looked at by
    /// WebSockets.
    pub roots: Vec<Vec<u8>>,
    /// By what to connect. They are tried in the order in which the server offers them.
    pub transports: Transports,
    /// Opens a WebSocket at once. Saves a round trip; needs a server that allows it, and gives no
    /// connection id (`TransportProtocols.md`, WebSockets).
    pub skip_negotiation: bool,
    /// Asks the server for stateful reconnect: a cut socket is replaced by another one of the same
    /// connection, and nothing is lost or repeated. Only over WebSockets, with negotiation, and with
    /// a server that grants it; without any of these the connection ends with its socket.
    pub stateful: Option<StatefulReconnect>,
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
            token: None,
            headers: HeaderMap::new(),
            proxy: None,
            roots: Vec::new(),
            transports: Transports::default(),
            skip_negotiation: false,
            stateful: None,
            connect_timeout: Duration::from_secs(20),
            machine: MachineConfig::default(),
            incoming_queue: 64,
            outgoing_queue: 64,
        }
    }

    /// The same in an encoding that the server must know.
    #[must_use]
    pub fn protocol(self, protocol: Protocol) -> Self {
        let machine = MachineConfig {
            protocol,
            ..self.machine
        };
        Self { machine, ..self }
    }

    /// The same with [`stateful`](Self::stateful) reconnect.
    #[must_use]
    pub fn stateful_reconnect(self, settings: StatefulReconnect) -> Self {
        Self {
            stateful: Some(settings),
            ..self
        }
    }

    /// The same with one token for the whole life of the options.
    #[must_use]
    pub fn bearer(self, token: BearerToken) -> Self {
        self.token_source(token.into())
    }

    /// The same with a token that is asked for at each negotiate and at each connect.
    #[must_use]
    pub fn token_source(self, source: TokenSource) -> Self {
        Self {
            token: Some(source),
            ..self
        }
    }
}

/// Without what may be a secret: the address's user and query, and the values of headers.
impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("token", &self.token)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("proxy", &self.proxy)
            .field("roots", &self.roots.len())
            .field("transports", &self.transports)
            .field("skip_negotiation", &self.skip_negotiation)
            .field("stateful", &self.stateful)
            .field("connect_timeout", &self.connect_timeout)
            .field("machine", &self.machine)
            .field("incoming_queue", &self.incoming_queue)
            .field("outgoing_queue", &self.outgoing_queue)
            .finish()
    }
}
