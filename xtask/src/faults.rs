//! The fault tests: processes killed, connections cut, and what was lost counted.

use anyhow::Result;

use crate::step::{self, command};

/// Runs the fault tests of a tier.
pub(crate) fn run(tier: &str, seed: Option<u64>) -> Result<()> {
    let mut faults = command(
        "cargo",
        &[
            "run",
            "--quiet",
            "--package",
            "vestnik-tests",
            "--bin",
            "faults",
            "--",
            "--tier",
            tier,
        ],
    );
    if let Some(seed) = seed {
        faults.args(["--seed", &seed.to_string()]);
    }
    step::run(faults)
}
