//! `cargo xtask targets`: what is shipped for other systems than the one that the tests run on.
//!
//! A type-check finds whatever a system lacks or names differently. It links nothing and runs
//! nothing, and C code is left out where no compiler for the system is at hand; the summary says
//! which of these holds. Only for Windows tests are linked and run, by wine.

mod compiler;
mod part;
mod programs;
mod run;
mod system;
mod wine;
mod workspace;

pub(crate) use part::Part;
pub(crate) use run::{brief, run};
