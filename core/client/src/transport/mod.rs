//! How the core reaches its server. Behind a trait, so that tests play the server.

mod http;
mod hub;
mod network;

pub(crate) use hub::problem as problem_of;
pub use network::NetworkTransport;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use vestnik_model::{
    InstallationId, InstallationState, Problem, Receipt, TokenRequest, TokenResponse, TopicName,
    contract::{Envelope, Hello, Page, StateChange, Sync as SyncCall, Welcome},
    receipt::Reported,
};

/// How the core reaches its server.
pub trait Transport: Send + Sync + fmt::Debug + 'static {
    /// Logs in, or renews tokens.
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenResponse, CallFailure>>;
    /// Tells the server of the device.
    fn put_installation(
        &self,
        token: String,
        id: InstallationId,
        state: InstallationState,
    ) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Logs the installation out.
    fn delete_installation(
        &self,
        token: String,
        id: InstallationId,
    ) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Opens the live connection.
    fn connect(&self, token: String) -> BoxFuture<'_, Result<HubConnection, ConnectFailure>>;
}

/// A live connection: what may be called, and what the server calls.
#[derive(Debug)]
pub struct HubConnection {
    /// What may be called.
    pub calls: Arc<dyn HubCalls>,
    /// What the server calls, until it is closed.
    pub events: mpsc::Receiver<HubEvent>,
}

/// What a device calls on the hub.
pub trait HubCalls: Send + Sync + fmt::Debug + 'static {
    /// Says who it is.
    fn hello(&self, hello: Hello) -> BoxFuture<'_, Result<Welcome, CallFailure>>;
    /// Reads the log on.
    fn sync(&self, sync: SyncCall) -> BoxFuture<'_, Result<Page, CallFailure>>;
    /// Reports receipts.
    fn report(&self, receipts: Vec<Receipt>) -> BoxFuture<'_, Result<Reported, CallFailure>>;
    /// Joins a topic.
    fn subscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Leaves a topic.
    fn unsubscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Ends the connection.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// What the server calls on a device.
#[derive(Debug, Clone, PartialEq)]
pub enum HubEvent {
    /// Notifications came.
    Notify(Vec<Envelope>),
    /// Notifications changed.
    StateChanged(Vec<StateChange>),
    /// Something was left out: read on.
    Behind,
    /// The server is about to close.
    Drain(Duration),
    /// The connection is over.
    Closed {
        /// Whether the server means that the device may come back.
        may_return: bool,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallFailure {
    /// There was no answer: whether it was done is not known.
    #[error("there was no answer")]
    Unreachable {
        /// After how long the server asked to try again.
        retry_after: Option<Duration>,
    },
    /// The server refused.
    #[error(transparent)]
    Refused(Problem),
}

/// Why there is no live connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFailure {
    /// The server cannot be reached, or asked to come back later.
    #[error("the server cannot be reached")]
    Unreachable {
        /// After how long the server asked to try again.
        retry_after: Option<Duration>,
    },
    /// The token is not accepted.
    #[error("the token is not accepted")]
    Unauthorized,
    /// The server refuses for good.
    #[error("the server refuses the connection")]
    Refused,
}
