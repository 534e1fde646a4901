//! The hub contract over a SignalR connection: the device's calls, and the server's.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use reqwest::Url;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;
use vestnik_model::{
    HubProblem, Problem, ProblemCode, Report, Reported, TopicName,
    contract::{
        Answer, Behind, Done, Drain, Hello, Page, Subscribe, Sync as SyncCall, Welcome, device,
        server,
    },
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

/// Turns the server's calls into events. Entries that cannot be read have to be read from the log.
async fn forward(mut incoming: IncomingStream, events: mpsc::Sender<HubEvent>) {
    while let Some(incoming) = incoming.recv().await {
        let event = match incoming {
            Incoming::Invocation(invocation) => event(&invocation),
            // Stateful reconnect is not asked for.
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
    if is(device::ENTRIES) {
        let entries = invocation.arguments.bind();
        Some(entries.map_or(HubEvent::Behind(None), |(entries,)| {
            HubEvent::Entries(entries)
        }))
    } else if is(device::BEHIND) {
        let behind = invocation.arguments.bind();
        let end = behind.ok().map(|(Behind { cursor },)| cursor);
        Some(HubEvent::Behind(end))
    } else if is(device::INSTALLATION_REPLACED) {
        Some(HubEvent::Replaced)
    } else if is(device::DRAIN) {
        let drain = invocation.arguments.bind();
        drain.ok().map(|(Drain { retry_after_ms },)| {
            HubEvent::Drain(Duration::from_millis(u64::from(retry_after_ms)))
        })
    } else {
        tracing::debug!("the server called a method that this version does not know");
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
                Ok(answer) => done(answer),
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

    fn report(&self, report: Report) -> BoxFuture<'_, Result<Reported, CallFailure>> {
        self.call(server::REPORT, report)
    }

    fn subscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        let call = self.call(server::SUBSCRIBE, Subscribe { topic });
        Box::pin(async move { call.await.map(|Done {}| ()) })
    }

    fn unsubscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        let call = self.call(server::UNSUBSCRIBE, Subscribe { topic });
        Box::pin(async move { call.await.map(|Done {}| ()) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.client.close())
    }
}

/// The result of a call. A refusal is a result with a `problem`; a completion error means a fault of the
/// server or a violation of the protocol.
pub(crate) fn done<T>(answer: Result<Answer<T>, CallError>) -> Result<T, CallFailure> {
    match answer {
        Ok(answer) => answer
            .into_result()
            .map_err(|problem| CallFailure::Refused(problem_of(problem))),
        Err(error) => Err(failed(&error)),
    }
}

/// Why a call gave no result at all.
pub(crate) fn failed(error: &CallError) -> CallFailure {
    match error {
        CallError::Disconnected | CallError::Lagged => unreachable(),
        CallError::Failed(_) | CallError::Arguments(_) | CallError::Result(_) => {
            tracing::warn!(fault = ?error.fault(), "a call could not be completed");
            let detail = "the call could not be completed";
            CallFailure::Refused(Problem::new(ProblemCode::Internal, detail))
        }
    }
}

/// A hub's problem as a problem document. One with the code of a later server counts as a conflict:
/// repeating the call does not help.
pub(crate) fn problem_of(problem: HubProblem) -> Problem {
    let code = problem.open_code();
    let status = code.known().map_or(409, ProblemCode::status);
    let title = code.known().map_or("", ProblemCode::title);
    Problem {
        kind: format!("/problems/{code}").into(),
        title: title.into(),
        status,
        code,
        detail: problem.detail,
        errors: problem.errors,
        retry_after: problem.retry_after,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: DeserializeOwned>(value: serde_json::Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn answer(value: serde_json::Value) -> Result<Done, CallFailure> {
        done(Ok(read(value)))
    }

    #[test]
    fn a_problem_is_a_refusal_and_everything_else_a_result() {
        assert_eq!(answer(json!({})), Ok(Done {}));
        let limited = answer(json!({"problem": {
            "code": "request.rate_limited", "detail": "too many", "retryAfter": 3
        }}));
        let limited = limited.unwrap_err();
        assert_eq!(limited.retry_after(), Some(Duration::from_secs(3)));
        assert!(!limited.is_about_credentials());
    }

    #[test]
    fn codes_of_a_later_server_keep_their_class() {
        let refused = answer(json!({"problem": {"code": "auth.paused", "detail": "later"}}));
        assert!(refused.unwrap_err().is_about_credentials());
    }

    #[test]
    fn an_error_of_the_server_ends_no_session() {
        let fault = failed(&CallError::Failed("auth.invalid: no".to_owned()));
        assert!(!fault.is_about_credentials());
        assert_eq!(failed(&CallError::Disconnected), unreachable());
    }
}
