//! Publishing over REST, to one user each, beside calls of the store that write the same rows.

use anyhow::{Context as _, Result, ensure};

use super::super::{
    load::publish_all,
    running::{Kind, Running},
    seed,
    site::Site,
};
use super::Bench;
use crate::{
    figure::{Figure, Goal},
    say,
    stat::Figures,
};

const CONNECTIONS: usize = 64;

pub(in super::super) fn publish(bench: &Bench) -> Result<Vec<Figure>> {
    let size = &bench.size;
    let over_rest = Site::make()?;
    seed::users(&over_rest, size.users)?;
    let by_calls = over_rest.copy()?;
    let bodies = (0..size.publishes)
        .map(|number| seed::body(&seed::to_user(number % size.users + 1, "Order".to_owned())))
        .collect::<Result<Vec<_>>>()?;
    let running = Running::start(bench, &over_rest, Kind::default())?;
    let warm = &bodies[..bodies.len() / 10];
    publish_all(running.target(), warm, CONNECTIONS)?;

    let [mut rest, mut rest_p99] = [(); 2].map(|()| Figures::default());
    let [mut calls, mut calls_p99] = [(); 2].map(|()| Figures::default());
    let mut ratio = Figures::default();
    for run in 1..=size.runs {
        let load = publish_all(running.target(), &bodies, CONNECTIONS)?;
        let (rate, p99) = call(bench, &by_calls)?;
        say::progress(format!(
            "  run {run}: {:.0}/s over REST, {rate:.0}/s by calls",
            load.rate()
        ));
        ratio.push(load.rate() / rate);
        rest.push(load.rate());
        rest_p99.push(load.p99());
        calls.push(rate);
        calls_p99.push(p99);
    }
    drop(running);
    let written = (seed::deliveries(&over_rest)?, seed::deliveries(&by_calls)?);
    let expected = size.runs * size.publishes;
    ensure!(
        written == (expected + warm.len(), expected),
        "{written:?} deliveries instead of {expected}"
    );
    Ok(vec![
        Figure::ratio(
            "publishes over REST, over calls of the store",
            Goal::AtLeast(0.5),
            ratio,
        ),
        Figure::new("publishes over REST, 64 connections", "/s", rest),
        Figure::new("its p99", "ms", rest_p99),
        Figure::new("publishes by calls of the store, 64 at a time", "/s", calls),
        Figure::new("its p99", "ms", calls_p99),
    ])
}

/// Publishes by calls in a process of their own: how many a second, and the 99th percentile.
fn call(bench: &Bench, site: &Site) -> Result<(f64, f64)> {
    let (database, size) = (site.database().display().to_string(), &bench.size);
    let (count, users) = (size.publishes.to_string(), size.users.to_string());
    let words = [
        "store",
        "--database",
        &database,
        "--count",
        &count,
        "--users",
        &users,
    ];
    let text = bench.role(&words)?;
    let (seconds, p99) = text.trim().split_once(' ').context("two figures")?;
    let seconds: f64 = seconds.parse()?;
    Ok((size.publishes as f64 / seconds, p99.parse()?))
}
