//! The official JavaScript SignalR client as devices and as a sender, by the plain scripts of
//! `tests/js`, against the real server.

use std::{net::SocketAddr, path::Path, process::Stdio};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use vestnik_model::{NotificationId, Scope, UserId, status::Counts};
use vestnik_tests::{
    backend::to_user,
    chaos::{ChaosProxy, Script as Harm},
    device::Device,
    eventually::{SOON, within},
    world::{World, installation, user},
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

    fn device(world: &World, user: &UserId, number: u128, at: SocketAddr) -> anyhow::Result<Self> {
        Self::device_by("WebSockets", world, user, number, at)
    }

    fn device_by(
        transport: &str,
        world: &World,
        user: &UserId,
        number: u128,
        at: SocketAddr,
    ) -> anyhow::Result<Self> {
        let environment = [
            ("VESTNIK_TRANSPORT", transport.to_owned()),
            ("VESTNIK_URL", format!("http://{at}")),
            ("VESTNIK_APP", world.backend.app().to_string()),
            ("VESTNIK_INSTALLATION", installation(number).to_string()),
            ("VESTNIK_IDENTITY_TOKEN", world.backend.identity(user)?),
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
        let line = within(awaited, SOON, self.lines.next_line()).await??;
        let line = line.with_context(|| format!("the script ended before {awaited}"))?;
        Ok(serde_json::from_str(&line)?)
    }

    async fn obey(&mut self, command: &str) -> anyhow::Result<()> {
        let line = format!("{command}\n");
        Ok(self.input.write_all(line.as_bytes()).await?)
    }

    /// Waits for its end, which must be a good one.
    async fn ended(self) -> anyhow::Result<()> {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        let status = within("the script's end", SOON, child.wait()).await??;
        ensure!(status.success(), "the script ended with {status}");
        Ok(())
    }
}

async fn publish(world: &World, to: &UserId, title: &str) -> anyhow::Result<NotificationId> {
    Ok(world.backend.publish(&to_user(to, title)).await?.id)
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
    let world = World::start().await?;
    let anna = user("anna");
    let mut missed = Vec::new();
    for title in ["one", "two", "three"] {
        missed.push(publish(&world, &anna, title).await?);
    }

    let mut phone = Script::device_by(transport, &world, &anna, 1, world.address())?;
    assert_eq!(phone.next("logged_in").await?["user"], "anna");
    for (id, title) in missed.iter().zip(["one", "two", "three"]) {
        let line = phone.until("notification").await?;
        let wanted = json!({ "event": "notification", "id": id, "title": title, "how": "missed" });
        assert_eq!(line, wanted);
    }
    assert_eq!(phone.until("caught_up").await?["behindBy"], 3);

    let live = publish(&world, &anna, "four").await?;
    let line = phone.next("notification").await?;
    assert_eq!((&line["id"], &line["how"]), (&json!(live), &json!("live")));
    let reported =
        json!({ "event": "reported", "kind": "delivered", "accepted": 1, "unknown": [] });
    assert_eq!(phone.next("reported").await?, reported);
    for id in missed.into_iter().chain([live]) {
        let counts = world.backend.notification(id).await?.counts;
        let delivered = Counts {
            delivered: 1,
            ..Counts::default()
        };
        assert_eq!(counts, delivered);
    }

    phone.obey("stop").await?;
    assert_eq!(phone.next("closed").await?["error"], Value::Null);
    phone.ended().await?;
    world.stop().await
}

#[tokio::test]
async fn what_is_read_on_one_device_is_told_to_the_other() -> anyhow::Result<()> {
    let world = World::start().await?;
    let anna = user("anna");
    let mut phone = Script::device(&world, &anna, 1, world.address())?;
    let mut laptop = Script::device(&world, &anna, 2, world.address())?;
    phone.until("caught_up").await?;
    laptop.until("caught_up").await?;

    let id = publish(&world, &anna, "Order 8812 is on its way").await?;
    phone.has(id).await?;
    laptop.has(id).await?;
    phone.next("reported").await?;
    laptop.next("reported").await?;
    phone.obey(&format!("read {id}")).await?;
    assert_eq!(phone.next("reported").await?["kind"], "read");
    let told = json!({ "event": "read_elsewhere", "id": id });
    assert_eq!(laptop.next("read_elsewhere").await?, told);

    let counts = world.backend.notification(id).await?.counts;
    assert_eq!((counts.read, counts.total()), (1, 1));
    for mut device in [phone, laptop] {
        device.obey("stop").await?;
        device.until("closed").await?;
        device.ended().await?;
    }
    world.stop().await
}

#[tokio::test]
async fn a_cut_device_reconnects_by_itself_and_catches_up() -> anyhow::Result<()> {
    let world = World::start().await?;
    let anna = user("anna");
    let tunnel = ChaosProxy::scripted(world.address(), |_| Harm::harmless()).await?;
    let mut laptop = Script::device(&world, &anna, 1, tunnel.address())?;
    laptop.until("caught_up").await?;

    tunnel.sever();
    laptop.next("reconnecting").await?;
    let id = publish(&world, &anna, "in the tunnel").await?;
    laptop.has(id).await?;

    laptop.obey("stop").await?;
    laptop.until("closed").await?;
    laptop.ended().await?;
    world.stop().await
}

#[tokio::test]
async fn a_sender_without_the_scope_is_told_so() -> anyhow::Result<()> {
    let world = World::start().await?;
    let environment = [
        ("VESTNIK_URL", format!("http://{}", world.address())),
        ("VESTNIK_KEY", world.backend.key(&[Scope::Read]).await?),
    ];
    let request = serde_json::to_string(&to_user(&user("anna"), "no"))?;
    let mut sender = Script::start("sender.mjs", &environment, &[request])?;
    let error = sender.next("failed").await?["error"].to_string();
    assert!(error.contains("HubException: auth.forbidden"), "{error}");
    let status = within("its end", SOON, sender.child.wait()).await??;
    assert_eq!(status.code(), Some(1));
    world.stop().await
}
#[tokio::test]
async fn a_sender_publishes_and_watches_until_it_is_read() -> anyhow::Result<()> {
    let world = World::start().await?;
    let anna = user("anna");
    let phone = Device::of(&world, &anna, "phone").await?;
    phone.online().await?;
    let environment = [
        ("VESTNIK_URL", format!("http://{}", world.address())),
        (
            "VESTNIK_KEY",
            world.backend.key(&[Scope::Publish, Scope::Read]).await?,
        ),
    ];
    let request = serde_json::to_string(&to_user(&anna, "Your table is ready"))?;
    let mut sender = Script::start("sender.mjs", &environment, &[request])?;

    let published = sender.next("published").await?;
    let id: NotificationId = serde_json::from_value(published["id"].clone())?;
    assert_eq!(published["replayed"], false);
    phone.has_shown(&[id]).await?;
    phone.client.open(id).await?;
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
    phone.stop().await?;
    world.stop().await
}
