//! Our hub client, at its default limits.

use std::{collections::VecDeque, pin::pin};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use vestnik_model::{
    contract::{device, server},
    limits, route,
};
use vestnik_signalr::{
    client::{BearerToken, ConnectOptions, HubClient, Incoming, IncomingStream, connect},
    message::Invocation,
    protocol::Protocol,
};
use vestnik_testkit::wait::{SILENCE, within};

use crate::{reader::Owner, reading::Reading};

/// A device by `vestnik-signalr` alone.
#[derive(Debug)]
pub(crate) struct HubReader {
    hub: HubClient,
    incoming: IncomingStream,
    held: VecDeque<Invocation>,
    cursor: Value,
    /// How many notifications were read in all.
    count: usize,
}

impl HubReader {
    pub(crate) async fn start(protocol: Protocol, owner: Owner<'_>) -> anyhow::Result<Self> {
        let (installation, token) = owner.log_in().await?;
        let token = BearerToken::new(&token).context("a token fits into a header")?;
        let options = ConnectOptions::new(owner.server.url().join(route::HUB)?);
        let (hub, incoming) = connect(options.bearer(token).protocol(protocol)).await?;
        let mut reader = Self {
            hub,
            incoming,
            held: VecDeque::new(),
            cursor: Value::Null,
            count: 0,
        };
        let hello = json!({ "installationId": installation });
        reader.call(server::HELLO, &hello).await?;
        Ok(reader)
    }

    pub(crate) async fn read(&mut self, total: usize) -> anyhow::Result<Reading> {
        let mut reading = Reading::default();
        if self.cursor.is_null() {
            self.read_on(&mut reading).await?;
        }
        while self.count + reading.notifications.len() < total {
            let call = match self.held.pop_front() {
                Some(call) => call,
                None => within("a live call", SILENCE, next(&mut self.incoming)).await??,
            };
            self.take(&call, &mut reading).await?;
        }
        self.count += reading.notifications.len();
        Ok(reading)
    }

    async fn take(&mut self, call: &Invocation, reading: &mut Reading) -> anyhow::Result<()> {
        let argument: Value = match call.arguments.as_slice().first() {
            Some(first) => first.bind()?,
            None => Value::Null,
        };
        if argument["cursor"] == self.cursor {
            return Ok(());
        }
        match call.target.as_str() {
            device::ENTRIES if argument["after"] == self.cursor => {
                reading.live += 1;
                reading.add(&argument);
                self.cursor = argument["cursor"].clone();
                Ok(())
            }
            device::ENTRIES | device::BEHIND => self.read_on(reading).await,
            _ => Ok(()),
        }
    }

    async fn read_on(&mut self, reading: &mut Reading) -> anyhow::Result<()> {
        loop {
            let question = json!({ "cursor": self.cursor, "limit": limits::PAGE_ENTRIES });
            let page = self.call(server::SYNC, &question).await?;
            reading.pages += 1;
            reading.add(&page);
            self.cursor = page["cursor"].clone();
            if page["more"] != json!(true) {
                return Ok(());
            }
        }
    }

    /// Calls a method; what comes meanwhile is held.
    async fn call(&mut self, target: &str, argument: &Value) -> anyhow::Result<Value> {
        let arguments = (argument,);
        let mut call = pin!(self.hub.invoke::<_, Value>(target, &arguments));
        loop {
            let came = async {
                tokio::select! {
                    answer = &mut call => anyhow::Ok(Some(answer?)),
                    call = next(&mut self.incoming) => {
                        self.held.push_back(call?);
                        Ok(None)
                    }
                }
            };
            let Some(answer) = within(target, SILENCE, came).await?? else {
                continue;
            };
            anyhow::ensure!(
                answer["problem"].is_null(),
                "{target}: {}",
                answer["problem"]
            );
            return Ok(answer);
        }
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.hub.close().await;
        Ok(())
    }
}

/// The next call of the server.
async fn next(incoming: &mut IncomingStream) -> anyhow::Result<Invocation> {
    loop {
        match incoming.recv().await.context("the connection has ended")? {
            Incoming::Invocation(call) => return Ok(call),
            Incoming::Resuming | Incoming::Resumed => {}
            Incoming::Closed(reason) => bail!(reason),
        }
    }
}
