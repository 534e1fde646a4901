//! The thread that owns the database, and the handle to it.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use vestnik_model::{Cursor, Entry, InstallationSecret, NotificationId, UserId};

use super::{
    entries,
    error::{OpenError, StoreError},
    inbox, meta, open,
    outbox::{self, Stamp},
    reading,
    types::{Applied, InstallationIdentity, Opened, ShowItem, StoredSession},
    value::unreadable,
};
use crate::{
    history::{HistoryItem, HistoryPage, HistoryQuery},
    registration::Told,
    reporting::OutboxBatch,
};

/// How many jobs wait before callers wait.
const WAITING: usize = 256;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the thread that owns the database. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Gone once the store is closing.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens the history of a folder. `fresh` becomes this installation's identity if it has
    /// none.
    pub(crate) async fn open(
        dir: &Path,
        now: Timestamp,
        fresh: InstallationIdentity,
    ) -> Result<Opened, OpenError> {
        let path = dir.to_owned();
        let opening = tokio::task::spawn_blocking(move || open::open(&path, now)).await;
        let broken = |source: std::io::Error| OpenError::Io {
            path: dir.to_owned(),
            source,
        };
        let open::OpenFile {
            connection,
            lock,
            quarantined,
        } = opening.map_err(|error| broken(std::io::Error::other(error)))??;
        let (jobs, queue) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("vestnik-history".to_owned())
            .spawn(move || {
                run(connection, queue);
                drop(lock);
            })
            .map_err(broken)?;
        let inner = Inner {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
        };
        let store = Self(Arc::new(inner));
        let identity = store.identity(fresh).await;
        let identity = identity.map_err(|error| broken(std::io::Error::other(error)))?;
        Ok(Opened {
            store,
            identity,
            quarantined,
        })
    }

    /// The id and the secret are made together, at the first run.
    async fn identity(
        &self,
        fresh: InstallationIdentity,
    ) -> Result<InstallationIdentity, StoreError> {
        self.call(move |db| {
            let id = meta::read(db, meta::INSTALLATION)?;
            let secret = meta::read(db, meta::INSTALLATION_SECRET)?;
            if let Some((id, secret)) = id.zip(secret) {
                let id = id.parse();
                return Ok(InstallationIdentity {
                    id: id.map_err(|_| unreadable(0, "not an installation"))?,
                    secret: InstallationSecret::parse(&secret)
                        .map_err(|_| unreadable(0, "not an installation secret"))?,
                });
            }
            meta::write(db, meta::INSTALLATION, &fresh.id.to_string())?;
            meta::write(db, meta::INSTALLATION_SECRET, &fresh.secret.expose())?;
            Ok(fresh)
        })
        .await
    }

    pub(crate) async fn session(&self) -> Result<Option<StoredSession>, StoreError> {
        self.call(|db| {
            let refresh_token = meta::read(db, meta::REFRESH_TOKEN)?;
            Ok(refresh_token.map(|refresh_token| StoredSession { refresh_token }))
        })
        .await
    }

    /// Keeps a session. What belonged to another user goes.
    pub(crate) async fn put_session(
        &self,
        user: UserId,
        refresh_token: String,
    ) -> Result<(), StoreError> {
        self.call(move |db| {
            let former = meta::read(db, meta::USER)?;
            if former.is_some_and(|former| former != user.as_str()) {
                meta::wipe_user(db)?;
            }
            meta::write(db, meta::USER, user.as_str())?;
            meta::write(db, meta::REFRESH_TOKEN, &refresh_token)
        })
        .await
    }

    /// Forgets a refresh token that is refused; the history stays.
    pub(crate) async fn clear_session(&self) -> Result<(), StoreError> {
        self.call(|db| meta::delete(db, meta::REFRESH_TOKEN)).await
    }

    /// Forgets everything of the user.
    pub(crate) async fn wipe_user(&self) -> Result<(), StoreError> {
        self.call(meta::wipe_user).await
    }

    /// The refresh token of a logout that the server does not know of yet.
    pub(crate) async fn pending_logout(&self) -> Result<Option<String>, StoreError> {
        self.call(|db| meta::read(db, meta::PENDING_LOGOUT)).await
    }

    pub(crate) async fn put_pending_logout(
        &self,
        refresh_token: Option<String>,
    ) -> Result<(), StoreError> {
        self.call(move |db| match refresh_token {
            Some(token) => meta::write(db, meta::PENDING_LOGOUT, &token),
            None => meta::delete(db, meta::PENDING_LOGOUT),
        })
        .await
    }

    pub(crate) async fn cursor(&self) -> Result<Option<Cursor>, StoreError> {
        self.call(inbox::cursor).await
    }

    /// Stores entries, the cursor behind them and the facts they call for, in one transaction.
    pub(crate) async fn apply(
        &self,
        entries: Vec<Entry>,
        cursor: Cursor,
        stamp: Stamp,
    ) -> Result<Applied, StoreError> {
        self.call(move |db| entries::apply(db, &entries, &cursor, stamp))
            .await
    }

    pub(crate) async fn take_shows(
        &self,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<ShowItem>, StoreError> {
        self.call(move |db| inbox::take_shows(db, limit, now)).await
    }

    pub(crate) async fn reshow_interrupted(&self) -> Result<u64, StoreError> {
        self.call(inbox::reshow_interrupted).await
    }

    pub(crate) async fn mark_shown(
        &self,
        id: NotificationId,
        stamp: Stamp,
    ) -> Result<(), StoreError> {
        self.call(move |db| inbox::mark_shown(db, id, stamp)).await
    }

    pub(crate) async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, StoreError> {
        self.call(move |db| reading::history(db, query)).await
    }

    pub(crate) async fn get(&self, id: NotificationId) -> Result<Option<HistoryItem>, StoreError> {
        self.call(move |db| reading::get(db, id)).await
    }

    pub(crate) async fn unread(&self) -> Result<u64, StoreError> {
        self.call(meta::unread).await
    }

    pub(crate) async fn mark_read(
        &self,
        ids: Vec<NotificationId>,
        clicked: bool,
        stamp: Stamp,
    ) -> Result<Vec<NotificationId>, StoreError> {
        self.call(move |db| inbox::mark_read(db, &ids, clicked, stamp))
            .await
    }

    pub(crate) async fn mark_all_read(
        &self,
        stamp: Stamp,
    ) -> Result<Vec<NotificationId>, StoreError> {
        self.call(move |db| inbox::mark_all_read(db, stamp)).await
    }

    pub(crate) async fn dismiss(&self, id: NotificationId, stamp: Stamp) -> Result<(), StoreError> {
        self.call(move |db| inbox::dismiss(db, id, stamp)).await
    }

    /// The oldest facts, at most `limit`.
    pub(crate) async fn outbox(&self, limit: u32) -> Result<OutboxBatch, StoreError> {
        self.call(move |db| outbox::batch(db, limit)).await
    }

    /// Deletes what the server has; gives how many facts still wait.
    pub(crate) async fn confirm(&self, rows: Vec<i64>) -> Result<u64, StoreError> {
        self.call(move |db| outbox::confirm(db, &rows)).await
    }

    pub(crate) async fn outbox_len(&self) -> Result<u64, StoreError> {
        self.call(outbox::len).await
    }

    pub(crate) async fn registered(&self) -> Result<Option<Told>, StoreError> {
        self.call(|db| {
            let state = meta::read(db, meta::REGISTERED_STATE)?;
            let at = meta::read(db, meta::REGISTERED_AT)?.and_then(|text| text.parse().ok());
            Ok(state.zip(at).map(|(state, at)| Told { state, at }))
        })
        .await
    }

    pub(crate) async fn put_registered(&self, told: Told) -> Result<(), StoreError> {
        self.call(move |db| {
            meta::write(db, meta::REGISTERED_STATE, &told.state)?;
            meta::write(db, meta::REGISTERED_AT, &told.at.to_string())
        })
        .await
    }

    /// Keeps the newest of the history.
    pub(crate) async fn prune(
        &self,
        keep_rows: u32,
        seen_until: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.call(move |db| inbox::prune(db, keep_rows, seen_until, now))
            .await
    }

    /// Finishes what was asked for, then closes the file.
    pub(crate) async fn close(&self) {
        drop(lock(&self.0.jobs).take());
        let Some(thread) = lock(&self.0.thread).take() else {
            return;
        };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the thread of the history ended by a panic");
        }
    }

    /// Does work in one transaction; the answer comes after the commit.
    async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let jobs = lock(&self.0.jobs).clone().ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Whoever stopped waiting needs no answer.
            drop(answer.send(transact(connection, work)));
        });
        jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        drop(jobs);
        answered.await.unwrap_or(Err(StoreError::Closed))
    }
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(job) = queue.blocking_recv() {
        job(&mut connection);
    }
    if let Err((_, error)) = connection.close() {
        tracing::error!(%error, "the history was not closed cleanly");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
