//! Moves the write-ahead log into the file beside the thread that commits.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use crate::{mutex::lock, open::FLAGS};

/// A thread with a connection of its own that moves the log when it is asked to. SQLite lets one
/// connection move the log while another appends to it, so commits do not wait for the disk that long.
///
/// The thread ends when this is dropped, after the move that it is at.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    phase: Mutex<Phase>,
    changed: Condvar,
}

/// What the thread is at.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for a request.
    #[default]
    Idle,
    /// It was asked to move the log, or does.
    Moving,
    /// It has moved what was there when it began; nobody has looked since.
    Moved,
    /// It is to end, or has ended.
    Ending,
}

impl Checkpointer {
    /// Starts the thread for a file that is open. Its connection is opened now, so that it is of the
    /// file that is open, whatever lies under its name later.
    pub(crate) fn start(path: &Path) -> io::Result<Self> {
        let connection = connect(path).map_err(io::Error::other)?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sqlite-checkpoint".to_owned())
            .spawn(move || of_thread.run(&connection))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Asks for the log to be moved, unless that is being done.
    pub(crate) fn request(&self) {
        let mut phase = lock(&self.shared.phase);
        if matches!(*phase, Phase::Idle | Phase::Moved) {
            *phase = Phase::Moving;
            self.shared.changed.notify_all();
        }
    }

    /// Whether the log was moved since this was asked last. What was appended meanwhile is left.
    pub(crate) fn take_moved(&self) -> bool {
        let mut phase = lock(&self.shared.phase);
        let has_moved = *phase == Phase::Moved;
        if has_moved {
            *phase = Phase::Idle;
        }
        has_moved
    }

    /// Waits until nothing is being moved.
    pub(crate) fn wait(&self) {
        let mut phase = lock(&self.shared.phase);
        while *phase == Phase::Moving {
            let changed = self.shared.changed.wait(phase);
            phase = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        *lock(&self.shared.phase) = Phase::Ending;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported; the log stays longer.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn run(&self, connection: &Connection) {
        let ended = Ended(self);
        while self.await_request() {
            // A failure or a panic leaves the log as it is: the thread that commits moves it when it
            // is long.
            drop(catch_unwind(AssertUnwindSafe(|| move_log(connection))));
            self.finish();
        }
        drop(ended);
    }

    /// Waits for a request; `false` when the thread is to end.
    fn await_request(&self) -> bool {
        let mut phase = lock(&self.phase);
        loop {
            match *phase {
                Phase::Moving => return true,
                Phase::Ending => return false,
                Phase::Idle | Phase::Moved => {}
            }
            let changed = self.changed.wait(phase);
            phase = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self) {
        let mut phase = lock(&self.phase);
        if *phase == Phase::Moving {
            *phase = Phase::Moved;
        }
        drop(phase);
        self.changed.notify_all();
    }
}

/// Lets nobody wait for a thread that has ended, be it by a panic.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        *lock(&self.0.phase) = Phase::Ending;
        self.0.changed.notify_all();
    }
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, FLAGS)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // SQLite opens the log with the first read.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// The most passes over a log that grows meanwhile.
const PASSES: u32 = 4;

/// Moves the log until nothing was appended meanwhile. Only then does SQLite synchronise the file, which
/// takes longest and would be left to the thread that commits; each pass has less to move.
fn move_log(connection: &Connection) -> Result<(), rusqlite::Error> {
    for _ in 0..PASSES {
        let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?;
        let (in_log, moved): (i64, i64) =
            statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
        if in_log == moved {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(connection: &Connection) -> (i64, i64) {
        let log = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
            Ok((row.get(1)?, row.get(2)?))
        });
        log.unwrap()
    }

    #[test]
    fn the_log_is_moved_beside_the_connection_that_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let writing = Connection::open(&path).unwrap();
        let mode = writing.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
        mode.unwrap();
        writing.execute_batch("CREATE TABLE t (x)").unwrap();
        let checkpointer = Checkpointer::start(&path).unwrap();
        for _ in 0..3 {
            writing.execute("INSERT INTO t VALUES (1)", []).unwrap();
            assert!(!checkpointer.take_moved());
            checkpointer.request();
            checkpointer.wait();
            let (in_log, moved) = pages(&writing);
            assert_eq!(in_log, moved);
            assert!(checkpointer.take_moved());
        }
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Checkpointer::start(&folder.path().join("absent")).is_err());
    }
}
