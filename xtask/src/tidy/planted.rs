//! Faults that are planted for the reference model are in no build that is shipped.

use toml::{Table, Value};

use super::{
    finding::Finding,
    tree::{File, Tree},
};

const FEATURE: &str = "planted";
/// Who switches them on.
const MODEL: &str = "tests/model/Cargo.toml";
const MEND: &str = "leave it to the feature of tests/model";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree
        .files()
        .filter(|file| file.path.ends_with("Cargo.toml"));
    manifests.flat_map(check_manifest).collect()
}

fn check_manifest(file: File<'_>) -> Vec<Finding> {
    let Ok(manifest) = file.text.parse::<Table>() else {
        // Another rule says so.
        return Vec::new();
    };
    let finding = |what: &str| {
        let place = (file.path, file.line_of(FEATURE));
        Finding::new(place, what, MEND)
    };
    let mut findings = Vec::new();
    if is_default(&manifest) {
        findings.push(finding("planted faults are a default feature"));
    }
    if is_asked_for(&manifest) {
        findings.push(finding("a dependency brings planted faults"));
    }
    let features = manifest.get("features").and_then(Value::as_table);
    let brings = |(name, parts): (&String, &Value)| name != FEATURE && mentions(parts);
    if features.is_some_and(|features| features.iter().any(brings)) && file.path != MODEL {
        findings.push(finding("another feature brings planted faults"));
    }
    findings
}

fn is_default(manifest: &Table) -> bool {
    let features = manifest.get("features");
    let default = features.and_then(|features| features.get("default"));
    default.is_some_and(mentions)
}

/// Whether a dependency is asked for with planted faults.
fn is_asked_for(manifest: &Table) -> bool {
    manifest.iter().any(|(name, value)| match value {
        Value::Table(table) if name.ends_with("dependencies") => {
            let asked = table.values().filter_map(|one| one.get("features"));
            asked.into_iter().any(mentions)
        }
        Value::Table(table) => is_asked_for(table),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_) => false,
    })
}

fn mentions(list: &Value) -> bool {
    let mut words = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    words.any(|word| word.split('/').any(|part| part == FEATURE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn what_brings_planted_faults_is_found() {
        let own = "[features]\nplanted = [\"core/planted\"]\n";
        let default = "[features]\ndefault = [\"planted\"]\nplanted = []\n";
        let asked = "[dependencies]\ncore = { path = \"core\", features = [\"planted\"] }\n";
        let hidden = "[target.x.dev-dependencies]\ncore = { features = [\"planted\"] }\n";
        let tree = Tree::of(&[
            ("a/Cargo.toml", own),
            ("b/Cargo.toml", default),
            ("c/Cargo.toml", asked),
            ("d/Cargo.toml", hidden),
        ]);
        let found = places(&check(&tree));
        assert!(found.iter().all(|place| !place.starts_with("a/")));
        for manifest in ["b/", "c/", "d/"] {
            assert!(found.iter().any(|place| place.starts_with(manifest)));
        }
    }
}
