use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};

use crate::stat::percentile;

/// What the sink counted since it began anew.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Microseconds from publishing to reading, of each message.
    latencies: Vec<u32>,
    /// Messages that were not newer than the one before on the same connection.
    misordered: u64,
    /// Connections that the server ended.
    pub(super) closed: u64,
    pub(super) bytes: u64,
}

impl Log {
    pub(super) fn receive(&mut self, sent: u64, now: u64, last: u64) {
        if sent <= last {
            self.misordered += 1;
        }
        let micros = now.saturating_sub(sent) / 1_000;
        self.latencies
            .push(u32::try_from(micros).unwrap_or(u32::MAX));
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.latencies.len() as u64
    }

    /// A run with a loss, a repetition or a disorder is void.
    pub(crate) fn must_be_whole(&self, expected: u64) -> Result<()> {
        let delivered = self.delivered();
        ensure!(
            delivered == expected && self.misordered == 0 && self.closed == 0,
            "void: {delivered} of {expected} messages came, {} doubled or out of order, \
             {} connections ended",
            self.misordered,
            self.closed,
        );
        Ok(())
    }

    /// How the latencies spread.
    pub(crate) fn latency(mut self) -> Latency {
        self.latencies.sort_unstable();
        let sum: u64 = self.latencies.iter().copied().map(u64::from).sum();
        Latency {
            p50: percentile(&self.latencies, 0.5) / 1_000.0,
            p99: percentile(&self.latencies, 0.99) / 1_000.0,
            max: percentile(&self.latencies, 1.0) / 1_000.0,
            mean: sum as f64 / self.latencies.len() as f64 / 1_000.0,
        }
    }

    /// Bytes on the wire for each message.
    pub(crate) fn bytes_per_message(&self) -> f64 {
        self.bytes as f64 / self.delivered() as f64
    }
}

/// Latencies in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
    pub(crate) mean: f64,
}

/// How many messages have come, for a publisher that keeps its queues short.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    delivered: Mutex<u64>,
    changed: Condvar,
    abandoned: AtomicBool,
}

impl Progress {
    /// The publisher gives up: nobody need wait for its messages.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    pub(super) fn tell(&self, delivered: u64) {
        *self
            .delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = delivered;
        self.changed.notify_all();
    }

    /// Waits until so many messages have come; says whether they did in time.
    pub(crate) fn reach(&self, count: u64, patience: Duration) -> bool {
        let guard = self
            .delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(guard, patience, |delivered| *delivered < count);
        let (guard, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(guard);
        !outcome.timed_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_a_repetition_and_an_end_make_a_run_void() {
        let log = |received: &[u64], closed| {
            let mut log = Log {
                closed,
                ..Log::default()
            };
            let mut last = 0;
            for sent in received {
                log.receive(*sent, 10_000, last);
                last = *sent;
            }
            log
        };
        assert!(log(&[1, 2], 0).must_be_whole(2).is_ok());
        assert!(log(&[1], 0).must_be_whole(2).is_err());
        assert!(log(&[1, 1], 0).must_be_whole(2).is_err());
        assert!(log(&[2, 1], 0).must_be_whole(2).is_err());
        assert!(log(&[1, 2], 1).must_be_whole(2).is_err());
    }

    #[test]
    fn progress_is_waited_for_in_bounded_time() {
        let progress = Progress::default();
        progress.tell(3);
        assert!(progress.reach(3, Duration::ZERO));
        assert!(!progress.reach(4, Duration::ZERO));
    }
}
