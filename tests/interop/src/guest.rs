//! Our client at a foreign server, feature by feature.

use std::fmt::Debug;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, future::BoxFuture, stream};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;
use vestnik_signalr::{
    client::{CallError, ConnectionState, HubConnection, Upload},
    message::ToArguments,
};

use crate::{feature::Outcome, host::Host, proxy::Cuts, silence::arrives};

/// More calls than any queue between the two holds.
const MANY: u32 = 500;

type Feature = (&'static str, fn(&mut Guest) -> BoxFuture<'_, Result<()>>);

/// What our client is put through at every server.
const FEATURES: [Feature; 11] = [
    ("connect", |guest| Box::pin(guest.connect())),
    ("invoke", |guest| Box::pin(guest.echo())),
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
    tells_stopped: bool,
    cuts: Cuts,
    said: mpsc::UnboundedReceiver<String>,
    dropped: mpsc::UnboundedReceiver<u32>,
}

impl Guest {
    /// A client that has not connected yet.
    pub(crate) fn new(url: &str, host: &Host, cuts: Cuts) -> Result<Self> {
        let (saying, said) = mpsc::unbounded_channel();
        let (dropping, dropped) = mpsc::unbounded_channel();
        let hub = HubConnection::builder(format!("{url}/hub").parse()?)
            .protocol(host.protocol)
            .on("Said", move |(text,): (String,)| hand_on(&saying, text))
            .on("Drop", move |(number,): (u32,)| hand_on(&dropping, number))
            .build();
        Ok(Self {
            hub,
            tells_stopped: host.tells_stopped(),
            cuts,
            said,
            dropped,
        })
    }

    /// Goes through everything.
    pub(crate) async fn run(mut self) -> Vec<(&'static str, Outcome)> {
        let mut outcomes = Vec::new();
        for (name, feature) in FEATURES {
            let outcome = match feature(&mut self).await {
                Ok(()) => Outcome::Pass,
                Err(error) => Outcome::failed(format!("{error:#}")),
            };
            outcomes.push((name, outcome));
        }
        self.hub.stop().await;
        outcomes
    }

    /// Calls a method, and waits for its answer.
    async fn invoke<R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &(impl ToArguments + Sync),
    ) -> Result<R> {
        Ok(arrives(self.hub.invoke(target, arguments)).await??)
    }

    async fn connect(&mut self) -> Result<()> {
        Ok(arrives(self.hub.start()).await??)
    }

    async fn echo(&mut self) -> Result<()> {
        let text = "Привет 👋 \u{1e}";
        equal(&self.invoke("Echo", &(text,)).await?, &text.to_owned())?;
        equal(&self.invoke("Add", &(2, 3)).await?, &5)
    }

    async fn void(&mut self) -> Result<()> {
        self.invoke("Nothing", &()).await
    }

    async fn error(&mut self) -> Result<()> {
        self.is_refused("Fail", "the reason").await
    }

    async fn unknown_method(&mut self) -> Result<()> {
        self.is_refused("Missing", "Missing").await
    }

    /// A call fails with a text that has a part, and the connection lives.
    async fn is_refused(&mut self, target: &str, part: &str) -> Result<()> {
        match arrives(self.hub.invoke::<_, Value>(target, &("the reason",))).await? {
            Err(CallError::Failed(text)) => ensure!(text.contains(part), "refused by {text:?}"),
            other => bail!("a refusal wanted, {other:?} came"),
        }
        equal(&self.invoke("Add", &(1, 1)).await?, &2)
    }

    async fn stream(&mut self) -> Result<()> {
        let mut items = arrives(self.hub.stream::<_, u32>("Count", &(50,))).await??;
        let mut all = Vec::new();
        while let Some(item) = arrives(items.next()).await? {
            all.push(item?);
        }
        equal(&all, &(0..50).collect())
    }

    /// A client that drops an endless stream can go on calling, and the server ends the stream.
    async fn cancel(&mut self) -> Result<()> {
        let mut items = arrives(self.hub.stream::<_, u32>("Forever", &())).await??;
        for expected in 0..3 {
            let item = arrives(items.next()).await?.context("it is endless")?;
            equal(&item?, &expected)?;
        }
        drop(items);
        equal(&self.invoke("Add", &(1, 1)).await?, &2)?;
        if self.tells_stopped {
            self.invoke::<()>("Stopped", &()).await?;
        }
        Ok(())
    }

    async fn upload(&mut self) -> Result<()> {
        let numbers = Upload::new(stream::iter(1..=100_u32));
        let client = self.hub.client()?;
        let sum: u32 = arrives(client.uploading([numbers]).invoke("Sum", &())).await??;
        equal(&sum, &5_050)
    }

    async fn group(&mut self) -> Result<()> {
        self.invoke::<Value>("Join", &("group",)).await?;
        let told = ("group", "hello");
        self.invoke::<Value>("Say", &told).await?;
        let said = arrives(self.said.recv()).await?;
        equal(&said, &Some("hello".to_owned()))
    }

    async fn flood(&mut self) -> Result<()> {
        self.invoke::<Value>("Flood", &(MANY,)).await?;
        let mut heard = Vec::new();
        while heard.len() < MANY as usize {
            let number = arrives(self.dropped.recv()).await?;
            heard.push(number.context("the client lives")?);
        }
        // The Go server calls from many goroutines at once, in no order.
        heard.sort_unstable();
        equal(&heard, &(0..MANY).collect())
    }

    async fn reconnect(&mut self) -> Result<()> {
        let mut states = self.hub.states();
        self.cuts.cut();
        let is_lost = |state: &ConnectionState| !matches!(state, ConnectionState::Connected { .. });
        arrives(states.wait_for(is_lost)).await??;
        let is_back = |state: &ConnectionState| matches!(state, ConnectionState::Connected { .. });
        arrives(states.wait_for(is_back)).await??;
        equal(&self.invoke("Add", &(1, 2)).await?, &3)
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
