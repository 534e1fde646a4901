//! The handle: one writer, two pools of readers.

use std::sync::Arc;

use vestnik_clock::Clock;
use vestnik_sqlite::{
    Database, OpenError, Priority, ReaderOptions, ReaderPool, Writer, WriterOptions,
};
use vestnik_store::{Answer, Event, Sink};

use crate::{failure::store_error, table::Txn, value::Unreadable};

/// A store in one SQLite file. Clones are handles to the same open file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: Writer<Event>,
    hot: ReaderPool,
    lists: ReaderPool,
    unreadable: Unreadable,
}

/// Which readers a read belongs to, so that long lists never delay what every connection needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Bounded look-ups on the path of logins and live delivery.
    Hot,
    /// What senders and operators list and look up.
    List,
}

impl SqliteStore {
    /// Starts the threads over an open database. Each commit's events go to `sink`.
    pub(crate) fn start(
        database: Database,
        options: WriterOptions,
        sink: Sink,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let pool = |options| ReaderPool::start(&database, options, Arc::clone(clock));
        let hot = pool(ReaderOptions::named("hot"))?;
        let lists = pool(ReaderOptions::named("lists"))?;
        let path = database.path().to_owned();
        let sink = Box::new(move |events: Vec<Event>| sink(&events));
        let writer = Writer::start(database, options, sink, Arc::clone(clock))
            .map_err(|source| OpenError::Io { path, source })?;
        Ok(Self {
            writer,
            hot,
            lists,
            unreadable: Unreadable::default(),
        })
    }

    /// How many stored rows could not be read since the store was opened. Each was passed over where
    /// it was part of a list or of a log.
    #[must_use]
    pub fn unreadable_rows(&self) -> u64 {
        self.unreadable.count()
    }

    /// Does a job in one transaction on the thread that writes. The job may run twice.
    pub(crate) fn write<T, F>(&self, priority: Priority, job: F) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: FnMut(&mut Txn<'_>) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        Box::pin(async move { self.writer.call(priority, job).await.map_err(store_error) })
    }

    /// Reads in one snapshot.
    pub(crate) fn read<T, F>(&self, class: Class, read: F) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let pool = match class {
            Class::Hot => &self.hot,
            Class::List => &self.lists,
        };
        Box::pin(async move { pool.read(read).await.map_err(store_error) })
    }

    /// Counts rows that cannot be read.
    pub(crate) fn unreadable(&self) -> Unreadable {
        self.unreadable.clone()
    }

    pub(crate) fn writer(&self) -> &Writer<Event> {
        &self.writer
    }

    /// Closes the readers, does the jobs that wait, and closes the file.
    pub(crate) async fn shut_down(&self) {
        for pool in [self.hot.clone(), self.lists.clone()] {
            // It waits for the pool's threads; its panics are contained in them.
            drop(tokio::task::spawn_blocking(move || pool.close()).await);
        }
        if let Err(failure) = self.writer.close().await {
            tracing::error!(error = %failure, "the store was not closed properly");
        }
    }
}
