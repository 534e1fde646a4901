//! `vestnik gateway`, as `docs/gateways.md` has it.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, not in what they share"
)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

const PAGE: &str = include_str!("../../docs/gateways.md");

/// What stands in a fence behind a text.
fn block_behind(text: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(text).unwrap();
    let (_, rest) = rest.split_once("\n```").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("\n```").unwrap().0
}

/// Runs a line of a shell that has the program.
fn shell(line: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_vestnik"));
    let path = program.parent().unwrap();
    Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap()
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["pushover.toml", "taken.json", "gone.json", "token.json"] {
        let behind = format!("`{name}`:");
        fs::write(folder.path().join(name), block_behind(&behind)).unwrap();
    }
    folder
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_page_s_check_prints_what_the_page_says() {
    let folder = folder();
    let line = block_behind("and run the check");
    let output = shell(line, folder.path());
    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        printed.trim_end(),
        block_behind("It says what the descriptor is")
    );
}

#[test]
fn a_fault_names_the_file_the_place_and_what_was_expected() {
    let folder = folder();
    let broken =
        block_behind("`pushover.toml`:").replace("verdict = \"dead\"", "verdict = \"gone\"");
    fs::write(folder.path().join("broken.toml"), broken).unwrap();
    let output = shell("vestnik gateway check broken.toml", folder.path());
    assert_eq!(output.status.code(), Some(6));
    let said = said(&output);
    assert!(
        said.contains("broken.toml: /answers/1/verdict: must be one of accepted, retry, throttled"),
        "{said}"
    );
}

#[test]
fn what_is_shipped_is_listed_shown_and_checked_without_a_secret() {
    let folder = folder();
    let run = |line: &str| {
        let output = shell(line, folder.path());
        assert!(output.status.success(), "{line}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let listed: serde_json::Value =
        serde_json::from_str(&run("vestnik --json gateway list")).unwrap();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 10);
    for gateway in listed {
        let name = gateway["name"].as_str().unwrap();
        let shown = run(&format!("vestnik gateway show {name}"));
        // A message centre has no descriptor.
        let wanted = if name == "smpp" {
            "system_id"
        } else {
            "version = 1"
        };
        assert!(shown.contains(wanted), "{shown}");
        let check = run(&format!("vestnik --json gateway check {name}"));
        let check: serde_json::Value = serde_json::from_str(&check).unwrap();
        assert_eq!(check["descriptor"]["name"], name);
    }
    let unknown = shell("vestnik gateway show smoke", folder.path());
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn the_settings_of_a_message_centre_say_how_many_parts_a_text_is() {
    let folder = folder();
    let settings = |json: &str| fs::write(folder.path().join("settings.json"), json).unwrap();
    let line = "vestnik gateway check smpp --settings settings.json --title Shop --body";
    settings(
        r#"{"host": "smsc.example", "system_id": "shop", "password": "S3CRET", "source": "Shop"}"#,
    );
    let body = "Заказ готов. ".repeat(8);
    let output = shell(&format!("{line} '{body}'"), folder.path());
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("\n2 parts:\nShop\nЗаказ готов."), "{told}");
    assert!(!told.contains("S3CRET"));
    settings(r#"{"host": "smsc.example", "system_id": "shop", "password": "S3CRET-is-long"}"#);
    let output = shell(&format!("{line} Hi"), folder.path());
    assert!(!output.status.success());
    assert!(!said(&output).contains("S3CRET"));
    assert!(
        said(&output).contains("/settings/password"),
        "{}",
        said(&output)
    );
    let output = shell("vestnik gateway check smpp --answer 200 -", folder.path());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn settings_are_checked_and_masked() {
    let folder = folder();
    fs::write(
        folder.path().join("settings.json"),
        r#"{"token": "S3CRET"}"#,
    )
    .unwrap();
    let output = shell(
        "vestnik gateway check pushover.toml --settings settings.json",
        folder.path(),
    );
    assert!(output.status.success());
    assert!(!String::from_utf8(output.stdout).unwrap().contains("S3CRET"));
    fs::write(
        folder.path().join("settings.json"),
        r#"{"tokens": "S3CRET"}"#,
    )
    .unwrap();
    let output = shell(
        "vestnik gateway check pushover.toml --settings settings.json",
        folder.path(),
    );
    let said = said(&output);
    assert!(
        said.contains("/settings/tokens: is unknown here; there are device, token"),
        "{said}"
    );
    assert!(!said.contains("S3CRET"));
}
