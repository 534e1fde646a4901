//! Does jobs in shared transactions.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use rusqlite::Connection;
use vestnik_clock::Clock;

use super::{
    options::{EventSink, WriterOptions},
    stats::WriterStats,
    task::BoxTask,
    txn::WriteTxn,
};
use crate::{Database, Failure, mutex::lock};

/// Does jobs in shared transactions. It is used by one thread.
pub(super) struct Committer<E> {
    pub(super) database: Database,
    pub(super) options: WriterOptions,
    pub(super) sink: EventSink<E>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stats: Arc<Mutex<WriterStats>>,
}

/// Jobs that were run in one transaction.
struct Batch<E> {
    done: Vec<Done<E>>,
    events: Vec<E>,
    /// Whether the log is cut to nothing behind it.
    is_log_to_be_cut: bool,
}

/// A job that was run, with its own failure if it had one.
struct Done<E> {
    task: BoxTask<E>,
    outcome: Result<(), Failure>,
}

/// A transaction that failed as a whole. Nothing of it was committed.
enum Broken {
    /// It could not be begun: no job was run.
    AtBegin(Failure),
    Later(Failure),
}

impl<E> Committer<E> {
    /// Commits a job together with what `more` gives, and answers their callers.
    pub(super) fn commit(
        &mut self,
        first: BoxTask<E>,
        more: &mut dyn FnMut() -> Option<BoxTask<E>>,
    ) {
        let (batch, result) = self.run_batch(first, more);
        match result {
            Ok(()) => self.finish(batch),
            Err(Broken::AtBegin(failure)) => self.fail_all(batch.done, &failure),
            Err(Broken::Later(failure)) if batch.done.len() == 1 => {
                self.fail_all(batch.done, &failure);
            }
            Err(Broken::Later(_)) => self.commit_each(batch.done),
        }
    }

    pub(super) fn close(self) -> Result<(), Failure> {
        self.database.close()
    }

    fn run_batch(
        &mut self,
        first: BoxTask<E>,
        more: &mut dyn FnMut() -> Option<BoxTask<E>>,
    ) -> (Batch<E>, Result<(), Broken>) {
        let mut batch = Batch {
            done: Vec::new(),
            events: Vec::new(),
            is_log_to_be_cut: false,
        };
        let changes_before = self.database.connection().total_changes();
        if let Err(error) = execute(self.database.connection(), "BEGIN IMMEDIATE") {
            let outcome = Err(Failure::Closed);
            batch.done.push(Done {
                task: first,
                outcome,
            });
            return (batch, Err(Broken::AtBegin(error.into())));
        }
        let result = self.fill(&mut batch, first, more).and_then(|()| {
            if let Some(hook) = &mut self.options.before_commit {
                hook();
            }
            Ok(execute(self.database.connection(), "COMMIT")?)
        });
        if let Err(failure) = result {
            self.roll_back();
            return (batch, Err(Broken::Later(failure)));
        }
        self.note_commit(&batch, changes_before);
        (batch, Ok(()))
    }

    fn fill(
        &self,
        batch: &mut Batch<E>,
        first: BoxTask<E>,
        more: &mut dyn FnMut() -> Option<BoxTask<E>>,
    ) -> Result<(), Failure> {
        let until = self.clock.monotonic() + self.options.max_time;
        let mut next = Some(first);
        while let Some(mut task) = next {
            let attempt = self.attempt(&mut task, batch);
            let (outcome, broken) = match attempt {
                Ok(outcome) => (outcome, None),
                Err(failure) => (Err(failure.clone()), Some(failure)),
            };
            batch.done.push(Done { task, outcome });
            if let Some(failure) = broken {
                return Err(failure);
            }
            let is_full =
                batch.done.len() >= self.options.max_jobs || self.clock.monotonic() >= until;
            next = if is_full { None } else { more() };
        }
        Ok(())
    }

