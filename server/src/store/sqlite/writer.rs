//! The one thread that writes, with group commit.
//!
//! Jobs that wait are done in one transaction, each under a savepoint of its own, so that one that
//! fails changes nothing and harms no other. They are answered after the commit, not before.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::failure::failed;
use crate::store::StoreError;

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

/// A handle to the writer thread.
#[derive(Debug)]
pub(super) struct Writer {
    /// Gone once the store is closing: the thread ends when what waits is done.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

impl Writer {
    /// Starts the thread, which owns the connection until [`close`](Self::close).
    pub(super) fn start(connection: Connection) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, queue) = mpsc::channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("vestnik-writer".to_owned())
            .spawn(move || run(connection, queue))?;
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

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
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
}

fn commit(connection: &mut Connection, batch: Vec<Job>) {
    let mut finishes = Vec::with_capacity(batch.len());
    let committed = (|| {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for job in batch {
            finishes.extend(attempt(&transaction, job)?);
        }
        transaction.commit()
    })()
    .map_err(|error| failed(&error));
    for finish in finishes {
        finish(committed.clone());
    }
}

/// Does one job under its own savepoint. The error is the transaction's: then the whole batch fails.
fn attempt(transaction: &Connection, job: Job) -> Result<Option<Finish>, rusqlite::Error> {
    let Job { work, fail } = job;
    transaction.execute_batch("SAVEPOINT job")?;
    match work(transaction) {
        Ok(finish) => {
            transaction.execute_batch("RELEASE job")?;
            Ok(Some(finish))
        }
        Err(error) => {
            let undone = transaction.execute_batch("ROLLBACK TO job; RELEASE job");
            fail(failed(&error));
            undone.map(|()| None)
        }
    }
}
