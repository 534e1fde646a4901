//! A place where an answer or a request waits until the test lets it through.

use std::sync::Arc;

use tokio::sync::watch;

use crate::wait::eventually;

/// A place where an answer or a request waits until the test lets it through. Clones are handles on the same gate.
///
/// What waits at a gate that is never opened waits until its connection ends.
#[derive(Debug, Clone)]
pub struct Gate {
    arrived: Arc<watch::Sender<usize>>,
    is_open: Arc<watch::Sender<bool>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self {
            arrived: Arc::new(watch::Sender::new(0)),
            is_open: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Waits until at least one answer has come to the gate.
    ///
    /// # Errors
    /// When none comes.
    pub async fn reached(&self) -> anyhow::Result<()> {
        let mut arrived = self.arrived.subscribe();
        let any = |count: &usize| (*count > 0).then_some(());
        eventually("an answer at the gate", &mut arrived, any).await
    }

    /// Lets through what waits and what comes later.
    pub fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// Waits until the gate is open.
    pub(crate) async fn pass(&self) {
        let mut is_open = self.is_open.subscribe();
        self.arrived.send_modify(|count| *count += 1);
        // The sender lives as long as `self`.
        is_open.wait_for(|is_open| *is_open).await.ok();
    }
}
