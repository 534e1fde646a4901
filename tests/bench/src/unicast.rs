//! Messages to random users, each to one.

use anyhow::{Context as _, Result, ensure};

use crate::{
    clock,
    fanout::{Ground, await_delivery},
    marker,
    peer::{Peer, fill},
    random::Random,
    running::Running,
    setting::{Cores, Setting},
};

/// How many users one order names.
const BATCH: usize = 500;

/// How many orders may be on their way.
const WINDOW: usize = 4;

/// The figures of messages to single users.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unicast {
    /// The server's CPU for each message.
    pub(crate) nanos: f64,
    /// Deliveries per second on the wall.
    pub(crate) rate: f64,
}

/// Starts a peer and sends batches to users drawn by chance.
pub(crate) fn visit(peer: &Peer, count: usize, setting: &Setting, cores: Cores) -> Result<Unicast> {
    let template = peer.unicast.as_ref().context("the peer knows no users")?;
    let running = Running::start(peer, cores)?;
    let mut publisher = running.publisher()?;
    let mut sink = running.sink()?;
    running.connect(&mut sink, count)?;
    let mut random = Random::new(count as u64);
    // A user is in a batch once: the times that a connection gets must rise.
    let batch = BATCH.min(count);
    let batches: Vec<String> = (0..setting.unicasts.div_ceil(batch))
        .map(|_| users(&random.distinct(batch, count)))
        .collect();
    let expected = batches.len() * batch;
    let mut ground = Ground {
        running: &running,
        sink: &mut sink,
        publisher: &mut publisher,
        count,
        payload: setting.payload,
    };
    let (cpu, started) = (running.server.cpu_nanos(), clock::now());
    let log = ground.run(expected, |publisher, progress| {
        for (index, users) in batches.iter().enumerate() {
            await_delivery(progress, (index + 1).saturating_sub(WINDOW) * batch)?;
            let payload = marker::payload(clock::nanos(), setting.payload);
            let values = [("users", users.as_str()), ("payload", &payload)];
            publisher.say_text(&fill(&template.message, &values))?;
        }
        Ok(())
    })?;
    let wall = (clock::now() - started).as_secs_f64();
    let cpu = (running.server.cpu_nanos() - cpu) as f64;
    log.must_be_whole(expected as u64)?;
    ensure!(expected > 0, "there was nobody to tell");
    Ok(Unicast {
        nanos: cpu / expected as f64,
        rate: expected as f64 / wall,
    })
}

fn users(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(usize::to_string).collect();
    words.join(",")
}
