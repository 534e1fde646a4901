//! `cargo xtask tidy`: the laws that a program can check, each in a module of its own.
//!
//! A rule looks at the text of the repository's files and finds places; each finding says what is
//! wrong there and how to mend it.

mod adr;
mod attributes;
mod bans;
mod dependencies;
mod door;
mod finding;
mod messages;
mod paths;
mod refused;
mod rust_text;
mod size;
mod sql;
mod targets;
mod tree;

use anyhow::bail;
use clap::Args;
use finding::Finding;
use tree::Tree;

use crate::{
    codegen,
    console::{complain, say},
    root::Root,
};

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Leave out whether generated files are current, which has to compile.
    #[arg(long)]
    skip_generated: bool,
}

impl Options {
    /// Every check there is.
    pub(crate) const fn everything() -> Self {
        Self {
            skip_generated: false,
        }
    }
}

/// A law, and what breaks it.
type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: [Rule; 11] = [
    ("dependency directions", dependencies::check),
    ("banned packages", bans::check),
    ("file sizes", size::check),
    ("SQL only in store/", sql::check),
    ("hub targets only in the contract", targets::check),
    ("one door to Tauri", door::check),
    ("decisions are numbered", adr::check),
    ("messages in every language", messages::check),
    ("no machine's paths", paths::check),
    ("exceptions have reasons", attributes::check),
    ("refused names", refused::check),
];

/// Checks every rule, and that generated files are current.
pub(crate) fn run(root: &Root, options: &Options) -> anyhow::Result<()> {
    let tree = Tree::read(root.path())?;
    let mut count = 0;
    for (name, check) in RULES {
        let findings = check(&tree);
        say(&format!("{:<34} {}", name, verdict(findings.len())));
        for finding in &findings {
            complain(&finding.to_string());
        }
        count += findings.len();
    }
    if count > 0 {
        bail!("{count} places to mend");
    }
    if options.skip_generated {
        return Ok(());
    }
    codegen::check(root)
}

fn verdict(findings: usize) -> String {
    match findings {
        0 => "ok".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    }
}
