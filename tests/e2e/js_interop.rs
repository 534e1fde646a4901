//! The official JavaScript SignalR client as devices and as a sender, by the plain scripts of
//! `tests/js`, against the real server.

use std::{net::SocketAddr, path::Path, process::Stdio};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use vestnik_model::{FactKind, NotificationId, Scope, UserId, counts::Counts};
use vestnik_testkit::{
    CuttableProxy, TestDevice, TestServer,
    backend::{self, to_user},
    name::{installation, user},
    proxy::Script as Harm,
    wait::{SILENCE, within},
};

/// A running script: lines of JSON come out, commands go in.
struct Script {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Script {
    fn start(
        name: &str,
        environment: &[(&str, String)],
        arguments: &[String],
    ) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("js");
        ensure!(
            folder.join("node_modules/@microsoft/signalr").is_dir(),
            "the official client is not installed; run: npm ci --prefix tests/js"
        );
        let mut child = Command::new("node")
            .arg(folder.join(name))
            .args(arguments)
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("node could not be started")?;
        Ok(Self {
            input: child.stdin.take().context("its input is piped")?,
            lines: BufReader::new(child.stdout.take().context("its output is piped")?).lines(),
            child,
        })
    }

    fn device(
        server: &TestServer,
        user: &UserId,
        number: u128,
        at: SocketAddr,
    ) -> anyhow::Result<Self> {
        Self::device_by("WebSockets", server, user, number, at)
    }

    fn device_by(
        transport: &str,
        server: &TestServer,
        user: &UserId,
        number: u128,
        at: SocketAddr,
    ) -> anyhow::Result<Self> {
        let environment = [
            ("VESTNIK_TRANSPORT", transport.to_owned()),
            ("VESTNIK_URL", format!("http://{at}")),
            ("VESTNIK_APP", server.backend.app().to_string()),
            ("VESTNIK_INSTALLATION", installation(number).to_string()),
            (
                "VESTNIK_INSTALLATION_SECRET",
                backend::secret(installation(number)).expose(),
            ),
            ("VESTNIK_IDENTITY_TOKEN", server.backend.identity(user)?),
        ];
        Self::start("device.mjs", &environment, &[])
    }

    /// The next line, which must be of this event.
    async fn next(&mut self, event: &str) -> anyhow::Result<Value> {
        let line = self.line(event).await?;
        ensure!(line["event"] == event, "{event} wanted, {line} came");
        Ok(line)
    }

    /// The next line of this event; those before it are passed over.
    async fn until(&mut self, event: &str) -> anyhow::Result<Value> {
        loop {
            let line = self.line(event).await?;
            ensure!(line["event"] != "failed", "{event} wanted, {line} came");
            if line["event"] == event {
                return Ok(line);
            }
        }
    }

    /// Waits until it has this notification, missed or live.
    async fn has(&mut self, id: NotificationId) -> anyhow::Result<()> {
        let line = self.until("notification").await?;
        ensure!(line["id"] == json!(id), "{id} wanted, {line} came");
        Ok(())
    }

    async fn line(&mut self, awaited: &str) -> anyhow::Result<Value> {
        let line = within(awaited, SILENCE, self.lines.next_line()).await??;
        let line = line.with_context(|| format!("the script ended before {awaited}"))?;
        Ok(serde_json::from_str(&line)?)
    }

    async fn command(&mut self, command: &str) -> anyhow::Result<()> {
        let line = format!("{command}\n");
        Ok(self.input.write_all(line.as_bytes()).await?)
    }

    /// Waits for the script's end, which must be without an error.
    async fn ended(self) -> anyhow::Result<()> {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        let status = within("the script's end", SILENCE, child.wait()).await??;
        ensure!(status.success(), "the script ended with {status}");
        Ok(())
    }
}

async fn publish(server: &TestServer, to: &UserId, title: &str) -> anyhow::Result<NotificationId> {
    Ok(server.backend.publish(&to_user(to, title)).await?.id)
}

