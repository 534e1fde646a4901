//! One user who takes all that is allowed, and the times of the others.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use anyhow::{Result, ensure};
use serde_json::json;
use vestnik_model::contract::server;
use vestnik_rules::session::MAX_INSTALLATIONS;
use vestnik_server::config::FeedConfig;

use super::super::{
    device::{self, Device, PING, is_refusal},
    load::{Load, joined, paced},
    login::{Login, log_in},
    role::Greedy,
    running::{Kind, Running},
    seed,
    site::Site,
};
use super::Bench;
use crate::{
    clock,
    figure::{Figure, Goal},
    marker, process, say,
    sink::{self, Sink},
    stat::Figures,
};

/// Publishes to the others a second, and pages that others read.
const PER_SECOND: u32 = 100;
/// Users who read on; each belongs to a thread of the paced load.
const READERS: usize = 4;
/// How long what is on its way may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// 99th percentiles of the others, in milliseconds.
struct Times {
    arrivals: f64,
    pages: f64,
}

pub(in super::super) fn greedy(bench: &Bench) -> Result<Vec<Figure>> {
    let size = &bench.size;
    let (others, greedy) = (size.others, size.others + READERS + 1);
    let site = Site::make()?;
    seed::users(&site, greedy)?;
    let kind = Kind {
        is_limiting: true,
        ..Kind::default()
    };
    let running = Running::start(bench, &site, kind)?;
    let users: Vec<usize> = (1..greedy)
        .chain(std::iter::repeat_n(greedy, MAX_INSTALLATIONS as usize))
        .collect();
    let mut logins = log_in(running.target(), &site.keys, &users)?;
    let of_greedy = logins.split_off(others + READERS);
    let readers = logins.split_off(others);
    std::fs::write(file(&site), serde_json::to_vec(&of_greedy)?)?;
    let ground = Ground {
        bench,
        site: &site,
        running: &running,
        readers: &readers,
    };
    let mut sink = ground.sink(&logins)?;
    ground.window(&mut sink)?;
    ground.compare(&mut sink)
}

fn file(site: &Site) -> std::path::PathBuf {
    site.folder().join("greedy.json")
}

struct Ground<'a> {
    bench: &'a Bench,
    site: &'a Site,
    running: &'a Running<'a>,
    readers: &'a [Login],
}

