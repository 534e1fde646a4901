//! The fault tests: processes killed, connections cut, and what was lost counted.

use anyhow::Result;

use crate::{
    build,
    step::{self, command},
};

/// Runs the fault tests of a tier.
pub(crate) fn run(tier: &str, seed: Option<u64>) -> Result<()> {
    let program = build::program("faults")?;
    let mut faults = command(&program.to_string_lossy(), &["--tier", tier]);
    if let Some(seed) = seed {
        faults.args(["--seed", &seed.to_string()]);
    }
    step::run(faults)
}
