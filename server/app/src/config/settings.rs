//! What can be set, and its defaults.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

/// A server's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on. Anything but loopback wants a proxy in front that speaks TLS.
    pub listen: SocketAddr,
    /// The database file; made when it is not there.
    pub database: PathBuf,
    /// What the log looks like.
    pub log: LogConfig,
    /// How long tokens hold.
    pub tokens: TokenConfig,
    /// What requests and connections may take.
    pub limits: LimitConfig,
    /// How notifications are worked off.
    pub delivery: DeliveryConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4_000)),
            database: PathBuf::from("vestnik.sqlite"),
            log: LogConfig::default(),
            tokens: TokenConfig::default(),
            limits: LimitConfig::default(),
            delivery: DeliveryConfig::default(),
        }
    }
}

/// What the log looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// What is logged, as `tracing` filters say it: `info`, `vestnik_server=debug`…
    pub filter: String,
    /// `text` for people, `json` for programs.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How long tokens hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenConfig {
    /// An access token's life, in seconds. Too low and devices refresh all the time; too high and a
    /// revoked installation goes on that long.
    pub access_seconds: u32,
    /// A refresh token's life, in seconds: a device that is off for longer must be vouched for anew.
    pub refresh_seconds: u32,
}

impl Default for TokenConfig {
    fn default() -> Self {
        Self {
            access_seconds: 15 * 60,
            refresh_seconds: 180 * 24 * 60 * 60,
        }
    }
}

/// What requests and connections may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitConfig {
    /// The largest request body, in bytes. Too low and full requests are refused; too high and a
    /// flood of them fills memory.
    pub body_bytes: usize,
    /// The largest hub message of a client, in bytes.
    pub hub_message_bytes: usize,
    /// The largest page of a log, in bytes. Too low and catching up takes many calls; too high and
    /// clients refuse it.
    pub page_bytes: usize,
    /// How long a request may take, in seconds.
    pub request_seconds: u32,
    /// How long a client may take over the headers of a request, in seconds; an idle connection
    /// ends by it too. Too high and slow clients hold what others need.
    pub header_seconds: u32,
    /// The most connections that speak HTTP at once, others wait to be accepted. Devices live by
    /// Server-Sent Events or long polling are among them, those live by WebSocket are not.
    pub connections: usize,
    /// How long stopping waits for connections to end, in seconds.
    pub drain_seconds: u32,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1_024,
            hub_message_bytes: 128 * 1_024,
            page_bytes: vestnik_model::limits::DEFAULT_PAGE_BYTES,
            request_seconds: 30,
            header_seconds: 20,
            connections: 16_384,
            drain_seconds: 10,
        }
    }
}

/// How notifications are worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryConfig {
    /// How often every connection is looked at again, in milliseconds, for the case that a hint was
    /// lost. Too low and idle devices cost reads; too high and a lost hint delays that long.
    pub recheck_millis: u64,
    /// How many days notifications are kept after they expired.
    pub keep_days: u32,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            recheck_millis: 30_000,
            keep_days: 30,
        }
    }
}
