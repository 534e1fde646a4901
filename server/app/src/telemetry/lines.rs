//! The queue between those who log and the file that takes the lines.
//!
//! A write to standard error can block for ever (a pipe whose reader does not read) or fail (a closed
//! pipe, a full disk). Therefore one thread writes, and everybody else puts lines into a bounded
//! queue, from which they are dropped when it is full.

use std::{
    io::{self, Write},
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// How many lines wait at most. Too few and a burst is dropped while the disk is slow.
const QUEUE: usize = 4_096;

/// The longest line that is kept, in bytes; the rest of a longer one is cut off.
const LINE_BYTES: usize = 16 * 1_024;

/// How long the end of the program waits for the lines that were not written yet.
const PATIENCE: Duration = Duration::from_secs(1);

static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines could not be written since the program started.
pub(crate) fn lost_lines() -> u64 {
    LOST.load(Ordering::Relaxed)
}

enum Job {
    Line(Vec<u8>),
    /// Answers when every earlier line was written or given up.
    Flush(SyncSender<()>),
}

/// Takes lines without ever waiting or failing.
#[derive(Debug, Clone)]
pub(crate) struct Lines(SyncSender<Job>);

/// Waits, when it is dropped, at most a second for the lines that were not written yet.
#[derive(Debug)]
#[must_use = "lines are lost at the end of the program when the guard is dropped at its beginning"]
pub struct LogGuard(Lines);

impl Lines {
    /// Starts the thread that writes.
    pub(crate) fn start(output: impl Write + Send + 'static) -> io::Result<(Self, LogGuard)> {
        let (sender, jobs) = mpsc::sync_channel(QUEUE);
        let run = move || write_all(&jobs, output);
        thread::Builder::new().name("log".to_owned()).spawn(run)?;
        let lines = Self(sender);
        Ok((lines.clone(), LogGuard(lines)))
    }

    fn put(&self, line: &[u8]) {
        let line = if line.len() > LINE_BYTES {
            [&line[..LINE_BYTES], b"\n"].concat()
        } else {
            line.to_vec()
        };
        match self.0.try_send(Job::Line(line)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => lose(),
        }
    }

    fn flush(&self, patience: Duration) {
        let (sender, flushed) = mpsc::sync_channel(1);
        if self.0.try_send(Job::Flush(sender)).is_ok() {
            // An output that does not take the lines by then loses them.
            flushed.recv_timeout(patience).ok();
        }
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.0.flush(PATIENCE);
    }
}

fn write_all(jobs: &Receiver<Job>, mut output: impl Write) {
    for job in jobs {
        match job {
            Job::Line(line) => {
                if output.write_all(&line).is_err() {
                    lose();
                }
            }
            Job::Flush(done) => {
                if output.flush().is_err() {
                    lose();
                }
                // The one that asked may have gone.
                done.try_send(()).ok();
            }
        }
    }
}

fn lose() {
    LOST.fetch_add(1, Ordering::Relaxed);
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

/// One event's writer: tracing-subscriber writes each event by a single call.
#[derive(Debug)]
pub(crate) struct Line<'a>(&'a Lines);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// Logs through a subscriber as the server has it.
    fn log(lines: &Lines, count: usize) {
        let subscriber = tracing_subscriber::fmt()
            .log_internal_errors(false)
            .with_writer(lines.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..count {
                tracing::info!(number, "served");
            }
        });
    }

    #[test]
    fn lines_are_written_before_the_program_ends() {
        let (mut reader, writer) = io::pipe().unwrap();
        let (lines, guard) = Lines::start(writer).unwrap();
        log(&lines, 3);
        drop(guard);
        let mut buffer = [0; 4_096];
        let length = reader.read(&mut buffer).unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]);
        assert_eq!(text.matches("served").count(), 3, "{text}");
    }

    #[test]
    fn a_reader_that_is_gone_loses_lines_and_nothing_else() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let (lines, guard) = Lines::start(writer).unwrap();
        let before = lost_lines();
        log(&lines, 3);
        drop(guard);
        assert!(lost_lines() >= before + 3);
    }

    #[test]
    fn a_full_disk_loses_lines_and_nothing_else() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let (lines, guard) = Lines::start(full.unwrap()).unwrap();
        let before = lost_lines();
        log(&lines, 3);
        drop(guard);
        assert!(lost_lines() >= before + 3);
    }

    #[test]
    fn a_reader_that_does_not_read_holds_nobody_up() {
        let (reader, writer) = io::pipe().unwrap();
        let (lines, _guard) = Lines::start(writer).unwrap();
        let before = lost_lines();
        // More than the pipe and the queue hold: with a write that waits, this never ends.
        log(&lines, 4 * QUEUE);
        assert!(lost_lines() > before);
        drop(reader);
    }

    #[test]
    fn a_long_line_is_cut_off() {
        let (mut reader, writer) = io::pipe().unwrap();
        let (lines, guard) = Lines::start(writer).unwrap();
        lines.put(&vec![b'a'; LINE_BYTES + 100]);
        drop(guard);
        drop(lines);
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        assert_eq!(text.len(), LINE_BYTES + 1);
    }
}
