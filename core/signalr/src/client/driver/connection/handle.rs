//! The handle by which an application holds a hub connection.

use std::sync::Arc;

use reqwest::Url;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::{
    builder::HubConnectionBuilder,
    state::{ConnectionState, DisconnectReason},
    supervise::Order,
};
use crate::{
    client::driver::{CallError, HubClient, ItemStream},
    message::ToArguments,
};

/// A connection to a hub that is made again when it is lost. Cheap to clone; it stops by
/// [`stop`](Self::stop), or when all clones are gone.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use vestnik_signalr::client::HubConnection;
///
/// let hub = HubConnection::builder("https://example.org/chat".parse()?)
///     .on("Said", |(who, what): (String, String)| println!("{who}: {what}"))
///     .on_result("Name", |(): ()| async { Ok::<_, String>("Anna") })
///     .build();
/// hub.start().await?;
/// let count: u32 = hub.invoke("Say", &("hello",)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HubConnection {
    orders: mpsc::Sender<Order>,
    network: Arc<Notify>,
    states: watch::Receiver<ConnectionState>,
    clients: watch::Receiver<Option<HubClient>>,
}

impl HubConnection {
    pub(super) const fn new(
        orders: mpsc::Sender<Order>,
        network: Arc<Notify>,
        states: watch::Receiver<ConnectionState>,
        clients: watch::Receiver<Option<HubClient>>,
    ) -> Self {
        Self {
            orders,
            network,
            states,
            clients,
        }
    }

    /// Begins to describe a connection to the hub at this address.
    pub fn builder(url: Url) -> HubConnectionBuilder {
        HubConnectionBuilder::new(url)
    }

    /// Connects, and waits until connected. With a policy that covers the start and never gives up
    /// this waits through any outage; bound it with a timeout, or follow the states.
    ///
    /// # Errors
    /// Why there is no connection, and none is tried for any more.
    pub async fn start(&self) -> Result<(), DisconnectReason> {
        let (started, outcome) = oneshot::channel();
        self.order(Order::Start(started)).await;
        outcome.await.unwrap_or(Err(DisconnectReason::Stopped))
    }

    /// Ends the connection or the attempts at one, and waits until that is done.
    pub async fn stop(&self) {
        let (stopped, outcome) = oneshot::channel();
        self.order(Order::Stop(stopped)).await;
        drop(outcome.await);
    }

    /// Says that the network is another one, or is back, or that the device woke. A wait is cut
    /// short, an attempt begins anew, and a connection is put to the test.
    pub fn network_changed(&self) {
        self.network.notify_one();
    }

    /// Where the connection stands now.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.states.borrow().clone()
    }

    /// Follows where the connection stands; who is slow sees only the latest. For every change
    /// there is [`HubConnectionBuilder::on_state`].
    #[must_use]
    pub fn states(&self) -> watch::Receiver<ConnectionState> {
        self.states.clone()
    }

    /// The connection of this moment, for what is bound to it: streams along with a call, its id.
    ///
    /// # Errors
    /// [`CallError::Disconnected`] while there is none.
    pub fn client(&self) -> Result<HubClient, CallError> {
        self.clients.borrow().clone().ok_or(CallError::Disconnected)
    }

    /// Calls a method and waits for its answer. Arguments are a tuple: `(one,)`. Dropping the
    /// future cancels the call, as [`HubClient::invoke`] says.
    ///
    /// # Errors
    /// [`CallError`]; at once when there is no connection.
    pub async fn invoke<A: ToArguments, R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &A,
    ) -> Result<R, CallError> {
        self.client()?.invoke(target, arguments).await
    }

    /// Calls a method without waiting for, or wanting, an answer.
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn send<A: ToArguments>(&self, target: &str, arguments: &A) -> Result<(), CallError> {
        self.client()?.send(target, arguments).await
    }

    /// Calls a method that answers with a stream, which ends with the connection. Dropping it ends
    /// it on the server.
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn stream<A: ToArguments, R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &A,
    ) -> Result<ItemStream<R>, CallError> {
        self.client()?.stream(target, arguments).await
    }

    /// The task ends only after all handles are gone, or with its runtime.
    async fn order(&self, order: Order) {
        if self.orders.send(order).await.is_err() {
            tracing::debug!("the connection's task is gone with its runtime");
        }
    }
}
