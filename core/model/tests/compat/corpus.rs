//! The files of the corpus.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// A message as a later version may write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Newer {
    /// The kind of message: a name of `READERS`.
    #[serde(rename = "as")]
    pub(crate) kind: String,
    /// The message.
    pub(crate) message: Value,
    /// What has to arrive of it; absent if it has to be refused.
    pub(crate) known: Option<Value>,
}

fn folder(name: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/compat");
    PathBuf::from(root).join(name)
}

/// Every message of a folder by the name of its file.
pub(crate) fn read_folder<T: DeserializeOwned>(name: &str) -> BTreeMap<String, T> {
    let files = fs::read_dir(folder(name)).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let message =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            let stem = path.file_stem().unwrap().to_string_lossy();
            (stem.into_owned(), message)
        })
        .collect()
}

/// Writes the messages that have no file yet.
pub(crate) fn write_missing(name: &str, messages: Vec<(&str, Value)>) {
    for (kind, message) in messages {
        let path = folder(name).join(kind).with_extension("json");
        if !path.exists() {
            let text = serde_json::to_string_pretty(&message).unwrap();
            fs::write(path, text + "\n").unwrap();
        }
    }
}
