//! The bus of a single process.

use tokio::sync::broadcast;
use vestnik_store::Hint;

use super::Bus;

/// How many hints wait for a slow listener before the oldest are lost to it.
const WAITING: usize = 16 * 1_024;

/// The bus of a single process.
#[derive(Debug)]
pub struct LocalBus {
    hints: broadcast::Sender<Hint>,
}

impl Default for LocalBus {
    fn default() -> Self {
        Self {
            hints: broadcast::Sender::new(WAITING),
        }
    }
}

impl Bus for LocalBus {
    fn publish(&self, hints: Vec<Hint>) {
        for hint in hints {
            if self.hints.send(hint).is_err() {
                return;
            }
        }
    }

    fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}
