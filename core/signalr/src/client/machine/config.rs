//! Times and sizes of a connection.

use std::time::Duration;

use crate::protocol::Protocol;

/// Times and sizes of a connection. The official times are the defaults of `HubConnection` in the
/// official clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineConfig {
    /// After so long without sending anything a Ping is sent. Higher than the server's client
    /// timeout and the server gives us up; very low and the radio never sleeps. 15 s officially.
    ///
    /// In the last third of it, the Ping goes with whatever is heard. Some seconds longer than the
    /// server's keep-alive, it always goes with the server's, so that an idle device wakes once for both.
    pub keep_alive: Duration,
    /// After so long without hearing anything the server counts as gone. Lower than its keep-alive
    /// and idle connections are dropped; higher and a dead one is noticed late. 30 s officially.
    pub server_timeout: Duration,
    /// How long the server may take to answer the handshake. 15 s officially.
    pub handshake_timeout: Duration,
    /// How long the server may take to answer a probe, which is sent when there is reason to doubt
    /// the connection. Too low and slow radios lose good connections.
    pub probe_timeout: Duration,
    /// The largest hub message taken, in bytes. Lower than the server's pages and they cannot be
    /// read; higher and a broken server can fill memory.
    pub max_message_bytes: usize,
    /// The encoding to ask for. The payloads of all calls must be in it.
    pub protocol: Protocol,
}

impl Default for MachineConfig {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(15),
            server_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(15),
            probe_timeout: Duration::from_secs(5),
            max_message_bytes: 1 << 20,
            protocol: Protocol::default(),
        }
    }
}
