//! `docs/coverage.md` claims nothing without a test: each row names one that exists, or says "not yet".

use std::collections::BTreeSet;

use super::{finding::Finding, tree::Tree};

const PLACE: &str = "docs/coverage.md";
const NOT_YET: &str = "*not yet*";
/// The rows that there are: letter and how many.
const ROWS: [(char, u32); 4] = [('L', 8), ('T', 7), ('R', 21), ('B', 9)];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file(PLACE) else {
        return Vec::new();
    };
    let tests = functions(tree);
    let mut missing: BTreeSet<String> = ROWS
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")))
        .collect();
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, row, _, proof, _] = cells.as_slice() else {
            continue;
        };
        if !missing.remove(*row) {
            continue;
        }
        let named: Vec<_> = proof.split('`').skip(1).step_by(2).collect();
        let names: Vec<_> = named.iter().filter(|name| is_name(name)).collect();
        if names.is_empty() && !proof.contains(NOT_YET) {
            let what = format!("{row} claims something and names no test");
            findings.push(Finding::new(
                (PLACE, number),
                what,
                "name it, or say *not yet*",
            ));
        }
        for name in names.into_iter().filter(|name| !tests.contains(**name)) {
            let what = format!("{row} names `{name}`, which is no function of the tree");
            findings.push(Finding::new(
                (PLACE, number),
                what,
                "name the test that proves it",
            ));
        }
    }
    findings.extend(missing.into_iter().map(|row| {
        let what = format!("{row} has no row");
        Finding::new((PLACE, 1), what, "add it, with its test or *not yet*")
    }));
    findings
}

/// Crates and types are named in backticks too.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.contains('_') && text.bytes().all(is_allowed)
}

fn functions(tree: &Tree) -> BTreeSet<&str> {
    let rust = tree.files().filter(|file| file.has_extension("rs"));
    let lines = rust.flat_map(|file| file.text.lines());
    lines
        .filter_map(|line| {
            let (_, behind) = line.split_once("fn ")?;
            behind.split(['(', '<']).next()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_test_and_a_test_that_is_gone_are_found() {
        let rows = ROWS.iter().flat_map(|(letter, count)| {
            (1..=*count).map(move |number| format!("| {letter}{number} | x | *not yet* |\n"))
        });
        let all: String = rows.collect();
        let proved = all
            .replace("| L1 | x | *not yet* |", "| L1 | x | `it_works` |")
            .replace("| L2 | x | *not yet* |", "| L2 | x | surely |")
            .replace("| L3 | x | *not yet* |", "| L3 | x | `it_is_gone` |")
            .replace("| B9 | x | *not yet* |\n", "");
        let tree = Tree::of(&[
            (PLACE, &proved),
            ("tests/a.rs", "#[test]\nfn it_works() {}\n"),
        ]);
        let found: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        let found = found.join("\n");
        assert_eq!(check(&tree).len(), 3, "{found}");
        for word in ["L2 claims", "`it_is_gone`", "B9 has no row"] {
            assert!(found.contains(word), "{found}");
        }
    }
}
