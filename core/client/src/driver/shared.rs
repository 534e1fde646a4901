//! What the handle and the task share.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    clock::Clock,
    store::{Stamp, Store, StoreError},
};

/// What the handle and the task share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) unread: watch::Sender<u64>,
}

impl Shared {
    pub(crate) async fn new(store: Store, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let unread = watch::Sender::new(store.unread().await?);
        Ok(Self {
            store,
            clock,
            unread,
        })
    }

    /// The time and fresh randomness for one transaction.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            now: self.clock.now(),
            seed: self.clock.random(),
        }
    }

    /// Updates the badge, if the count changed.
    pub(crate) async fn recount(&self) -> Result<(), StoreError> {
        let count = self.store.unread().await?;
        self.unread
            .send_if_modified(|told| std::mem::replace(told, count) != count);
        Ok(())
    }
}
