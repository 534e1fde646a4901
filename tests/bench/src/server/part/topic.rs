//! Publishing to a topic of a million subscribers.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};

use super::super::{
    load::{Load, joined, paced, publish_all},
    rest::Rest,
    running::{Kind, Running},
    seed,
    site::Site,
};
use super::Bench;
use crate::{
    clock,
    figure::{Figure, Goal},
    say,
    stat::Figures,
};

/// Publishes to one user a second, while a topic is expanded and while nothing else happens.
const OTHERS_PER_SECOND: u32 = 100;
/// Connections over which a smaller topic is published to several times.
const CONNECTIONS: usize = 16;
/// Members of one transaction, as in the server's worker.
const PART: usize = 500;
const MB: f64 = 1_000_000.0;
/// Far longer than an expansion takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// What the runs gave.
#[derive(Debug, Default)]
struct Taken {
    accept_user: Figures,
    accept_topic: Figures,
    accept_ratio: Figures,
    /// By size of the topic, the largest last.
    rates: Vec<Figures>,
    flat: Figures,
    plain: Figures,
    plain_ratio: Figures,
    single_ratio: Figures,
    idle_p99: Figures,
    busy_p99: Figures,
    others_ratio: Figures,
}

pub(in super::super) fn topic(bench: &Bench) -> Result<Vec<Figure>> {
    let size = &bench.size;
    let site = Site::make()?;
    say::progress(format!("  seeding {} users", size.largest()));
    seed::users(&site, size.largest())?;
    seed::topics(&site, &size.topics)?;
    let plain = site.copy()?;
    let running = Running::start(bench, &site, Kind::default())?;
    let ground = Ground {
        bench,
        site: &site,
        plain: &plain,
        running: &running,
    };
    let mut taken = Taken {
        rates: vec![Figures::default(); size.topics.len()],
        ..Taken::default()
    };
    ground.expansion(size.topics[0], 1)?;
    for run in 1..=size.large_runs {
        ground.accept(&mut taken)?;
        ground.expand(&mut taken)?;
        ground.watch(&mut taken)?;
        say::progress(format!("  run {run} of {}", size.large_runs));
    }
    let peak = running.server.peak() as f64 / MB;
    Ok(figures(&size.topics, taken, peak))
}

fn figures(sizes: &[usize], taken: Taken, peak: f64) -> Vec<Figure> {
    let mut rates = taken.rates;
    let rate = rates.pop().unwrap_or_default();
    let largest = sizes.last().copied().unwrap_or_default();
    let mut figures = vec![
        Figure::ratio(
            format!("time to accept to {largest} subscribers, over to one user"),
            Goal::AtMost(2.0),
            taken.accept_ratio,
        ),
        Figure::new("time to accept to the topic", "ms", taken.accept_topic),
        Figure::new("time to accept to one user", "ms", taken.accept_user),
        Figure::ratio(
            "deliveries expanded a second, over plain INSERT … SELECT in parts of 500",
            Goal::AtLeast(0.4),
            taken.plain_ratio,
        ),
        Figure::ratio(
            "the same, over plain statements in one transaction",
            Goal::None,
            taken.single_ratio,
        ),
        Figure::new(
            format!("deliveries expanded, {largest} subscribers"),
            "/s",
            rate,
        ),
        Figure::new("plain, in parts of 500", "/s", taken.plain),
        Figure::ratio(
            "rate at the largest topic, over that at the smallest: it does not fall",
            Goal::AtLeast(0.8),
            taken.flat,
        ),
    ];
    for (subscribers, rate) in sizes.iter().zip(rates) {
        let name = format!("deliveries expanded, {subscribers} subscribers");
        figures.push(Figure::new(name, "/s", rate));
    }
    figures.extend([
        Figure::ratio(
            "p99 of other publishes during it, over idle",
            Goal::AtMost(3.0),
            taken.others_ratio,
        ),
        Figure::new("p99 of other publishes during it", "ms", taken.busy_p99),
        Figure::new("p99 of publishes, idle", "ms", taken.idle_p99),
        Figure::new(
            "peak memory of the server",
            "MB",
            Figures::from_iter([peak]),
        )
        .with(Goal::Below(150.0)),
    ]);
    figures
}

struct Ground<'a> {
    bench: &'a Bench,
    site: &'a Site,
    plain: &'a Site,
    running: &'a Running<'a>,
}

