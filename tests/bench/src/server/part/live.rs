//! One publish to a topic whose subscribers are all connected, beside a broadcast of the bare hub.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};

use super::super::{
    device::{self, PING},
    login::{Login, log_in},
    rest::Rest,
    running::{Kind, Running},
    seed,
    site::Site,
};
use super::Bench;
use crate::{
    clock,
    figure::{Figure, Goal},
    marker,
    peer::Peer,
    running, say,
    sink::{self, Latency, Sink},
    stat::Figures,
};

/// Milliseconds that a commit of the slow store takes longer.
const SLOW: u64 = 5;
/// Far longer than a broadcast or the notes of it take.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often clients say at least that they live; the hub ends those that do not for 30 s.
const ALIVE: Duration = Duration::from_secs(10);
/// Clients that connect between two rounds of pings.
const STEP: usize = 2_000;
/// The peer that is our hub alone.
const BARE: &str = "vestnik-json";

/// What a visit gave.
#[derive(Debug, Default)]
struct Visit {
    rates: Figures,
    p50: Figures,
    p99: Figures,
    spread: Figures,
    /// Bytes on the wire of one message.
    bytes: f64,
}

impl Visit {
    fn add(&mut self, devices: usize, latency: Latency) {
        self.rates.push(devices as f64 / (latency.max / 1_000.0));
        self.p50.push(latency.p50);
        self.p99.push(latency.p99);
        self.spread.push(latency.max / latency.mean);
    }

    fn rate(&self) -> f64 {
        self.rates.median().unwrap_or(f64::NAN)
    }
}

pub(in super::super) fn live(bench: &Bench) -> Result<Vec<Figure>> {
    let size = &bench.size;
    let site = Site::make()?;
    seed::users(&site, size.devices)?;
    seed::topics(&site, &[size.devices])?;
    let logins = all_logged_in(bench, &site)?;
    let [mut fast, mut slow, mut bare] = [(); 3].map(|()| Figures::default());
    let [mut ratio, mut slowed] = [(); 2].map(|()| Figures::default());
    let [mut p50, mut p99, mut spread] = [(); 3].map(|()| Figures::default());
    let mut slow_p99 = Figures::default();
    for run in 1..=size.runs {
        let usual = visit(bench, &site, &logins, 0).context("the server")?;
        let hub = broadcast(bench, usual.bytes).context("the bare hub")?;
        let delayed = visit(bench, &site, &logins, SLOW).context("the server, slow commits")?;
        say::progress(format!(
            "  run {run}: devices/s {:.0}, bare hub {:.0}, slow commits {:.0}",
            usual.rate(),
            hub.rate(),
            delayed.rate()
        ));
        ratio.push(usual.rate() / hub.rate());
        slowed.push(delayed.rate() / usual.rate());
        fast.push(usual.rate());
        bare.push(hub.rate());
        slow.push(delayed.rate());
        p50.extend(usual.p50.median());
        p99.extend(usual.p99.median());
        spread.extend(usual.spread.median());
        slow_p99.extend(delayed.p99.median());
    }
    let devices = size.devices;
    Ok(vec![
        Figure::ratio(
            "devices reached a second, over the bare hub",
            Goal::AtLeast(0.3),
            ratio,
        ),
        Figure::new(
            format!("devices reached a second, of {devices}"),
            "/s",
            fast,
        ),
        Figure::new("the bare hub's broadcast of as many bytes", "/s", bare),
        Figure::new("p50", "ms", p50),
        Figure::new("p99", "ms", p99),
        Figure::ratio("max over mean", Goal::AtMost(3.0), spread),
        Figure::ratio(
            "devices reached a second with commits that take 5 ms more, over without",
            Goal::AtLeast(0.8),
            slowed,
        ),
        Figure::new("devices reached a second, slow commits", "/s", slow),
        Figure::new("p99, slow commits", "ms", slow_p99),
    ])
}

/// Logs an installation of each user in; afterwards nobody has the database open.
fn all_logged_in(bench: &Bench, site: &Site) -> Result<Vec<Login>> {
    let devices = bench.size.devices;
    let running = Running::start(bench, site, Kind::default())?;
    let users: Vec<usize> = (1..=devices).collect();
    say::progress(format!("  logging {devices} devices in"));
    log_in(running.target(), &site.keys, &users)
}

