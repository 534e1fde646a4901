//! Logs: structured, without secrets, and never in the way of service.

mod lines;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt as _};

use crate::config::{ConfigError, LogConfig, LogFormat, Source};

pub use lines::LogGuard;
pub(crate) use lines::{Lines, lost_lines};

/// Sends logs to standard error, as configured. Called once, by a program; a library does not decide
/// where logs go.
///
/// Lines that cannot be written are dropped and counted, whatever the reason: a reader that is gone
/// or does not read, a full disk. The guard is kept until the program ends; when it is dropped, it
/// waits a moment for the lines that were not written yet.
///
/// # Errors
/// [`ConfigError`] when the filter cannot be read.
pub fn init_logs(config: &LogConfig) -> Result<LogGuard, ConfigError> {
    let (lines, guard) = Lines::start(io::stderr()).map_err(|error| wrong(&error))?;
    let filter = EnvFilter::try_new(&config.filter).map_err(|error| wrong(&error))?;
    // Without the fallback of tracing-subscriber, which is `eprintln!` and panics when standard error
    // is gone.
    let layer = fmt()
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_ansi(is_read_by_a_person())
        .with_writer(lines);
    let started = match config.format {
        LogFormat::Text => layer.finish().try_init(),
        LogFormat::Json => layer.json().finish().try_init(),
    };
    started.map_err(|error| wrong(&error))?;
    Ok(guard)
}

/// Colours are for a terminal: in a file or a journal they hide words from searches.
/// <https://no-color.org>
fn is_read_by_a_person() -> bool {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !is_plain
}

fn wrong(detail: &dyn std::fmt::Display) -> ConfigError {
    ConfigError {
        origin: Source::Environment("log settings".to_owned()),
        field: "log.filter".to_owned(),
        detail: detail.to_string(),
    }
}
