//! Foreign SignalR clients at our hub server: installs them, then tries each.

use std::path::PathBuf;

use anyhow::Result;

use crate::{
    place,
    step::{self, command, command_in},
};

/// Installs the clients and runs them, all or those whose name has a part.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    step::run(command_in(
        "tests/interop/js",
        "npm",
        &["ci", "--no-audit", "--no-fund"],
    ))?;
    let java = [
        "--batch-mode",
        "--no-transfer-progress",
        "--quiet",
        "package",
    ];
    step::run(command_in("tests/interop/java", "mvn", &java))?;
    let python = python()?;
    let mut interop = command(
        "cargo",
        &["run", "--quiet", "--package", "vestnik-interop", "--"],
    );
    interop.arg("--python").arg(python);
    if let Some(only) = only {
        interop.args(["--only", only]);
    }
    step::run(interop)
}

/// A Python of its own that has the clients.
fn python() -> Result<PathBuf> {
    let home = place::target().join("interop-python");
    let python = home.join("bin/python");
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
    let mut clients = command(&python.to_string_lossy(), &install);
    clients.args(["--requirement", "tests/interop/python/requirements.txt"]);
    step::run(clients)?;
    Ok(python)
}
