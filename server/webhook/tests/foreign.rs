//! Webhooks verified by the reference library for Python.
//!
//! `cargo xtask interop --only foreign` runs it; `VESTNIK_PYTHON` is a Python with what
//! `tests/foreign/requirements.txt` locks.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use http::Uri;
use jiff::Timestamp;
use serde_json::json;
use vestnik_webhook::{MessageId, SigningKey, request};

/// The answers to these bodies, of which the library gets the second of each pair.
fn verified(keys: &[SigningKey], verifier: &str, bodies: &[(&str, &str)]) -> Vec<String> {
    let python = std::env::var_os("VESTNIK_PYTHON").expect("cargo xtask interop sets it");
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/foreign/verify_webhook.py"
    );
    let mut process = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    for (signed, sent) in bodies {
        let id = MessageId::parse("evt_42_0192f0c1000070008000000000000002").unwrap();
        let url = Uri::from_static("https://shop.example/hook");
        let request = request(&url, (&id, signed.as_bytes().to_vec()), keys, now()).unwrap();
        let headers: serde_json::Map<_, _> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
            .collect();
        let line = json!({"verifier": verifier, "headers": headers, "body": sent});
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the library compares with its own clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

#[test]
#[ignore = "needs a Python with standardwebhooks: cargo xtask interop --only foreign"]
fn the_reference_library_accepts_what_was_signed_and_nothing_else() {
    let body = r#"{"type":"delivery.read","data":{"user":"Анна 🎉"}}"#;
    let pairs = [(body, body), (body, "{}"), ("{}", "{}")];
    let key = || SigningKey::symmetric(&[7; 32]);
    let verifier = key().verifier();
    let expected = ["ok", "WebhookVerificationError", "ok"];
    assert_eq!(verified(&[key()], &verifier, &pairs), expected);
    // While one key takes another's place, both receivers are content.
    let other = SigningKey::symmetric(&[8; 32]);
    let ed25519 = SigningKey::asymmetric([9; 32]).unwrap();
    assert_eq!(
        verified(&[ed25519, other, key()], &verifier, &pairs),
        expected
    );
    let stranger = SigningKey::symmetric(&[8; 32]);
    assert_eq!(
        verified(&[stranger], &verifier, &pairs[..1]),
        ["WebhookVerificationError"]
    );
}
