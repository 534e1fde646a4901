//! Builds of the whole workspace, which share what they compile.
//!
//! Cargo compiles a dependency once for each set of features, and the set depends on the packages
//! that are selected. Here every build selects the whole workspace with all features, and only then
//! names what it needs. `tidy` checks that dev-dependencies add no features either.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::{
    place,
    step::{self, command},
};

/// A cargo command over the whole workspace. Names of targets may follow, but no packages.
pub(crate) fn cargo(task: &str) -> Command {
    command(
        "cargo",
        &[task, "--locked", "--workspace", "--all-features"],
    )
}

/// Builds a program for development and gives its file.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let mut build = cargo("build");
    build.args(["--quiet", "--bin", name]);
    step::run(build)?;
    Ok(place::built(name))
}

/// Builds the libraries, and the programs that are wanted with them.
pub(crate) fn libraries_and(programs: &[&str]) -> Result<()> {
    let mut build = cargo("build");
    build.args(["--quiet", "--lib"]);
    build.args(programs.iter().flat_map(|name| ["--bin", name]));
    step::run(build)
}
