//! The store on one embedded SQLite file.
//!
//! One thread writes, with group commit and `synchronous=FULL`: an answer means that the disk has
//! it. A few connections read snapshots beside it.

#![forbid(unsafe_code)]

mod failure;
mod integrity;
mod migrate;
mod open;
mod operation;
mod readers;
mod table;
mod value;
mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use vestnik_model::Epoch;
use vestnik_store::OpenError;

use self::{readers::Readers, table::meta, writer::Writer};

/// The store on one embedded SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    readers: Arc<Readers>,
    /// What closing has to wait for.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens a file, making it when it is not there; `epoch` names the life of its logs if it is new.
    ///
    /// # Errors
    /// [`OpenError`]. A damaged file is left as it is.
    pub fn open(path: &Path, epoch: Epoch) -> Result<Self, OpenError> {
        let open::Opened { connection, lock } = open::writer(path)?;
        meta::put_epoch(&connection, epoch, false)
            .map_err(|error| failure::unusable(path, error))?;
        let (writer, thread) = Writer::start(connection, lock).map_err(|source| OpenError::Io {
            path: path.to_owned(),
            source,
        })?;
        let readers = Arc::new(Readers::new(path.to_owned()));
        Ok(Self {
            writer,
            readers,
            thread: Mutex::new(Some(thread)),
        })
    }

    async fn shut(&self) {
        self.readers.close();
        self.writer.close();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(thread) = thread else { return };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the writer ended by a panic");
        }
    }
}

#[cfg(test)]
mod tests;
