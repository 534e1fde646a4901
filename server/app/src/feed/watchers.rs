//! Who watches which notification on this node.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use vestnik_model::{AppId, NotificationId};

type Key = (AppId, NotificationId);

/// The notifications that are watched, each with its newest version. A watcher that is slow sees the
/// newest version only, and reads the state for itself; nobody receives what others watch.
#[derive(Debug)]
pub(crate) struct Watchers {
    max: usize,
    watched: Mutex<HashMap<Key, Newest>>,
}

/// The newest version of a notification, and how many watch it.
#[derive(Debug)]
struct Newest {
    version: watch::Sender<u64>,
    watches: usize,
}

/// As many notifications are watched as is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl Watchers {
    /// Allows so many watches on this node.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            watched: Mutex::default(),
        }
    }

    /// Watches a notification: the receiver changes with each version from now on.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn watch(self: &Arc<Self>, app: AppId, id: NotificationId) -> Result<Watched, Full> {
        let key = (app, id);
        let mut watched = lock(&self.watched);
        let watching: usize = watched.values().map(|newest| newest.watches).sum();
        if watching >= self.max {
            return Err(Full);
        }
        let newest = watched.entry(key.clone()).or_insert_with(|| Newest {
            version: watch::Sender::new(0),
            watches: 0,
        });
        newest.watches += 1;
        Ok(Watched {
            versions: newest.version.subscribe(),
            key,
            of: Arc::clone(self),
        })
    }

    /// Says that a notification has a new version. Never waits.
    pub(crate) fn changed(&self, app: &AppId, id: NotificationId, version: u64) {
        if let Some(newest) = lock(&self.watched).get(&(app.clone(), id)) {
            newest.version.send_if_modified(|newest| {
                let is_newer = version > *newest;
                *newest = version.max(*newest);
                is_newer
            });
        }
    }

    /// The notifications that are watched.
    pub(super) fn keys(&self) -> Vec<(AppId, NotificationId)> {
        lock(&self.watched).keys().cloned().collect()
    }

    /// Has the watchers of a notification read its state again: hints may have been lost.
    pub(super) fn recheck(&self, key: &(AppId, NotificationId)) {
        if let Some(newest) = lock(&self.watched).get(key) {
            newest.version.send_modify(|_| {});
        }
    }
}

/// A watched notification; no longer watched when it is dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    versions: watch::Receiver<u64>,
    key: Key,
    of: Arc<Watchers>,
}

impl Watched {
    /// Waits for the next change.
    pub(crate) async fn changed(&mut self) {
        // The sender lives as long as this receiver is counted.
        if self.versions.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut watched = lock(&self.of.watched);
        let is_last = watched.get_mut(&self.key).is_some_and(|newest| {
            newest.watches = newest.watches.saturating_sub(1);
            newest.watches == 0
        });
        if is_last {
            watched.remove(&self.key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn app() -> AppId {
        AppId::parse("shop").unwrap()
    }

    fn id(number: u128) -> NotificationId {
        NotificationId::from_uuid(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_watcher_sees_its_own_notification_only() {
        let watchers = Arc::new(Watchers::new(10));
        let mut one = watchers.watch(app(), id(1)).unwrap();
        watchers.changed(&app(), id(2), 7);
        assert!(!one.versions.has_changed().unwrap());
        watchers.changed(&app(), id(1), 8);
        one.changed().await;
        // An older version is nothing new.
        watchers.changed(&app(), id(1), 8);
        assert!(!one.versions.has_changed().unwrap());
    }

    #[test]
    fn watches_are_bounded_and_end_when_dropped() {
        let watchers = Arc::new(Watchers::new(2));
        let one = watchers.watch(app(), id(1)).unwrap();
        let other = watchers.watch(app(), id(1)).unwrap();
        assert_eq!(watchers.watch(app(), id(2)).unwrap_err(), Full);
        drop((one, other));
        assert!(lock(&watchers.watched).is_empty());
        assert!(watchers.watch(app(), id(2)).is_ok());
    }
}
