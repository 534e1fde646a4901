//! Nothing names a place of one machine.

use super::{finding::Finding, tree::Tree};

/// How homes begin; in pieces, so that this file does not find itself.
const HOMES: [&str; 3] = [
    concat!("/", "root/"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| !file.is_test()) {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(home) = HOMES.iter().find(|home| names(line, home)) {
                let what = format!("a path under {home} of one machine");
                let mend = "say it relative to the repository, or ask the environment";
                findings.push(Finding::new((file.path, index + 1), what, mend));
            }
        }
    }
    findings
}

/// Whether a line holds an absolute path under a home: `https://x/home/y` is none.
fn names(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-/}$".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn a_home_is_found_and_an_address_is_none() {
        let home = format!("first\nsee {}anna/vestnik\n", HOMES[1]);
        let address = format!("https://example.org{}page\n", HOMES[1]);
        let tree = Tree::of(&[("README.md", &home), ("docs/a.md", &address)]);
        assert_eq!(places(&check(&tree)), ["README.md:2"]);
    }
}
