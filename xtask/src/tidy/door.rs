//! The interface reaches Tauri through `ui/src/platform` only.

use super::{finding::Finding, tree::Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let sources = tree.files().filter(|file| {
        file.path.starts_with("ui/src/") && !file.path.starts_with("ui/src/platform/")
    });
    let mut findings = Vec::new();
    for file in sources {
        for (index, line) in file.text.lines().enumerate() {
            if line.contains("@tauri-apps/") {
                let mend = "add to the Platform of ui/src/platform what is needed, and use that";
                findings.push(Finding::new(
                    (file.path, index + 1),
                    "another door to Tauri",
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
    fn another_door_is_found() {
        let import = "// first\nimport { invoke } from \"@tauri-apps/api/core\";\n";
        let tree = Tree::of(&[
            ("ui/src/platform/tauri.ts", import),
            ("ui/src/features/inbox/List.svelte", import),
        ]);
        assert_eq!(
            places(&check(&tree)),
            ["ui/src/features/inbox/List.svelte:2"]
        );
    }
}