impl Ground<'_> {
    /// Runs without and with the greedy user in turn.
    fn compare(&self, sink: &mut Sink) -> Result<Vec<Figure>> {
        let [mut alone, mut beside, mut ratio] = [(); 3].map(|()| Figures::default());
        let [mut pages_alone, mut pages, mut pages_ratio] = [(); 3].map(|()| Figures::default());
        let [mut answered, mut refused] = [(); 2].map(|()| Figures::default());
        let seconds = self.bench.size.greed.as_secs_f64();
        for run in 1..=self.bench.size.runs {
            let without = self.window(sink)?;
            let (with, greedy) = self.beside(sink)?;
            say::progress(format!(
                "  run {run}: arrivals p99 {:.2} ms and {:.2} ms, pages {:.2} ms and {:.2} ms, {greedy:?}",
                without.arrivals, with.arrivals, without.pages, with.pages,
            ));
            ratio.push(with.arrivals / without.arrivals);
            alone.push(without.arrivals);
            beside.push(with.arrivals);
            pages_ratio.push(with.pages / without.pages);
            pages_alone.push(without.pages);
            pages.push(with.pages);
            answered.push(greedy.answered as f64 / seconds);
            refused.push(greedy.refused as f64 / seconds);
        }
        let goal = Goal::AtMost(1.2);
        Ok(vec![
            Figure::ratio(
                "others' p99 from publish to device, over without",
                goal,
                ratio,
            ),
            Figure::new(
                "from publish to device, p99 beside the greedy user",
                "ms",
                beside,
            ),
            Figure::new("the same without", "ms", alone),
            Figure::ratio(
                "others' p99 of reading a page, over without",
                goal,
                pages_ratio,
            ),
            Figure::new("reading a page, p99 beside the greedy user", "ms", pages),
            Figure::new("the same without", "ms", pages_alone),
            Figure::new(
                "calls of the greedy user that were answered",
                "/s",
                answered,
            ),
            Figure::new("calls of the greedy user that were refused", "/s", refused),
        ])
    }

    fn sink(&self, logins: &[Login]) -> Result<Sink> {
        let script = device::script(logins);
        let mut sink = Sink::new(self.running.address, script)?;
        sink.connect(logins.len(), PATIENCE)?;
        Ok(sink)
    }

    /// The times of the others while the greedy user takes what is allowed, in a process of its own that
    /// gives way to this one.
    fn beside(&self, sink: &mut Sink) -> Result<(Times, Greedy)> {
        let size = &self.bench.size;
        let words = [
            "nice",
            "-n",
            "19",
            &self.bench.program,
            "role",
            "greed",
            "--address",
            &self.running.address.to_string(),
            "--logins",
            &file(self.site).display().to_string(),
            "--connections",
            &FeedConfig::default().connections_per_user.to_string(),
            "--attempts",
            &size.attempts.to_string(),
            "--millis",
            &(size.greed.as_millis() + 500).to_string(),
        ]
        .map(str::to_owned);
        thread::scope(|scope| {
            let greedy = scope.spawn(|| process::run(&words, self.bench.cores.load));
            // Its connections stand by then.
            clock::settle(std::time::Duration::from_millis(250));
            let times = self.window(sink);
            let printed = joined(greedy)?;
            let greedy = Greedy::parse(&String::from_utf8(printed)?)?;
            ensure!(greedy.answered > 0, "the greedy user was never answered");
            Ok((times?, greedy))
        })
    }

    /// Publishes to the others and reads pages for others at a fixed rate for a while.
    fn window(&self, sink: &mut Sink) -> Result<Times> {
        sink.say_all(PING)?;
        sink.drain()?;
        sink.take_log();
        let (stop, progress) = (AtomicBool::new(false), sink::progress());
        let pages = thread::scope(|scope| {
            let publishing = scope.spawn(|| self.publish(&stop));
            let reading = scope.spawn(|| self.read(&stop));
            let end = clock::now() + self.bench.size.greed;
            let collected = sink.collect(u64::MAX, end, &progress);
            stop.store(true, Ordering::Relaxed);
            let (published, pages) = (joined(publishing)?, joined(reading)?);
            collected?;
            let expected = published.count() as u64;
            sink.collect(expected, clock::now() + PATIENCE, &progress)?;
            let log = sink.take_log();
            log.must_be_whole(expected)?;
            Ok::<_, anyhow::Error>((log.latency().p99, pages.p99()))
        })?;
        Ok(Times {
            arrivals: pages.0,
            pages: pages.1,
        })
    }

    /// Publishes to one of the others after another. Each thread has users of its own, so that what a
    /// user is sent comes in order.
    fn publish(&self, stop: &AtomicBool) -> Result<Load> {
        let others = self.bench.size.others;
        let turn = AtomicUsize::new(0);
        let start = |pacer: usize| Ok((self.running.rest()?, pacer));
        paced(PER_SECOND, stop, start, |(rest, pacer), due| {
            let turn = turn.fetch_add(1, Ordering::Relaxed);
            let user = (turn * READERS + *pacer) % (others / READERS * READERS) + 1;
            let title = marker::payload(due, 0);
            rest.publish(&seed::body(&seed::to_user(user, title))?)
                .map(drop)
        })
    }

    /// Reads pages, each thread for a user of its own.
    fn read(&self, stop: &AtomicBool) -> Result<Load> {
        let start = |pacer: usize| Device::greeted(self.running.address, &self.readers[pacer]);
        paced(PER_SECOND, stop, start, |device, _| {
            let page = device.call(server::SYNC, &json!({}))?;
            ensure!(!is_refusal(&page), "reading on was refused");
            Ok(())
        })
    }
}
