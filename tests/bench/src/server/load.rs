//! Loads of publishes: as fast as they are answered, and at a fixed rate.

use std::{
    net::SocketAddr,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};

use super::rest::Rest;
use crate::{clock, stat::percentile};

/// Connections of a paced load.
const PACERS: u32 = 4;

/// What a load came to.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub(super) seconds: f64,
    /// Microseconds of each, sorted.
    micros: Vec<u32>,
    /// The notifications, if they were published as fast as possible.
    pub(super) ids: Vec<String>,
}

impl Load {
    pub(super) fn count(&self) -> usize {
        self.micros.len()
    }

    pub(super) fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.seconds
    }

    /// In milliseconds.
    pub(super) fn p99(&self) -> f64 {
        percentile(&self.micros, 0.99) / 1_000.0
    }

    fn join(parts: impl IntoIterator<Item = Vec<u32>>, seconds: f64) -> Self {
        let mut micros: Vec<u32> = parts.into_iter().flatten().collect();
        micros.sort_unstable();
        Self {
            seconds,
            micros,
            ids: Vec::new(),
        }
    }
}

/// Where publishes go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) address: SocketAddr,
    pub(super) key: &'a str,
}

/// Publishes all bodies over so many connections, each with one request at a time.
pub(super) fn publish_all(
    target: Target<'_>,
    bodies: &[String],
    connections: usize,
) -> Result<Load> {
    let next = AtomicUsize::new(0);
    let barrier = Barrier::new(connections + 1);
    thread::scope(|scope| {
        let publish = || -> Result<(Vec<u32>, Vec<String>)> {
            let connected = Rest::connect(target.address, target.key);
            barrier.wait();
            let mut rest = connected?;
            let (mut micros, mut ids) = (Vec::new(), Vec::new());
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let begun = clock::now();
                ids.push(rest.publish(body)?);
                micros.push(micros_of(clock::now() - begun));
            }
            Ok((micros, ids))
        };
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(publish)).collect();
        barrier.wait();
        let begun = clock::now();
        let parts: Result<Vec<_>> = threads.into_iter().map(joined).collect();
        let seconds = (clock::now() - begun).as_secs_f64();
        let (micros, ids): (Vec<_>, Vec<_>) = parts?.into_iter().unzip();
        Ok(Load {
            ids: ids.concat(),
            ..Load::join(micros, seconds)
        })
    })
}

/// Calls `act` so often a second until `stop`, on a few threads with a state each. A time counts from
/// the moment at which the call was due, so that what a slow one delays is counted too.
pub(super) fn paced<S, A>(
    per_second: u32,
    stop: &AtomicBool,
    start: impl Fn(usize) -> Result<S> + Sync,
    act: A,
) -> Result<Load>
where
    A: Fn(&mut S, u64) -> Result<()> + Sync,
{
    let interval = Duration::from_secs(1) * PACERS / per_second;
    let begun = clock::now();
    thread::scope(|scope| {
        let (start, act) = (&start, &act);
        let pace = |pacer: u32| {
            move || -> Result<Vec<u32>> {
                let mut state = start(pacer as usize)?;
                let mut due = clock::now() + interval * pacer / PACERS;
                let mut micros = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    clock::sleep_until(due);
                    act(&mut state, clock::nanos_at(due))?;
                    micros.push(micros_of(clock::now() - due));
                    due += interval;
                }
                Ok(micros)
            }
        };
        let threads: Vec<_> = (0..PACERS).map(|pacer| scope.spawn(pace(pacer))).collect();
        let parts: Result<Vec<_>> = threads.into_iter().map(joined).collect();
        let seconds = (clock::now() - begun).as_secs_f64();
        Ok(Load::join(parts?, seconds))
    })
}

pub(super) fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow!("a thread panicked"))?
}

pub(super) fn micros_of(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_counts_over_all_connections() {
        let load = Load::join([vec![3_000, 1_000], vec![2_000]], 0.5);
        assert_eq!((load.count(), load.rate(), load.p99()), (3, 6.0, 3.0));
    }
}
