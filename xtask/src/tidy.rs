//! The laws that a program can check. Each breach is told with its place and its mend.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};

use crate::{place, step::say};

/// The longest a source file may be, tests aside.
const MAX_LINES: usize = 500;

/// Which of our packages each may depend on.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("core/signalr", &[]),
    ("core/model", &[]),
    ("core/client", &["vestnik-model", "vestnik-signalr"]),
    ("server", &["vestnik-model", "vestnik-signalr"]),
    ("cli", &["vestnik-core", "vestnik-model", "vestnik-server"]),
    ("app-tauri", &["vestnik-core", "vestnik-model"]),
    ("bindings", &["vestnik-core", "vestnik-model"]),
    ("xtask", &[]),
];

/// Libraries that may stand only in these folders.
const CONFINED: &[(&str, &[&str])] = &[
    (
        "tokio",
        &[
            "core/signalr",
            "core/client",
            "server",
            "cli",
            "app-tauri",
            "bindings",
            "tests",
        ],
    ),
    ("tauri", &["app-tauri"]),
    ("uniffi", &["bindings"]),
    ("axum", &["server", "core/signalr", "tests"]),
    ("rusqlite", &["core/client", "server", "tests"]),
    ("sqlx", &[]),
    ("openssl", &[]),
    ("native-tls", &[]),
    ("chrono", &[]),
];

/// Checks every law.
pub(crate) fn run() -> Result<()> {
    let sources = sources()?;
    let mut breaches = Vec::new();
    directions(&mut breaches)?;
    for source in &sources {
        let text = fs::read_to_string(place::root().join(source)).unwrap_or_default();
        length(source, &text, &mut breaches);
        rooms(source, &text, &mut breaches);
    }
    decisions(&mut breaches)?;
    languages(&mut breaches)?;
    for breach in &breaches {
        say(breach);
    }
    ensure!(
        breaches.is_empty(),
        "{} breaches of the laws",
        breaches.len()
    );
    say(&format!("{} files keep the laws", sources.len()));
    Ok(())
}

/// Files that git tracks or would track.
fn sources() -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(place::root())
        .output()?;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_source = |path: &&str| {
        [".rs", ".ts", ".svelte", ".kt", ".swift", ".mjs", ".py"]
            .iter()
            .any(|ending| path.ends_with(ending))
    };
    Ok(listed
        .lines()
        .filter(is_source)
        .filter(|path| !path.contains("/generated/"))
        .map(str::to_owned)
        .collect())
}

fn directions(breaches: &mut Vec<String>) -> Result<()> {
    for (folder, allowed) in DIRECTIONS {
        for name in dependencies(folder)? {
            if name.starts_with("vestnik") && !allowed.contains(&name.as_str()) {
                breaches.push(format!("{folder}/Cargo.toml: depends on {name}; turn the dependency around or move the code"));
            }
        }
    }
    for (library, folders) in CONFINED {
        for (folder, _) in DIRECTIONS {
            if !folders.contains(folder) && dependencies(folder)?.iter().any(|name| name == library)
            {
                breaches.push(format!(
                    "{folder}/Cargo.toml: {library} does not belong here; see docs/adr"
                ));
            }
        }
    }
    Ok(())
}

fn dependencies(folder: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(place::root().join(folder).join("Cargo.toml"))?;
    let manifest: toml::Table = text.parse()?;
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    Ok(table
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default())
}

fn length(source: &str, text: &str, breaches: &mut Vec<String>) {
    let is_test =
        source.contains("tests/") || source.contains("/tests.rs") || source.contains(".test.");
    let lines = text.lines().count();
    if !is_test && lines > MAX_LINES {
        breaches.push(format!(
            "{source}:{MAX_LINES}: has {lines} lines; split it where its seam is"
        ));
    }
}

/// What may stand only in one room.
fn rooms(source: &str, text: &str, breaches: &mut Vec<String>) {
    let is_test =
        source.starts_with("tests/") || source.contains("/tests") || source.starts_with("xtask/");
    for (number, line) in (1..).zip(text.lines()) {
        let place = format!("{source}:{number}");
        let is_sql = ["\"SELECT ", "\"INSERT INTO ", "\"UPDATE ", "\"DELETE FROM "]
            .iter()
            .any(|sql| line.contains(sql));
        if source.ends_with(".rs") && is_sql && !source.contains("/store/") && !is_test {
            breaches.push(format!(
                "{place}: SQL outside store/; give the store an operation for it"
            ));
        }
        if line.contains("@tauri-apps/")
            && source.starts_with("ui/src")
            && !source.starts_with("ui/src/platform")
        {
            breaches.push(format!(
                "{place}: the host is reached through ui/src/platform only"
            ));
        }
        let is_target = ["\"StateChanged\"", "\"Unsubscribe\"", "\"Notify\""]
            .iter()
            .any(|name| line.contains(name));
        if source.ends_with(".rs") && is_target && source.starts_with("server/src") {
            breaches.push(format!(
                "{place}: hub targets are named in core/model/src/contract.rs only"
            ));
        }
    }
}

/// Decisions are numbered without a gap.
fn decisions(breaches: &mut Vec<String>) -> Result<()> {
    let folder = place::root().join("docs/adr");
    for (expected, path) in (1..).zip(markdown(&folder)?) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !name.starts_with(&format!("{expected:04}-")) {
            breaches.push(format!("docs/adr/{name}: should be number {expected:04}"));
        }
    }
    Ok(())
}

fn markdown(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".md") && name.starts_with(|first: char| first.is_ascii_digit()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// English and Russian say the same things.
fn languages(breaches: &mut Vec<String>) -> Result<()> {
    let keys = |language: &str| -> Result<Vec<String>> {
        let path = place::root().join(format!("ui/src/i18n/{language}.json"));
        let path = if path.exists() {
            path
        } else {
            place::root().join(format!("ui/messages/{language}.json"))
        };
        let table: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&fs::read_to_string(path)?)?;
        Ok(table.keys().cloned().collect())
    };
    let (english, russian) = (keys("en")?, keys("ru")?);
    for missing in english.iter().filter(|key| !russian.contains(key)) {
        breaches.push(format!("ui: '{missing}' has no Russian text"));
    }
    for missing in russian.iter().filter(|key| !english.contains(key)) {
        breaches.push(format!("ui: '{missing}' has no English text"));
    }
    Ok(())
}
