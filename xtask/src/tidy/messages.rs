//! Every language of the interface says everything.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    finding::Finding,
    tree::{File, Tree},
};

const FOLDER: &str = "ui/src/i18n/";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let files: Vec<_> = tree
        .files()
        .filter(|file| file.path.starts_with(FOLDER) && file.has_extension("json"))
        .collect();
    let mut findings = Vec::new();
    let mut languages = Vec::new();
    for file in files {
        match serde_json::from_str::<Map<String, Value>>(file.text) {
            Ok(messages) => languages.push((file, keys(&messages))),
            Err(error) => {
                let place = (file.path, error.line());
                findings.push(Finding::new(
                    place,
                    error.to_string(),
                    "make it a JSON object",
                ));
            }
        }
    }
    let all: BTreeSet<_> = languages
        .iter()
        .flat_map(|(_, keys)| keys.clone())
        .collect();
    for (file, keys) in &languages {
        findings.extend(all.difference(keys).map(|key| silent(*file, key)));
    }
    findings
}

/// The keys that say something.
fn keys(messages: &Map<String, Value>) -> BTreeSet<String> {
    let said = messages
        .iter()
        .filter(|(_, value)| value.as_str() != Some(""));
    said.map(|(key, _)| key.clone()).collect()
}

fn silent(file: File<'_>, key: &str) -> Finding {
    let place = (file.path, file.line_of(&format!("\"{key}\"")));
    Finding::new(place, format!("{key:?} is not said"), "translate it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn a_message_that_one_language_lacks_is_found() {
        let tree = Tree::of(&[
            ("ui/src/i18n/en.json", "{\n\"a\": \"A\",\n\"b\": \"B\"\n}"),
            (
                "ui/src/i18n/ru.json",
                "{\n\"a\": \"А\",\n\"b\": \"\",\n\"c\": \"В\"\n}",
            ),
        ]);
        let expected = ["ui/src/i18n/en.json:1", "ui/src/i18n/ru.json:3"];
        assert_eq!(places(&check(&tree)), expected);
    }
}
