//! Dev-dependencies ask for no feature that normal dependencies do not ask for.
//!
//! Cargo adds the features that dev-dependencies ask for only where it builds tests. Each such
//! feature doubles a package, and every package above it: one for tests, another for programs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use super::finding::Finding;
use crate::{build, step::words};

const MANIFEST: &str = "tests/Cargo.toml";

/// The features of each version of each package.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Compares what is built for programs with what is built for tests.
pub(crate) fn check() -> Result<Vec<Finding>> {
    let programs = parse(&tree("normal,build")?);
    let tests = parse(&tree("normal,build,dev")?);
    Ok(differences(&programs, &tests))
}

fn tree(edges: &str) -> Result<String> {
    let mut tree = build::cargo("tree");
    tree.args(["--edges", edges, "--prefix", "none", "--format", "{p}|{f}"]);
    let output = tree.output()?;
    ensure!(output.status.success(), "{} failed", words(&tree));
    String::from_utf8(output.stdout).context("cargo writes UTF-8")
}

/// Reads lines of `name vversion (source)|feature,feature`, where ` (*)` marks a repetition.
fn parse(tree: &str) -> Features {
    let mut all = Features::new();
    let lines = tree.lines().filter_map(|line| line.split_once('|'));
    for (package, features) in lines {
        let features = features.trim_end_matches(" (*)").split(',');
        let features = features.filter(|feature| !feature.is_empty());
        let of_package = all.entry(package.to_owned()).or_default();
        of_package.extend(features.map(str::to_owned));
    }
    all
}

fn differences(programs: &Features, tests: &Features) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, features) in programs {
        let more = tests.get(package).unwrap_or(features).difference(features);
        let more: Vec<_> = more.map(String::as_str).collect();
        if !more.is_empty() {
            let what = format!("tests build {package} with {} too", more.join(", "));
            let mend = "ask for it under [dependencies] here, or not at all";
            findings.push(Finding::new((MANIFEST, 1), what, mend));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_only_tests_ask_for_is_found() {
        let programs = parse("tokio v1.0.0|net,time\nserde v1.0.0|\ntokio v1.0.0|net,time (*)\n");
        let tests = parse("tokio v1.0.0|net,test-util,time\nserde v1.0.0|\ninsta v1.0.0|json\n");
        let found = differences(&programs, &tests);
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .to_string()
                .contains("tokio v1.0.0 with test-util too")
        );
        assert_eq!(differences(&tests, &tests), []);
    }
}
