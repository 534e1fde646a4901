//! Who watches what on this node: a notification, or all events of an App.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use vestnik_model::{AppId, NotificationId};

/// What is watched of an App.
pub(crate) trait Subject:
    Copy + Eq + Hash + std::fmt::Debug + Send + Sync + 'static
{
}

impl Subject for NotificationId {}

/// All events of an App.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Everything;

impl Subject for Everything {}

type Key<S> = (AppId, S);

/// What is watched, each with its newest version. A watcher that is slow sees the newest version only,
/// and reads the state for itself; nobody receives what others watch.
#[derive(Debug)]
pub(crate) struct Watchers<S: Subject = NotificationId> {
    caps: WatchCaps,
    index: Mutex<Index<S>>,
}

/// How many watches there may be at once on this node. Too low and senders are turned away; too high
/// and one sender takes the memory and the reads of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchCaps {
    /// Of one API key.
    pub(crate) key: usize,
    /// Of one App.
    pub(crate) app: usize,
    /// In all.
    pub(crate) total: usize,
}

#[derive(Debug)]
struct Index<S> {
    watched: HashMap<Key<S>, Newest>,
    by_key: HashMap<(AppId, String), usize>,
    by_app: HashMap<AppId, usize>,
    total: usize,
}

/// The newest version of something, and how many watch it.
#[derive(Debug)]
struct Newest {
    version: watch::Sender<u64>,
    watches: usize,
}

/// Who watches as many notifications as is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The API key.
    Key,
    /// The App.
    App,
    /// All senders together.
    Node,
}

impl<S: Subject> Watchers<S> {
    pub(crate) fn new(caps: WatchCaps) -> Self {
        let index = Index {
            watched: HashMap::new(),
            by_key: HashMap::new(),
            by_app: HashMap::new(),
            total: 0,
        };
        let index = Mutex::new(index);
        Self { caps, index }
    }

    /// Watches something for an API key of its App: the receiver changes with each version from now
    /// on.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn watch(
        self: &Arc<Self>,
        app: AppId,
        by: String,
        id: S,
    ) -> Result<Watched<S>, Full> {
        let by = (app.clone(), by);
        let key = (app, id);
        let mut index = lock(&self.index);
        index.check(&by, self.caps)?;
        index.count(&by);
        let newest = index.watched.entry(key.clone()).or_insert_with(|| Newest {
            version: watch::Sender::new(0),
            watches: 0,
        });
        newest.watches += 1;
        Ok(Watched {
            versions: newest.version.subscribe(),
            key,
            by,
            of: Arc::clone(self),
        })
    }

    /// Says that something has a new version. Never waits.
    pub(crate) fn changed(&self, app: &AppId, id: S, version: u64) {
        if let Some(newest) = lock(&self.index).watched.get(&(app.clone(), id)) {
            newest.version.send_if_modified(|newest| {
                let is_newer = version > *newest;
                *newest = version.max(*newest);
                is_newer
            });
        }
    }

    /// What is watched.
    pub(super) fn keys(&self) -> Vec<(AppId, S)> {
        lock(&self.index).watched.keys().cloned().collect()
    }

    /// Has the watchers of something read its state again: hints may have been lost.
    pub(super) fn recheck(&self, key: &(AppId, S)) {
        if let Some(newest) = lock(&self.index).watched.get(key) {
            newest.version.send_modify(|_| {});
        }
    }
}

impl<S: Subject> Index<S> {
    fn check(&self, by: &(AppId, String), caps: WatchCaps) -> Result<(), Full> {
        let of_key = self.by_key.get(by).copied().unwrap_or_default();
        let of_app = self.by_app.get(&by.0).copied().unwrap_or_default();
        if of_key >= caps.key {
            Err(Full::Key)
        } else if of_app >= caps.app {
            Err(Full::App)
        } else if self.total >= caps.total {
            Err(Full::Node)
        } else {
            Ok(())
        }
    }

    fn count(&mut self, by: &(AppId, String)) {
        *self.by_key.entry(by.clone()).or_default() += 1;
        *self.by_app.entry(by.0.clone()).or_default() += 1;
        self.total += 1;
    }

    fn forget(&mut self, key: &Key<S>, by: &(AppId, String)) {
        let is_last = self.watched.get_mut(key).is_some_and(|newest| {
            newest.watches = newest.watches.saturating_sub(1);
            newest.watches == 0
        });
        if is_last {
            self.watched.remove(key);
        }
        count_down(&mut self.by_key, by);
        count_down(&mut self.by_app, &by.0);
        self.total = self.total.saturating_sub(1);
    }
}

fn count_down<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    let Some(count) = counts.get_mut(key) else {
        return;
    };
    *count = count.saturating_sub(1);
    if *count == 0 {
        counts.remove(key);
    }
}

/// Something watched; no longer watched when it is dropped.
#[derive(Debug)]
pub(crate) struct Watched<S: Subject = NotificationId> {
    versions: watch::Receiver<u64>,
    key: Key<S>,
    /// The API key that watches.
    by: (AppId, String),
    of: Arc<Watchers<S>>,
}

impl<S: Subject> Watched<S> {
    /// Waits for the next change.
    pub(crate) async fn changed(&mut self) {
        // The sender lives as long as this receiver is counted.
        if self.versions.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl<S: Subject> Drop for Watched<S> {
    fn drop(&mut self) {
        lock(&self.of.index).forget(&self.key, &self.by);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const CAPS: WatchCaps = WatchCaps {
        key: 2,
        app: 3,
        total: 4,
    };

    fn app(name: &str) -> AppId {
        AppId::parse(name).unwrap()
    }

    fn id(number: u128) -> NotificationId {
        NotificationId::from_uuid(Uuid::from_u128(number))
    }

    fn watch(
        watchers: &Arc<Watchers>,
        name: &str,
        by: &str,
        number: u128,
    ) -> Result<Watched, Full> {
        watchers.watch(app(name), by.to_owned(), id(number))
    }

    #[tokio::test]
    async fn a_watcher_sees_its_own_notification_only() {
        let watchers = Arc::new(Watchers::new(CAPS));
        let mut one = watch(&watchers, "shop", "a", 1).unwrap();
        watchers.changed(&app("shop"), id(2), 7);
        watchers.changed(&app("bank"), id(1), 7);
        assert!(!one.versions.has_changed().unwrap());
        watchers.changed(&app("shop"), id(1), 8);
        one.changed().await;
        // An older version is nothing new.
        watchers.changed(&app("shop"), id(1), 8);
        assert!(!one.versions.has_changed().unwrap());
    }

    #[test]
    fn a_key_and_an_app_take_their_own_share_only() {
        let watchers = Arc::new(Watchers::new(CAPS));
        let watch = |app, by, number| watch(&watchers, app, by, number);
        let one = watch("shop", "a", 1).unwrap();
        let other = watch("shop", "a", 1).unwrap();
        assert_eq!(watch("shop", "a", 2).unwrap_err(), Full::Key);
        let third = watch("shop", "b", 2).unwrap();
        assert_eq!(watch("shop", "b", 3).unwrap_err(), Full::App);
        // The same name of a key in another App is another key.
        let fourth = watch("bank", "a", 1).unwrap();
        assert_eq!(watch("bank", "a", 2).unwrap_err(), Full::Node);
        drop(one);
        assert!(watch("bank", "a", 2).is_ok());
        drop((other, third, fourth));
        let index = lock(&watchers.index);
        assert!(index.watched.is_empty() && index.by_key.is_empty() && index.by_app.is_empty());
        assert_eq!(index.total, 0);
    }
}
