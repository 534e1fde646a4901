//! The one thread that writes, with group commit.
//!
//! Jobs that wait are done in one transaction, each under a savepoint of its own, so that one that
//! fails changes nothing and harms no other. They are answered after the commit, not before.

use std::{
    fs::File,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use vestnik_store::StoreError;

use super::failure::failed;

/// The most jobs of one commit. Higher makes the first of them wait longer; lower commits more often.
const MAX_BATCH: usize = 256;
/// The most jobs that wait; beyond it callers are told that the store is busy.
const MAX_WAITING: usize = 4_096;

/// A job's own work, within its savepoint.
type Work = Box<dyn FnOnce(&Connection) -> Result<Finish, rusqlite::Error> + Send>;
/// Answers the caller, once it is known whether the commit held.
type Finish = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct Job {
    work: Work,
    /// Answers when the work itself failed.
    fail: Box<dyn FnOnce(StoreError) + Send>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

/// A handle to the writer thread.
#[derive(Debug)]
pub(super) struct Writer {
    /// Gone once the store is closing: the thread ends when what waits is done.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Writer {
    /// Starts the thread. It owns the connection until [`close`](Self::close), and the lock for as
    /// long: nobody else may have the file while jobs are still being done.
    pub(super) fn start(
        connection: Connection,
        lock: File,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, queue) = mpsc::channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("vestnik-writer".to_owned())
            .spawn(move || run(connection, queue, lock))?;
        Ok((
            Self {
                jobs: Mutex::new(Some(jobs)),
            },
            thread,
        ))
    }

    /// Does work in a transaction; the answer comes after the commit.
    pub(super) async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let slot = Arc::new(Mutex::new(Some(answer)));
        let (done, undone) = (Arc::clone(&slot), slot);
        let job = Job {
            work: Box::new(move |connection| {
                let value = work(connection)?;
                Ok(Box::new(move |committed: Result<(), StoreError>| {
                    reply(&done, committed.map(|()| value));
                }))
            }),
            fail: Box::new(move |error| reply(&undone, Err(error))),
        };
        let jobs = lock(&self.jobs).clone().ok_or(StoreError::Closed)?;
        jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        drop(jobs);
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes no more jobs; the thread ends when those that wait are done.
    pub(super) fn close(&self) {
        drop(lock(&self.jobs).take());
    }
}

type Slot<T> = Mutex<Option<oneshot::Sender<Result<T, StoreError>>>>;

/// A caller that no longer waits needs no answer.
fn reply<T>(slot: &Slot<T>, answer: Result<T, StoreError>) {
    let sender = lock(slot).take();
    if let Some(sender) = sender {
        drop(sender.send(answer));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Job>, lock: File) {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH {
            let Ok(job) = queue.try_recv() else { break };
            batch.push(job);
        }
        commit(&mut connection, batch);
    }
    if let Err((_, error)) = connection.close() {
        tracing::error!(%error, "the database was not closed cleanly");
    }
    drop(lock);
}

fn commit(connection: &mut Connection, batch: Vec<Job>) {
    let mut finishes = Vec::with_capacity(batch.len());
    let mut jobs = batch.into_iter();
    let committed =
        attempt_all(connection, &mut jobs, &mut finishes).map_err(|error| failed(&error));
    for finish in finishes {
        finish(committed.clone());
    }
    if let Err(error) = committed {
        for job in jobs {
            (job.fail)(error.clone());
        }
    }
}

/// Does jobs in one transaction. When that fails, none of them was done; those not yet begun stay
/// in `jobs`.
fn attempt_all(
    connection: &mut Connection,
    jobs: &mut impl Iterator<Item = Job>,
    finishes: &mut Vec<Finish>,
) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        finishes.extend(attempt(&transaction, job)?);
    }
    transaction.commit()
}

/// Does one job under its own savepoint. An error is that of the whole transaction.
fn attempt(transaction: &Connection, job: Job) -> Result<Option<Finish>, rusqlite::Error> {
    let Job { work, fail } = job;
    let run = |sql| transaction.prepare_cached(sql)?.execute([]).map(drop);
    if let Err(error) = run("SAVEPOINT job") {
        fail(failed(&error));
        return Err(error);
    }
    match work(transaction) {
        Ok(finish) => {
            run("RELEASE job")?;
            Ok(Some(finish))
        }
        Err(error) => {
            fail(failed(&error));
            // A full disk, for one, makes SQLite give the whole transaction up.
            if transaction.is_autocommit() {
                return Err(error);
            }
            run("ROLLBACK TO job")?;
            run("RELEASE job")?;
            Ok(None)
        }
    }
}
