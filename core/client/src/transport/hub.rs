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
        CallError, ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream, Proxy,
        connect, driver::BearerToken,
    },
    message::Invocation,
};

use super::{HubCalls, HubConnection, HubEvent, NetworkOptions, network::NetworkSettingError};
use crate::machine::{CallFailure, ForeignBody, Secret};

/// How many events wait for the engine before the socket is not read.
const WAITING: usize = 64;
/// Longer than the server's keep-alive by what a message may take on a slow radio, so that a ping goes
/// with the server's and the device wakes once for both; the server waits for 30 s.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// What a live connection is opened with.
#[derive(Debug)]
pub(super) struct Opening {
    options: ConnectOptions,
    timeout: Duration,
}

impl Opening {
    pub(super) fn new(
        url: Url,
        timeout: Duration,
        network: &NetworkOptions,
    ) -> Result<Self, NetworkSettingError> {
        let mut options = ConnectOptions::new(url);
        options.connect_timeout = timeout;
        options.machine.keep_alive = KEEP_ALIVE;
        options.roots.clone_from(&network.roots);
        if let Some(proxy) = &network.proxy {
            let proxy = Proxy::new(proxy.clone()).ok_or(NetworkSettingError::Proxy)?;
            options.proxy = Some(proxy);
        }
        Ok(Self { options, timeout })
    }

    pub(super) async fn open(&self, token: &Secret) -> Result<HubConnection, CallFailure> {
        // A token that cannot stand in a header is no token.
        let bearer = BearerToken::new(token.expose()).ok_or(foreign(401, ForeignBody::Other))?;
        let options = self.options.clone().bearer(bearer);
        let opened = connect(options).await;
        let (client, incoming) = opened.map_err(|error| opening_failure(&error))?;
        let (sender, events) = mpsc::channel(WAITING);
        tokio::spawn(forward(incoming, sender));
        let timeout = self.timeout;
        Ok(HubConnection {
            calls: Arc::new(SignalrCalls { client, timeout }),
            events,
        })
    }
}

const fn foreign(status: u16, body: ForeignBody) -> CallFailure {
    CallFailure::Foreign {
        status,
        body,
        retry_after: None,
    }
}

/// Why there is no live connection. The SignalR client reads no body of an answer that is not the
/// protocol's, so that a redirection or a page counts as a captive portal's.
fn opening_failure(error: &ConnectError) -> CallFailure {
    use ForeignBody::{Html, Other, Redirect};
    tracing::debug!(fault = ?error.fault(), "no live connection");
    match error {
        ConnectError::Unauthorized => foreign(401, Other),
        ConnectError::Forbidden => foreign(403, Other),
        ConnectError::Status {
            status: status @ 300..=399,
            ..
        } => foreign(*status, Redirect { leaves_host: true }),
        ConnectError::Status {
            status,
            retry_after,
        } => CallFailure::Foreign {
            status: *status,
            body: Other,
            retry_after: *retry_after,
        },
        ConnectError::Protocol(_) => foreign(200, Html),
        ConnectError::NotFound
        | ConnectError::Address(_)
        | ConnectError::Redirects
        | ConnectError::Transport => foreign(404, Other),
        ConnectError::Refused(_) => foreign(400, Other),
        ConnectError::Proxy { status: 407 } => foreign(407, Other),
        ConnectError::Closed(reason) if !reason.is_retryable() => foreign(400, Other),
        ConnectError::Token(_)
        | ConnectError::Unreachable(_)
        | ConnectError::Proxy { .. }
        | ConnectError::Timeout
        | ConnectError::Closed(_)
        | _ => CallFailure::NoAnswer,
    }
}

/// Turns the server's calls into events.
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

/// A call of the server. One whose arguments cannot be read still says what its target does: there is
/// something to read, or the server is about to close.
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
        let after = drain.map_or(0, |(Drain { retry_after_ms },)| retry_after_ms);
        Some(HubEvent::Drain(Duration::from_millis(after.into())))
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
                Err(_) => Err(CallFailure::NoAnswer),
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

    fn probe(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move { self.client.probe().await.is_ok() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.client.close())
    }
}

