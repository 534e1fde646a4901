//! What can be set, and its defaults.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    AudienceConfig, FeedConfig, LimitConfig, OutboundConfig, ProxyConfig, RateConfig, SecretConfig,
    listen,
};

/// A server's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on, as `127.0.0.1:4000`, `[::1]:4000` or `localhost:4000`. Any other
    /// address than loopback needs a proxy in front that speaks TLS.
    #[serde(deserialize_with = "listen::deserialize")]
    pub listen: SocketAddr,
    /// The database file; created if it does not exist.
    pub database: PathBuf,
    /// Where readers of letters reach this server, as `https://push.shop.example`: letters have a link there
    /// by which they unsubscribe. Absent: they have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The name of this server among those that share a database. Absent: `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What stands in front of the server.
    pub proxy: ProxyConfig,
    /// The key that encrypts the secrets in the database.
    pub secrets: SecretConfig,
    /// What the log looks like.
    pub log: LogConfig,
    /// How long tokens hold.
    pub tokens: TokenConfig,
    /// What requests and connections may take.
    pub limits: LimitConfig,
    /// How many requests a principal may make.
    pub rates: RateConfig,
    /// What live connections may take.
    pub feed: FeedConfig,
    /// How notifications are worked off.
    pub delivery: DeliveryConfig,
    /// What uploaded audiences may take.
    pub audiences: AudienceConfig,
    /// What the server may connect to.
    pub outbound: OutboundConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4_000)),
            database: PathBuf::from("vestnik.sqlite"),
            public_url: None,
            node: None,
            proxy: ProxyConfig::default(),
            secrets: SecretConfig::default(),
            log: LogConfig::default(),
            tokens: TokenConfig::default(),
            limits: LimitConfig::default(),
            rates: RateConfig::default(),
            feed: FeedConfig::default(),
            delivery: DeliveryConfig::default(),
            audiences: AudienceConfig::default(),
            outbound: OutboundConfig::default(),
        }
    }
}

/// What the log looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// What is logged, in the syntax of `tracing` filters: `info`, `vestnik_server=debug`…
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

/// How notifications are worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryConfig {
    /// How often the position of every connection is compared with its log, in milliseconds, in case a
    /// hint was lost. Too low and idle devices cost reads; too high and a lost hint delays that long.
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
