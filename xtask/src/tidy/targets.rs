//! A hub target is named once, in the contract; everybody else uses its constant.

use super::{finding::Finding, rust_text::RustText, tree::Tree};

const CONTRACT: &str = "core/model/src/contract.rs";
const CONSTANT: &str = ": &str = \"";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(contract) = tree.file(CONTRACT) else {
        let mend = "say in xtask/src/tidy/targets.rs where the hub contract is";
        return vec![Finding::new(
            (CONTRACT, 1),
            "there is no hub contract",
            mend,
        )];
    };
    let targets: Vec<_> = contract.text.lines().filter_map(target).collect();
    if targets.is_empty() {
        let what = "the hub contract names no targets";
        return vec![Finding::new(
            (CONTRACT, 1),
            what,
            "name them by `pub const`",
        )];
    }
    let mut findings = Vec::new();
    for file in tree.shipped_rust().filter(|file| file.path != CONTRACT) {
        for literal in RustText::of(file.text).literals {
            if targets.contains(&literal.text.as_str()) {
                let what = format!("the hub target {:?} is spelled out", literal.text);
                let mend = "use the constant of vestnik_model::contract";
                findings.push(Finding::new((file.path, literal.line), what, mend));
            }
        }
    }
    findings
}

fn target(line: &str) -> Option<&str> {
    let (declared, value) = line.split_once(CONSTANT)?;
    let name = value.strip_suffix("\";")?;
    declared
        .trim_start()
        .starts_with("pub const ")
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn a_target_spelled_out_is_found() {
        let tree = Tree::of(&[
            (CONTRACT, "    pub const NOTIFY: &str = \"Notify\";\n"),
            (
                "server/app/src/feed/fan_out.rs",
                "\n// \"Notify\"\nsend(\"Notify\");\n",
            ),
            ("server/app/src/feed/tests.rs", "send(\"Notify\");\n"),
        ]);
        assert_eq!(places(&check(&tree)), ["server/app/src/feed/fan_out.rs:3"]);
    }

    #[test]
    fn a_contract_that_cannot_be_read_is_found() {
        assert_eq!(check(&Tree::of(&[])).len(), 1);
        assert_eq!(
            check(&Tree::of(&[(CONTRACT, "pub struct Hello;\n")])).len(),
            1
        );
    }
}
