//! The hub's calls and what it calls, over a SignalR connection.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use reqwest::Url;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;
use vestnik_model::{
    Problem, ProblemCode, Receipt, TopicName,
    contract::{Drain, Hello, Page, Report, Subscribe, Sync as SyncCall, Welcome, device, server},
    receipt::Reported,
};
use vestnik_signalr::{
    client::{
        CallError, ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream, connect,
        driver::BearerToken,
    },
    message::Invocation,
};

use super::{CallFailure, ConnectFailure, HubCalls, HubConnection, HubEvent, http::unreachable};

/// How many events wait for the engine before the socket is not read.
const WAITING: usize = 64;

pub(super) async fn open(
    url: Url,
    token: &str,
    timeout: Duration,
) -> Result<HubConnection, ConnectFailure> {
    let bearer = BearerToken::new(token).ok_or(ConnectFailure::Unauthorized)?;
    let mut options = ConnectOptions::new(url).bearer(bearer);
    options.connect_timeout = timeout;
    let (client, incoming) = connect(options).await.map_err(|error| refused(&error))?;
    let (sender, events) = mpsc::channel(WAITING);
    tokio::spawn(forward(incoming, sender));
    Ok(HubConnection {
        calls: Arc::new(SignalrCalls { client, timeout }),
        events,
    })
}

fn refused(error: &ConnectError) -> ConnectFailure {
    if matches!(error, ConnectError::Unauthorized) {
        ConnectFailure::Unauthorized
    } else if error.is_retryable() {
        ConnectFailure::Unreachable {
            retry_after: error.retry_after(),
        }
    } else {
        ConnectFailure::Refused
    }
}

/// Turns what the server calls into events; what cannot be read is something left out.
async fn forward(mut incoming: IncomingStream, events: mpsc::Sender<HubEvent>) {
    while let Some(incoming) = incoming.recv().await {
        let event = match incoming {
            Incoming::Invocation(invocation) => event(&invocation),
            // What is not asked for does not happen.
            Incoming::Resuming | Incoming::Resumed => None,
            Incoming::Closed(reason) => {
                tracing::debug!(%reason, "the live connection ended");
                Some(HubEvent::Closed {
                    may_return: reason.is_retryable(),
                })
            }
        };
        if let Some(event) = event
            && events.send(event).await.is_err()
        {
            return;
        }
    }
}

fn event(invocation: &Invocation) -> Option<HubEvent> {
    let target = invocation.target.as_str();
    let is = |name: &str| target.eq_ignore_ascii_case(name);
    if is(device::NOTIFY) {
        Some(
            invocation
                .arguments
                .bind()
                .map_or(HubEvent::Behind, |(list,)| HubEvent::Notify(list)),
        )
    } else if is(device::STATE_CHANGED) {
        let changes = invocation.arguments.bind();
        Some(changes.map_or(HubEvent::Behind, |(list,)| HubEvent::StateChanged(list)))
    } else if is(device::BEHIND) {
        Some(HubEvent::Behind)
    } else if is(device::DRAIN) {
        let drain = invocation.arguments.bind();
        drain.ok().map(|(Drain { retry_after_ms },)| {
            HubEvent::Drain(Duration::from_millis(u64::from(retry_after_ms)))
        })
    } else {
        tracing::debug!("the server called something that this version does not know");
        None
    }
}

#[derive(Debug)]
struct SignalrCalls {
    client: HubClient,
    timeout: Duration,
}

impl SignalrCalls {
    fn call<A, R>(&self, target: &'static str, argument: A) -> BoxFuture<'_, Result<R, CallFailure>>
    where
        A: Serialize + Send + Sync + 'static,
        R: DeserializeOwned + Send + 'static,
    {
        Box::pin(async move {
            let arguments = (argument,);
            let answer = self.client.invoke(target, &arguments);
            match tokio::time::timeout(self.timeout, answer).await {
                Ok(answer) => answer.map_err(|error| failed(&error)),
                Err(_) => Err(unreachable()),
            }
        })
    }
}

impl HubCalls for SignalrCalls {
    fn hello(&self, hello: Hello) -> BoxFuture<'_, Result<Welcome, CallFailure>> {
        self.call(server::HELLO, hello)
    }

    fn sync(&self, sync: SyncCall) -> BoxFuture<'_, Result<Page, CallFailure>> {
        self.call(server::SYNC, sync)
    }

    fn report(&self, receipts: Vec<Receipt>) -> BoxFuture<'_, Result<Reported, CallFailure>> {
        self.call(server::REPORT, Report { receipts })
    }

    fn subscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        self.call(server::SUBSCRIBE, Subscribe { topic })
    }

    fn unsubscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        self.call(server::UNSUBSCRIBE, Subscribe { topic })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.client.close())
    }
}

fn failed(error: &CallError) -> CallFailure {
    match error {
        CallError::Disconnected | CallError::Lagged => unreachable(),
        CallError::Failed(_) | CallError::Arguments(_) | CallError::Result(_) => {
            CallFailure::Refused(problem(error))
        }
    }
}

/// A hub's error text begins with a problem's code.
pub(crate) fn problem(error: &CallError) -> Problem {
    let text = error.to_string();
    let told = error.hub_exception().unwrap_or(&text);
    let (code, detail) = told.split_once(": ").unwrap_or(("", told));
    let known = ProblemCode::ALL.iter().find(|known| known.as_str() == code);
    Problem::new(known.copied().unwrap_or(ProblemCode::Internal), detail)
}
