//! The device's task: connections one after the other, and what is done on each.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vestnik_model::{
    Problem,
    contract::{
        Answer, Entries, HubProblem, InstallationReplaced, Page, Report, Reported, Welcome, device,
        server,
    },
    route,
};
use vestnik_signalr::{
    client::{
        BearerToken, ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream, connect,
    },
    message::Invocation,
};

use super::{
    received::ReadPage,
    store::{DeviceStore, Stored},
    tokens,
};

/// How long a device waits before it connects again.
const PAUSE: Duration = Duration::from_millis(30);
/// How long a device waits for a connection and for an answer, so that a network that swallows
/// everything is left at last.
const PATIENCE: Duration = Duration::from_secs(90);
/// How many facts go into one report.
const FACTS: usize = 100;

type Online = Arc<watch::Sender<Option<HubClient>>>;

/// Runs a device until it is stopped or its session has ended.
pub(super) async fn run(store: DeviceStore, online: Online, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let ended = match Session::open(&store).await {
            Ok(mut session) => {
                let ended = tokio::select! {
                    ended = session.run(&online) => ended,
                    () = shutdown.cancelled() => Ok(()),
                };
                online.send_replace(None);
                session.hub.close().await;
                ended
            }
            Err(error) => Err(error),
        };
        if let Err(error) = ended
            && !may_come_back(&store, &error).await
        {
            return;
        }
        shutdown
            .run_until_cancelled(tokio::time::sleep(PAUSE))
            .await;
    }
}

/// Notes why a connection ended, and refreshes the tokens if they were not accepted. Only a problem of
/// class `auth` ends the session.
async fn may_come_back(store: &DeviceStore, error: &anyhow::Error) -> bool {
    store.change(|stored| stored.end = Some(format!("{error:#}")));
    let is_refused = matches!(error.downcast_ref(), Some(ConnectError::Unauthorized))
        || error
            .downcast_ref::<HubProblem>()
            .is_some_and(|problem| problem.code.starts_with("auth."));
    if !is_refused {
        return true;
    }
    let Err(error) = tokens::refresh(store).await else {
        return true;
    };
    let Some(problem) = error.downcast_ref::<Problem>() else {
        return true;
    };
    if problem.is_about_credentials() {
        let code = problem.code.to_string();
        store.change(|stored| stored.signed_out = Some(code));
        return false;
    }
    true
}

/// One connection.
struct Session<'a> {
    store: &'a DeviceStore,
    hub: HubClient,
    incoming: IncomingStream,
    /// What came while the device waited for an answer.
    held: VecDeque<Invocation>,
}

impl<'a> Session<'a> {
    async fn open(store: &'a DeviceStore) -> anyhow::Result<Self> {
        let access = store.access_token().context("a device logs in first")?;
        let token = BearerToken::new(&access).context("a token fits into a header")?;
        let setup = store.setup();
        let mut options = ConnectOptions::new(setup.server.join(route::HUB)?)
            .bearer(token)
            .protocol(setup.protocol);
        options.connect_timeout = PATIENCE;
        let (hub, incoming) = connect(options).await?;
        store.change(|stored| stored.connects += 1);
        Ok(Self {
            store,
            hub,
            incoming,
            held: VecDeque::new(),
        })
    }

    /// Greets, reads to the end, and goes on until the connection ends.
    async fn run(&mut self, online: &Online) -> anyhow::Result<()> {
        let welcome: Welcome = self.call(server::HELLO, &self.hello()).await?;
        self.store
            .change(|stored| stored.limits = Some(welcome.limits));
        self.read_on().await?;
        online.send_replace(Some(self.hub.clone()));
        let mut stored = self.store.subscribe();
        loop {
            while let Some(call) = self.held.pop_front() {
                self.take(call).await?;
            }
            self.report().await?;
            if !self.held.is_empty() {
                continue;
            }
            let call = tokio::select! {
                call = next(&mut self.incoming) => call?,
                () = has_facts(&mut stored) => continue,
            };
            self.take(call).await?;
        }
    }

