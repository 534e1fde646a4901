//! Decisions are numbered without a gap, and each says why.

use super::{
    finding::Finding,
    tree::{File, Tree},
};

const FOLDER: &str = "docs/adr/";
const SECTIONS: [&str; 3] = ["## Context", "## Decision", "## Consequences"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let records = tree.files().filter_map(|file| {
        let name = file.path.strip_prefix(FOLDER)?;
        (name != "README.md").then_some((name, file))
    });
    let mut findings = Vec::new();
    for (expected, (name, file)) in records.enumerate() {
        findings.extend(misnumbered(expected, name, file));
        for section in SECTIONS
            .iter()
            .filter(|section| !file.text.contains(**section))
        {
            let mend = "write it, as docs/adr/0000-template.md shows";
            findings.push(Finding::new(
                (file.path, 1),
                format!("no `{section}`"),
                mend,
            ));
        }
    }
    findings
}

fn misnumbered(expected: usize, name: &str, file: File<'_>) -> Option<Finding> {
    let named = name.starts_with(&format!("{expected:04}-"));
    let titled = file.text.starts_with(&format!("# {expected}. "));
    (!named || !titled).then(|| {
        let what = format!("this is not number {expected} by its name and title");
        let mend = format!("call it {expected:04}-….md and begin it with `# {expected}. `");
        Finding::new((file.path, 1), what, mend)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    const BODY: &str = "## Context\n## Decision\n## Consequences\n";

    #[test]
    fn gaps_doubles_wrong_titles_and_missing_sections_are_found() {
        let (zero, one) = (format!("# 0. Title\n{BODY}"), format!("# 1. One\n{BODY}"));
        let three = format!("# 3. Three\n{BODY}");
        let tree = Tree::of(&[
            ("docs/adr/0000-template.md", &zero),
            ("docs/adr/0001-one.md", &one),
            ("docs/adr/0001-twice.md", &one),
            ("docs/adr/0003-three.md", &three),
            (
                "docs/adr/0004-bare.md",
                "# 4. Bare\n## Context\n## Decision\n",
            ),
        ]);
        let expected = ["docs/adr/0001-twice.md:1", "docs/adr/0004-bare.md:1"];
        assert_eq!(places(&check(&tree)), expected);
        let gap = Tree::of(&[
            ("docs/adr/0000-template.md", &zero),
            ("docs/adr/0003-three.md", &three),
        ]);
        assert_eq!(places(&check(&gap)), ["docs/adr/0003-three.md:1"]);
    }
}
