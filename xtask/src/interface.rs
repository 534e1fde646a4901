//! The window's interface, which the desktop app embeds.

use std::sync::OnceLock;

use anyhow::Result;

use crate::{
    place,
    step::{self, command_in},
};

/// Installs what npm locks.
pub(crate) fn install() -> Result<()> {
    step::run(command_in("ui", "npm", &["ci", "--no-audit", "--no-fund"]))
}

/// Runs one of the scripts in `package.json`.
pub(crate) fn script(name: &str) -> Result<()> {
    step::run(command_in("ui", "npm", &["run", "--silent", name]))
}

/// Builds it, once in a run: newer files would make cargo build the app again.
pub(crate) fn build() -> Result<()> {
    static BUILT: OnceLock<()> = OnceLock::new();
    if BUILT.get().is_some() {
        return Ok(());
    }
    if !place::root().join("ui/node_modules").exists() {
        install()?;
    }
    script("build")?;
    BUILT.get_or_init(|| ());
    Ok(())
}
