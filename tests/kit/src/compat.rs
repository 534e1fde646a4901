//! The corpus of messages in `tests/compat` that every version has to read.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// A message of contract 1 as its first version wrote it.
///
/// # Errors
/// When the corpus has no such message.
pub fn contract_1(name: &str) -> anyhow::Result<Value> {
    read(&format!("contract-1/{name}.json"))
}

/// A message of a later version, with what no version has yet.
///
/// # Errors
/// When the corpus has no such message.
pub fn newer(name: &str) -> anyhow::Result<Value> {
    let file = format!("newer/{name}.json");
    let message = read(&file)?.get("message").cloned();
    message.with_context(|| format!("{file} has no message"))
}

fn read(file: &str) -> anyhow::Result<Value> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../compat"));
    let text = std::fs::read(root.join(file)).with_context(|| file.to_owned())?;
    Ok(serde_json::from_slice(&text)?)
}
