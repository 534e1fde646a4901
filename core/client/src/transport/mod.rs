//! How the core reaches its server, behind a trait that tests implement with a server in memory.

mod endpoint;
mod http;
mod hub;
mod network;

pub use endpoint::endpoint;
pub(crate) use hub::{done, failed};
pub use network::NetworkTransport;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use vestnik_model::{
    Cursor, InstallationId, InstallationState, Problem, Report, Reported, TokenRequest,
    TokenResponse, TopicName,
    contract::{Entries, Hello, Page, Sync as SyncCall, Welcome},
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
    /// Reports facts.
    fn report(&self, report: Report) -> BoxFuture<'_, Result<Reported, CallFailure>>;
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
    /// The log has grown.
    Entries(Entries),
    /// There is something to read; the end of the log, if it could be read.
    Behind(Option<Cursor>),
    /// Another login took this installation's place.
    Replaced,
    /// The server is about to close its connections and asks to come back after this time.
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

impl CallFailure {
    /// Whether the credentials are at fault. Nothing else ends a session.
    #[must_use]
    pub fn is_about_credentials(&self) -> bool {
        match self {
            Self::Unreachable { .. } => false,
            Self::Refused(problem) => problem.is_about_credentials(),
        }
    }

    /// After how long the server asked to try again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable { retry_after } => *retry_after,
            Self::Refused(problem) => problem
                .retry_after
                .map(|seconds| Duration::from_secs(u64::from(seconds))),
        }
    }
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
