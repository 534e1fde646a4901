//! The benches: the load generator, built for release, and the peers it can find.

use std::process::Command;

use anyhow::Result;

use crate::{
    place,
    step::{self, command, command_in, say},
};

const PEERS: &str = "tests/bench/peers";

/// Builds the load generator and runs it.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    install_peers();
    let build = ["build", "--release", "--package", "vestnik-bench"];
    step::run(command("cargo", &build))?;
    let program = place::target().join("release").join("vestnik-bench");
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
