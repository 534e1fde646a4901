//! Settings: from a TOML file, the environment and flags, each beating the one before.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// The prefix of environment variables: `VESTNIK_LISTEN`, `VESTNIK_LIMITS_BODY_BYTES`…
const ENV_PREFIX: &str = "VESTNIK_";

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

/// What flags say; they beat everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigOverlay {
    /// The address to listen on.
    pub listen: Option<String>,
    /// The database file.
    pub database: Option<PathBuf>,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A setting that cannot be used. Names where it came from and what is wrong, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {field}{separator}{detail}", separator = if field.is_empty() { "" } else { ": " })]
pub struct ConfigError {
    /// Where it came from.
    pub origin: Source,
    /// Which setting, as `limits.body_bytes`; empty when the whole cannot be read.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Config {
    /// Reads file, environment and flags.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting and where it came from.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: ConfigOverlay,
    ) -> Result<Self, ConfigError> {
        let mut table = file.map(read_file).transpose()?.unwrap_or_default();
        let origin = file.map_or(Source::Flag("--config"), |path| {
            Source::File(path.to_owned())
        });
        Self::parse(&table, &origin)?;
        for (name, value) in environment {
            if let Some((section, field)) = known_variable(&name) {
                set(&mut table, section, field, &value);
                Self::parse(&table, &Source::Environment(name))?;
            }
        }
        if let Some(listen) = flags.listen {
            set(&mut table, None, "listen", &listen);
            Self::parse(&table, &Source::Flag("--listen"))?;
        }
        let mut config = Self::parse(&table, &origin)?;
        config.database = flags.database.unwrap_or(config.database);
        Ok(config)
    }

    /// The settings as TOML, as a file could have them.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    fn parse(table: &toml::Table, origin: &Source) -> Result<Self, ConfigError> {
        let config: Self = serde_path_to_error::deserialize(table.clone()).map_err(|error| {
            let field = error.path().to_string();
            let field = if field == "." { String::new() } else { field };
            ConfigError {
                origin: origin.clone(),
                field,
                detail: without_value(&error.into_inner()),
            }
        })?;
        config.check().map_err(|(field, detail)| ConfigError {
            origin: origin.clone(),
            field: field.to_owned(),
            detail: detail.to_owned(),
        })?;
        Ok(config)
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let rules = [
            (
                self.tokens.access_seconds >= 30,
                "tokens.access_seconds",
                "must be at least 30",
            ),
            (
                self.tokens.refresh_seconds > self.tokens.access_seconds,
                "tokens.refresh_seconds",
                "must be more than tokens.access_seconds",
            ),
            (
                self.limits.body_bytes >= 8 * 1_024,
                "limits.body_bytes",
                "must be at least 8192",
            ),
            (
                self.limits.hub_message_bytes >= 32 * 1_024,
                "limits.hub_message_bytes",
                "must be at least 32768",
            ),
            (
                self.limits.request_seconds >= 1,
                "limits.request_seconds",
                "must be at least 1",
            ),
            (
                self.limits.header_seconds >= 1,
                "limits.header_seconds",
                "must be at least 1",
            ),
            (
                self.limits.connections >= 1,
                "limits.connections",
                "must be at least 1",
            ),
            (
                self.delivery.recheck_millis >= 10,
                "delivery.recheck_millis",
                "must be at least 10",
            ),
            (
                self.delivery.keep_days >= 1,
                "delivery.keep_days",
                "must be at least 1",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, field, detail)) => Err((field, detail)),
            None => Ok(()),
        }
    }
}

fn read_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let wrong = |detail: String| ConfigError {
        origin: Source::File(path.to_owned()),
        field: String::new(),
        detail,
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    text.parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))
}

/// The setting a variable stands for. Variables of other parts share the prefix, so unknown ones
/// are passed over.
fn known_variable(name: &str) -> Option<(Option<&'static str>, &'static str)> {
    const KNOWN: [(Option<&str>, &str); 14] = [
        (None, "listen"),
        (None, "database"),
        (Some("log"), "filter"),
        (Some("log"), "format"),
        (Some("tokens"), "access_seconds"),
        (Some("tokens"), "refresh_seconds"),
        (Some("limits"), "body_bytes"),
        (Some("limits"), "hub_message_bytes"),
        (Some("limits"), "request_seconds"),
        (Some("limits"), "header_seconds"),
        (Some("limits"), "connections"),
        (Some("limits"), "drain_seconds"),
        (Some("delivery"), "recheck_millis"),
        (Some("delivery"), "keep_days"),
    ];
    let rest = name.strip_prefix(ENV_PREFIX)?.to_ascii_lowercase();
    KNOWN.into_iter().find(|(section, field)| match section {
        Some(section) => rest == format!("{section}_{field}"),
        None => rest == *field,
    })
}

fn set(table: &mut toml::Table, section: Option<&str>, field: &str, text: &str) {
    let value = text.parse().map_or_else(
        |_| toml::Value::String(text.to_owned()),
        toml::Value::Integer,
    );
    let place = match section {
        None => table,
        Some(section) => {
            let entry = table
                .entry(section)
                .or_insert_with(|| toml::Table::new().into());
            let Some(place) = entry.as_table_mut() else {
                return;
            };
            place
        }
    };
    place.insert(field.to_owned(), value);
}

/// serde repeats values in its messages; a setting may be a secret one day.
fn without_value(error: &toml::de::Error) -> String {
    let message = error.message();
    match message.split_once("expected ") {
        Some((_, expected)) => format!("must be {expected}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
