//! The connection to the server.

use serde::Serialize;
use ts_rs::TS;

/// The connection to the server, in the terms that a person sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum ConnectionView {
    /// There is none, and none is being made at the moment.
    #[serde(rename_all = "camelCase")]
    Offline {
        /// Why, if that is known.
        trouble: Option<TroubleView>,
        /// When it is tried again, if that is known.
        retry_at: Option<String>,
    },
    /// A connection is being made.
    Connecting,
    /// There is a connection; what was missed is being fetched.
    Syncing,
    /// Everything is here, and more comes live.
    Online,
}

/// What stands between the app and its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TroubleView {
    /// The server cannot be reached.
    Unreachable,
    /// The network wants the person to sign in first.
    CaptivePortal,
    /// Something else answers at the server's address.
    WrongAddress,
    /// The server refuses.
    Refused,
    /// The server asks this device to slow down.
    Throttled,
    /// The server is restarting, overloaded or out of order.
    ServerBusy,
    /// This device cannot store anything.
    Storage,
    /// The core failed and was started again.
    Internal,
}
