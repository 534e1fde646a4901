//! Hints that logs have grown.
//!
//! A hint may be lost: nothing but delay may come of it. Every connection is looked at again after
//! a while, and devices notice gaps themselves.

mod changes;
mod local;

pub(crate) use changes::Changes;
pub use local::LocalBus;

use tokio::sync::broadcast;
use vestnik_store::Hint;

/// Carries hints from those who write logs to those who hold connections.
pub trait Bus: Send + Sync + std::fmt::Debug + 'static {
    /// Sends hints on; never waits.
    fn publish(&self, hints: Vec<Hint>);
    /// Hears every hint from now on, as far as one keeps up.
    fn subscribe(&self) -> broadcast::Receiver<Hint>;
}
