//! Output that cannot be written: nothing panics, and nothing claims to have succeeded.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use nix::sys::signal::Signal;

use crate::world::{World, end, result, vestnik};

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// Runs a command whose results cannot be written.
#[track_caller]
fn fails_by_name(mut command: Command) {
    let output = command.stdout(full()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{command:?}: {told}");
    assert!(
        told.contains("the result cannot be written"),
        "{command:?}: {told}"
    );
    assert!(!told.contains("panicked"), "{command:?}: {told}");
}

#[test]
fn a_result_that_is_lost_is_a_failure() {
    let world = World::new(&[]);
    fails_by_name(world.on_the_database(&["keys", "bootstrap", "--app", "bank"]));
    fails_by_name(world.on_the_database(&["serve", "--print-config"]));
    fails_by_name(vestnik(&["completions", "bash"]));
    let server = world.serve("127.0.0.1:0");
    fails_by_name(world.sender(&server.url, &["send", "--user", "anna", "t"]));
    fails_by_name(world.sender(&server.url, &["send", "--user", "anna", "t", "--watch"]));
    fails_by_name(world.sender(&server.url, &["keys", "list"]));
    let mut send = world.sender(&server.url, &["--json", "send", "--user", "anna", "t"]);
    let sent = result(&send.output().unwrap());
    let id = sent["id"].as_str().unwrap();
    fails_by_name(world.sender(&server.url, &["status", id]));
    fails_by_name(world.sender(&server.url, &["status", id, "--watch"]));
}

/// In JSON the failure has no place to go either; the exit code is left.
#[test]
fn a_program_learns_by_the_exit_code() {
    let world = World::new(&[]);
    let mut command = world.on_the_database(&["--json", "keys", "admin", "--app", "shop"]);
    let output = command.stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_server_serves_on_without_an_output_and_says_so_at_the_end() {
    let world = World::new(&[]);
    let mut command = world.on_the_database(&["serve", "--listen", "127.0.0.1:0"]);
    let mut server = command
        .stdout(full())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let is_serving = |line: &String| line.contains("serving");
    assert!(
        lines
            .by_ref()
            .map(Result::unwrap)
            .any(|line| is_serving(&line))
    );
    end(&server, Signal::SIGTERM);
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    let rest = rest.join("\n");
    assert_eq!(server.wait().unwrap().code(), Some(1), "{rest}");
    assert!(rest.contains("stopped"), "{rest}");
    assert!(rest.contains("the result cannot be written"), "{rest}");
    assert!(!rest.contains("panicked"), "{rest}");
}

/// Row 6 of the reports: the log's disk is full.
#[test]
fn a_server_whose_log_cannot_be_written_serves_and_ends_well() {
    let world = World::new(&[]);
    let mut command = world.on_the_database(&["--json", "serve", "--listen", "127.0.0.1:0"]);
    let mut server = command
        .stdout(Stdio::piped())
        .stderr(full())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(server.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    let url: serde_json::Value = serde_json::from_str(&line).unwrap();
    let mut send = world.sender(
        url["listening"].as_str().unwrap(),
        &["--json", "send", "--user", "anna", "t"],
    );
    result(&send.output().unwrap());
    end(&server, Signal::SIGTERM);
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
