//! Changes of notifications, for those who watch on this node.

use std::sync::Arc;

use tokio::sync::broadcast;
use vestnik_store::Change;

use crate::metrics::Metrics;

/// How many changes wait for a slow watcher before it reads the state again.
const WAITING: usize = 4_096;

/// Carries changes of notifications to watchers and counts them. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Changes {
    sender: broadcast::Sender<Change>,
    metrics: Arc<Metrics>,
}

impl Changes {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            sender: broadcast::Sender::new(WAITING),
            metrics,
        }
    }

    /// Counts committed changes and sends them to watchers, if there are any.
    pub(crate) fn announce(&self, changes: Vec<Change>) {
        for change in changes {
            self.metrics.count_change(&change);
            drop(self.sender.send(change));
        }
    }

    /// Receives every change from now on, as far as the receiver keeps up.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }
}
