//! Pythons of our own, each with what one group of tests needs.

use std::path::PathBuf;

use anyhow::Result;

use crate::{
    place,
    step::{self, command},
};

/// The programs of a Python of that name, which has what pip was told to install.
pub(crate) fn with(name: &str, wanted: &[&str]) -> Result<PathBuf> {
    let home = place::target().join(name);
    let programs = home.join("bin");
    let python = programs.join("python");
    if !python.exists() {
        step::run(command("python3", &["-m", "venv", &home.to_string_lossy()]))?;
    }
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    let mut install = command(&python.to_string_lossy(), &install);
    install.args(wanted);
    step::run(install)?;
    Ok(programs)
}
