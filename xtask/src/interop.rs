//! Foreign SignalR clients at our hub server and our client at foreign servers: installs them, tries
//! each, and compares our codec with the official one. Foreign senders of pushes at our simulator. A
//! foreign SMTP server, the reference library of webhooks and a foreign message centre at our letters, webhooks
//! and short messages.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    build, python,
    step::{self, command, command_in},
};

/// The task that tries senders of pushes, and the name for it alone.
const PUSH: &str = "push";
/// The task that tries letters, webhooks and short messages, and the name for it alone.
const FOREIGN: &str = "foreign";

/// Installs the peers and tries them, all or those whose name has a part, as "java WebSockets" or
/// "go server", or only the senders of pushes, or only those of letters, webhooks and short messages.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    match only {
        Some(PUSH) => return push(),
        Some(FOREIGN) => return foreign(),
        Some(_) => {}
        None => foreign()?,
    }
    install_js()?;
    let java = [
        "--batch-mode",
        "--no-transfer-progress",
        "--strict-checksums",
        "--quiet",
        "process-classes",
    ];
    step::run(command_in("tests/interop/java", "mvn", &java))?;
    let programs = python()?;
    build_go(&programs.join("go"))?;
    let program = build::program("vestnik-interop")?;
    let interop = |task| command(&program.to_string_lossy(), &[task]);
    for task in ["clients", "servers"] {
        if only.is_some_and(|only| only.contains("server") != (task == "servers")) {
            continue;
        }
        let mut peers = interop(task);
        peers.arg("--python").arg(programs.join("python"));
        peers.args(only.iter().flat_map(|only| ["--only", only]));
        step::run(peers)?;
    }
    match only {
        Some(_) => Ok(()),
        None => {
            push()?;
            step::run(interop("differential"))
        }
    }
}

/// Tries foreign senders of pushes at our simulator.
fn push() -> Result<()> {
    build_senders(&python()?.join("go"))?;
    let program = build::program("vestnik-interop")?;
    step::run(command(&program.to_string_lossy(), &[PUSH]))
}

/// Installs the foreign senders of pushes.
fn build_senders(go: &Path) -> Result<()> {
    let ci = ["ci", "--no-audit", "--no-fund"];
    step::run(command_in("tests/interop/push/js", "npm", &ci))?;
    let mut build = command_in("tests/interop/push/go", &go.to_string_lossy(), &["build"]);
    build.args(["-o", "push", "."]);
    build.env("GOTOOLCHAIN", "local");
    step::run(build)
}

/// Installs the official JavaScript client.
pub(crate) fn install_js() -> Result<()> {
    let ci = ["ci", "--no-audit", "--no-fund"];
    step::run(command_in("tests/interop/js", "npm", &ci))
}

/// The programs of a Python that has the foreign clients.
pub(crate) fn python() -> Result<PathBuf> {
    python::with("interop-python", "tests/interop/python/requirements.txt")
}

/// Letters to a foreign SMTP server, webhooks to the reference library, short messages to a foreign message
/// centre.
fn foreign() -> Result<()> {
    let ci = ["ci", "--no-audit", "--no-fund"];
    step::run(command_in("tests/foreign/smsc", "npm", &ci))?;
    let mut tests = build::cargo("test");
    tests.args(["--test", "foreign", "--", "--ignored"]);
    tests.env("VESTNIK_PYTHON", foreign_python()?);
    step::run(tests)
}

/// A Python that has the foreign SMTP server and the reference library of webhooks.
pub(crate) fn foreign_python() -> Result<PathBuf> {
    let programs = python::with("foreign-python", "tests/foreign/requirements.txt")?;
    Ok(programs.join("python"))
}

/// Compiles the server of the Go module, by the toolchain that came with the Python clients.
fn build_go(go: &Path) -> Result<()> {
    let mut build = command_in("tests/interop/go", &go.to_string_lossy(), &["build"]);
    build.args(["-o", "server/server", "./server"]);
    build.env("GOTOOLCHAIN", "local");
    step::run(build)
}