impl Ground<'_> {
    /// Takes the times to accept, one to a user and one to the largest topic in turn. What was accepted
    /// to the topic is cancelled at once, and the next begins when that has ended.
    fn accept(&self, taken: &mut Taken) -> Result<()> {
        let mut rest = self.running.rest()?;
        let to_topic = seed::body(&seed::to_topic(
            self.bench.size.largest(),
            "Sale".to_owned(),
        ))?;
        let [mut user, mut topic] = [(); 2].map(|()| Figures::default());
        for number in 1..=self.bench.size.accepts {
            let to_user = seed::body(&seed::to_user(number, "Order".to_owned()))?;
            user.push(timed(&mut rest, &to_user)?.1);
            let (id, millis) = timed(&mut rest, &to_topic)?;
            topic.push(millis);
            rest.cancel(&id)?;
            until(|| Ok(rest.count(&id, Some("pending"))? == 0))?;
        }
        let (user, topic) = (middle(&user), middle(&topic));
        taken.accept_user.push(user);
        taken.accept_topic.push(topic);
        taken.accept_ratio.push(topic / user);
        Ok(())
    }

    /// Expands topics of each size, and beside the largest the plain statements.
    fn expand(&self, taken: &mut Taken) -> Result<()> {
        let size = &self.bench.size;
        let mut rates = Vec::new();
        for (subscribers, figures) in size.topics.iter().zip(&mut taken.rates) {
            let times = size.expanded.div_ceil(*subscribers);
            let rate = self.expansion(*subscribers, times)?;
            say::progress(format!(
                "    {subscribers} subscribers: {rate:.0} deliveries/s"
            ));
            figures.push(rate);
            rates.push(rate);
        }
        let (Some(smallest), Some(largest)) = (rates.first(), rates.last()) else {
            return Ok(());
        };
        taken.flat.push(largest / smallest);
        let plain = self.plain(PART)?;
        let single = self.plain(size.largest())?;
        say::progress(format!(
            "    plain: {plain:.0}/s in parts, {single:.0}/s at once"
        ));
        taken.plain.push(plain);
        taken.plain_ratio.push(largest / plain);
        taken.single_ratio.push(largest / single);
        Ok(())
    }

    /// Publishes so often to a topic and waits for the last delivery: how many a second.
    fn expansion(&self, subscribers: usize, times: usize) -> Result<f64> {
        let mut rest = self.running.rest()?;
        let body = seed::body(&seed::to_topic(subscribers, "Sale".to_owned()))?;
        let bodies = vec![body; times];
        let begun = clock::now();
        let ids = publish_all(self.running.target(), &bodies, times.min(CONNECTIONS))?.ids;
        for id in &ids {
            until(|| Ok(rest.count(id, None)? >= subscribers))?;
        }
        let seconds = (clock::now() - begun).as_secs_f64();
        for id in &ids {
            let written = seed::deliveries_of(self.site, id)?;
            ensure!(
                written == subscribers,
                "{written} deliveries to {subscribers} subscribers"
            );
        }
        Ok((subscribers * times) as f64 / seconds)
    }

    /// Writes the rows of the largest topic by plain statements: how many deliveries a second.
    fn plain(&self, rows: usize) -> Result<f64> {
        let database = self.plain.database().display().to_string();
        let subscribers = self.bench.size.largest();
        let words = [
            "expand",
            "--database",
            &database,
            "--subscribers",
            &subscribers.to_string(),
            "--rows",
            &rows.to_string(),
        ];
        let seconds: f64 = self.bench.role(&words)?.trim().parse()?;
        Ok(subscribers as f64 / seconds)
    }

    /// Takes the times of other publishes, first alone and then while the largest topic is expanded.
    fn watch(&self, taken: &mut Taken) -> Result<()> {
        let watched = self.bench.size.watched;
        let idle = self.beside(|| {
            clock::settle(watched);
            Ok(())
        })?;
        let busy = self.beside(|| self.expansion(self.bench.size.largest(), 1).map(drop))?;
        say::progress(format!(
            "    p99 of others: {:.1} ms idle, {:.1} ms during the expansion",
            idle.p99(),
            busy.p99()
        ));
        taken.idle_p99.push(idle.p99());
        taken.busy_p99.push(busy.p99());
        taken.others_ratio.push(busy.p99() / idle.p99());
        Ok(())
    }

    /// Publishes to one user at a time while something happens.
    fn beside(&self, act: impl FnOnce() -> Result<()>) -> Result<Load> {
        let stop = AtomicBool::new(false);
        let body = seed::body(&seed::to_user(1, "Order".to_owned()))?;
        thread::scope(|scope| {
            let publishing = scope.spawn(|| {
                let start = |_| self.running.rest();
                let act = |rest: &mut Rest, _| rest.publish(&body).map(drop);
                paced(OTHERS_PER_SECOND, &stop, start, act)
            });
            let acted = act();
            stop.store(true, Ordering::Relaxed);
            let load = joined(publishing)?;
            acted.map(|()| load)
        })
    }
}

/// Publishes and gives the id and the milliseconds.
fn timed(rest: &mut Rest, body: &str) -> Result<(String, f64)> {
    let begun = clock::now();
    let id = rest.publish(body)?;
    Ok((id, (clock::now() - begun).as_secs_f64() * 1_000.0))
}

fn middle(figures: &Figures) -> f64 {
    figures.median().unwrap_or(f64::NAN)
}

/// Asks again and again until it is so.
fn until(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(5);
    let deadline = clock::now() + PATIENCE;
    while !is_so()? {
        ensure!(clock::now() < deadline, "it did not end in {PATIENCE:?}");
        clock::settle(PAUSE);
    }
    Ok(())
}
