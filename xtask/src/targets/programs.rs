//! Test programs that cargo has linked.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::step::{say, words};

/// A program with the tests of one target of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    /// The target's name.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    /// The package's folder, where its tests run.
    pub(crate) folder: PathBuf,
}

/// Links the tests that a `cargo test` command names, and runs none.
pub(crate) fn link(mut cargo: Command) -> Result<Vec<Program>> {
    cargo.args(["--no-run", "--message-format=json-render-diagnostics"]);
    cargo.stderr(Stdio::inherit());
    say(&format!("$ {}", words(&cargo)));
    let output = cargo.output()?;
    ensure!(output.status.success(), "{} failed", words(&cargo));
    let messages = String::from_utf8(output.stdout).context("cargo writes UTF-8")?;
    parse(&messages)
}

fn parse(messages: &str) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for message in messages.lines() {
        let message: Value = serde_json::from_str(message)?;
        if message["profile"]["test"] == Value::Bool(true) {
            programs.extend(program(&message));
        }
    }
    Ok(programs)
}

fn program(message: &Value) -> Option<Program> {
    let manifest = Path::new(message["manifest_path"].as_str()?);
    Some(Program {
        name: message["target"]["name"].as_str()?.to_owned(),
        file: message["executable"].as_str()?.into(),
        folder: manifest.parent()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_with_tests_are_found_among_what_was_built() {
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/r/a/Cargo.toml","target":{"name":"a"},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","manifest_path":"/r/cli/Cargo.toml","target":{"name":"b"},"profile":{"test":true},"executable":"/t/b-1.exe"}
{"reason":"build-finished","success":true}"#;
        let expected = Program {
            name: "b".to_owned(),
            file: "/t/b-1.exe".into(),
            folder: "/r/cli".into(),
        };
        assert_eq!(parse(messages).unwrap(), [expected]);
    }
}
