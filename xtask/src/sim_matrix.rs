//! What becomes of a push after each documented answer, and of many while the services fail.

use anyhow::Result;

use crate::{
    build,
    step::{self, command},
};

/// Runs the matrix; `arguments` are what its program is told.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let program = build::program("sim-matrix")?;
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    step::run(command(&program.to_string_lossy(), &arguments))
}
