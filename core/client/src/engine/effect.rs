use vestnik_model::{Cursor, Entry};

use crate::event::ConnectionState;

/// What the driver must do.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Get a token that will do; `fresh` when the one at hand was refused. → `Input::Token`
    GetToken {
        /// Whether the token at hand was refused.
        fresh: bool,
    },
    /// Connect to the hub. → `Input::Connected`
    Connect,
    /// Say hello from this cursor. → `Input::Welcomed`
    Greet(Option<Cursor>),
    /// Read the log on from this cursor. → `Input::Page`
    Read(Option<Cursor>),
    /// Store these, and the cursor behind them, in one transaction.
    Apply {
        /// The entries, in order.
        entries: Vec<Entry>,
        /// Where the device stands then.
        cursor: Cursor,
    },
    /// Report facts that wait. → `Input::Reported`
    Report {
        /// The most bytes of the report.
        max_bytes: usize,
    },
    /// Send the device's state to the server, if it changed.
    Register,
    /// End the hub's connection.
    HangUp,
    /// The connection stands like this now.
    Tell(ConnectionState),
    /// The shell must have the App's backend vouch for the user.
    AskForIdentity,
}
