//! A code of the registry of reasons that nothing gives says that it is reserved.
//!
//! The registry only grows: what will be built has its code already. Whoever reads it must not wait for what
//! never comes.

use super::{
    finding::Finding,
    rust_text::RustText,
    tree::{File, Tree},
};

const REGISTRY: &str = "core/model/src/reason.rs";
/// Tables with a line for each code.
const TABLES: [&str; 4] = [
    REGISTRY,
    "server/rules/src/reason.rs",
    "server/rules/src/explain/english/reason.rs",
    "server/rules/src/explain/russian/reason.rs",
];
/// Where the codes are given: by the server, and by devices that report.
const ROOMS: [&str; 2] = ["server/", "core/inbox/"];
/// What the documentation of a reserved code says.
const RESERVED: &str = "Reserved:";

/// A code of the registry.
#[derive(Debug, PartialEq, Eq)]
struct Code<'a> {
    name: &'a str,
    line: usize,
    is_reserved: bool,
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(registry) = tree.file(REGISTRY) else {
        return Vec::new();
    };
    let rooms = tree.shipped_rust().filter(|file| is_in_a_room(*file));
    let texts: Vec<_> = rooms.map(|file| RustText::of(file.text).code).collect();
    let codes = codes(registry.text).into_iter();
    let wrong = codes.filter_map(|code| {
        let is_given = texts.iter().any(|text| mentions(text, code.name));
        let (what, mend) = match (is_given, code.is_reserved) {
            (true, true) => ("is reserved and is given", "take the word away"),
            (false, false) => (
                "is given by nothing",
                "begin its documentation with `Reserved:`",
            ),
            (true, false) | (false, true) => return None,
        };
        let what = format!("the reason {} {what}", code.name);
        Some(Finding::new((REGISTRY, code.line), what, mend))
    });
    wrong.collect()
}

fn is_in_a_room(file: File<'_>) -> bool {
    let is_for_tests = file.path.contains("/conformance/");
    let is_in_a_room = ROOMS.iter().any(|room| file.path.starts_with(room));
    is_in_a_room && !is_for_tests && !TABLES.contains(&file.path)
}

/// The codes of the registry, with what their documentation says.
fn codes(registry: &str) -> Vec<Code<'_>> {
    let lines = registry.lines().zip(1..);
    let behind = lines.skip_while(|(line, _)| !line.starts_with("pub enum Reason"));
    let (mut codes, mut is_reserved) = (Vec::new(), false);
    for (line, number) in behind.skip(1).take_while(|(line, _)| *line != "}") {
        let line = line.trim();
        if let Some(said) = line.strip_prefix("///") {
            is_reserved |= said.trim_start().starts_with(RESERVED);
        } else if let Some(name) = line.strip_suffix(',') {
            codes.push(Code {
                name,
                line: number,
                is_reserved,
            });
            is_reserved = false;
        }
    }
    codes
}

fn mentions(text: &str, name: &str) -> bool {
    let path = format!("Reason::{name}");
    let behind = |(at, _): (usize, &str)| text[at + path.len()..].chars().next();
    let mut found = text.match_indices(&path).map(behind);
    found.any(|next| !next.is_some_and(|next| next.is_alphanumeric() || next == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn a_code_that_nothing_gives_is_reserved() {
        let registry = "\
pub enum Reason {
    /// Something gives it.
    Given,
    /// Reserved: nothing gives it.
    Kept,
    /// Nothing gives it.
    Silent,
    /// Reserved: something gives it.
    Late,
}
";
        let given = "fn a() { (Reason::Given, Reason::Late) }\n// Reason::Silent\n";
        let longer = "fn b() { Reason::SilentFor(1) }\n";
        let tree = Tree::of(&[
            (REGISTRY, registry),
            ("server/a.rs", given),
            ("server/b.rs", longer),
            ("server/rules/src/reason.rs", "fn c() { Reason::Silent }\n"),
            ("cli/src/c.rs", "fn d() { Reason::Silent }\n"),
        ]);
        let expected = [7, 9].map(|line| format!("{REGISTRY}:{line}"));
        assert_eq!(places(&check(&tree)), expected);
    }
}
