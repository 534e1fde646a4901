use std::time::Duration;

use crate::resume::OFFICIAL_LIMIT;

/// The times and limits of the protocol. The default is the official server's (its `HubOptions`)
/// where that has the same limit.
#[derive(Debug, Clone, Copy)]
pub struct ServerConfig {
    /// How long the server may be silent before it pings.
    ///
    /// Above half of the client's timeout (30 s) clients give up on a healthy
    /// connection; far below it, idle connections cost wake-ups.
    pub keep_alive: Duration,
    /// How long a client that pings may be silent before it is given up.
    ///
    /// Below twice the client's ping interval (15 s) slow lines are cut; far
    /// above it, dead connections are kept and sent to.
    pub client_timeout: Duration,
    /// How long a client may take for the handshake.
    ///
    /// Too low, slow lines never connect; too high, silent sockets are kept.
    pub handshake_timeout: Duration,
    /// The longest message that a client may send, in bytes.
    ///
    /// Too low, honest calls end the connection; too high, each client may
    /// make the server hold that much.
    pub max_message: usize,
    /// How many plain calls of one client may run at the same time.
    ///
    /// One keeps the client's order. More let a slow call be overtaken; too
    /// many let one client take the whole server.
    pub parallel_calls: usize,
    /// How many streams one client may have running; more are refused.
    ///
    /// Each is a task and a few buffered items: too high, one client can hold
    /// many. Too low, a page with several live views is refused.
    pub max_streams: usize,
    /// How many items of an upload stream may wait for the method that reads it.
    ///
    /// When one more comes, nothing is read from that client until the method
    /// takes an item. Too low, each item waits for the method; too high, a
    /// client can make the server hold that many.
    pub upload_buffer: usize,
    /// How many upload streams one client may have open; calls with more are refused.
    ///
    /// Too low, a page with several uploads is refused; too high, one client
    /// can fill that many buffers.
    pub max_uploads: usize,
    /// How many answers of one client may be awaited; more calls to it are refused.
    ///
    /// Too low, honest questions are refused; too high, a client that never
    /// answers costs that many waiting tasks.
    pub max_results: usize,
    /// How many bytes of a client's messages may be held while its answer is looked for behind them.
    ///
    /// A method that awaits an answer of its own caller is followed by whatever
    /// the caller sent before it answered. Too low, such an answer is not
    /// found and times out; too high, each client can make the server hold that much.
    pub read_ahead: usize,
    /// Tells clients the text of internal errors and of arguments that do not fit.
    ///
    /// On, it helps a developer and shows the server's insides to everybody.
    pub detailed_errors: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(15),
            client_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(15),
            max_message: 32 * 1024,
            parallel_calls: 1,
            max_streams: 16,
            upload_buffer: 10,
            max_uploads: 16,
            max_results: 16,
            read_ahead: 64 * 1024,
            detailed_errors: false,
        }
    }
}

/// How connections may lose their socket and go on with another, nothing lost and nothing twice.
/// The default is the official server's.
#[derive(Debug, Clone, Copy)]
pub struct StatefulReconnect {
    /// How long a connection that lost its socket waits for another.
    ///
    /// Too low, a phone that changes its network comes too late. Too high, the
    /// connections of those who went away for good, and what is sent to them,
    /// are kept that long.
    pub window: Duration,
    /// How many bytes of sent messages are kept until the client confirms them; beyond it sends wait.
    ///
    /// Clients confirm once a second, so this is also what a connection may
    /// send in a second: too low, it is slow. Too high, each client that does
    /// not read costs that much. One larger message is sent when it is the first.
    pub buffer: usize,
}

impl Default for StatefulReconnect {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(15),
            buffer: OFFICIAL_LIMIT,
        }
    }
}
