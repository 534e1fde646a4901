//! The server's settings, for the commands that work on its database.

use vestnik_server::{Config, ConfigOverlay};

use crate::{args::SettingsArgs, exit::Failure};

/// Reads file, environment and flags as `vestnik serve` does.
pub(crate) fn load(args: SettingsArgs, listen: Option<String>) -> Result<Config, Failure> {
    let overlay = ConfigOverlay {
        listen,
        database: args.database,
    };
    Config::load(args.config.as_deref(), std::env::vars(), overlay)
        .map_err(|error| Failure::Usage(error.to_string()))
}
