//! Connections that only read, a few, each used by one caller at a time.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use vestnik_store::StoreError;

use super::{failure::failed, open};

/// How many read at once; more wait their turn.
const READERS: usize = 4;

/// A few connections that only read.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            turns: Semaphore::new(READERS),
        }
    }

    /// Reads in one snapshot, away from the async threads.
    pub(super) async fn call<T, F>(self: &std::sync::Arc<Self>, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let _turn = self.turns.acquire().await.map_err(|_| StoreError::Closed)?;
        let readers = std::sync::Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || readers.read(read));
        reading
            .await
            .map_err(|error| StoreError::Failed(error.to_string()))?
    }

    /// Lets no more readers in and closes the idle ones.
    pub(super) fn close(&self) {
        self.turns.close();
        self.lock().clear();
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let idle = self.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.path).map_err(|error| failed(&error))?,
        };
        let value = connection
            .transaction()
            .and_then(|snapshot| read(&snapshot));
        if !self.turns.is_closed() {
            self.lock().push(connection);
        }
        value.map_err(|error| failed(&error))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
