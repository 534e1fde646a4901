//! Connections that wait for the next letter.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::AbortHandle;

use super::connection::Connection;

/// Idle connections, the latest last. No more than there are places: each was used at one.
#[derive(Default)]
pub(super) struct Idle(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    connections: Vec<(u64, Connection, AbortHandle)>,
}

impl Idle {
    /// The connection that was used last: the others may grow old.
    pub(super) fn take(&self) -> Option<Connection> {
        let (_, connection, closing) = self.lock().connections.pop()?;
        closing.abort();
        Some(connection)
    }

    /// Keeps a connection, at most for a time.
    pub(super) fn keep(this: &Arc<Self>, connection: Connection, most: Duration) {
        let mut kept = this.lock();
        kept.last += 1;
        let number = kept.last;
        let weak = Arc::downgrade(this);
        let closing = tokio::spawn(async move {
            tokio::time::sleep(most).await;
            let old = weak.upgrade().and_then(|idle| idle.remove(number));
            if let Some(old) = old {
                old.quit().await;
            }
        });
        kept.connections
            .push((number, connection, closing.abort_handle()));
    }

    fn remove(&self, number: u64) -> Option<Connection> {
        let mut kept = self.lock();
        let own = |(own, ..): &(u64, Connection, AbortHandle)| *own == number;
        let place = kept.connections.iter().position(own)?;
        Some(kept.connections.remove(place).1)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows how many there are.
impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idle({})", self.lock().connections.len())
    }
}
