//! A client that stops reading or writing holds nobody up; a device has everything once it reads
//! again.

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use vestnik_model::{NotificationId, UserId, contract::server};
use vestnik_tests::{
    backend::to_user,
    device::Device,
    eventually::{SOON, within},
    raw_hub::{Heard, RawHub},
    world::{World, installation, user},
};

const COUNT: usize = 1_000;
const AT_ONCE: usize = 20;

/// A device by hand.
struct Slow {
    hub: RawHub,
    cursor: Value,
    has: Vec<Value>,
}

impl Slow {
    async fn start(world: &World, user: &UserId) -> anyhow::Result<(Self, String)> {
        let tokens = world.backend.log_in(user, installation(7)).await?;
        let narrow = RawHub::connect_narrow(world.address(), &tokens.access_token).await?;
        let mut hub = narrow.greeted().await?;
        let welcome = hub.call(server::HELLO, &hello()).await?;
        assert_eq!(welcome["result"]["behindBy"], 0);
        let page = hub.call(server::SYNC, &json!({})).await?;
        let cursor = page["result"]["cursor"].clone();
        let has = Vec::new();
        Ok((Self { hub, cursor, has }, tokens.access_token))
    }

    /// Takes live entries until it is told that it is behind, or cut off for it.
    async fn fall_behind(&mut self, world: &World, token: &str) -> anyhow::Result<()> {
        loop {
            match self.hub.hear().await? {
                Heard::Message(call) if call["target"] == "Notify" => self.take(&call),
                Heard::Message(call) if call["target"] == "Behind" => return Ok(()),
                Heard::Message(_) => {}
                Heard::Ended(_) => {
                    self.hub = RawHub::open(world.address(), token).await?;
                    self.hub.call(server::HELLO, &hello()).await?;
                    return Ok(());
                }
            }
        }
    }

    fn take(&mut self, call: &Value) {
        for envelope in call["arguments"][0].as_array().into_iter().flatten() {
            self.has.push(envelope["notification"]["id"].clone());
            self.cursor = envelope["cursor"].clone();
        }
    }

    /// Reads its log to the end.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        loop {
            let question = json!({ "cursor": self.cursor });
            let answer = self.hub.call(server::SYNC, &question).await?;
            let page = &answer["result"];
            for entry in page["entries"].as_array().into_iter().flatten() {
                self.has.push(entry["notification"]["id"].clone());
            }
            self.cursor = page["cursor"].clone();
            if page["more"] == false {
                return Ok(());
            }
        }
    }
}

fn hello() -> Value {
    json!({ "installationId": installation(7) })
}

async fn publish_much(world: &World, to: &UserId) -> anyhow::Result<Vec<NotificationId>> {
    let mut request = to_user(to, "large");
    request.notification.body = "я".repeat(3_500);
    let mut ids = Vec::new();
    for _ in 0..COUNT / AT_ONCE {
        let batch = (0..AT_ONCE).map(|_| world.backend.publish(&request));
        ids.extend(
            try_join_all(batch)
                .await?
                .into_iter()
                .map(|accepted| accepted.id),
        );
    }
    Ok(ids)
}

#[tokio::test]
async fn a_slow_device_delays_no_other_and_loses_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let anna = user("anna");
    let (mut slow, token) = Slow::start(&world, &anna).await?;
    let quick = Device::of(&world, &anna, "quick").await?;
    quick.online().await?;

    let ids = publish_much(&world, &anna).await?;
    quick.has_shown(&ids).await?;

    slow.fall_behind(&world, &token).await?;
    assert!(slow.has.len() < COUNT, "so much does not fit any queue");
    slow.catch_up().await?;
    let mut wanted: Vec<_> = ids.iter().map(|id| json!(id)).collect();
    wanted.sort_by_key(ToString::to_string);
    slow.has.sort_by_key(ToString::to_string);
    assert_eq!(slow.has, wanted, "each once");

    quick.stop().await?;
    world.stop().await
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_let_go() -> anyhow::Result<()> {
    let world = World::with_config(|config| {
        config.limits.header_seconds = 1;
        config.limits.connections = 2;
    })
    .await?;
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(world.address()).await?;
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: a")
            .await?;
        idle.push(stream);
    }
    // Both places are taken; the answer comes once they are free again.
    let anna = user("anna");
    world.backend.publish(&to_user(&anna, "hello")).await?;
    for mut stream in idle {
        let mut answer = Vec::new();
        within("the end", SOON, stream.read_to_end(&mut answer)).await??;
    }
    world.stop().await
}
