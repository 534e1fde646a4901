//! The reference model: the real core in virtual time, among faults.

use anyhow::Result;

use crate::{
    build,
    step::{self, command},
};

/// Runs the reference model; `arguments` are what its program is told.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let program = build::program("model")?;
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    step::run(command(&program.to_string_lossy(), &arguments))
}
