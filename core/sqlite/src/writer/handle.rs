//! The handle to the writer thread.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use vestnik_clock::Clock;

use super::{
    commit::Committer,
    ending::Ending,
    options::{EventSink, WriterOptions},
    stats::WriterStats,
    task::{BoxTask, task},
    thread,
    txn::WriteTxn,
};
use crate::{
    Database, Failure, Note, Priority,
    database::rewrite_header,
    mutex::lock,
    place::Place,
    queue::{Bounds, Queue},
    reply::{self, Reply},
};

/// A handle to the thread that owns a [`Database`] and writes to it. Clones are handles to the same
/// thread, which ends when the last of them is dropped and the jobs that wait are done.
///
/// `E` is the type of the events that jobs emit; `()` if there are none.
#[derive(Debug)]
pub struct Writer<E>(Arc<Inner<E>>);

struct Inner<E> {
    queue: Arc<Queue<BoxTask<E>>>,
    ending: Arc<Ending>,
    stats: Arc<Mutex<WriterStats>>,
    place: Place,
    notes: Vec<Note>,
}

impl<E: Send + 'static> Writer<E> {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives no thread. The database is closed then.
    pub fn start(
        database: Database,
        options: WriterOptions,
        sink: EventSink<E>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let mut database = database;
        database.move_log_beside()?;
        let inner = Inner {
            queue: Arc::new(Queue::new(Bounds {
                urgent: options.waiting_urgent,
                normal: options.waiting_normal,
                mass: options.waiting_mass,
            })),
            ending: Arc::default(),
            stats: Arc::default(),
            place: database.place().clone(),
            notes: database.notes().to_vec(),
        };
        let committer = Committer {
            database,
            options,
            sink,
            clock,
            stats: Arc::clone(&inner.stats),
        };
        let (queue, ending) = (Arc::clone(&inner.queue), Arc::clone(&inner.ending));
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || thread::run(committer, &queue, &ending))?;
        Ok(Self(Arc::new(inner)))
    }

    /// Does a job and waits until it is durable. The job may be run twice, with a rollback between.
    ///
    /// Dropping the future changes nothing: the job is done once it is in the queue.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many jobs wait, [`Failure::Closed`] after [`close`](Self::close),
    /// [`Failure::Panicked`] if the job panicked, else the reason why it could not be committed.
    #[cfg(feature = "tokio")]
    pub async fn call<T, F>(&self, priority: Priority, job: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteTxn<'_, E>) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (reply, answer) = reply::future();
        self.submit(priority, job, reply)?;
        answer.await
    }

    /// As `call`, on the caller's thread.
    ///
    /// # Errors
    /// As `call`: [`Failure::Busy`], [`Failure::Closed`], [`Failure::Panicked`], or the reason why
    /// the job could not be committed.
    pub fn call_blocking<T, F>(&self, priority: Priority, job: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteTxn<'_, E>) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (reply, wait) = reply::blocking();
        self.submit(priority, job, reply)?;
        wait()
    }

    /// Whether something can be stored: writes and commits without changing anything, and looks
    /// whether the file still has its name. For a readiness check.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::Replaced`] and the rest of [`call`](Self::call).
    #[cfg(feature = "tokio")]
    pub async fn probe(&self) -> Result<(), Failure> {
        self.check_place()?;
        self.call(Priority::Urgent, |txn| rewrite_header(txn)).await
    }

    /// As `probe`, on the caller's thread.
    ///
    /// # Errors
    /// As `probe`.
    pub fn probe_blocking(&self) -> Result<(), Failure> {
        self.check_place()?;
        self.call_blocking(Priority::Urgent, |txn| rewrite_header(txn))
    }

    /// Takes no more jobs, does those that wait, and closes the file.
    ///
    /// # Errors
    /// Why the file was not closed properly; [`Failure::Panicked`] if the thread died before.
    #[cfg(feature = "tokio")]
    pub async fn close(&self) -> Result<(), Failure> {
        let (reply, ended) = reply::future();
        self.0.queue.close();
        self.0.ending.wait(reply);
        ended.await
    }

    /// As `close`, on the caller's thread.
    ///
    /// # Errors
    /// As `close`.
    pub fn close_blocking(&self) -> Result<(), Failure> {
        let (reply, wait) = reply::blocking();
        self.0.queue.close();
        self.0.ending.wait(reply);
        wait()
    }

    fn submit<T, F>(&self, priority: Priority, job: F, reply: Reply<T>) -> Result<(), Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteTxn<'_, E>) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        self.0.queue.push(priority, task(job, reply), |_| true)
    }

    fn check_place(&self) -> Result<(), Failure> {
        if self.0.place.is_kept() {
            Ok(())
        } else {
            Err(Failure::Replaced)
        }
    }
}

impl<E> Writer<E> {
    /// Whether the thread runs. If this is `false` before the writer was closed, the
    /// thread died of a panic and nothing can be stored until the database is opened again.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.0.ending.has_come()
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> WriterStats {
        let Bounds {
            urgent,
            normal,
            mass,
        } = self.0.queue.waiting();
        let mut stats = lock(&self.0.stats).clone();
        stats.waiting_urgent = urgent;
        stats.waiting_normal = normal;
        stats.waiting_mass = mass;
        stats
    }

    /// The file, with all links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.place.path()
    }

    /// What was done while opening that an operator should know of.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.0.notes
    }
}

impl<E> Clone for Writer<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> Drop for Inner<E> {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl<E> std::fmt::Debug for Inner<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("path", &self.place.path())
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}
