//! The benches: the load generator, built for release, and the peers it can find.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{
    build, packages, place,
    step::{self, command_in, say},
};

const PEERS: &str = "tests/bench/peers";
const GO: &str = "tests/bench/peers/go";

/// Builds the load generator for release and runs it.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut build = build::cargo("build");
    build.args([
        "--release",
        "--bin",
        "vestnik-bench",
        "--bin",
        "vestnik-bench-codec",
    ]);
    step::run(build)?;
    let mut arguments = arguments.to_vec();
    if wants_library(&arguments) {
        let library = library()?.display().to_string();
        arguments.extend(["--library".to_owned(), library]);
    }
    measure(&place::target().join("release/vestnik-bench"), &arguments)
}

/// Whether the size of the native library is among what is measured.
fn wants_library(arguments: &[String]) -> bool {
    let has = |word: &str| arguments.iter().any(|argument| argument.contains(word));
    let is_client = arguments.first().is_some_and(|task| task == "client");
    let is_told = ["--library", "--brief", "--help"].into_iter().any(has);
    is_client && !is_told && (!has("--only") || has("library"))
}

/// Builds the native library as it is shipped, as `bindings/README.md` says, and gives a stripped copy.
fn library() -> Result<PathBuf> {
    let words = "rustc --locked --package vestnik-ffi --lib --profile dist --crate-type cdylib \
                 -- -C link-arg=-Wl,--icf=all";
    let words: Vec<_> = words.split(' ').collect();
    let mut build = step::command("cargo", &words);
    build.env(
        "CFLAGS",
        "-fno-asynchronous-unwind-tables -fno-unwind-tables",
    );
    step::run(build)?;
    let built = place::target().join("dist/libvestnik_ffi.so");
    let stripped = built.with_extension("stripped.so");
    let mut strip = step::command("strip", &["--strip-all", "-o"]);
    strip.arg(&stripped).arg(built);
    step::run(strip)?;
    Ok(stripped)
}

/// Goes through every figure briefly. What is built for development does: only that each figure
/// comes out and that nothing is lost is looked at.
pub(crate) fn rehearse(arguments: &[String]) -> Result<()> {
    build::program("vestnik-bench-codec")?;
    measure(&build::program("vestnik-bench")?, arguments)
}

fn measure(program: &Path, arguments: &[String]) -> Result<()> {
    install_peers();
    if arguments.first().is_some_and(|task| task == "delivery") {
        build_senders();
    }
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

/// Installs `h2load` and builds the senders in Go. Without them the benches say what they skip.
fn build_senders() {
    if let Err(error) = packages::ensure(packages::BENCH) {
        say(&format!("h2load is skipped: {error:#}"));
    }
    let mut build = command_in(GO, "go", &["build", "-o", "sender", "."]);
    build.env("GOTOOLCHAIN", "local");
    if let Err(error) = step::run(build) {
        say(&format!("the senders in Go are skipped: {error:#}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_built_only_for_its_size() {
        let wants = |line: &str| {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            wants_library(&words)
        };
        assert!(wants("client") && wants("client --only idle,library --runs 1"));
        assert!(!wants("client --brief") && !wants("client --only idle"));
        assert!(!wants("client --library own.so") && !wants("server"));
    }
}
