//! Foreign SignalR clients at our hub server: installs them, tries each, and compares our codec with
//! the official one.

use std::{path::PathBuf, process::Command};

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
    let mut clients = interop("clients");
    clients.arg("--python").arg(python);
    if let Some(only) = only {
        clients.args(["--only", only]);
        return step::run(clients);
    }
    step::run(clients)?;
    step::run(interop("differential"))
}

fn interop(task: &str) -> Command {
    command(
        "cargo",
        &["run", "--quiet", "--package", "vestnik-interop", "--", task],
    )
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
