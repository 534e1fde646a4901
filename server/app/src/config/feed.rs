//! Bounds of live connections.

use serde::{Deserialize, Serialize};

/// What live connections may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// The most live connections at once.
    pub connections: usize,
    /// The most live connections of one App.
    pub connections_per_app: usize,
    /// The most live connections of one API key.
    pub connections_per_key: usize,
    /// The most live connections of one user.
    pub connections_per_user: usize,
    /// The most live connections of one installation; the newest ones stay.
    pub connections_per_installation: usize,
    /// How many users are served at once. Too low and one slow read delays others; too high and the
    /// feed takes the readers from requests.
    pub workers: usize,
    /// The most notifications watched at once.
    pub watches: usize,
    /// The most notifications watched at once by the keys of one App. Too high and one App keeps the
    /// others from watching.
    pub watches_per_app: usize,
    /// The most notifications watched at once by one API key.
    pub watches_per_key: usize,
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            connections: 16_384,
            // A quarter stays for the other Apps.
            connections_per_app: 12_288,
            connections_per_key: 1_000,
            connections_per_user: 20,
            connections_per_installation: 2,
            workers: 8,
            watches: 10_000,
            watches_per_app: 7_500,
            watches_per_key: 2_500,
        }
    }
}
