//! Bounds of requests and connections.

use serde::{Deserialize, Serialize};
use vestnik_model::limits;

/// The most webhooks that an App can be allowed: each may be sent to at the same time.
pub(crate) const MAX_WEBHOOKS: u32 = 64;

/// What requests and connections may take.
///
/// Everything that a peer can make the server wait for or keep in memory has a bound here. The sizes
/// are checked against [`vestnik_model::limits`] when the settings are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitConfig {
    /// The largest request body, in bytes. Too low and full requests are refused; too high and a
    /// flood of them fills memory.
    pub body_bytes: usize,
    /// The largest body of a batch of publish requests, in bytes. Too low and a batch of
    /// full requests is refused; too high and a flood of them fills memory.
    pub batch_bytes: usize,
    /// The largest hub message of a client, in bytes.
    pub hub_message_bytes: usize,
    /// The most bytes of the entries in one page or live call. Too low and devices catch up slowly;
    /// too high and a client with the default limits of its library cannot read a page.
    pub page_bytes: usize,
    /// The most bytes of the request line and headers of a request.
    pub header_bytes: usize,
    /// How long a request may take, in seconds.
    pub request_seconds: u32,
    /// The time from accepting a connection to the end of its first request's headers, and the time
    /// for the headers of each later request, in seconds. Too high and silent clients hold places
    /// longer.
    pub header_seconds: u32,
    /// How long a connection may stay open without a request, in seconds; also the interval of
    /// HTTP/2 pings. Should be more than the idle time of a proxy in front.
    pub idle_seconds: u32,
    /// The most connections at once, WebSockets included. When every place is taken, the connection
    /// that has been without a request for the longest time is closed for a new one.
    pub connections: usize,
    /// The most connections of one peer address at once; IPv6 addresses count by their /64. Zero
    /// does not limit. Proxies of `proxy.trusted` are exempt. Too low and users behind one shared
    /// address lock each other out.
    pub connections_per_address: usize,
    /// Additional places for `/healthz`, `/readyz` and `/metrics`, used when `connections` are taken
    /// by requests and WebSockets.
    pub operation_connections: usize,
    /// The most concurrent requests of one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// The most webhooks of one App, 64 at most.
    pub webhooks_per_app: u32,
    /// How long a shutdown waits for connections to end, in seconds.
    pub drain_seconds: u32,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1_024,
            batch_bytes: 4 * 1_024 * 1_024,
            hub_message_bytes: 128 * 1_024,
            page_bytes: limits::DEFAULT_PAGE_BYTES,
            header_bytes: 32 * 1_024,
            request_seconds: 30,
            header_seconds: 20,
            idle_seconds: 75,
            connections: 16_384,
            connections_per_address: 4_096,
            operation_connections: 32,
            streams_per_connection: 100,
            webhooks_per_app: 16,
            drain_seconds: 10,
        }
    }
}