/// `core/envelope/tests/foreign.rs` is the other half: envelopes that this script sealed.
#[tokio::test]
async fn a_foreign_implementation_opens_our_envelopes() -> anyhow::Result<()> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/envelope/fixtures/own.json");
    let own = own.to_str().context("the path is text")?.to_owned();
    let mut script = Script::start("envelope.mjs", &[], &["open".to_owned(), own])?;
    let line = within("the script", SILENCE, script.lines.next_line()).await??;
    ensure!(
        line.as_deref() == Some(r#"{"opened":3}"#),
        "it said {line:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_device_gets_what_it_missed_then_live_and_reports() -> anyhow::Result<()> {
    gets_what_it_missed_then_live("WebSockets").await
}

#[tokio::test]
async fn a_device_does_so_by_server_sent_events() -> anyhow::Result<()> {
    gets_what_it_missed_then_live("ServerSentEvents").await
}

#[tokio::test]
async fn a_device_does_so_by_long_polling() -> anyhow::Result<()> {
    gets_what_it_missed_then_live("LongPolling").await
}

async fn gets_what_it_missed_then_live(transport: &str) -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let mut missed = Vec::new();
    for title in ["one", "two", "three"] {
        missed.push(publish(&server, &anna, title).await?);
    }

    let mut phone = Script::device_by(transport, &server, &anna, 1, server.address())?;
    assert_eq!(phone.next("logged_in").await?["user"], "anna");
    for (id, title) in missed.iter().zip(["one", "two", "three"]) {
        let line = phone.until("notification").await?;
        let wanted = json!({ "event": "notification", "id": id, "title": title, "how": "missed" });
        assert_eq!(line, wanted);
    }
    assert_eq!(phone.until("caught_up").await?["behindBy"], 3);

    let live = publish(&server, &anna, "four").await?;
    let line = phone.next("notification").await?;
    assert_eq!((&line["id"], &line["how"]), (&json!(live), &json!("live")));
    let stored = json!({ "kind": "delivered", "notificationId": live, "outcome": "stored" });
    assert_eq!(phone.next("reported").await?["results"], json!([stored]));
    for id in missed.into_iter().chain([live]) {
        let counts = server.backend.notification(id).await?.counts;
        let delivered = Counts {
            delivered: 1,
            // A notification may have been given up before there was a phone.
            late: counts.late,
            ..Counts::default()
        };
        assert_eq!(counts, delivered);
    }

    phone.command("stop").await?;
    assert_eq!(phone.next("closed").await?["error"], Value::Null);
    phone.ended().await?;
    server.stop().await
}

#[tokio::test]
async fn what_is_read_on_one_device_is_read_on_the_other() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let mut phone = Script::device(&server, &anna, 1, server.address())?;
    let mut laptop = Script::device(&server, &anna, 2, server.address())?;
    phone.until("caught_up").await?;
    laptop.until("caught_up").await?;

    let id = publish(&server, &anna, "Order 8812 is on its way").await?;
    phone.has(id).await?;
    laptop.has(id).await?;
    phone.next("reported").await?;
    laptop.next("reported").await?;
    phone.command(&format!("read {id}")).await?;
    let stored = json!({ "kind": "read", "notificationId": id, "outcome": "stored" });
    assert_eq!(phone.next("reported").await?["results"], json!([stored]));
    let elsewhere = json!({ "event": "read_elsewhere", "id": id });
    assert_eq!(laptop.next("read_elsewhere").await?, elsewhere);

    let counts = server.backend.notification(id).await?.counts;
    assert_eq!((counts.read, counts.total()), (1, 1));
    for mut device in [phone, laptop] {
        device.command("stop").await?;
        device.until("closed").await?;
        device.ended().await?;
    }
    server.stop().await
}

#[tokio::test]
async fn a_cut_device_reconnects_by_itself_and_catches_up() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let tunnel = CuttableProxy::scripted(server.address(), |_| Harm::harmless()).await?;
    let mut laptop = Script::device(&server, &anna, 1, tunnel.address())?;
    laptop.until("caught_up").await?;

    tunnel.sever();
    laptop.next("reconnecting").await?;
    let id = publish(&server, &anna, "in the tunnel").await?;
    laptop.has(id).await?;

    laptop.command("stop").await?;
    laptop.until("closed").await?;
    laptop.ended().await?;
    server.stop().await
}

#[tokio::test]
async fn a_sender_without_the_scope_is_refused() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let environment = [
        ("VESTNIK_URL", format!("http://{}", server.address())),
        ("VESTNIK_KEY", server.backend.key(&[Scope::Read]).await?.key),
    ];
    let request = serde_json::to_string(&to_user(&user("anna"), "no"))?;
    let mut sender = Script::start("sender.mjs", &environment, &[request])?;
    let error = sender.next("failed").await?["error"].to_string();
    assert!(error.contains("auth.forbidden"), "{error}");
    let status = within("the script's end", SILENCE, sender.child.wait()).await??;
    assert_eq!(status.code(), Some(1));
    server.stop().await
}
#[tokio::test]
async fn a_sender_publishes_and_watches_until_it_is_read() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = TestDevice::log_in(&server.backend, &anna, 1).await?;
    phone.online().await?;
    let environment = [
        ("VESTNIK_URL", format!("http://{}", server.address())),
        (
            "VESTNIK_KEY",
            server
                .backend
                .key(&[Scope::Publish, Scope::Read])
                .await?
                .key,
        ),
    ];
    let request = serde_json::to_string(&to_user(&anna, "Your table is ready"))?;
    let mut sender = Script::start("sender.mjs", &environment, &[request])?;

    let published = sender.next("published").await?;
    let id: NotificationId = serde_json::from_value(published["id"].clone())?;
    assert_eq!(published["replayed"], false);
    phone.has_received(&[id]).await?;
    let read = phone.report(FactKind::Read, id);
    phone
        .has("the read fact taken", |stored| {
            stored.outcome(&read).is_some()
        })
        .await?;
    let mut last = Value::Null;
    loop {
        let line = sender.line("the watch's end").await?;
        if line["event"] == "done" {
            break;
        }
        assert_eq!(
            (&line["event"], &line["id"]),
            (&json!("status"), &json!(id))
        );
        last = line;
    }
    assert_eq!(
        (&last["counts"]["read"], &last["status"]),
        (&json!(1), &json!("sent"))
    );
    sender.ended().await?;
    phone.stop().await;
    server.stop().await
}
