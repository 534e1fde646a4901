//! SQL is spoken in folders called `store` only.

use super::{finding::Finding, rust_text::RustText, tree::Tree};

/// The words that statements begin with.
const STATEMENTS: [&str; 12] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "WITH",
    "CREATE",
    "ALTER",
    "DROP",
    "PRAGMA",
    "BEGIN",
    "SAVEPOINT",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.shipped_rust() {
        if file
            .path
            .split('/')
            .any(|part| part == "store" || part == "store.rs")
        {
            continue;
        }
        for literal in RustText::of(file.text).literals {
            if is_statement(&literal.text) {
                let place = (file.path, literal.line);
                let mend = "give the store a method that says what is wanted";
                findings.push(Finding::new(place, "SQL outside store/", mend));
            }
        }
    }
    findings
}

fn is_statement(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words
        .next()
        .is_some_and(|first| STATEMENTS.contains(&first))
        && words.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn a_statement_outside_the_store_is_found() {
        let query = "// SELECT in words\nlet a = \"SELECT me\";\nlet b = \"UPDATE t\\n SET x\";\n";
        let words = "let a = \"Select one\";\n";
        let tree = Tree::of(&[
            ("server/src/api/keys.rs", query),
            ("server/src/store/sqlite/keys.rs", query),
            ("tests/src/digest.rs", query),
            ("cli/src/main.rs", words),
        ]);
        let expected = ["server/src/api/keys.rs:2", "server/src/api/keys.rs:3"];
        assert_eq!(places(&check(&tree)), expected);
    }
}
