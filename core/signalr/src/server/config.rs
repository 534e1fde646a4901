use std::time::Duration;

use super::machine::{ServerConfig, StatefulReconnect};
use crate::negotiate::Transports;

/// The limits and times of a hub's connections. The default suits small messages and many clients.
///
/// What the protocol itself prescribes (keep-alive, timeouts, message size) is in `protocol`.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// The times and limits of the protocol machine.
    pub protocol: ServerConfig,

    /// By what clients may come; negotiate offers these, and a request by another is answered 404.
    ///
    /// Without the two of plain HTTP, clients behind a proxy that knows no
    /// WebSockets never get in. With them, each message that a client sends is
    /// a request.
    pub transports: Transports,

    /// Whether WebSocket clients that ask for it may lose their socket and go on with another:
    /// nothing lost, nothing twice, the same connection.
    ///
    /// Without it each cut costs a client its connection, with groups and
    /// running calls. With it, each such connection may hold
    /// [`buffer`](StatefulReconnect::buffer) bytes that were sent, and one that
    /// was cut is kept for the [`window`](StatefulReconnect::window). All of it
    /// is memory of one process: a client that comes back to another is
    /// answered 404, and begins a new connection.
    ///
    /// ASP.NET Core has it as `AllowStatefulReconnects`, off by default too.
    pub stateful_reconnect: Option<StatefulReconnect>,

    /// Whether clients may renew their authentication while they are connected.
    ///
    /// On, negotiate tells a client how long its token is still good for, if
    /// the layer in front put a [`TokenLifetime`](super::TokenLifetime) into
    /// the request, and a `POST {hub}/refresh?id=<connection token>` with a
    /// new token of the same user makes the [`Caller`](super::Caller) of that
    /// request the one that later calls and their guards see. The user's name,
    /// for addressing, and the groups stay. Off, the path answers 404; each
    /// connection keeps the caller it began with.
    ///
    /// ASP.NET Core 11 has it as `EnableAuthenticationRefresh` (dotnet/aspnetcore
    /// issue 67226), off by default too; its clients use it when negotiate tells a lifetime.
    pub refreshes_authentication: bool,

    /// Whether a connection is closed when the token of its caller expires.
    ///
    /// When that is, the [`TokenLifetime`](super::TokenLifetime) tells of the
    /// request that opened the connection or refreshed it last, and of polls and
    /// resumes when theirs is longer. The Close invites to come back, with a new
    /// token. Off, a connection outlives its token until it ends by itself; on
    /// without `refreshes_authentication`, every client comes back that often.
    ///
    /// ASP.NET Core has it as `CloseOnAuthenticationExpiration`, off by default too.
    pub closes_on_expiry: bool,

    /// How many bytes one read of a WebSocket may bring.
    ///
    /// The buffer lives as long as the connection: at 128 KiB an idle
    /// connection costs 136 KiB and each delivery zeroes that much again. Too
    /// low, a large message takes many reads; what clients send is mostly
    /// smaller than the default.
    pub read_buffer: usize,

    /// How many bytes of frames are put together into one WebSocket message or event.
    ///
    /// Too low, a backlog costs a system call per frame. Too high, each
    /// stalled client holds that much more, and the first frame waits for the
    /// copy of the last.
    pub write_batch: usize,

    /// How many bytes one write may have, which a single large frame can fill.
    ///
    /// A result beyond it ends the connection, so too low breaks large
    /// results. Too high, a client that asks for large results and does not
    /// read them costs that much.
    pub max_write_buffer: usize,

    /// How many frames from other parts of the server may wait for one connection.
    ///
    /// Too low, a short burst already counts as being behind. Too high, a slow
    /// client costs memory and reads stale frames before it learns that it is behind.
    pub queue_frames: usize,

    /// How many bytes of such frames may wait; see `queue_frames`.
    pub queue_bytes: usize,

    /// How long a write may make no end before the connection is cut.
    ///
    /// Too low, a phone in a tunnel loses its connection. Too high, the
    /// buffers of clients that went away silently are held that long.
    pub write_stall: Duration,

    /// How long a closing client may take to answer.
    ///
    /// Too low, a Close text is lost on a slow line. Too high, draining waits
    /// for clients that will never answer.
    pub close_timeout: Duration,

    /// How many connections one user may have, where the hub knows users; more are closed.
    ///
    /// Too low, somebody with many open tabs is turned away. Too high, one
    /// user's runaway script takes the place of everybody.
    pub max_user_connections: usize,

    /// How long a poll waits for something to send before it is answered with nothing.
    ///
    /// Too low, idle clients cost requests. Too high, clients (which wait 100 s)
    /// or a proxy between (often 60 s) give up first and take it for a fault.
    pub poll_timeout: Duration,

    /// How long a client of long polling may go without a poll before it is given up.
    ///
    /// Too low, clients on slow lines are given up between two polls. Too
    /// high, those that went away without a word are kept that long.
    pub poll_absence: Duration,

    /// How long a negotiated connection may wait for its transport.
    ///
    /// Too low, slow networks never connect. Too high, abandoned negotiations pile up.
    pub connect_window: Duration,

    /// How many negotiated connections may wait; beyond it negotiate answers 503.
    ///
    /// Too low, a reconnect storm after a restart is turned away. Too high,
    /// a flood of negotiations costs memory, some 200 bytes each.
    pub max_unconnected: usize,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            protocol: ServerConfig::default(),
            transports: Transports::default(),
            stateful_reconnect: None,
            refreshes_authentication: false,
            closes_on_expiry: false,
            read_buffer: 256,
            write_batch: 16 * 1024,
            max_write_buffer: 1024 * 1024,
            queue_frames: 256,
            queue_bytes: 256 * 1024,
            write_stall: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            max_user_connections: 100,
            poll_timeout: Duration::from_secs(90),
            poll_absence: Duration::from_secs(15),
            connect_window: Duration::from_secs(15),
            max_unconnected: 20_000,
        }
    }
}
