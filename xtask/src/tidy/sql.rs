//! SQL stands in the crates and folders of databases only.

use super::{finding::Finding, rust_text::RustText, tree::Tree};

/// Where statements may stand, by the beginning of the path.
const STORES: [&str; 6] = [
    "core/client/src/store",
    "core/inbox/src/device",
    "core/inbox/src/store",
    "core/sqlite/",
    "server/store-postgres/",
    "server/store-sqlite/",
];

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
        if STORES.iter().any(|store| file.path.starts_with(store)) {
            continue;
        }
        for literal in RustText::of(file.text).literals {
            if is_statement(&literal.text) {
                let place = (file.path, literal.line);
                let mend = "give the store a method that says what is wanted";
                findings.push(Finding::new(place, "SQL outside a store", mend));
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
            ("server/app/src/rest/keys.rs", query),
            ("server/store/src/keys.rs", query),
            ("server/store-sqlite/src/keys.rs", query),
            ("core/client/src/store.rs", query),
            ("tests/src/digest.rs", query),
            ("cli/src/main.rs", words),
        ]);
        let expected = [
            "server/app/src/rest/keys.rs:2",
            "server/app/src/rest/keys.rs:3",
            "server/store/src/keys.rs:2",
            "server/store/src/keys.rs:3",
        ];
        assert_eq!(places(&check(&tree)), expected);
    }
}
