//! How many requests a principal may make.

use serde::{Deserialize, Serialize};

/// How many requests a principal may make. A rate of zero does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateConfig {
    /// Requests and hub calls of one API key per second, on average.
    pub key_per_second: u32,
    /// Requests and hub calls of one API key at once.
    pub key_burst: u32,
    /// Requests and hub calls of one installation per second, on average. Too low and a device
    /// that catches up waits; too high and one device takes more of the database's time.
    pub installation_per_second: u32,
    /// Requests and hub calls of one installation at once.
    pub installation_burst: u32,
    /// Requests and hub calls of all installations of one user per second, on average. Too low and a
    /// user with many devices waits after an outage; too high and a user with as many installations
    /// as are allowed takes more of the server's time.
    pub user_per_second: u32,
    /// Requests and hub calls of all installations of one user at once.
    pub user_burst: u32,
    /// Requests of one peer address per second, on average, whatever their credentials; IPv6
    /// addresses count by their /64. A request for tokens and a request whose credentials are
    /// refused count as 20. Too low and users behind one shared address lock each other out.
    pub address_per_second: u32,
    /// Requests of one peer address at once.
    pub address_burst: u32,
    /// Logins of one user of an App, and exchanges of one login's refresh tokens, per minute on
    /// average, from whatever address. Each writes a session or its next token. Too low and a user
    /// with many devices waits after an outage; too high and a backend or a device in a loop takes
    /// more of the database's time.
    pub token_per_minute: u32,
    /// Logins of one user, and exchanges of one login's refresh tokens, at once.
    pub token_burst: u32,
    /// How many principals of each kind are told apart. Too low and a flood of principals shares
    /// one budget sooner; each costs about 200 bytes.
    pub principals: usize,
}

impl Default for RateConfig {
    fn default() -> Self {
        Self {
            key_per_second: 2_000,
            key_burst: 10_000,
            installation_per_second: 50,
            installation_burst: 200,
            user_per_second: 100,
            user_burst: 400,
            address_per_second: 1_000,
            address_burst: 10_000,
            token_per_minute: 60,
            token_burst: 200,
            principals: 65_536,
        }
    }
}