/// Starts a server on a copy of the database, connects all devices, and publishes to all of them.
fn visit(bench: &Bench, site: &Site, logins: &[Login], commit_delay: u64) -> Result<Visit> {
    let site = site.copy()?;
    let kind = Kind {
        commit_delay,
        ..Kind::default()
    };
    let running = Running::start(bench, &site, kind)?;
    let script = device::script(logins);
    let mut sink = Sink::new(running.address, script)?;
    connect(&mut sink, logins.len())?;
    let mut rest = running.rest()?;
    let mut visit = Visit::default();
    // The first warms up.
    for number in 0..=bench.size.broadcasts {
        let (latency, bytes) = publish(&mut sink, &mut rest, logins.len())?;
        if number > 0 {
            visit.add(logins.len(), latency);
        }
        visit.bytes = bytes;
    }
    Ok(visit)
}

/// Publishes to the topic and reads until each device has it once, and until that is noted.
fn publish(sink: &mut Sink, rest: &mut Rest, devices: usize) -> Result<(Latency, f64)> {
    let mut id = String::new();
    let (latency, bytes) = reach(sink, devices, || {
        let title = marker::payload(clock::nanos(), 0);
        id = rest.publish(&seed::body(&seed::to_topic(devices, title))?)?;
        Ok(())
    })?;
    let (deadline, mut pinged) = (clock::now() + PATIENCE, clock::now());
    while rest.count(&id, Some("sent"))? < devices {
        ensure!(clock::now() < deadline, "hand-overs are not noted");
        clock::settle(Duration::from_millis(20));
        if clock::now() > pinged + ALIVE {
            sink.say_all(PING)?;
            pinged = clock::now();
        }
    }
    let counted = rest.count(&id, None)?;
    ensure!(
        counted == devices,
        "{counted} deliveries to {devices} devices"
    );
    Ok((latency, bytes))
}

/// The same number of clients of the bare hub, and a broadcast of as many bytes.
fn broadcast(bench: &Bench, bytes: f64) -> Result<Visit> {
    let devices = bench.size.devices;
    let peers = Peer::all()?;
    let peer = peers
        .iter()
        .find(|peer| peer.name == BARE)
        .with_context(|| format!("there is no peer {BARE}"))?;
    let running = running::Running::start(peer, bench.cores)?;
    let mut publisher = running.publisher()?;
    let mut sink = running.sink()?;
    connect(&mut sink, devices)?;
    let mut visit = Visit::default();
    let mut payload = bytes as usize;
    for number in 0..=bench.size.broadcasts {
        let (latency, came) = reach(&mut sink, devices, || {
            publisher.publish(&marker::payload(clock::nanos(), payload))
        })?;
        if number > 0 {
            visit.add(devices, latency);
        } else {
            // What surrounds the payload is known now.
            payload = payload.saturating_sub((came - bytes).max(0.0) as usize);
        }
        visit.bytes = came;
    }
    let deviation = (visit.bytes - bytes).abs();
    ensure!(
        deviation <= 8.0,
        "{} bytes were broadcast instead of {bytes}",
        visit.bytes
    );
    Ok(visit)
}

/// Connects all clients. Those that have been ready for long say that they live.
fn connect(sink: &mut Sink, count: usize) -> Result<()> {
    for step in (0..count).step_by(STEP) {
        sink.connect(count.min(step + STEP), PATIENCE)?;
        sink.say_all(PING)?;
    }
    Ok(())
}

/// Says something to all and reads until each client has it exactly once: how long it took, and the
/// bytes of each.
fn reach(
    sink: &mut Sink,
    devices: usize,
    mut say: impl FnMut() -> Result<()> + Send,
) -> Result<(Latency, f64)> {
    sink.say_all(PING)?;
    sink.drain()?;
    sink.take_log();
    let progress = sink::progress();
    std::thread::scope(|scope| {
        let saying = scope.spawn(|| say().inspect_err(|_| progress.abandon()));
        let deadline = clock::now() + PATIENCE;
        while !sink.has(devices as u64) && !progress.is_abandoned() && clock::now() < deadline {
            let pause = deadline.min(clock::now() + ALIVE);
            sink.collect(devices as u64, pause, &progress)?;
            sink.say_all(PING)?;
        }
        saying.join().map_err(|_| anyhow!("a thread panicked"))?
    })?;
    let log = sink.take_log();
    log.must_be_whole(devices as u64)?;
    let bytes = log.bytes_per_message();
    Ok((log.latency(), bytes))
}
