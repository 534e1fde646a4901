//! A sender's own connection: publishes through the hub and watches what becomes of it.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt as _};
use reqwest::Url;
use vestnik_model::{
    NotificationId, Problem, ProblemCode, PublishRequest,
    contract::{self, Answer, Published, StatusChange},
    route,
};
use vestnik_signalr::client::{
    self as hub, CallError, ConnectError, ConnectOptions, HubClient, IncomingStream,
    driver::BearerToken,
};

use crate::transport::{endpoint, problem_of};

/// Why a sender's call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SenderError {
    /// The API key is not accepted.
    #[error("the API key is not accepted")]
    Unauthorized,
    /// The server refused; repeating it does not help.
    #[error(transparent)]
    Rejected(#[from] Problem),
    /// The server cannot be reached, or the connection ended first: whether the call was done is not
    /// known.
    #[error("the server cannot be reached")]
    Unreachable {
        /// After how long it is worth trying again, if the server said so.
        retry_after: Option<Duration>,
    },
}

impl SenderError {
    /// Whether the same call can succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Rejected(problem) => problem.retry_after.is_some(),
            Self::Unauthorized => false,
        }
    }
}

/// A sender's connection. It does not reconnect: a sender that needs an answer through an outage
/// publishes with an idempotency key, and repeats.
#[derive(Debug)]
pub struct Sender {
    hub: HubClient,
}

impl Sender {
    /// Connects with an API key.
    ///
    /// # Errors
    /// [`SenderError::Unauthorized`] when the key is not accepted, [`SenderError::Unreachable`].
    pub async fn connect(server: Url, key: String) -> Result<Self, SenderError> {
        let url = endpoint(&server, route::HUB);
        let bearer = BearerToken::new(&key).ok_or(SenderError::Unauthorized)?;
        let options = ConnectOptions::new(url).bearer(bearer);
        let (hub, incoming) = hub::connect(options).await.map_err(refused)?;
        tokio::spawn(overhear(incoming));
        Ok(Self { hub })
    }

    /// Publishes. The answer means that the server has stored it.
    ///
    /// # Errors
    /// [`SenderError::Rejected`] when the request is wrong, [`SenderError::Unreachable`] when the connection
    /// ended first: whether it was published is not known.
    pub async fn publish(&self, request: &PublishRequest) -> Result<Published, SenderError> {
        let arguments = (request,);
        let answer = self.hub.invoke(contract::server::PUBLISH, &arguments);
        done(answer.await)
    }

    /// Watches a notification: its state, then each change. With the version of an earlier item as
    /// `after`, only what changed since.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub async fn watch(
        &self,
        id: NotificationId,
        after: Option<u64>,
    ) -> Result<StatusChanges, SenderError> {
        let watch = contract::Watch {
            notification_id: id,
            after,
        };
        let changes = self.hub.stream(contract::server::WATCH, &(watch,)).await;
        let changes = changes.map_err(|error| failed(&error))?;
        Ok(StatusChanges(changes))
    }

    /// Closes the connection.
    pub async fn close(&self) {
        self.hub.close().await;
    }
}

/// The changes of a watched notification.
#[derive(Debug)]
pub struct StatusChanges(hub::ItemStream<Answer<StatusChange>>);

impl Stream for StatusChanges {
    type Item = Result<StatusChange, SenderError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context).map(|item| item.map(done))
    }
}

/// The server calls nothing on senders that they must answer.
async fn overhear(mut incoming: IncomingStream) {
    while let Some(heard) = incoming.recv().await {
        tracing::trace!(?heard, "the server said something to a sender");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refused(error: ConnectError) -> SenderError {
    if matches!(error, ConnectError::Unauthorized | ConnectError::Forbidden) {
        return SenderError::Unauthorized;
    }
    SenderError::Unreachable {
        retry_after: error.retry_after(),
    }
}

fn done<T>(answer: Result<Answer<T>, CallError>) -> Result<T, SenderError> {
    match answer {
        Ok(answer) => answer
            .into_result()
            .map_err(|problem| SenderError::Rejected(problem_of(problem))),
        Err(error) => Err(failed(&error)),
    }
}

/// Why a call gave no result at all.
fn failed(error: &CallError) -> SenderError {
    match error {
        CallError::Disconnected | CallError::Lagged => {
            SenderError::Unreachable { retry_after: None }
        }
        CallError::Failed(_) | CallError::Arguments(_) | CallError::Result(_) => {
            let detail = "the call could not be completed";
            SenderError::Rejected(Problem::new(ProblemCode::Internal, detail))
        }
    }
}
