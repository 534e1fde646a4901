//! One visit to one peer: memory, connects, and messages to everybody, paced and in a burst.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::{
    clock, marker,
    peer::Peer,
    publish::Publisher,
    running::Running,
    setting::{Cores, Setting},
    sink::{self, Latency, Log, Progress, Sink},
};

/// The figures of one visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    /// Resident bytes of the server without a client.
    pub(crate) empty: f64,
    /// Resident bytes for each client that was told nothing yet.
    pub(crate) fresh: f64,
    /// The same after messages went to all of them.
    pub(crate) used: f64,
    /// Full connects for each second of the server's CPU.
    pub(crate) connects_per_core: f64,
    /// Full connects for each second on the wall.
    pub(crate) connects_per_second: f64,
    pub(crate) paced: Fanout,
    pub(crate) burst: Fanout,
}

/// The figures of messages to everybody.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fanout {
    /// The server's CPU for each delivered message.
    pub(crate) nanos: f64,
    pub(crate) latency: Latency,
    /// Deliveries per second on the wall.
    pub(crate) rate: f64,
    pub(crate) bytes: f64,
}

/// Starts a peer, measures it, and ends it.
pub(crate) fn visit(peer: &Peer, count: usize, setting: &Setting, cores: Cores) -> Result<Visit> {
    let running = Running::start(peer, cores)?;
    let mut publisher = running.publisher()?;
    let empty = running.resting_memory();
    let mut sink = running.sink()?;
    let per_connection = |memory: u64| memory.saturating_sub(empty) as f64 / count as f64;

    let (cpu, started) = (running.server.cpu_nanos(), clock::now());
    running.connect(&mut sink, count)?;
    let wall = started.elapsed().as_secs_f64();
    let cpu = (running.server.cpu_nanos() - cpu) as f64;
    let fresh = per_connection(running.resting_memory());

    let mut ground = Ground {
        running: &running,
        sink: &mut sink,
        publisher: &mut publisher,
        count,
        payload: setting.payload,
    };
    ground.burst(3, 1).context("warming up")?;
    let paced = ground.paced(setting).context("paced")?;
    let messages = (setting.burst / count).max(10);
    let burst = ground.burst(messages, setting.window).context("burst")?;
    let used = per_connection(running.resting_memory());
    Ok(Visit {
        empty: empty as f64,
        fresh,
        used,
        connects_per_core: count as f64 / (cpu / 1e9),
        connects_per_second: count as f64 / wall,
        paced,
        burst,
    })
}

/// Where messages go: a server, its clients and who publishes.
pub(crate) struct Ground<'a> {
    pub(crate) running: &'a Running<'a>,
    pub(crate) sink: &'a mut Sink,
    pub(crate) publisher: &'a mut Publisher,
    /// How many clients get each message.
    pub(crate) count: usize,
    /// Bytes of a payload.
    pub(crate) payload: usize,
}

impl Ground<'_> {
    /// Publishes at a fixed rate, whatever becomes of the messages.
    fn paced(&mut self, setting: &Setting) -> Result<Fanout> {
        // Slow enough that every receiver sleeps between messages.
        let rate = if self.count > 2_000 { 2.0 } else { 20.0 };
        let messages = (rate * setting.paced.as_secs_f64()).ceil().max(5.0) as usize;
        let interval = Duration::from_secs_f64(1.0 / rate);
        let payload = self.payload;
        self.measure(messages, |publisher, _| {
            paced(publisher, messages, interval, payload)
        })
    }

    /// Publishes as fast as messages are delivered, a few of them on their way.
    fn burst(&mut self, messages: usize, window: usize) -> Result<Fanout> {
        let (count, payload) = (self.count, self.payload);
        self.measure(messages, |publisher, progress| {
            for message in 0..messages {
                let before = (message + 1).saturating_sub(window) * count;
                await_delivery(progress, before)?;
                publisher.publish(&marker::payload(clock::nanos(), payload))?;
            }
            Ok(())
        })
    }

    fn measure<P>(&mut self, messages: usize, publish: P) -> Result<Fanout>
    where
        P: FnOnce(&mut Publisher, &Progress) -> Result<()> + Send,
    {
        let cpu = self.running.server.cpu_nanos();
        let started = clock::now();
        let expected = messages * self.count;
        let log = self.run(expected, publish)?;
        let wall = (clock::now() - started).as_secs_f64();
        let cpu = (self.running.server.cpu_nanos() - cpu) as f64;
        log.must_be_whole(expected as u64)?;
        Ok(Fanout {
            nanos: cpu / expected as f64,
            rate: expected as f64 / wall,
            bytes: log.bytes_per_message(),
            latency: log.latency(),
        })
    }

    /// Publishes on a thread of its own while the sink collects.
    pub(crate) fn run<P>(&mut self, expected: usize, publish: P) -> Result<Log>
    where
        P: FnOnce(&mut Publisher, &Progress) -> Result<()> + Send,
    {
        self.sink.take_log();
        let progress = sink::progress();
        let (publisher, sink) = (&mut *self.publisher, &mut *self.sink);
        let deadline = clock::now() + patience(expected);
        thread::scope(|scope| {
            let publishing =
                scope.spawn(|| publish(publisher, &progress).inspect_err(|_| progress.abandon()));
            sink.collect(expected as u64, deadline, &progress)?;
            let outcome = publishing.join();
            outcome.map_err(|_| anyhow!("the publisher panicked"))?
        })?;
        Ok(self.sink.take_log())
    }
}

/// Publishes at a fixed rate; a message's time is when it should have been published.
pub(crate) fn paced(
    publisher: &mut Publisher,
    messages: usize,
    interval: Duration,
    payload: usize,
) -> Result<()> {
    let start: Instant = clock::now() + interval;
    for message in 0..messages {
        let due = start + interval * u32::try_from(message)?;
        clock::sleep_until(due);
        publisher.publish(&marker::payload(clock::nanos_at(due), payload))?;
    }
    Ok(())
}

/// Waits until so many messages have come; a run in which they do not is void.
pub(crate) fn await_delivery(progress: &Progress, count: usize) -> Result<()> {
    const PATIENCE: Duration = Duration::from_mins(5);
    let reached = progress.reach(count as u64, PATIENCE);
    ensure!(
        reached,
        "void: {count} messages did not come in {PATIENCE:?}"
    );
    Ok(())
}

/// Far longer than any peer needs; the end of a run that lost something.
fn patience(messages: usize) -> Duration {
    const LEAST: Duration = Duration::from_mins(5);
    const EACH: Duration = Duration::from_micros(100);
    LEAST + EACH * u32::try_from(messages).unwrap_or(u32::MAX)
}
