//! Short messages of the real server at a foreign message centre (node-smpp), which tells what it read.

use std::{path::Path, process::Stdio};

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use vestnik_model::{
    AttemptStatus, Channel, GatewayName, NotificationId, Reason, route,
    view::{AttemptView, List, ProviderCheck},
};
use vestnik_testkit::{TestServer, backend::to_user, name::user, server::Setup, wait::asked};

/// A message centre, killed at the end.
struct Centre {
    _process: Child,
    told: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Centre {
    async fn start() -> anyhow::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign/smsc/smsc.mjs");
        let mut command = Command::new("node");
        command
            .arg(script)
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command.spawn()?;
        let stdout = process.stdout.take().context("its output")?;
        let mut told = BufReader::new(stdout).lines();
        let port = told.next_line().await?.context("its port")?.parse()?;
        Ok(Self {
            _process: process,
            told,
            port,
        })
    }

    /// The next thing of a kind that it tells.
    async fn next(&mut self, kind: &str) -> anyhow::Result<Value> {
        loop {
            let line = self.told.next_line().await?.context("it ended")?;
            let told: Value = serde_json::from_str(&line)?;
            anyhow::ensure!(told["kind"] != "error", "{told}");
            if told["kind"] == kind {
                return Ok(told);
            }
        }
    }
}

fn sms() -> Channel {
    Channel::Gateway(GatewayName::parse("sms").expect("a well-formed name"))
}

/// A server that sends short messages by a message centre.
async fn server(centre: &Centre) -> anyhow::Result<TestServer> {
    let listed = vec![format!("127.0.0.1:{}", centre.port)];
    let setup = Setup::default().config(|config| config.outbound.listed = listed);
    let server = TestServer::with(setup).await?;
    let account = json!({"providers": [{"name": "centre", "gateway": "smpp", "settings": {
        "host": "127.0.0.1", "port": centre.port, "security": "none", "system_id": "shop",
        "password": "secret08", "source": "Shop", "receipt_ids": "decimal",
    }}]});
    let path = route::with(route::PROVIDER, "sms");
    let put = server.backend.request(Method::PUT, &path)?;
    let answer = put.body(account.to_string()).send().await?;
    anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
    Ok(server)
}

/// Publishes to somebody who has this number.
async fn publish(server: &TestServer, number: &str, body: &str) -> anyhow::Result<NotificationId> {
    let user = user(&format!("user-{}", number.trim_start_matches('+')));
    let path = route::with(route::USER, user.as_str());
    let put = server.backend.request(Method::PUT, &path)?;
    let answer = put.json(&json!({"phone": number})).send().await?;
    anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
    let mut request = to_user(&user, "Shop");
    request.notification.body = body.to_owned();
    request.steps = serde_json::from_value(json!([{"channel": "sms"}]))?;
    Ok(server.backend.publish(&request).await?.id)
}

/// The attempt of a notification, once it has a status.
async fn attempt(
    server: &TestServer,
    id: NotificationId,
    status: AttemptStatus,
) -> anyhow::Result<AttemptView> {
    asked("the attempt", async || {
        let delivery = server.backend.deliveries(id).await?.pop();
        let delivery = delivery.context("there is one delivery")?.id;
        let path = route::with(route::ATTEMPTS, &delivery.to_string());
        let attempts: List<AttemptView> = server.backend.get(&path).await?;
        let mut attempts = attempts.data.into_iter();
        Ok(attempts.find(|attempt| attempt.channel == sms() && attempt.status == status))
    })
    .await
}

/// What is taken is delivered: its receipts have ids of another form than its answers.
#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn a_foreign_message_centre_takes_the_short_messages_of_the_server() -> anyhow::Result<()> {
    let mut centre = Centre::start().await?;
    let server = server(&centre).await?;
    let check = format!("{}:check", route::with(route::PROVIDER, "sms"));
    let answer = server.backend.post(&check, &json!({})).await?;
    let check: ProviderCheck = serde_json::from_slice(&answer.bytes().await?)?;
    assert!(check.is_good, "{check:?}");
    centre.next("unbound").await?;

    let long = "Заказ 8812 готов 🎉 и ждёт вас. ".repeat(4);
    let id = publish(&server, "+79123450000", &long).await?;
    attempt(&server, id, AttemptStatus::Delivered).await?;
    let mut read = String::new();
    for _ in 0..2 {
        let part = centre.next("submit").await?;
        assert_eq!(
            (&part["to"], &part["from"]),
            (&json!("79123450000"), &json!("Shop"))
        );
        read.push_str(part["text"].as_str().context("a text")?);
    }
    assert_eq!(read, format!("Shop\n{long}"));

    // Throttled the first time.
    let id = publish(&server, "+79123450001", "Hi").await?;
    let taken = attempt(&server, id, AttemptStatus::Delivered).await?;
    assert_eq!((taken.tries, taken.unproven), (2, 0));
    let id = publish(&server, "+79123450002", "Hi").await?;
    let dead = attempt(&server, id, AttemptStatus::Failed).await?;
    assert_eq!(dead.reason, Some(Reason::TokenDead.into()));
    // Its connection ends without an answer.
    let id = publish(&server, "+79123450003", "Hi").await?;
    let unproven = attempt(&server, id, AttemptStatus::Failed).await?;
    assert_eq!(unproven.reason, Some(Reason::ProviderUnproven.into()));
    // A receipt before the answer; one that says by parameters that the message is lost.
    let id = publish(&server, "+79123450004", "Hi").await?;
    attempt(&server, id, AttemptStatus::Delivered).await?;
    let id = publish(&server, "+79123450008", "Hi").await?;
    let lost = attempt(&server, id, AttemptStatus::Failed).await?;
    assert_eq!(lost.reason, Some(Reason::SmsUndeliverable.into()));
    // It comes back.
    let id = publish(&server, "+79123450000", "Hi").await?;
    attempt(&server, id, AttemptStatus::Delivered).await?;
    server.stop().await
}