    fn hello(&self) -> Value {
        let setup = self.store.setup();
        let mut hello = setup.hello.clone();
        hello.insert("installationId".to_owned(), json!(setup.installation));
        if let Some(cursor) = &self.store.borrow().cursor {
            hello.insert("cursor".to_owned(), json!(cursor));
        }
        Value::Object(hello)
    }

    /// Reads the log to its end.
    async fn read_on(&mut self) -> anyhow::Result<()> {
        loop {
            let cursor = self.store.borrow().cursor.clone();
            let limit = self.store.setup().page_entries;
            let question = vestnik_model::contract::Sync {
                cursor: cursor.clone(),
                limit,
            };
            let page: Page = self.call(server::SYNC, &question).await?;
            let read = self
                .store
                .change(|stored| stored.apply_page(cursor.as_ref(), page));
            if read == ReadPage::End {
                return Ok(());
            }
        }
    }

    /// Does what a call of the server asks for. Calls that this version does not know are passed over.
    async fn take(&mut self, call: Invocation) -> anyhow::Result<()> {
        match call.target.as_str() {
            device::ENTRIES => {
                let entries: Entries = argument(&call)?;
                if !self.store.change(|stored| stored.apply_live(entries)) {
                    self.read_on().await?;
                }
            }
            device::BEHIND => self.read_on().await?,
            device::INSTALLATION_REPLACED => {
                let replaced: InstallationReplaced = argument(&call)?;
                self.store
                    .change(|stored| stored.replaced.push(replaced.reason));
            }
            device::DRAIN => self.store.change(|stored| stored.drains += 1),
            _ => {}
        }
        Ok(())
    }

    /// Reports what is in the outbox.
    async fn report(&mut self) -> anyhow::Result<()> {
        loop {
            let report = {
                let stored = self.store.borrow();
                Report {
                    facts: stored.outbox.iter().take(FACTS).cloned().collect(),
                    cursor: stored.cursor.clone(),
                }
            };
            if report.facts.is_empty() {
                return Ok(());
            }
            let count = report.facts.len();
            let reported: Reported = self.call(server::REPORT, &report).await?;
            if reported.results.len() != count {
                bail!("{count} facts, {} results", reported.results.len());
            }
            self.store.change(|stored| stored.take_results(reported));
        }
    }

    /// Calls a method; what comes meanwhile is held, so that the connection is read all the time.
    async fn call<A: Serialize, R: DeserializeOwned>(
        &mut self,
        target: &str,
        argument: &A,
    ) -> anyhow::Result<R> {
        let arguments = (argument,);
        let call = self.hub.invoke::<_, Answer<R>>(target, &arguments);
        let mut call = std::pin::pin!(tokio::time::timeout(PATIENCE, call));
        loop {
            tokio::select! {
                answer = &mut call => return Ok(answer??.into_result()?),
                invocation = next(&mut self.incoming) => self.held.push_back(invocation?),
            }
        }
    }
}

/// Waits for a fact to report; for ever if the device is gone.
async fn has_facts(stored: &mut watch::Receiver<Stored>) {
    let has_facts = |stored: &Stored| !stored.outbox.is_empty();
    if stored.wait_for(has_facts).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The next call of the server.
async fn next(incoming: &mut IncomingStream) -> anyhow::Result<Invocation> {
    loop {
        match incoming.recv().await {
            Some(Incoming::Invocation(call)) => return Ok(call),
            Some(Incoming::Resuming | Incoming::Resumed) => {}
            Some(Incoming::Closed(reason)) => return Err(reason.into()),
            None => bail!("the connection has ended"),
        }
    }
}

fn argument<T: DeserializeOwned>(call: &Invocation) -> anyhow::Result<T> {
    let first = call.arguments.as_slice().first();
    let first = first.with_context(|| format!("{} has no argument", call.target))?;
    Ok(first.bind()?)
}
