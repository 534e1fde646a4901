//! The handle to a pool.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use rusqlite::Connection;
use vestnik_clock::Clock;

use super::{
    current::Current,
    options::ReaderOptions,
    seat::Seat,
    stats::ReaderStats,
    task::{Job, task},
    ticket::Ticket,
};
use crate::{
    Database, Failure, OpenError, Priority,
    mutex::lock,
    queue::{Bounds, Queue},
    reply::{self, Reply},
};

/// A handle to a few threads that read one database. Clones are handles to the same threads, which
/// end when the last of them is dropped.
#[derive(Debug, Clone)]
pub struct ReaderPool(Arc<Inner>);

struct Inner {
    options: ReaderOptions,
    clock: Arc<dyn Clock>,
    queue: Arc<Queue<Job>>,
    stats: Arc<Mutex<ReaderStats>>,
    /// What each thread reads now.
    current: Vec<Arc<Current>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl ReaderPool {
    /// Opens the connections and starts the threads. Close the pool before the database, which else
    /// cannot move its log into the file.
    ///
    /// # Errors
    /// [`OpenError::Sqlite`] or [`OpenError::Io`].
    pub fn start(
        database: &Database,
        options: ReaderOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let path = database.path();
        let queue = Arc::new(Queue::new(Bounds {
            urgent: 0,
            normal: options.waiting,
            mass: 0,
        }));
        let stats = Arc::default();
        let (mut current, mut seats) = (Vec::new(), Vec::new());
        for _ in 0..options.threads.max(1) {
            let seat = Seat::open(path, Arc::clone(&clock), Arc::clone(&stats))
                .map_err(|error| OpenError::from_sqlite(path, error))?;
            current.push(seat.current());
            seats.push(seat);
        }
        let pool = Self(Arc::new(Inner {
            options,
            clock,
            queue,
            stats,
            current,
            threads: Mutex::default(),
        }));
        for seat in seats {
            let thread = pool.spawn(seat);
            let thread = thread.map_err(|source| OpenError::io(path, source))?;
            lock(&pool.0.threads).push(thread);
        }
        Ok(pool)
    }

    /// Reads in one snapshot. Dropping the future interrupts the read.
    ///
    /// A read is interrupted within a statement; one that consists of many short statements ends
    /// with the statement that is running.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many reads wait, [`Failure::DeadlinePassed`] if it takes longer
    /// than the pool allows, [`Failure::Panicked`], [`Failure::Closed`], or the reason why a
    /// statement failed.
    #[cfg(feature = "tokio")]
    pub async fn read<T, F>(&self, read: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (reply, answer) = reply::future();
        let _cancel = super::ticket::CancelOnDrop(self.submit(read, reply)?);
        answer.await
    }

    /// As `read`, on the caller's thread.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_blocking<T, F>(&self, read: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (reply, wait) = reply::blocking();
        self.submit(read, reply)?;
        wait()
    }

    /// Refuses further reads, drops those that wait, interrupts those that run, and waits for the
    /// threads to end.
    pub fn close(&self) {
        self.0.queue.abandon();
        for current in &self.0.current {
            current.close();
        }
        let threads = std::mem::take(&mut *lock(&self.0.threads));
        for thread in threads {
            // A thread contains the panics of its reads.
            drop(thread.join());
        }
    }

    /// The name that the pool was given.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.options.name
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> ReaderStats {
        let waiting = self.0.queue.waiting().normal;
        ReaderStats {
            waiting,
            ..*lock(&self.0.stats)
        }
    }

    fn spawn(&self, seat: Seat) -> std::io::Result<JoinHandle<()>> {
        let queue = Arc::clone(&self.0.queue);
        std::thread::Builder::new()
            .name(format!("sqlite-{}", self.0.options.name))
            .spawn(move || {
                while let Some(job) = queue.take() {
                    // Dropping a caller's value may panic; the thread must serve on.
                    drop(catch_unwind(AssertUnwindSafe(|| seat.serve(job))));
                }
            })
    }

    fn submit<T, F>(&self, read: F, reply: Reply<T>) -> Result<Arc<Ticket>, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let deadline = self.0.clock.monotonic() + self.0.options.time_limit;
        let ticket = Arc::new(Ticket::new(deadline));
        let job = Job {
            ticket: Arc::clone(&ticket),
            task: task(read, reply),
        };
        let mut abandoned = 0;
        let pushed = self.0.queue.push(Priority::Normal, job, |job| {
            let is_wanted = !job.ticket.is_cancelled();
            abandoned += u64::from(!is_wanted);
            is_wanted
        });
        let mut stats = lock(&self.0.stats);
        stats.abandoned += abandoned;
        stats.refused += u64::from(matches!(pushed, Err(Failure::Busy)));
        drop(stats);
        pushed.map(|()| ticket)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReaderPool")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
