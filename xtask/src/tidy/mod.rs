//! `cargo xtask tidy`: the laws that a program can check, each in a module of its own.
//!
//! A rule looks at the text of the repository's files and finds places; each finding says what is
//! wrong there and how to mend it. One asks cargo instead.

mod adr;
mod attributes;
mod bans;
mod circles;
mod coverage;
mod dependencies;
mod door;
mod features;
mod finding;
mod messages;
mod paths;
mod planted;
mod reasons;
mod refused;
mod rust_text;
mod size;
mod sql;
mod targets;
mod tree;

use anyhow::{Result, ensure};
use finding::Finding;
use tree::Tree;

use crate::{place, step::say};

/// A law, and what breaks it.
type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: [Rule; 15] = [
    ("dependency directions", dependencies::check),
    ("banned packages", bans::check),
    ("no circle between folders", circles::check),
    ("file sizes", size::check),
    ("SQL only in stores", sql::check),
    ("hub targets only in the contract", targets::check),
    ("one door to Tauri", door::check),
    ("decisions are numbered", adr::check),
    ("coverage names its tests", coverage::check),
    ("messages in every language", messages::check),
    ("no machine's paths", paths::check),
    ("exceptions have reasons", attributes::check),
    ("refused names", refused::check),
    ("reasons are given or reserved", reasons::check),
    ("planted faults stay in tests", planted::check),
];

/// Checks every rule.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&place::root())?;
    let mut count = 0;
    for (name, check) in RULES {
        count += report(name, &check(&tree));
    }
    count += report("features of dev-dependencies", &features::check()?);
    ensure!(count == 0, "{count} places to mend");
    Ok(())
}

/// Says what a rule found, and counts it.
fn report(name: &str, findings: &[Finding]) -> usize {
    say(&format!("{name:<34} {}", verdict(findings.len())));
    for finding in findings {
        say(&finding.to_string());
    }
    findings.len()
}

fn verdict(findings: usize) -> String {
    match findings {
        0 => "ok".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    }
}
