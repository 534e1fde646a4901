//! Where a connection stands, and why.

use std::{sync::Arc, time::Duration};

use crate::client::{CloseReason, ConnectError};

/// Where a connection stands.
#[derive(Debug, Clone)]
pub enum ConnectionState {
    /// Not connected, and nothing is done about it.
    Disconnected(DisconnectReason),
    /// Not connected yet since the start.
    Connecting {
        /// Counts from 1.
        attempt: u32,
        /// How long this attempt waits before it begins.
        wait: Duration,
    },
    /// Connected.
    Connected {
        /// The public name the server gave the connection; none when negotiation was skipped.
        connection_id: Option<Arc<str>>,
    },
    /// The connection's socket was cut, and another one is opened in its place, as far as
    /// [stateful reconnect](crate::client::ConnectOptions::stateful) allows. Calls may be made, and
    /// wait as those do that were made before. If it goes well, [`Connected`](Self::Connected) is
    /// told anew with the same id, and nothing was lost.
    Resuming {
        /// The public name the server gave the connection.
        connection_id: Option<Arc<str>>,
    },
    /// Connected before, and about to be again. Whatever belonged to the old connection is gone:
    /// its calls, its streams, its groups.
    Reconnecting {
        /// Counts from 1 since the connection was lost.
        attempt: u32,
        /// How long this attempt waits before it begins.
        wait: Duration,
        /// Why the connection, or the attempt before this one, ended.
        reason: DisconnectReason,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DisconnectReason {
    /// Nobody started it yet.
    #[error("the connection was not started")]
    NotStarted,
    /// This side stopped it.
    #[error("the connection was stopped")]
    Stopped,
    /// The last connection ended so.
    #[error(transparent)]
    Closed(CloseReason),
    /// The last attempt failed so.
    #[error(transparent)]
    Failed(Arc<ConnectError>),
}
