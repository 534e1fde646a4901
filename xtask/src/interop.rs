//! Foreign SignalR clients at our hub server and our client at foreign servers: installs them, tries
//! each, and compares our codec with the official one.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    build, python,
    step::{self, command, command_in},
};

/// Installs the peers and tries them, all or those whose name has a part, as "java WebSockets" or
/// "go server".
pub(crate) fn run(only: Option<&str>) -> Result<()> {
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
        None => step::run(interop("differential")),
    }
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

/// Compiles the server of the Go module, by the toolchain that came with the Python clients.
fn build_go(go: &Path) -> Result<()> {
    let mut build = command_in("tests/interop/go", &go.to_string_lossy(), &["build"]);
    build.args(["-o", "server/server", "./server"]);
    build.env("GOTOOLCHAIN", "local");
    step::run(build)
}
