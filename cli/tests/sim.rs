//! `vestnik sim` as a script uses it.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, not in what they share"
)]

use std::{
    io::{BufRead as _, BufReader, Lines, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

#[test]
fn runs_until_it_is_stopped_and_leaves_the_keys_of_a_sender() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let mut accounts = Vec::new();
    for _ in 0..2 {
        let simulator = Running::start(&["--page"], &keys);
        let told = &simulator.place;
        assert!(get(host(&told["admin"]), "/").contains("<main"));

        let account = read(&keys, "service-account.json");
        let uri = format!("{}/token", told["fcm"].as_str().unwrap());
        assert_eq!(account["token_uri"], uri);
        accounts.push(account["private_key"].clone());
        for name in ["ca.pem", "apns.p8"] {
            assert!(
                std::fs::read_to_string(keys.join(name))
                    .unwrap()
                    .starts_with("-----BEGIN")
            );
        }
        simulator.stop();
    }
    // The second start has the keys of the first.
    assert_eq!(accounts[0], accounts[1]);
}

#[test]
fn a_sink_says_its_place_first_and_its_counts_last() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let sink = Running::start(&["--sink", "--count-distinct"], &keys);
    let place = &sink.place;
    let account = read(&keys, "service-account.json");
    let uri = format!("{}/token", place["pushes"].as_str().unwrap());
    assert_eq!(account["token_uri"], uri);
    assert!(keys.join("ca.pem").exists());
    assert!(get(host(&place["admin"]), "/admin/counters").contains("\"fcm\":0"));
    let said = sink.stop();
    let counts: Value = serde_json::from_str(&said[0]).unwrap();
    assert_eq!(
        (&counts["apns"], &counts["distinct"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn gateways_take_messages_and_say_how_they_report_them() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let gateways = Running::start(&["--gateways"], &keys);
    let (admin, origin) = (
        host(&gateways.place["admin"]),
        &gateways.place["gateways"]["telegram"],
    );
    let telegram = host(origin);
    let account = read(&keys, "gateway-telegram.json");
    let provider = &account["providers"][0];
    assert_eq!(
        (&provider["gateway"], &provider["origin"]),
        (&"telegram".into(), origin)
    );

    let message = r#"{"chat_id": 42, "text": "Your parcel is here."}"#;
    let send = format!(
        "/bot{}/sendMessage",
        provider["settings"]["token"].as_str().unwrap()
    );
    assert!(ask(telegram, ("POST", &send), message).contains("\"ok\":true"));
    assert!(get(admin, "/admin/gateways/telegram/messages").contains("Your parcel is here."));

    let at = |place: &str| format!("/admin/gateways/telegram/{place}");
    let refused = ask(
        admin,
        ("PUT", &at("refusal")),
        r#"{"error": "no such error"}"#,
    );
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    let blocking = r#"{"standing": "blocking"}"#;
    assert!(ask(admin, ("PUT", &at("people/42")), blocking).starts_with("HTTP/1.1 204"));
    assert!(ask(telegram, ("POST", &send), message).starts_with("HTTP/1.1 403"));

    let hook = ask(
        admin,
        ("POST", &at("hook")),
        r#"{"blocked": {"chat": "42"}}"#,
    );
    let secret = provider["settings"]["webhook_secret"].as_str().unwrap();
    assert!(
        hook.contains("curl -sS -X POST") && hook.contains(secret),
        "{hook}"
    );
    gateways.stop();
}

/// `vestnik sim`, which has said its place.
struct Running {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    place: Value,
}

impl Running {
    fn start(mode: &[&str], keys: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vestnik"))
            .args(["--json", "sim", "--listen", "127.0.0.1:0"])
            .args(mode)
            .arg("--keys")
            .arg(keys)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let place = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        Self {
            process,
            lines,
            place,
        }
    }

    /// Tells it to stop, and gives what else it said. It ends well.
    fn stop(mut self) -> Vec<String> {
        let process = Pid::from_raw(self.process.id().try_into().unwrap());
        kill(process, Signal::SIGTERM).unwrap();
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
        self.lines.map(Result::unwrap).collect()
    }
}

fn host(url: &Value) -> &str {
    url.as_str().unwrap().strip_prefix("http://").unwrap()
}

fn read(keys: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(keys.join(name)).unwrap()).unwrap()
}

fn get(host: &str, path: &str) -> String {
    ask(host, ("GET", path), "")
}

fn ask(host: &str, (method, path): (&str, &str), body: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
