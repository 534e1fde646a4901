//! Pythons of our own, each with what one group of tests needs.

use std::path::PathBuf;

use anyhow::Result;

use crate::{
    place,
    step::{self, command},
};

/// The programs of a Python of that name, which has the packages that a file in the repository locks
/// with hashes.
pub(crate) fn with(name: &str, locked: &str) -> Result<PathBuf> {
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
        "--only-binary=:all:",
        "--require-hashes",
        "--requirement",
        locked,
    ];
    step::run(command(&python.to_string_lossy(), &install))?;
    Ok(programs)
}
