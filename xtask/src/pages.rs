//! Sizes of pages and of live calls, as official clients and ours read them at their default limits.

use anyhow::Result;

use crate::{
    build, interop,
    step::{self, command},
};

/// Lets every client read mixes of notifications with each size of pages.
pub(crate) fn run(mixes: u64, seed: u64) -> Result<()> {
    interop::install_js()?;
    let python = interop::python()?.join("python");
    let program = build::program("pages")?;
    let (mixes, seed) = (mixes.to_string(), seed.to_string());
    let arguments = ["--mixes", &mixes, "--seed", &seed];
    let mut pages = command(&program.to_string_lossy(), &arguments);
    pages.arg("--python").arg(python);
    step::run(pages)
}
