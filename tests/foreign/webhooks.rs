//! Events that the real server sends to a webhook, verified by the reference library of Standard Webhooks.
//!
//! `VESTNIK_PYTHON` is a Python with what `requirements.txt` here locks.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};
use vestnik_model::{route, webhook::WebhookKey};
use vestnik_testkit::{
    Receiver, TestServer, backend::to_user, name::user, receiver::Received, server::Setup,
    wait::eventually,
};

#[tokio::test]
#[ignore = "needs a Python with standardwebhooks: cargo xtask interop --only foreign"]
async fn the_reference_library_verifies_what_a_server_sends() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let host = receiver.host();
    let setup = Setup::default().config(|config| config.outbound.listed = vec![host]);
    let server = TestServer::with(setup).await?;
    let first = add(&server, &receiver).await?;
    for name in ["Анна", "Борис"] {
        let request = to_user(&user(name), "hello");
        server.backend.publish(&request).await?;
    }
    let sent = eventually("two events", &mut receiver.changes(), |all| {
        (all.len() >= 2).then(|| all.clone())
    })
    .await?;
    let path = route::with(route::WEBHOOK, &first.id.to_string());
    let rotated = server
        .backend
        .post(&format!("{path}:rotate"), &json!({}))
        .await?;
    let second: WebhookKey = rotated.error_for_status()?.json().await?;
    let before = receiver.received().len();
    server
        .backend
        .post(&format!("{path}:test"), &json!({}))
        .await?;
    let test = receiver.received().pop().context("the test")?;
    anyhow::ensure!(receiver.received().len() > before);
    let mut lines: Vec<_> = sent
        .iter()
        .map(|one| line(&first, one, &one.body))
        .collect();
    lines.push(line(&first, &sent[0], "{}"));
    lines.push(line(&second, &sent[0], &sent[0].body));
    // Both receivers are content while one key takes the other's place.
    lines.push(line(&first, &test, &test.body));
    lines.push(line(&second, &test, &test.body));
    let mut wanted = vec!["ok"; sent.len()];
    let wrong = "WebhookVerificationError";
    wanted.extend([wrong, wrong, "ok", "ok"]);
    assert_eq!(verified(&lines)?, wanted);
    server.stop().await
}

async fn add(server: &TestServer, receiver: &Receiver) -> anyhow::Result<WebhookKey> {
    let request = server.backend.request(Method::POST, route::WEBHOOKS)?;
    let request = request.json(&json!({"url": receiver.url()}));
    Ok(request.send().await?.error_for_status()?.json().await?)
}

fn line(key: &WebhookKey, received: &Received, body: &str) -> Value {
    json!({"verifier": key.verifier, "headers": received.headers, "body": body})
}

/// What the library says of each line.
fn verified(lines: &[Value]) -> anyhow::Result<Vec<String>> {
    let python = std::env::var_os("VESTNIK_PYTHON").context("cargo xtask interop sets it")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign/verify_webhook.py");
    let mut process = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = process.stdin.take().context("its input")?;
    for line in lines {
        writeln!(input, "{line}")?;
    }
    drop(input);
    let output = process.wait_with_output()?;
    Ok(String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect())
}
