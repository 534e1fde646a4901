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
    versions: Mutex<HashMap<Key, watch::Sender<u64>>>,
}

/// As many notifications are watched as is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl Watchers {
    /// Allows so many watches on this node.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            versions: Mutex::default(),
        }
    }

    /// Watches a notification: the receiver changes with each version from now on.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn watch(self: &Arc<Self>, app: AppId, id: NotificationId) -> Result<Watched, Full> {
        let key = (app, id);
        let mut versions = lock(&self.versions);
        let watching: usize = versions.values().map(watch::Sender::receiver_count).sum();
        if watching >= self.max {
            return Err(Full);
        }
        let sender = versions
            .entry(key.clone())
            .or_insert_with(|| watch::Sender::new(0));
        Ok(Watched {
            versions: sender.subscribe(),
            key,
            of: Arc::clone(self),
        })
    }

    /// Says that a notification has a new version. Never waits.
    pub(crate) fn changed(&self, app: &AppId, id: NotificationId, version: u64) {
        if let Some(sender) = lock(&self.versions).get(&(app.clone(), id)) {
            sender.send_if_modified(|newest| {
                let is_newer = version > *newest;
                *newest = version.max(*newest);
                is_newer
            });
        }
    }

    /// Has every watcher read its state again: hints may have been lost.
    pub(crate) fn recheck(&self) {
        for sender in lock(&self.versions).values() {
            sender.send_modify(|_| {});
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
        let mut versions = lock(&self.of.versions);
        if versions
            .get(&self.key)
            .is_some_and(|sender| sender.receiver_count() <= 1)
        {
            versions.remove(&self.key);
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
        assert!(lock(&watchers.versions).is_empty());
        assert!(watchers.watch(app(), id(2)).is_ok());
    }
}
