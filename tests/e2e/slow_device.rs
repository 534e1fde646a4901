//! A client that stops reading or writing delays no other; a device has everything once it reads again.

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use vestnik_model::{
    NotificationId, UserId,
    contract::{device, server},
};
use vestnik_testkit::{
    RawHub, TestDevice, TestServer,
    backend::to_user,
    name::{installation, user},
    raw_hub::Received,
    server::Setup,
    wait::{SILENCE, asked, within},
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
    async fn start(kit: &TestServer, user: &UserId) -> anyhow::Result<(Self, String)> {
        let tokens = kit.backend.log_in(user, installation(7)).await?;
        let narrow = RawHub::connect_narrow(kit.address(), &tokens.access_token).await?;
        let mut hub = narrow.shake_hands().await?;
        let welcome = hub.call(server::HELLO, &hello()).await?;
        assert_eq!(welcome["result"]["behindBy"], 0);
        let page = hub.call(server::SYNC, &json!({})).await?;
        let cursor = page["result"]["cursor"].clone();
        let has = Vec::new();
        Ok((Self { hub, cursor, has }, tokens.access_token))
    }

    /// Takes live entries until the server says that the device is behind, or cuts it off for it.
    async fn fall_behind(&mut self, kit: &TestServer, token: &str) -> anyhow::Result<()> {
        loop {
            match self.hub.receive().await? {
                Received::Message(call) if call["target"] == device::ENTRIES => self.take(&call),
                Received::Message(call) if call["target"] == device::BEHIND => return Ok(()),
                Received::Message(_) => {}
                Received::Ended(_) => {
                    self.hub = RawHub::open(kit.address(), token).await?;
                    let welcome = self.hub.call(server::HELLO, &hello()).await?;
                    assert_eq!(welcome["result"]["contract"], 1, "{welcome}");
                    return Ok(());
                }
            }
        }
    }

    fn take(&mut self, call: &Value) {
        let entries = &call["arguments"][0];
        if entries["after"] == self.cursor {
            self.apply(entries);
        }
    }

    fn apply(&mut self, page: &Value) {
        for entry in page["entries"].as_array().into_iter().flatten() {
            self.has.push(entry["id"].clone());
        }
        self.cursor = page["cursor"].clone();
    }

    /// Reads its log to the end.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        loop {
            let question = json!({ "cursor": self.cursor });
            let answer = self.hub.call(server::SYNC, &question).await?;
            let page = &answer["result"];
            assert_eq!(page["after"], self.cursor, "{answer}");
            self.apply(page);
            if page["more"] == false {
                return Ok(());
            }
        }
    }
}

fn hello() -> Value {
    json!({ "installationId": installation(7) })
}

async fn publish_much(kit: &TestServer, to: &UserId) -> anyhow::Result<Vec<NotificationId>> {
    let mut request = to_user(to, "large");
    request.notification.body = "я".repeat(3_500);
    let mut ids = Vec::new();
    for _ in 0..COUNT / AT_ONCE {
        let batch = (0..AT_ONCE).map(|_| kit.backend.publish(&request));
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
    let kit = TestServer::start().await?;
    let anna = user("anna");
    let (mut slow, token) = Slow::start(&kit, &anna).await?;
    let quick = TestDevice::log_in(&kit.backend, &anna, 8).await?;
    quick.online().await?;

    let ids = publish_much(&kit, &anna).await?;
    quick.has_received(&ids).await?;

    slow.fall_behind(&kit, &token).await?;
    assert!(slow.has.len() < COUNT, "so much does not fit any queue");
    slow.catch_up().await?;
    let mut wanted: Vec<_> = ids.iter().map(|id| json!(id)).collect();
    wanted.sort_by_key(ToString::to_string);
    slow.has.sort_by_key(ToString::to_string);
    assert_eq!(slow.has, wanted, "each once");

    quick.stop().await;
    kit.stop().await
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_let_go() -> anyhow::Result<()> {
    let setup = Setup::default().config(|config| {
        config.limits.header_seconds = 1;
        config.limits.connections = 2;
    });
    let kit = TestServer::with(setup).await?;
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(kit.address()).await?;
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: a")
            .await?;
        idle.push(stream);
    }
    // Both places are taken, and others are sent away until they are free again.
    let request = to_user(&user("anna"), "hello");
    asked("a place for a publisher", async || {
        Ok(kit.backend.publish(&request).await.ok())
    })
    .await?;
    for mut stream in idle {
        let mut answer = Vec::new();
        match within("the end", SILENCE, stream.read_to_end(&mut answer)).await? {
            // A socket that is closed before what it was sent was read is reset.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            ended => drop(ended?),
        }
    }
    kit.stop().await
}
