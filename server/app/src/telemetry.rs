//! Logs: structured, without secrets.

use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt as _};

use crate::config::{ConfigError, LogConfig, LogFormat, Source};

/// Sends logs to standard error, as configured. Called once, by a program; a library has no say.
///
/// # Errors
/// [`ConfigError`] when the filter cannot be read.
pub fn init_logs(config: &LogConfig) -> Result<(), ConfigError> {
    let wrong = |detail: String| ConfigError {
        origin: Source::Environment("log settings".to_owned()),
        field: "log.filter".to_owned(),
        detail,
    };
    let filter = EnvFilter::try_new(&config.filter).map_err(|error| wrong(error.to_string()))?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Text => lines.finish().try_init(),
        LogFormat::Json => lines.json().finish().try_init(),
    };
    started.map_err(|error| wrong(error.to_string()))
}
