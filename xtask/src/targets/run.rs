//! Tries the parts, and says of each what was seen.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{
    compiler,
    part::Part,
    system::{BINDINGS, System},
    wine,
    workspace::{self, Package},
};
use crate::{
    packages,
    step::{self, say},
};

/// What became of one part.
struct End {
    part: Part,
    took: Duration,
    /// What was seen.
    outcome: Result<Vec<String>>,
}

/// Type-checks the bindings for Android: what is tried with every change.
pub(crate) fn brief() -> Result<()> {
    let bindings = [BINDINGS.to_owned()];
    let end = tried(Part::Android, || {
        Ok(vec![check(System::Android, &bindings)?])
    });
    summary(&[end])
}

/// Tries the parts, each whole, and says of each what was seen.
pub(crate) fn run(parts: &[Part]) -> Result<()> {
    let workspace = workspace::packages()?;
    let ends = parts
        .iter()
        .map(|part| tried(*part, || whole(*part, &workspace)));
    summary(&ends.collect::<Vec<_>>())
}

fn tried(part: Part, attempt: impl FnOnce() -> Result<Vec<String>>) -> End {
    say(&format!("\n=== {}", part.name()));
    let started = step::now();
    let outcome = attempt();
    if let Err(error) = &outcome {
        say(&format!("FAILED {}: {error:#}", part.name()));
    }
    End {
        part,
        took: started.elapsed(),
        outcome,
    }
}

fn whole(part: Part, workspace: &[Package]) -> Result<Vec<String>> {
    match part.system() {
        Some(system) => Ok(vec![check(system, &system.packages(workspace))?]),
        None => wine::run(workspace),
    }
}

/// Type-checks packages for a system, and says what this proves.
fn check(system: System, packages: &[String]) -> Result<String> {
    packages::ensure(packages::ANY_SYSTEM)?;
    if system == System::Windows {
        packages::ensure(packages::WINDOWS)?;
    }
    let mut check = compiler::cargo("check", system)?;
    check.args(packages.iter().flat_map(|name| ["--package", name]));
    step::run(check)?;
    let packages = packages.join(", ");
    Ok(format!("{}: {packages}", system.proof()))
}

fn summary(ends: &[End]) -> Result<()> {
    say("\n=== summary");
    for End {
        part,
        took,
        outcome,
    } in ends
    {
        let failed = vec!["FAILED".to_owned()];
        for line in outcome.as_ref().unwrap_or(&failed) {
            say(&format!("{:8} {line}", part.name()));
        }
        say(&format!("{:8} {} s", "", took.as_secs()));
    }
    let failed = ends.iter().filter(|end| end.outcome.is_err()).count();
    ensure!(failed == 0, "{failed} of {} parts failed", ends.len());
    Ok(())
}
