//! How the core reaches its server, behind a trait that tests implement with a server in memory.
//!
//! A transport decides nothing: what an answer means is decided in [`CallFailure`].

mod classify;
mod endpoint;
mod http;
mod hub;
mod network;
mod options;
#[cfg(test)]
mod tests;

pub use endpoint::endpoint;
pub(crate) use hub::problem_of;
pub use network::{NetworkSettingError, NetworkTransport};
pub use options::NetworkOptions;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use vestnik_model::{
    Cursor, InstallationId, InstallationReport, Report, Reported, TokenRequest, TokenResponse,
    TopicName,
    contract::{Entries, Hello, Page, Sync as SyncCall, Welcome},
    preference::{PreferencesPatch, StoredOptOuts},
};

pub use crate::machine::CallFailure;
use crate::machine::Secret;

/// How the core reaches its server.
pub trait Transport: Send + Sync + fmt::Debug + 'static {
    /// Logs in, or renews tokens.
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenResponse, CallFailure>>;
    /// Tells the server of the device.
    fn put_installation(
        &self,
        token: Secret,
        id: InstallationId,
        report: InstallationReport,
    ) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Logs the installation out.
    fn delete_installation(
        &self,
        token: Secret,
        id: InstallationId,
    ) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Asks what the user does not want.
    fn preferences(&self, token: Secret) -> BoxFuture<'_, Result<StoredOptOuts, CallFailure>>;
    /// Changes what the user does not want, and gives all of it.
    fn change_preferences(
        &self,
        token: Secret,
        patch: PreferencesPatch,
    ) -> BoxFuture<'_, Result<StoredOptOuts, CallFailure>>;
    /// Opens the live connection. A caller that stops waiting gives the attempt up.
    fn connect(&self, token: Secret) -> BoxFuture<'_, Result<HubConnection, CallFailure>>;
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
    /// Reports facts.
    fn report(&self, report: Report) -> BoxFuture<'_, Result<Reported, CallFailure>>;
    /// Joins a topic.
    fn subscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Leaves a topic.
    fn unsubscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>>;
    /// Sends a keep-alive and waits for its answer; gives whether there was one. It costs no call.
    fn probe(&self) -> BoxFuture<'_, bool>;
    /// Ends the connection.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// What the server calls on a device.
#[derive(Debug, Clone, PartialEq)]
pub enum HubEvent {
    /// The log has grown.
    Entries(Entries),
    /// There is something to read; the end of the log, if it could be read.
    Behind(Option<Cursor>),
    /// Another login took this installation's place.
    Replaced,
    /// The server is about to close its connections and asks to come back after this time, as it came.
    Drain(Duration),
    /// The connection is over.
    Closed {
        /// Whether the server means that the device may come back.
        may_return: bool,
    },
}
