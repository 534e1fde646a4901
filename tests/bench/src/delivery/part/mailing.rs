//! How fast mailings are, and what memory they take.

use anyhow::Result;

use super::{
    super::{
        ground::{Ground, Mailing, site},
        sink::RunningSink,
    },
    Bench,
};
use crate::{
    figure::{Figure, Goal},
    stat::Figures,
};

const MB: f64 = 1_000_000.0;

pub(in super::super) fn mailing(bench: &Bench) -> Result<Vec<Figure>> {
    let (small, large) = (bench.size.mailing, bench.size.large);
    let site = site(large, &[small, large])?;
    let sink = RunningSink::start(bench)?;
    let ground = Ground::start(bench, &site, &sink)?;
    let mut mailings = Vec::new();
    for _ in 0..bench.size.runs {
        mailings.push(ground.mail(small)?);
    }
    let last = ground.mail(large)?;
    let per_push = |of: fn(&Mailing) -> f64| {
        let usual = mailings
            .iter()
            .map(|mailing| of(mailing) / mailing.pushes as f64);
        let usual = usual.collect::<Figures>().median().unwrap_or(f64::NAN);
        Figures::from_iter([of(&last) / last.pushes as f64 / usual])
    };
    let (time, cpu) = (
        per_push(|mailing| mailing.settled),
        per_push(|mailing| mailing.cpu),
    );
    let mut figures = rates(&mailings);
    figures.extend(rates(&[last]));
    figures.extend([
        Figure::ratio(
            format!("time for a push of {large}, over one of {small}: it does not grow"),
            Goal::AtMost(1.25),
            time,
        ),
        Figure::ratio(
            format!("processor time for a push of {large}, over one of {small}"),
            Goal::AtMost(1.25),
            cpu,
        ),
        Figure::new(
            "peak memory of the server",
            "MB",
            Figures::from_iter([ground.running.peak() as f64 / MB]),
        )
        .with(Goal::Below(150.0)),
    ]);
    Ok(figures)
}

/// How many were expanded, attempted and settled a second.
fn rates(mailings: &[Mailing]) -> Vec<Figure> {
    let pushes = mailings.first().map_or(0, |mailing| mailing.pushes);
    let rate = |name: &str, seconds: fn(&Mailing) -> f64| {
        let rates = mailings
            .iter()
            .map(|mailing| mailing.pushes as f64 / seconds(mailing));
        Figure::new(
            format!("a mailing of {pushes}: {name}"),
            "/s",
            rates.collect(),
        )
    };
    vec![
        rate("expanded", |mailing| mailing.expanded),
        rate("attempted", |mailing| mailing.attempted),
        rate("settled", |mailing| mailing.settled),
    ]
}
