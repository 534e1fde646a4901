//! `vestnik sim` as a script uses it.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, not in what they share"
)]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
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
        let mut simulator = Command::new(env!("CARGO_BIN_EXE_vestnik"))
            .args([
                "--json",
                "sim",
                "--page",
                "--listen",
                "127.0.0.1:0",
                "--keys",
            ])
            .arg(&keys)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(simulator.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let admin = told["admin"]
            .as_str()
            .unwrap()
            .strip_prefix("http://")
            .unwrap();
        assert!(get(admin, "/").contains("<main"));

        let account = std::fs::read(keys.join("service-account.json")).unwrap();
        let account: Value = serde_json::from_slice(&account).unwrap();
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
        let process = Pid::from_raw(simulator.id().try_into().unwrap());
        kill(process, Signal::SIGTERM).unwrap();
        assert_eq!(simulator.wait().unwrap().code(), Some(0));
    }
    // The second start has the keys of the first.
    assert_eq!(accounts[0], accounts[1]);
}

#[test]
fn a_sink_says_its_place_first_and_its_counts_last() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let mut sink = Command::new(env!("CARGO_BIN_EXE_vestnik"))
        .args(["--json", "sim", "--sink", "--count-distinct"])
        .args(["--listen", "127.0.0.1:0", "--keys"])
        .arg(&keys)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sink.stdout.take().unwrap()).lines();
    let place: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let account = std::fs::read(keys.join("service-account.json")).unwrap();
    let account: Value = serde_json::from_slice(&account).unwrap();
    let uri = format!("{}/token", place["pushes"].as_str().unwrap());
    assert_eq!(account["token_uri"], uri);
    assert!(keys.join("ca.pem").exists());
    let admin = place["admin"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap();
    assert!(get(admin, "/admin/counters").contains("\"fcm\":0"));
    kill(
        Pid::from_raw(sink.id().try_into().unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    let counts: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&counts["apns"], &counts["distinct"]),
        (&0.into(), &0.into())
    );
    assert_eq!(sink.wait().unwrap().code(), Some(0));
}

#[test]
fn gateways_take_messages_and_say_how_they_report_them() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let mut gateways = Command::new(env!("CARGO_BIN_EXE_vestnik"))
        .args(["--json", "sim", "--gateways"])
        .args(["--listen", "127.0.0.1:0", "--keys"])
        .arg(&keys)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(gateways.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    let place: Value = serde_json::from_str(&line).unwrap();
    let host = |url: &Value| url.as_str().unwrap().replace("http://", "");
    let (admin, origin) = (host(&place["admin"]), &place["gateways"]["telegram"]);
    let telegram = host(origin);
    let account = std::fs::read(keys.join("gateway-telegram.json")).unwrap();
    let account: Value = serde_json::from_slice(&account).unwrap();
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
    assert!(ask(&telegram, ("POST", &send), message).contains("\"ok\":true"));
    assert!(get(&admin, "/admin/gateways/telegram/messages").contains("Your parcel is here."));

    let at = |place: &str| format!("/admin/gateways/telegram/{place}");
    let refused = ask(
        &admin,
        ("PUT", &at("refusal")),
        r#"{"error": "no such error"}"#,
    );
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    let blocking = r#"{"standing": "blocking"}"#;
    assert!(ask(&admin, ("PUT", &at("people/42")), blocking).starts_with("HTTP/1.1 204"));
    assert!(ask(&telegram, ("POST", &send), message).starts_with("HTTP/1.1 403"));

    let hook = ask(
        &admin,
        ("POST", &at("hook")),
        r#"{"blocked": {"chat": "42"}}"#,
    );
    let secret = provider["settings"]["webhook_secret"].as_str().unwrap();
    assert!(
        hook.contains("curl -sS -X POST") && hook.contains(secret),
        "{hook}"
    );
    let process = Pid::from_raw(gateways.id().try_into().unwrap());
    kill(process, Signal::SIGTERM).unwrap();
    assert_eq!(gateways.wait().unwrap().code(), Some(0));
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
