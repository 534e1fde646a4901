//! A scripted device of contract 1 over `vestnik-signalr`: what any device does that reads the
//! contract, without the core, so that the server is tested against the contract and not against the
//! core's idea of it.
//!
//! A [`TestDevice`] runs on a [`DeviceStore`], which is what a device keeps: its installation, its
//! tokens, its cursor, what it has received, and the facts that it has to report. A device started on
//! the store of a stopped one is that device started again.
//!
//! It connects, says `Hello`, reads its log by `Sync` until the end, applies `Entries` whose `after` is
//! its cursor, and reads on when it is given others. It reports `delivered` for what it receives until
//! the server has answered for each fact. It comes back by itself when its connection ends, refreshes
//! its access token when the server does not accept it, and ends when a refusal says that its session
//! has ended ([`Stored::signed_out`]).

mod received;
mod session;
mod setup;
mod store;
mod tokens;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use vestnik_model::{FactKind, NotificationId, UserId, contract::Answer};
use vestnik_signalr::client::HubClient;

pub use received::{ReadPage, Received};
pub use setup::DeviceSetup;
pub use store::{DeviceStore, Stored};

use crate::{
    backend::Backend,
    wait::{SILENCE, eventually, within},
};

/// A device that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct TestDevice {
    store: DeviceStore,
    hub: watch::Receiver<Option<HubClient>>,
    shutdown: CancellationToken,
    running: AbortOnDropHandle<()>,
}

impl TestDevice {
    /// Makes a new device of a user, by the number of its installation, and starts it.
    ///
    /// # Errors
    /// When the backend cannot vouch for the user.
    pub async fn log_in(backend: &Backend, user: &UserId, number: u128) -> anyhow::Result<Self> {
        Self::start(DeviceSetup::new(backend, user, number)?).await
    }

    /// Makes a new device, logs it in, and starts it.
    ///
    /// # Errors
    /// When it cannot log in.
    pub async fn start(setup: DeviceSetup) -> anyhow::Result<Self> {
        let store = DeviceStore::new(setup);
        tokens::log_in(&store).await?;
        Ok(Self::resume(store))
    }

    /// Starts a device on what it keeps.
    #[must_use]
    pub fn resume(store: DeviceStore) -> Self {
        let (online, hub) = watch::channel(None);
        let shutdown = CancellationToken::new();
        let running = session::run(store.clone(), Arc::new(online), shutdown.clone());
        Self {
            store,
            hub,
            shutdown,
            running: AbortOnDropHandle::new(tokio::spawn(running)),
        }
    }

    /// What the device keeps.
    #[must_use]
    pub const fn store(&self) -> &DeviceStore {
        &self.store
    }

    /// Waits until the device has a connection on which it has read its log to the end.
    ///
    /// # Errors
    /// When that has not happened within [`SILENCE`].
    pub async fn online(&self) -> anyhow::Result<HubClient> {
        let mut hub = self.hub.clone();
        eventually("a device online", &mut hub, Clone::clone)
            .await
            .with_context(|| self.store.borrow().whereabouts())
    }

    /// Waits until the device has no connection.
    ///
    /// # Errors
    /// When it still has one after [`SILENCE`].
    pub async fn offline(&self) -> anyhow::Result<()> {
        let mut hub = self.hub.clone();
        let is_away = |hub: &Option<HubClient>| hub.is_none().then_some(());
        eventually("a device offline", &mut hub, is_away).await
    }

    /// Calls a method of the hub over the device's connection.
    ///
    /// # Errors
    /// The [`HubProblem`](vestnik_model::HubProblem) of a refusal, or the
    /// [`CallError`](vestnik_signalr::client::CallError) of a failure.
    pub async fn call<A, R>(&self, target: &str, argument: &A) -> anyhow::Result<R>
    where
        A: Serialize + Sync,
        R: DeserializeOwned,
    {
        let hub = self.online().await?;
        let arguments = (argument,);
        let call = hub.invoke::<_, Answer<R>>(target, &arguments);
        Ok(within(target, SILENCE, call).await??.into_result()?)
    }

    /// Puts a fact into the outbox, from where it is reported until the server has answered for it;
    /// returns the fact's id.
    #[must_use = "the id is what Stored::outcomes is asked by"]
    pub fn report(&self, kind: FactKind, notification: NotificationId) -> String {
        self.store.queue_fact(kind, notification)
    }

    /// Waits until the device has received each of these.
    ///
    /// # Errors
    /// When one does not come, or came more than once over one cursor.
    pub async fn has_received(&self, ids: &[NotificationId]) -> anyhow::Result<()> {
        let has_all = |stored: &Stored| ids.iter().all(|id| stored.count(*id) > 0);
        self.has("received", has_all).await.with_context(|| {
            let stored = self.store.borrow();
            let missing = ids.iter().filter(|id| stored.count(**id) == 0).count();
            format!("{missing} of {} are missing", ids.len())
        })?;
        let stored = self.store.borrow();
        let twice = ids.iter().filter(|id| stored.count(**id) > 1).count();
        anyhow::ensure!(twice == 0, "{twice} of {} came twice", ids.len());
        Ok(())
    }

    /// Waits until what the device keeps is as wanted.
    ///
    /// # Errors
    /// When it has not become so, and nothing has changed for [`SILENCE`].
    pub async fn has(
        &self,
        what: &str,
        mut is_so: impl FnMut(&Stored) -> bool,
    ) -> anyhow::Result<()> {
        let check = |stored: &Stored| is_so(stored).then_some(());
        let waited = eventually(what, &mut self.store.subscribe(), check).await;
        waited.with_context(|| self.store.borrow().whereabouts())
    }

    /// Waits until the server has answered for every fact of the outbox.
    ///
    /// # Errors
    /// When it has not, and nothing has changed for [`SILENCE`].
    pub async fn flush(&self) -> anyhow::Result<()> {
        self.has("an empty outbox", |stored| stored.outbox.is_empty())
            .await
    }

    /// Stops the device in an orderly way and returns what it keeps.
    pub async fn stop(self) -> DeviceStore {
        self.shutdown.cancel();
        // The task ends by itself: it has nothing to wait for but the close of its connection.
        self.running.await.ok();
        self.store
    }

    /// Ends the device where it stands, as when its process is killed.
    #[must_use = "a device started on the store is this device started again"]
    pub fn kill(self) -> DeviceStore {
        self.running.abort();
        self.store
    }
}
