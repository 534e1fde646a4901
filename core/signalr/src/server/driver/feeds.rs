//! The streams that a client sends, on their way to the handlers that read them.

use std::{collections::BTreeMap, future::pending, sync::Arc};

use tokio::sync::mpsc;

use crate::server::{
    hub::{Taken, TakenLog, UploadPart, UploadSource},
    machine::UploadKey,
};

/// The writing ends of a connection's uploads.
#[derive(Default)]
pub(super) struct Feeds {
    senders: BTreeMap<UploadKey, mpsc::Sender<UploadPart>>,
    /// There only while uploads are: most connections have none.
    taken: Option<Arc<TakenLog>>,
}

impl Feeds {
    /// Opens uploads of `buffer` items each.
    pub(super) fn open(&mut self, keys: &[UploadKey], buffer: usize) -> Vec<UploadSource> {
        keys.iter().map(|key| self.open_one(*key, buffer)).collect()
    }

    fn open_one(&mut self, key: UploadKey, buffer: usize) -> UploadSource {
        // The machine counts the items; the end has a place of its own.
        let (sender, parts) = mpsc::channel(buffer.max(1) + 1);
        self.senders.insert(key, sender);
        let taken = Arc::clone(self.taken.get_or_insert_default());
        UploadSource { key, parts, taken }
    }

    /// Hands a part on. A handler that reads no further does not miss it.
    pub(super) fn give(&self, key: UploadKey, part: UploadPart) {
        if let Some(sender) = self.senders.get(&key) {
            sender.try_send(part).ok();
        }
    }

    pub(super) fn forget(&mut self, key: UploadKey) {
        self.senders.remove(&key);
        if self.senders.is_empty() {
            // What is taken from streams that have ended is of no interest.
            *self = Self::default();
        }
    }

    /// Waits until a handler took something. Cancel safe.
    pub(super) async fn next(&mut self) -> Taken {
        match &self.taken {
            Some(taken) => taken.next().await,
            None => pending().await,
        }
    }
}
