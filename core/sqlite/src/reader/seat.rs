//! One thread of a pool and its connection.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, InterruptHandle};
use vestnik_clock::Clock;

use super::{
    current::Current,
    stats::ReaderStats,
    task::{Job, Task},
    ticket::Ticket,
};
use crate::{Failure, database::connect_read_only, mutex::lock};

/// After how many instructions of SQLite's virtual machine a statement looks whether it is still
/// wanted: some microseconds.
const OPS: i32 = 1_000;

/// A connection and the read that it serves.
pub(super) struct Seat {
    connection: Connection,
    interrupt: Arc<InterruptHandle>,
    clock: Arc<dyn Clock>,
    current: Arc<Current>,
    stats: Arc<Mutex<ReaderStats>>,
}

impl Seat {
    pub(super) fn open(
        path: &Path,
        clock: Arc<dyn Clock>,
        stats: Arc<Mutex<ReaderStats>>,
    ) -> Result<Self, rusqlite::Error> {
        let current = Arc::<Current>::default();
        let (connection, interrupt) = connect(path, &clock, &current)?;
        Ok(Self {
            connection,
            interrupt,
            clock,
            current,
            stats,
        })
    }

    /// The read that is served now, for the pool to interrupt.
    pub(super) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current)
    }

    /// Does one read and answers its caller.
    pub(super) fn serve(&self, job: Job) {
        let Job { ticket, mut task } = job;
        if let Some(reason) = ticket.stop_reason(self.clock.monotonic()) {
            self.count_unbegun(&reason);
            task.reply(Err(reason));
            return;
        }
        lock(&self.stats).busy += 1;
        let done = match self.read(&ticket, task.as_mut()) {
            // SQLite only says that a statement was interrupted; the ticket says why.
            Err(Failure::Interrupted) => Err(ticket
                .stop_reason(self.clock.monotonic())
                .unwrap_or(Failure::Interrupted)),
            done => done,
        };
        self.count(&done);
        task.reply(done);
    }

    fn read(&self, ticket: &Arc<Ticket>, task: &mut dyn Task) -> Result<(), Failure> {
        let snapshot = self.connection.unchecked_transaction()?;
        ticket.begin(Arc::clone(&self.interrupt));
        self.current.begin(ticket);
        let done = catch_unwind(AssertUnwindSafe(|| task.run(&snapshot)));
        self.current.end();
        ticket.end();
        // Rolls back whatever transaction the read has left.
        drop(snapshot);
        match done {
            Ok(done) => Ok(done?),
            Err(_) => Err(Failure::Panicked),
        }
    }

    fn count_unbegun(&self, reason: &Failure) {
        let mut stats = lock(&self.stats);
        if matches!(reason, Failure::DeadlinePassed) {
            stats.deadline_passed += 1;
        } else {
            stats.abandoned += 1;
        }
    }

    fn count(&self, done: &Result<(), Failure>) {
        let mut stats = lock(&self.stats);
        stats.busy -= 1;
        match done {
            Err(Failure::Interrupted) => stats.interrupted += 1,
            Err(Failure::DeadlinePassed) => stats.deadline_passed += 1,
            Err(Failure::Panicked) => stats.panicked += 1,
            Ok(()) | Err(_) => stats.done += 1,
        }
    }
}

fn connect(
    path: &Path,
    clock: &Arc<dyn Clock>,
    current: &Arc<Current>,
) -> Result<(Connection, Arc<InterruptHandle>), rusqlite::Error> {
    let mut connection = connect_read_only(path)?;
    let (clock, current) = (Arc::clone(clock), Arc::clone(current));
    let must_stop = move || current.must_stop(clock.monotonic());
    connection.progress_handler(OPS, Some(must_stop))?;
    let interrupt = Arc::new(connection.get_interrupt_handle());
    Ok((connection, interrupt))
}
