//! No file outgrows its reader.

use super::{
    finding::Finding,
    tree::{File, Tree},
};

/// The most lines of a file that ships.
const LIMIT: usize = 500;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let interface = tree.files().filter(|file| {
        let speaks = ["ts", "svelte", "mjs"]
            .iter()
            .any(|own| file.has_extension(own));
        speaks && !file.is_test() && !file.is_generated()
    });
    tree.shipped_rust()
        .chain(interface)
        .filter_map(too_long)
        .collect()
}

fn too_long(file: File<'_>) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > LIMIT).then(|| {
        let what = format!("{lines} lines, {LIMIT} at most");
        Finding::new(
            (file.path, LIMIT + 1),
            what,
            "split it where the seam is natural",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn a_file_above_the_limit_is_found_and_tests_are_not_counted() {
        let long = "x\n".repeat(501);
        let tested = format!(
            "{}#[cfg(test)]\nmod tests {{\n{long}}}\n",
            "x\n".repeat(400)
        );
        let tree = Tree::of(&[
            ("a/src/long.rs", &long),
            ("a/src/long/tests.rs", &long),
            ("a/src/tested.rs", &tested),
            ("ui/src/Long.svelte", &long),
            ("ui/src/generated/Long.ts", &long),
            ("ui/src/fits.ts", &"x\n".repeat(500)),
        ]);
        let expected = ["a/src/long.rs:501", "ui/src/Long.svelte:501"];
        assert_eq!(places(&check(&tree)), expected);
    }
}
