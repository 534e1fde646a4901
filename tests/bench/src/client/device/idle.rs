//! A device that is online and has nothing to do.

use std::time::Duration;

use anyhow::{Result, ensure};
use rusqlite::Connection;

use super::{
    observed::{Memory, sleeps, written},
    own::Process,
    relay::Relay,
    stored::Stored,
};
use crate::{
    client::history::{Bench, user},
    clock,
    figure::{Figure, Goal},
    say,
    server::{Kind, Running, Site, seed},
    setting::own_program,
    stat::Figures,
};

/// What a device reads on with before it is idle.
const ARRIVALS: usize = 100;
/// How long nothing is committed before a device counts as idle.
const CALM: Duration = Duration::from_secs(3);
/// How often a history is looked at whether there was a commit.
const LOOK: Duration = Duration::from_millis(250);
/// Far longer than a device takes to be idle.
const PATIENCE: Duration = Duration::from_mins(2);
const HOUR: Duration = Duration::from_hours(1);
/// A message of the device and one of the server every 15 seconds.
const KEEP_ALIVE: f64 = 480.0;

pub(in crate::client) fn figures(bench: &mut Bench) -> Result<Vec<Figure>> {
    let site = Site::make()?;
    let program = own_program()?.display().to_string();
    let running = Running::launch(&program, None, &site, Kind::default())?;
    let stored = Stored::make(bench, &running, &site)?;
    let relay = Relay::start(running.address)?;
    publish(&running)?;
    let process = Process::start(stored.folder(), &relay.url())?;
    let history = Connection::open(stored.history()?)?;
    calm(&history)?;
    let memory = Memory::of(process.id())?;
    let hour = Hour::watch(&process, &relay, &history, bench.size.idle)?;
    process.stop()?;
    let mut figures = memory_figures(memory);
    figures.extend(hour.figures(bench.size.idle));
    Ok(figures)
}

fn publish(running: &Running<'_>) -> Result<()> {
    let mut rest = running.rest()?;
    for number in 1..=ARRIVALS {
        let request = seed::to(&user()?, format!("Order {number}"));
        rest.publish(&seed::body(&request)?)?;
    }
    Ok(())
}

/// Waits until a device commits nothing any more.
fn calm(history: &Connection) -> Result<()> {
    let deadline = clock::now() + PATIENCE;
    let mut before = version(history)?;
    let mut since = clock::now();
    while clock::now() < since + CALM {
        ensure!(clock::now() < deadline, "the device does not become idle");
        clock::settle(LOOK);
        let present = version(history)?;
        if present != before {
            (before, since) = (present, clock::now());
        }
    }
    Ok(())
}

/// Another number after each commit of another connection.
fn version(history: &Connection) -> Result<i64> {
    Ok(history.query_row("PRAGMA data_version", [], |row| row.get(0))?)
}

fn one(value: f64) -> Figures {
    Figures::from_iter([value])
}

fn memory_figures(memory: Memory) -> Vec<Figure> {
    let figure = |name, bytes| Figure::new(name, "MB", one(bytes / 1e6));
    vec![
        figure("resident memory, online and idle", memory.resident).with(Goal::Below(25.0)),
        figure("of it, the process's share", memory.share),
        figure("of it, no copy of a file", memory.anonymous),
    ]
}

/// What an idle device does.
#[derive(Debug, Clone, Copy)]
struct Hour {
    sleeps: u64,
    up: u64,
    down: u64,
    written: u64,
    /// How many looks at the history have found a commit.
    commits: u64,
}

impl Hour {
    fn watch(
        process: &Process,
        relay: &Relay,
        history: &Connection,
        span: Duration,
    ) -> Result<Self> {
        say::progress(format!("the device is idle for {} s", span.as_secs()));
        let (slept, bytes, wrote) = (sleeps(process.id())?, relay.bytes(), written(process.id())?);
        let (mut commits, mut before) = (0, version(history)?);
        let end = clock::now() + span;
        while clock::now() < end {
            clock::sleep_until((clock::now() + LOOK).min(end));
            let present = version(history)?;
            commits += u64::from(std::mem::replace(&mut before, present) != present);
        }
        let (sleeping, now) = (sleeps(process.id())?, relay.bytes());
        let mut sleeps = 0;
        for (thread, count) in &sleeping {
            let count = count - slept.get(thread).copied().unwrap_or_default();
            say::progress(format!("    {thread}: {count} wake-ups"));
            sleeps += count;
        }
        Ok(Self {
            sleeps,
            up: now.up - bytes.up,
            down: now.down - bytes.down,
            written: written(process.id())? - wrote,
            commits,
        })
    }

    fn figures(self, span: Duration) -> Vec<Figure> {
        let (factor, how) = if span == HOUR {
            (1.0, String::new())
        } else {
            let factor = HOUR.as_secs_f64() / span.as_secs_f64();
            // The keep-alive is periodic, and nothing else is due.
            (factor, format!(", from {} s", span.as_secs()))
        };
        let figure = |name: &str, unit, value: u64| {
            let value = one(value as f64 * factor);
            Figure::new(format!("an idle hour{how}: {name}"), unit, value)
        };
        vec![
            figure("wake-ups of its threads", "", self.sleeps).with(Goal::AtMost(KEEP_ALIVE)),
            figure("bytes to the server", "B", self.up),
            figure("bytes from the server", "B", self.down),
            figure("commits", "", self.commits).with(Goal::AtMost(0.0)),
            figure("bytes written into files", "B", self.written).with(Goal::AtMost(0.0)),
        ]
    }
}
