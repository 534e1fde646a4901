//! Our client at a foreign server, feature by feature.

use std::{fmt::Debug, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use serde_json::Value;
use tokio::{sync::mpsc, time::timeout};
use vestnik_signalr::{
    client::{CallError, ConnectionState, HubConnection, Upload},
    protocol::Protocol,
};

use crate::{feature::Outcome, proxy::Cuts};

/// How long a feature may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// More calls than any queue between the two holds.
const MANY: u32 = 500;

type Feature = (&'static str, fn(&mut Guest) -> BoxFuture<'_, Result<()>>);

/// What our client is put through at every server.
const FEATURES: [Feature; 11] = [
    ("connect", |guest| Box::pin(guest.connect())),
    ("invoke", |guest| Box::pin(guest.invoke())),
    ("void", |guest| Box::pin(guest.void())),
    ("error", |guest| Box::pin(guest.error())),
    ("unknown_method", |guest| Box::pin(guest.unknown_method())),
    ("stream", |guest| Box::pin(guest.stream())),
    ("cancel", |guest| Box::pin(guest.cancel())),
    ("upload", |guest| Box::pin(guest.upload())),
    ("group", |guest| Box::pin(guest.group())),
    ("flood", |guest| Box::pin(guest.flood())),
    ("reconnect", |guest| Box::pin(guest.reconnect())),
];

/// Our client, and what it has heard.
pub(crate) struct Guest {
    hub: HubConnection,
    cuts: Cuts,
    said: mpsc::UnboundedReceiver<String>,
    dropped: mpsc::UnboundedReceiver<u32>,
}

impl Guest {
    /// A client that has not connected yet.
    pub(crate) fn new(url: &str, protocol: Protocol, cuts: Cuts) -> Result<Self> {
        let (saying, said) = mpsc::unbounded_channel();
        let (dropping, dropped) = mpsc::unbounded_channel();
        let hub = HubConnection::builder(format!("{url}/hub").parse()?)
            .protocol(protocol)
            .on("Said", move |(text,): (String,)| hand_on(&saying, text))
            .on("Drop", move |(number,): (u32,)| hand_on(&dropping, number))
            .build();
        Ok(Self {
            hub,
            cuts,
            said,
            dropped,
        })
    }

    /// Goes through everything.
    pub(crate) async fn run(mut self) -> Vec<(&'static str, Outcome)> {
        let mut outcomes = Vec::new();
        for (name, feature) in FEATURES {
            let outcome = match timeout(PATIENCE, feature(&mut self)).await {
                Ok(Ok(())) => Outcome::Pass,
                Ok(Err(error)) => Outcome::failed(format!("{error:#}")),
                Err(_) => Outcome::failed(format!("not within {} s", PATIENCE.as_secs())),
            };
            outcomes.push((name, outcome));
        }
        self.hub.stop().await;
        outcomes
    }

    async fn connect(&mut self) -> Result<()> {
        Ok(self.hub.start().await?)
    }

    async fn invoke(&mut self) -> Result<()> {
        let text = "Привет 👋 \u{1e}";
        equal(&self.hub.invoke("Echo", &(text,)).await?, &text.to_owned())?;
        equal(&self.hub.invoke("Add", &(2, 3)).await?, &5)
    }

    async fn void(&mut self) -> Result<()> {
        Ok(self.hub.invoke("Nothing", &()).await?)
    }

    async fn error(&mut self) -> Result<()> {
        self.is_refused("Fail", "the reason").await
    }

    async fn unknown_method(&mut self) -> Result<()> {
        self.is_refused("Missing", "Missing").await
    }

    /// A call fails with a text that has a part, and the connection lives.
    async fn is_refused(&mut self, target: &str, part: &str) -> Result<()> {
        match self.hub.invoke::<_, Value>(target, &("the reason",)).await {
            Err(CallError::Failed(text)) => ensure!(text.contains(part), "refused by {text:?}"),
            other => bail!("a refusal wanted, {other:?} came"),
        }
        equal(&self.hub.invoke("Add", &(1, 1)).await?, &2)
    }

    async fn stream(&mut self) -> Result<()> {
        let items = self.hub.stream::<_, u32>("Count", &(50,)).await?;
        equal(&items.try_collect::<Vec<_>>().await?, &(0..50).collect())
    }

    /// Whoever stops reading early can go on calling.
    async fn cancel(&mut self) -> Result<()> {
        let items = self.hub.stream::<_, u32>("Count", &(1_000_000,)).await?;
        let first: Vec<_> = items.take(3).try_collect().await?;
        equal(&first, &vec![0, 1, 2])?;
        equal(&self.hub.invoke("Add", &(1, 1)).await?, &2)
    }

    async fn upload(&mut self) -> Result<()> {
        let numbers = Upload::new(stream::iter(1..=100_u32));
        let client = self.hub.client()?;
        let sum: u32 = client.uploading([numbers]).invoke("Sum", &()).await?;
        equal(&sum, &5_050)
    }

    async fn group(&mut self) -> Result<()> {
        self.hub.invoke::<_, Value>("Join", &("group",)).await?;
        let told = ("group", "hello");
        self.hub.invoke::<_, Value>("Say", &told).await?;
        equal(&self.said.recv().await, &Some("hello".to_owned()))
    }

    async fn flood(&mut self) -> Result<()> {
        self.hub.invoke::<_, Value>("Flood", &(MANY,)).await?;
        let mut heard = Vec::new();
        while heard.len() < MANY as usize {
            heard.push(self.dropped.recv().await.context("the client lives")?);
        }
        // The Go server calls from many goroutines at once, in no order.
        heard.sort_unstable();
        equal(&heard, &(0..MANY).collect())
    }

    async fn reconnect(&mut self) -> Result<()> {
        let mut states = self.hub.states();
        self.cuts.cut();
        let is_lost = |state: &ConnectionState| !matches!(state, ConnectionState::Connected { .. });
        states.wait_for(is_lost).await.context("a state follows")?;
        let is_back = |state: &ConnectionState| matches!(state, ConnectionState::Connected { .. });
        states.wait_for(is_back).await.context("a state follows")?;
        equal(&self.hub.invoke("Add", &(1, 2)).await?, &3)
    }
}

/// A guest that is gone needs nothing any more.
fn hand_on<T>(to: &mpsc::UnboundedSender<T>, what: T) {
    to.send(what).ok();
}

fn equal<T: PartialEq + Debug>(actual: &T, expected: &T) -> Result<()> {
    ensure!(actual == expected, "expected {expected:?}, got {actual:?}");
    Ok(())
}
