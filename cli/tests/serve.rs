//! `vestnik serve` as a supervisor sees it.

#![cfg(unix)]

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A supervisor may stop a server the moment it says where it listens.
#[test]
fn ends_well_when_stopped_as_soon_as_it_answers() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_vestnik"))
            .args(["--json", "serve", "--listen", "127.0.0.1:0", "--database"])
            .arg(folder.path().join("vestnik.db"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.contains("listening"), "{line}");
        let process = Pid::from_raw(server.id().try_into().unwrap());
        kill(process, Signal::SIGTERM).unwrap();
        let status = server.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{status}");
    }
}
