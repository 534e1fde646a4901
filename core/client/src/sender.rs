//! A sender's own connection: publishes through the hub and watches what becomes of it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt as _};
use reqwest::Url;
use vestnik_model::{
    NotificationId, PublishRequest,
    contract::{self, Answer, Published, StatusChange},
    route,
};
use vestnik_signalr::client::{
    self as hub, ConnectError, ConnectOptions, HubClient, IncomingStream, driver::BearerToken,
};

use crate::{
    error::Error,
    transport::{done, endpoint, failed},
};

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
        let url = endpoint(&server, route::HUB);
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
        let arguments = (request,);
        let answer = self.hub.invoke(contract::server::PUBLISH, &arguments);
        done(answer.await).map_err(Error::from)
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
    ) -> Result<StatusChanges, Error> {
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
    type Item = Result<StatusChange, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .poll_next_unpin(context)
            .map(|item| item.map(|item| done(item).map_err(Error::from)))
    }
}

/// The server calls nothing on senders that they must answer.
async fn overhear(mut incoming: IncomingStream) {
    while let Some(heard) = incoming.recv().await {
        tracing::trace!(?heard, "the server said something to a sender");
    }
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
