use std::time::Duration;

/// The times and limits of the protocol. The default is the official server's.
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
            detailed_errors: false,
        }
    }
}