    /// Does one job under its own savepoint. The inner result is that of the job, the outer one
    /// that of the whole transaction.
    fn attempt(
        &self,
        task: &mut BoxTask<E>,
        batch: &mut Batch<E>,
    ) -> Result<Result<(), Failure>, Failure> {
        let connection = self.database.connection();
        execute(connection, "SAVEPOINT job")?;
        let events_before = batch.events.len();
        let mut txn = WriteTxn::new(connection, &mut batch.events, &mut batch.is_log_to_be_cut);
        let outcome = match catch_unwind(AssertUnwindSafe(|| task.run(&mut txn))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::from(error)),
            Err(_) => {
                lock(&self.stats).panics += 1;
                Err(Failure::Panicked)
            }
        };
        // A full disk, for one, makes SQLite roll the whole transaction back.
        if connection.is_autocommit() {
            return Err(outcome.err().unwrap_or_else(transaction_ended));
        }
        if outcome.is_err() {
            batch.events.truncate(events_before);
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
        Ok(outcome)
    }

    /// Commits each job by itself after their shared transaction failed. A job that panicked is not
    /// run again.
    fn commit_each(&mut self, done: Vec<Done<E>>) {
        let mut unavailable = None;
        for Done { task, outcome } in done {
            if let Err(failure @ Failure::Panicked) = outcome {
                task.reply(Err(failure));
                continue;
            }
            if let Some(failure) = &unavailable {
                task.reply(Err(Failure::clone(failure)));
                continue;
            }
            lock(&self.stats).reruns += 1;
            let (batch, result) = self.run_batch(task, &mut || None);
            match result {
                Ok(()) => self.finish(batch),
                Err(Broken::Later(failure)) => self.fail_all(batch.done, &failure),
                Err(Broken::AtBegin(failure)) => {
                    self.fail_all(batch.done, &failure);
                    // Each further attempt would wait for the same lock again.
                    unavailable = Some(failure);
                }
            }
        }
    }

    /// After the commit: first the events, then the answers.
    fn finish(&mut self, batch: Batch<E>) {
        let Batch {
            done,
            events,
            is_log_to_be_cut,
        } = batch;
        if !events.is_empty() && catch_unwind(AssertUnwindSafe(|| (self.sink)(events))).is_err() {
            lock(&self.stats).sink_panics += 1;
        }
        for Done { task, outcome } in done {
            task.reply(outcome);
        }
        // After the answers: moving the log takes time.
        if is_log_to_be_cut {
            self.database.cut_log();
        }
        self.database.after_commit();
        lock(&self.stats).wal_truncations = self.database.wal_truncations();
    }

    fn fail_all(&self, done: Vec<Done<E>>, failure: &Failure) {
        lock(&self.stats).note_lost_transaction(failure);
        for Done { task, .. } in done {
            task.reply(Err(failure.clone()));
        }
    }

    fn note_commit(&self, batch: &Batch<E>, changes_before: u64) {
        let succeeded = batch
            .done
            .iter()
            .filter(|done| done.outcome.is_ok())
            .count();
        let mut stats = lock(&self.stats);
        stats.commits += 1;
        stats.jobs += succeeded as u64;
        if self.database.connection().total_changes() != changes_before {
            stats.failing = None;
        }
        for done in &batch.done {
            if let Err(failure) = &done.outcome {
                stats.note_failed_job(failure);
            }
        }
    }

    /// A transaction that SQLite has not rolled back by itself.
    fn roll_back(&self) {
        let connection = self.database.connection();
        if !connection.is_autocommit() {
            // Fails only if there is no transaction, which is what is wanted.
            drop(execute(connection, "ROLLBACK"));
        }
    }
}

/// The failure of a job that committed or rolled back by itself.
fn transaction_ended() -> Failure {
    let misuse = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_MISUSE);
    let text = "the job ended the transaction that it is part of".to_owned();
    rusqlite::Error::SqliteFailure(misuse, Some(text)).into()
}

fn execute(connection: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
