//! Letters to a foreign SMTP server (aiosmtpd), read by a foreign parser (Python's).
//!
//! `cargo xtask interop --only foreign` runs it; `VESTNIK_PYTHON` is a Python with what
//! `tests/foreign/requirements.txt` locks.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    num::NonZeroU16,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use vestnik_mail::{
    Envelope, From, HeloName, Letter, Login, Mailer, Patience, Relay, ReturnPath, Security, Sender,
    TagKey, TaggedPath, Verdict,
};
use vestnik_model::Reason;
use vestnik_model::email::EmailAddress;
use vestnik_outbound::{Place, Reach};

/// The server, killed at the end.
struct Server {
    process: Child,
    told: BufReader<ChildStdout>,
    relay: Relay,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let python = std::env::var_os("VESTNIK_PYTHON").expect("cargo xtask interop sets it");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let der = made.cert.der().clone();
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        write_pem(&certificate, "CERTIFICATE", &der);
        write_pem(&key, "PRIVATE KEY", &made.signing_key.serialize_der());
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/foreign/smtp_server.py"
        );
        let mut process = Command::new(python)
            .args([Path::new(script), &certificate, &key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        told.read_line(&mut port).unwrap();
        let relay = Relay {
            place: Place::at("localhost", port.trim().parse().unwrap(), true).unwrap(),
            security: Security::StartTls,
            login: Some(Login::new("anna", "пароль".into()).unwrap()),
            helo: HeloName::parse("host.example").unwrap(),
            roots: vec![der],
            connections: NonZeroU16::MIN,
            patience: Patience::default(),
        };
        Self {
            process,
            told,
            relay,
        }
    }

    fn letter(&mut self) -> Value {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn write_pem(path: &Path, kind: &str, der: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    let text = BASE64_STANDARD.encode(der);
    writeln!(file, "-----BEGIN {kind}-----\n{text}\n-----END {kind}-----").unwrap();
}

fn here() -> Reach {
    Reach::public().and("localhost").unwrap()
}

fn sender() -> Sender {
    let bounces = EmailAddress::parse("bounce@shop.example").unwrap();
    let address = EmailAddress::parse("news@shop.example").unwrap();
    Sender {
        from: From::new(Some("Лавка, «Ромашка»"), address).unwrap(),
        reply_to: None,
        return_path: ReturnPath::Tagged(TaggedPath::new(bounces).unwrap()),
        key: TagKey::new(&[7; 32]),
    }
}

fn envelope(to: &str, title: &str, body: &str) -> Envelope {
    let notification = json!({
        "id": "ntf_0192f0c1000070008000000000000001", "title": title, "body": body,
        "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z",
    });
    let letter = Letter {
        delivery: "dlv_0192f0c1000070008000000000000007".parse().unwrap(),
        to: &EmailAddress::parse(to).unwrap(),
        notification: &serde_json::from_value(notification).unwrap(),
        unsubscribe: None,
    };
    Envelope::of(&letter, &sender(), "2026-11-28T09:00:00Z".parse().unwrap()).unwrap()
}

#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn a_foreign_server_reads_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let mailer = Mailer::new(server.relay.clone(), here()).unwrap();
    let long = "длинное слово ".repeat(200);
    for (title, body) in [
        ("Order 8812", ".\n..\n.dots\n\nFrom here"),
        (
            "Заказ 8812 готов 🎉 и ждёт вас в пункте выдачи на углу двух улиц",
            "Ждём вас 👩‍👩‍👧",
        ),
        (
            "=?utf-8?q?no?= & <b>",
            "a=3D & <script>alert(1)</script> --=_",
        ),
        ("long", &long),
    ] {
        let sent = mailer.send(&envelope("anna@почта.рф", title, body)).await;
        assert_eq!(sent.verdict, Verdict::Accepted, "{title}");
        let letter = server.letter();
        assert_eq!(letter["subject"], title);
        assert_eq!(letter["from"], "\"Лавка, «Ромашка»\" <news@shop.example>");
        assert_eq!(letter["recipients"], json!(["anna@xn--80a1acny.xn--p1ai"]));
        assert_eq!(letter["kind"], "multipart/alternative");
        assert_eq!(letter["defects"], json!([]));
        let delivery = "dlv_0192f0c1000070008000000000000007".parse().unwrap();
        assert_eq!(letter["message_id"], sender().message_id(delivery));
        assert_eq!(letter["sender"], sender().envelope_sender(delivery));
        let plain = letter["parts"]["text/plain"].as_str().unwrap();
        assert_eq!(plain.replace("\r\n", "\n").trim_end(), body.trim_end());
        let html = letter["parts"]["text/html"].as_str().unwrap();
        assert!(
            !html.contains("<script>") && html.contains("</html>"),
            "{html}"
        );
    }
}

#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn a_foreign_server_s_refusals_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mailer = Mailer::new(server.relay.clone(), here()).unwrap();
    let sent = mailer
        .send(&envelope("nobody@shop.example", "t", "b"))
        .await;
    let reason = Reason::EmailBounced;
    assert_eq!(sent.verdict, Verdict::Dead { reason });
    let sent = mailer.send(&envelope("full@shop.example", "t", "b")).await;
    assert!(matches!(sent.verdict, Verdict::Retry { .. }), "{sent:?}");
    let wrong = Relay {
        login: Some(Login::new("anna", "wrong".into()).unwrap()),
        ..server.relay.clone()
    };
    let refused = Mailer::new(wrong, here())
        .unwrap()
        .check()
        .await
        .unwrap_err();
    let reason = Reason::ConfigProviderAuth;
    assert_eq!(refused.verdict, Verdict::Refused { reason });
}
