//! The fault runs: processes killed, connections cut, backups restored, credentials revoked.

use anyhow::Result;

use crate::{
    build,
    step::{self, command},
};

/// Runs the fault runs of a tier, all or some.
pub(crate) fn run(tier: &str, seed: Option<u64>, only: &[String]) -> Result<()> {
    let program = build::program("faults")?;
    let mut faults = command(&program.to_string_lossy(), &["--tier", tier]);
    if let Some(seed) = seed {
        faults.args(["--seed", &seed.to_string()]);
    }
    for trial in only {
        faults.args(["--only", trial]);
    }
    step::run(faults)
}