/// The result of a device's call. A refusal is a result with a `problem`. A completion error means a
/// fault of the server or a violation of the protocol: whatever it says, it is not a problem, so it
/// ends no session.
fn done<T>(answer: Result<Answer<T>, CallError>) -> Result<T, CallFailure> {
    match answer {
        Ok(answer) => answer
            .into_result()
            .map_err(|problem| CallFailure::from(&problem_of(problem))),
        Err(CallError::Disconnected | CallError::Lagged) => Err(CallFailure::NoAnswer),
        Err(error @ (CallError::Failed(_) | CallError::Arguments(_) | CallError::Result(_))) => {
            tracing::warn!(fault = ?error.fault(), "a call could not be completed");
            Err(foreign(500, ForeignBody::Other))
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
    use vestnik_signalr::client::{ClientMachine, clock, machine::Output};

    use super::*;

    fn read<T: DeserializeOwned>(value: serde_json::Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn answer(value: serde_json::Value) -> Result<Done, CallFailure> {
        done(Ok(read(value)))
    }

    /// A server that has nothing to say pings every 15 s; here every other ping is a second on its way.
    #[test]
    fn an_idle_device_wakes_once_for_the_pings_of_both_ends() {
        let url = "https://example.org/hub".parse().unwrap();
        let opening = Opening::new(url, Duration::from_secs(1), &NetworkOptions::default());
        let begun = clock::now();
        let mut machine = ClientMachine::new(opening.unwrap().options.machine, begun);
        machine.handle_bytes(begun, b"{}\x1e");
        let sent = |machine: &mut ClientMachine| {
            let outputs = std::iter::from_fn(|| machine.poll());
            outputs
                .filter(|output| matches!(output, Output::Send(_)))
                .count()
        };
        assert_eq!(sent(&mut machine), 2, "the handshake and a ping");
        for number in 1..=240 {
            let heard = begun + Duration::from_secs(number * 15 + number % 2);
            assert!(
                machine.deadline().is_some_and(|due| due > heard),
                "{number}"
            );
            machine.handle_bytes(heard, b"{\"type\":6}\x1e");
            assert_eq!(sent(&mut machine), 1, "{number}");
        }
    }

    #[test]
    fn a_problem_is_a_refusal_and_everything_else_a_result() {
        assert_eq!(answer(json!({})), Ok(Done {}));
        let limited = answer(json!({"problem": {
            "code": "request.rate_limited", "detail": "too many", "retryAfter": 3
        }}));
        let limited = limited.unwrap_err();
        assert_eq!(limited.retry_after(), Some(Duration::from_secs(3)));
        assert!(!limited.ends_session());
    }

    #[test]
    fn codes_of_a_later_server_keep_their_class() {
        let refused = answer(json!({"problem": {"code": "auth.paused", "detail": "later"}}));
        assert!(refused.unwrap_err().ends_session());
    }

    #[test]
    fn an_error_of_the_server_ends_no_session() {
        let fault = done::<Done>(Err(CallError::Failed("auth.invalid: no".to_owned())));
        assert!(!fault.unwrap_err().ends_session());
        let gone = done::<Done>(Err(CallError::Disconnected));
        assert_eq!(gone, Err(CallFailure::NoAnswer));
    }

    #[test]
    fn a_refused_connection_says_what_stands_in_the_way() {
        use crate::machine::Trouble;
        let trouble = |error| opening_failure(&error).trouble();
        let status = |status| ConnectError::Status {
            status,
            retry_after: None,
        };
        assert_eq!(trouble(status(302)), Trouble::CaptivePortal);
        assert_eq!(trouble(status(503)), Trouble::ServerBusy);
        assert_eq!(trouble(status(429)), Trouble::Throttled);
        assert_eq!(trouble(ConnectError::NotFound), Trouble::WrongAddress);
        assert_eq!(trouble(ConnectError::Timeout), Trouble::Unreachable);
        assert!(opening_failure(&ConnectError::Unauthorized).is_about_token());
    }
}
