//! A folder with a database, and runs of the binary.

use std::{
    io::{BufRead as _, BufReader, Lines},
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

/// A folder, and the keys of an App in its database.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) keys: Value,
}

impl World {
    /// Makes the App `shop`, with these variables in the environment.
    pub(crate) fn new(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self {
            folder,
            keys: Value::Null,
        };
        let mut bootstrap =
            world.on_the_database(&["--json", "keys", "bootstrap", "--app", "shop"]);
        let output = bootstrap.envs(environment.iter().copied()).output();
        world.keys = result(&output.unwrap());
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of the server's machine.
    pub(crate) fn on_the_database(&self, arguments: &[&str]) -> Command {
        let mut command = vestnik(arguments);
        command.arg("--database").arg(self.path("vestnik.sqlite"));
        command
    }

    /// A command of a sender, by the App's first key.
    pub(crate) fn sender(&self, server: &str, arguments: &[&str]) -> Command {
        let mut command = vestnik(arguments);
        let key = self.keys["key"].as_str().unwrap();
        command
            .env("VESTNIK_SERVER", server)
            .env("VESTNIK_KEY", key);
        command
    }

    /// A user's device, whose data lies in the one folder of all devices.
    pub(crate) fn listen(&self, server: &str, user: &str, more: &[&str]) -> Command {
        let mut command = vestnik(&["listen", "--server", server, "--app", "shop"]);
        let secret = self.keys["identity_secret"].as_str().unwrap();
        command.env("VESTNIK_IDENTITY_SECRET", secret);
        let folder = self.path("device");
        command.args(["--user", user]).arg("--data-dir").arg(folder);
        command.args(more);
        command
    }

    /// Starts a user's device and waits until it is online.
    pub(crate) fn go_online(&self, server: &str, user: &str) -> Device {
        let mut command = self.listen(server, user, &[]);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
        let is_online = |line: String| line.contains("online");
        assert!(notes.by_ref().map(Result::unwrap).any(is_online));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Device {
            child,
            lines,
            _notes: notes,
        }
    }

    /// Starts a server and waits until it says where it listens.
    pub(crate) fn serve(&self, listen: &str) -> Server {
        let mut command = self.on_the_database(&["--json", "serve", "--listen", listen]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let listening: Value = serde_json::from_str(&line).unwrap();
        Server {
            url: listening["listening"].as_str().unwrap().to_owned(),
            child,
            _stdout: lines,
        }
    }
}

/// A server's process, which is killed when it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    child: Child,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// The address, as `--listen` takes it.
    pub(crate) fn address(&self) -> String {
        let address = self.url.trim_start_matches("http://");
        address.trim_end_matches('/').to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

/// A device's process.
pub(crate) struct Device {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _notes: Lines<BufReader<ChildStderr>>,
}

impl Device {
    /// Waits for the next notification that it prints.
    pub(crate) fn prints(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// Ends it as a person at a terminal does.
    pub(crate) fn leave(mut self) {
        end(&self.child, Signal::SIGINT);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// The binary, without what the environment of the tests would say.
pub(crate) fn vestnik(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestnik"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VESTNIK_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The one JSON line of a command that succeeded.
#[track_caller]
pub(crate) fn result(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Asks a process to end: SIGTERM as a supervisor does, SIGINT as a terminal does.
pub(crate) fn end(child: &Child, signal: Signal) {
    let process = Pid::from_raw(child.id().try_into().unwrap());
    kill(process, signal).unwrap();
}
