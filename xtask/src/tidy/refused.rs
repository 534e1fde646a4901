//! Names that we refuse: modules that mean nothing, and queues without a bound.

use std::path::Path;

use super::{finding::Finding, rust_text::RustText, tree::Tree};

const MODULES: [&str; 7] = [
    "common", "helper", "helpers", "manager", "misc", "util", "utils",
];
const UNBOUNDED: [&str; 3] = ["unbounded_channel", "UnboundedSender", "UnboundedReceiver"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.has_extension("rs")) {
        let path = Path::new(file.path).with_extension("");
        let vague = path
            .iter()
            .find(|part| MODULES.iter().any(|name| *part == *name));
        if let Some(vague) = vague {
            let what = format!("{} says nothing of what is in it", vague.display());
            findings.push(Finding::new(
                (file.path, 1),
                what,
                "name it by its one concept",
            ));
        }
        // A test double's queue is as long as its test.
        if file.is_test() {
            continue;
        }
        let code = RustText::of(file.text).code;
        for (index, line) in code.lines().enumerate() {
            if UNBOUNDED.iter().any(|name| line.contains(name)) {
                let mend = "bound it, and decide what happens when it is full";
                findings.push(Finding::new(
                    (file.path, index + 1),
                    "a queue without a bound",
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
    fn vague_modules_and_endless_queues_are_found() {
        let tree = Tree::of(&[
            ("core/client/src/util.rs", ""),
            ("server/app/src/common/id.rs", ""),
            (
                "server/app/src/bus/local.rs",
                "\nlet (a, b) = mpsc::unbounded_channel();\n",
            ),
            (
                "app-tauri/src/controller/tests/shell.rs",
                "let (a, b) = mpsc::unbounded_channel();",
            ),
        ]);
        let expected = [
            "core/client/src/util.rs:1",
            "server/app/src/bus/local.rs:2",
            "server/app/src/common/id.rs:1",
        ];
        assert_eq!(places(&check(&tree)), expected);
    }
}
