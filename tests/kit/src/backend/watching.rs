//! What a sender sees of its notifications over the hub.

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use vestnik_model::{
    NotificationId,
    contract::{Answer, StatusChange, Watch, server},
    route,
};
use vestnik_signalr::client::{
    BearerToken, ConnectOptions, HubClient, IncomingStream, ItemStream, connect,
};

use super::Backend;
use crate::wait::{SILENCE, within};

impl Backend {
    /// Opens a connection to the hub with the backend's key.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub async fn hub(&self) -> anyhow::Result<SenderHub> {
        let token = BearerToken::new(&self.secrets.key).context("a key fits into a header")?;
        let options = ConnectOptions::new(self.base.join(route::HUB)?).bearer(token);
        let (client, incoming) = connect(options).await?;
        Ok(SenderHub {
            client,
            _incoming: incoming,
        })
    }

    /// Watches a notification over a connection of its own, behind the item with version `after`.
    ///
    /// # Errors
    /// When the hub refuses the connection.
    pub async fn watch(&self, id: NotificationId, after: Option<u64>) -> anyhow::Result<Watching> {
        let hub = self.hub().await?;
        let mut watching = watch(&hub, id, after).await?;
        watching.hub = Some(hub);
        Ok(watching)
    }
}

/// Watches a notification over a sender's connection, behind the item with version `after`.
///
/// # Errors
/// When the connection has ended.
pub async fn watch(
    hub: &SenderHub,
    id: NotificationId,
    after: Option<u64>,
) -> anyhow::Result<Watching> {
    let watch = Watch {
        notification_id: id,
        after,
    };
    let items = hub.client.stream(server::WATCH, &(watch,)).await?;
    Ok(Watching {
        items,
        last: after,
        hub: None,
    })
}

/// A sender's connection to the hub.
#[derive(Debug)]
pub struct SenderHub {
    /// Calls methods over it.
    pub client: HubClient,
    /// The connection ends when this is dropped.
    _incoming: IncomingStream,
}

/// A running watch of one notification.
#[derive(Debug)]
pub struct Watching {
    items: ItemStream<Answer<StatusChange>>,
    last: Option<u64>,
    /// The watch's own connection, if it has one.
    hub: Option<SenderHub>,
}

impl Watching {
    /// The next item; none when the watch has ended as it should.
    ///
    /// # Errors
    /// The problem of a refused watch, a version that does not increase, or a lost connection.
    pub async fn next(&mut self) -> anyhow::Result<Option<StatusChange>> {
        let next = within("an item of a watch", SILENCE, self.items.next()).await?;
        let Some(item) = next else { return Ok(None) };
        let item = item?.into_result()?;
        ensure!(
            self.last.is_none_or(|last| item.version > last),
            "version {} after {:?}",
            item.version,
            self.last
        );
        self.last = Some(item.version);
        Ok(Some(item))
    }

    /// The first item from now on that is as wanted.
    ///
    /// # Errors
    /// As [`Watching::next`], and when the watch ends before.
    pub async fn until(
        &mut self,
        what: &str,
        is_wanted: impl Fn(&StatusChange) -> bool,
    ) -> anyhow::Result<StatusChange> {
        loop {
            let item = self.next().await?;
            let item = item.with_context(|| format!("{what}: the watch ended before"))?;
            if is_wanted(&item) {
                return Ok(item);
            }
        }
    }
}
