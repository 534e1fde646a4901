//! The fault runs: processes killed, connections cut, backups restored, credentials revoked.

use anyhow::Result;

use crate::{
    build, interop,
    step::{self, command},
};

/// The trial that needs a foreign SMTP server.
const LETTERS: &str = "letters";

/// Runs the fault runs of a tier, all or some.
pub(crate) fn run(tier: &str, seed: Option<u64>, only: &[String]) -> Result<()> {
    let program = build::program("faults")?;
    let mut faults = command(&program.to_string_lossy(), &["--tier", tier]);
    if only.is_empty() || only.iter().any(|only| only == LETTERS) {
        faults.env("VESTNIK_PYTHON", interop::foreign_python()?);
    }
    if let Some(seed) = seed {
        faults.args(["--seed", &seed.to_string()]);
    }
    for trial in only {
        faults.args(["--only", trial]);
    }
    step::run(faults)
}
