//! The benches: the load generator, built for release, and the peers it can find.

use std::{path::Path, process::Command};

use anyhow::Result;

use crate::{
    build, place,
    step::{self, command_in, say},
};

const PEERS: &str = "tests/bench/peers";

/// Builds the load generator for release and runs it.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut build = build::cargo("build");
    build.args(["--release", "--bin", "vestnik-bench"]);
    step::run(build)?;
    measure(&place::target().join("release/vestnik-bench"), arguments)
}

/// Goes through every figure briefly. What is built for development does: only that each figure
/// comes out and that nothing is lost is looked at.
pub(crate) fn rehearse(arguments: &[String]) -> Result<()> {
    build::program("vestnik-bench-codec")?;
    measure(&build::program("vestnik-bench")?, arguments)
}

fn measure(program: &Path, arguments: &[String]) -> Result<()> {
    install_peers();
    let mut bench = Command::new(program);
    bench.args(arguments).current_dir(place::root());
    step::run(bench)
}

/// Installs the peers that npm has. Without them the benches say what they skip.
fn install_peers() {
    if place::root().join(PEERS).join("node_modules").exists() {
        return;
    }
    let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    if let Err(error) = step::run(command_in(PEERS, "npm", &arguments)) {
        say(&format!("peers from npm are skipped: {error:#}"));
    }
}
