//! The bounds of a client.

use std::time::Duration;

/// The bounds of a client. What would exceed one waits or fails; nothing grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most origins with open connections; the one unused for longest gives way.
    pub origins: usize,
    /// The most connections to one origin.
    pub connections: usize,
    /// The most requests at a time over one connection of HTTP/2; one of HTTP/1.1 takes one.
    pub streams: usize,
    /// The most bytes of an answer's body that are read; the rest is not waited for.
    pub answer_bytes: usize,
    /// How long a request waits for a connection: for room, name, TCP and TLS together.
    pub connect: Duration,
    /// How long the head of an answer is waited for, from when the request has a connection.
    pub answer: Duration,
    /// How long the body of an answer is waited for, from when its head is there.
    pub body: Duration,
    /// How long a connection stays open unused.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            origins: 256,
            connections: 4,
            streams: 100,
            answer_bytes: 64 * 1_024,
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(20),
            body: Duration::from_secs(5),
            idle: Duration::from_secs(60),
        }
    }
}
