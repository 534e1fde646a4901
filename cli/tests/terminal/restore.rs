//! `vestnik restore --revoke-keys`.

use crate::world::{World, result};

/// 32 bytes, as `VESTNIK_SECRETS_KEY` takes them.
const SECRETS_KEY: (&str, &str) = (
    "VESTNIK_SECRETS_KEY",
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
);

fn backup(world: &World) -> String {
    let path = world.path("backup.sqlite").display().to_string();
    let mut command = world.on_the_database(&["--json", "backup", &path]);
    assert!(
        command
            .env(SECRETS_KEY.0, SECRETS_KEY.1)
            .status()
            .unwrap()
            .success()
    );
    path
}

#[test]
fn the_report_comes_first_and_then_what_was_revoked() {
    let world = World::new(&[SECRETS_KEY]);
    let backup = backup(&world);
    let mut restore = world.on_the_database(&["--json", "restore", &backup, "--revoke-keys"]);
    let output = restore.env(SECRETS_KEY.0, SECRETS_KEY.1).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0]["replaced"].is_string(), "{text}");
    assert_eq!(lines[1]["revoked_keys"], 1, "{text}");
}

/// Without the key of the secrets the database is not opened, and nothing is revoked in it.
#[test]
fn the_report_is_there_when_revoking_fails() {
    let world = World::new(&[SECRETS_KEY]);
    let backup = backup(&world);
    let mut restore = world.on_the_database(&["restore", &backup, "--revoke-keys"]);
    let output = restore.output().unwrap();
    let (told, failed) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(1), "{told}{failed}");
    assert!(
        told.contains("restored") && told.contains("is kept as"),
        "{told}"
    );
    assert!(!told.contains("revoked;"), "{told}");
    assert!(failed.contains("API keys were not revoked"), "{failed}");
    // The command that failed can be repeated with the key.
    let mut again = world.on_the_database(&["--json", "restore", &backup, "--revoke-keys"]);
    assert!(
        again
            .env(SECRETS_KEY.0, SECRETS_KEY.1)
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn a_restore_alone_revokes_nothing() {
    let world = World::new(&[]);
    let backup = backup_plain(&world);
    let mut restore = world.on_the_database(&["--json", "restore", &backup]);
    let report = result(&restore.output().unwrap());
    assert_eq!(report["revoked_keys"], serde_json::Value::Null);
    let server = world.serve("127.0.0.1:0");
    let mut send = world.sender(&server.url, &["--json", "send", "--user", "anna", "t"]);
    result(&send.output().unwrap());
}

fn backup_plain(world: &World) -> String {
    let path = world.path("backup.sqlite").display().to_string();
    let mut command = world.on_the_database(&["--json", "backup", &path]);
    assert!(command.output().unwrap().status.success());
    path
}
