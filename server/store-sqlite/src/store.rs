//! The handle: one writer, two pools of readers.

use std::{path::Path, sync::Arc};

use vestnik_clock::Clock;
use vestnik_rules::contact::ContactKey;
use vestnik_sqlite::{Priority, ReaderOptions, ReaderPool, Writer};
use vestnik_store::{Answer, Event, OpenError};

use crate::{
    failure::{open_error, store_error},
    life::{Life, LifeFile},
    open::{self, Opened, Opening, StoreOptions},
    seal::Seal,
    table::Txn,
    value::Unreadable,
};

/// A store in one SQLite file. Clones are handles to the same open file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: Writer<Event>,
    hot: ReaderPool,
    lists: ReaderPool,
    unreadable: Unreadable,
    kept: Arc<Kept>,
}

/// What opening found and operations need.
#[derive(Debug)]
struct Kept {
    seal: Arc<Seal>,
    contact_key: Arc<ContactKey>,
    life_file: LifeFile,
    opening: Opening,
    clock: Arc<dyn Clock>,
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
    /// Opens a file, making it when it is not there.
    ///
    /// # Errors
    /// See [`OpenError`]. A damaged file is left as it is.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        let Opened {
            database,
            seal,
            contact_key,
            life_file,
            opening,
        } = open::open(path, &options)?;
        let StoreOptions {
            sink,
            clock,
            writer,
            ..
        } = options;
        let refuse = |error| open_error(path, error);
        let pool = |options| ReaderPool::start(&database, options, Arc::clone(&clock));
        let hot = pool(ReaderOptions::named("hot")).map_err(refuse)?;
        let lists = pool(ReaderOptions::named("lists")).map_err(refuse)?;
        let file = database.path().to_owned();
        let sink = Box::new(move |events: Vec<Event>| sink(&events));
        let writer = Writer::start(database, writer, sink, Arc::clone(&clock))
            .map_err(|source| OpenError::Io { path: file, source })?;
        Ok(Self {
            writer,
            hot,
            lists,
            unreadable: Unreadable::default(),
            kept: Arc::new(Kept {
                seal: Arc::new(seal),
                contact_key: Arc::new(contact_key),
                life_file,
                opening,
                clock,
            }),
        })
    }

    /// How the file was opened.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.kept.opening
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

    /// Seals and opens secrets.
    pub(crate) fn seal(&self) -> Arc<Seal> {
        Arc::clone(&self.kept.seal)
    }

    /// Hashes addresses by which users are found.
    pub(crate) fn contact_key(&self) -> Arc<ContactKey> {
        Arc::clone(&self.kept.contact_key)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.kept.clock.as_ref()
    }

    /// Notes the life beside the file. A failure is not one of the operation: the next opening begins
    /// a new life then, which is safe.
    pub(crate) async fn write_life(&self, life: Life) {
        let file = self.kept.life_file.clone();
        let written = tokio::task::spawn_blocking(move || file.write(life)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!("the file beside the database was not written");
        }
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
