//! A sender's own connection: publishes through the hub and watches what becomes of it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt as _};
use reqwest::Url;
use vestnik_model::{
    NotificationId, Problem, ProblemCode, PublishRequest,
    contract::{self, Published, StatusChange},
    route,
};
use vestnik_signalr::client::{
    self as hub, CallError, ConnectError, ConnectOptions, HubClient, IncomingStream,
    driver::BearerToken,
};

use crate::{error::Error, transport::problem_of};

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
    /// [`Error::Unauthorized`] when the key is not accepted, [`Error::Unreachable`].
    pub async fn connect(server: Url, key: String) -> Result<Self, Error> {
        let url = server
            .join(route::HUB)
            .map_err(|error| malformed(&error.to_string()))?;
        let bearer = BearerToken::new(&key).ok_or(Error::Unauthorized)?;
        let options = ConnectOptions::new(url).bearer(bearer);
        let (hub, incoming) = hub::connect(options).await.map_err(refused)?;
        tokio::spawn(overhear(incoming));
        Ok(Self { hub })
    }

    /// Publishes. The answer means that the server has stored it.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the request is wrong, [`Error::Unreachable`] when the connection
    /// ended first: whether it was published is not known.
    pub async fn publish(&self, request: &PublishRequest) -> Result<Published, Error> {
        self.hub
            .invoke(contract::server::PUBLISH, &(request,))
            .await
            .map_err(failed)
    }

    /// Watches a notification: what is, then each change.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub async fn watch(&self, id: NotificationId) -> Result<StatusChanges, Error> {
        let watch = contract::Watch {
            notification_id: id,
        };
        let changes = self
            .hub
            .stream(contract::server::WATCH, &(watch,))
            .await
            .map_err(failed)?;
        Ok(StatusChanges(changes))
    }

    /// Closes the connection.
    pub async fn close(&self) {
        self.hub.close().await;
    }
}

/// The changes of a watched notification.
#[derive(Debug)]
pub struct StatusChanges(hub::ItemStream<StatusChange>);

impl Stream for StatusChanges {
    type Item = Result<StatusChange, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .poll_next_unpin(context)
            .map(|change| change.map(|change| change.map_err(failed)))
    }
}

/// The server calls nothing on senders that they must answer.
async fn overhear(mut incoming: IncomingStream) {
    while let Some(heard) = incoming.recv().await {
        tracing::trace!(?heard, "the server said something to a sender");
    }
}

fn malformed(detail: &str) -> Error {
    Error::Rejected(Problem::new(ProblemCode::RequestInvalid, detail))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refused(error: ConnectError) -> Error {
    if matches!(error, ConnectError::Unauthorized | ConnectError::Forbidden) {
        return Error::Unauthorized;
    }
    Error::Unreachable {
        retry_after: error.retry_after(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: CallError) -> Error {
    match &error {
        CallError::Lagged | CallError::Disconnected => Error::Unreachable { retry_after: None },
        CallError::Failed(_) | CallError::Arguments(_) | CallError::Result(_) => {
            Error::Rejected(problem_of(&error))
        }
    }
}
