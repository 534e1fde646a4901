//! An exception from a lint says why.

use super::{finding::Finding, rust_text::RustText, tree::Tree};

const EXCEPTIONS: [&str; 4] = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rust = tree
        .files()
        .filter(|file| file.has_extension("rs") && !file.is_generated());
    for file in rust {
        let code = RustText::of(file.text).code;
        let starts = EXCEPTIONS
            .iter()
            .flat_map(|start| code.match_indices(start));
        for (index, _) in starts {
            let attribute = code[index..].split(")]").next().unwrap_or_default();
            if !attribute.contains("reason = ") {
                let line = code[..index].matches('\n').count() + 1;
                let mend = "add `reason = \"…\"`, or mend what the lint finds";
                findings.push(Finding::new(
                    (file.path, line),
                    "an exception without a reason",
                    mend,
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn an_exception_without_a_reason_is_found() {
        let bare = "// #[allow(x)]\n#[allow(\n    dead_code\n)]\nfn f() {}\n";
        let reasoned = "#![expect(\n    dead_code,\n    reason = \"why)]\"\n)]\nfn f() {}\n";
        let tree = Tree::of(&[("a/src/bare.rs", bare), ("a/src/reasoned.rs", reasoned)]);
        assert_eq!(places(&check(&tree)), ["a/src/bare.rs:2"]);
    }
}
