//! What a push costs the server, beside a program that does nothing but send it.

use anyhow::Result;

use super::{
    super::{
        ground::{Ground, site},
        peer,
        sink::RunningSink,
    },
    Bench, per_100_000,
};
use crate::{
    figure::{Figure, Goal},
    say,
    stat::Figures,
};

pub(in super::super) fn cpu(bench: &Bench) -> Result<Vec<Figure>> {
    let pushes = bench.size.mailing;
    let site = site(pushes, &[pushes])?;
    let sink = RunningSink::start(bench)?;
    let ground = Ground::start(bench, &site, &sink)?;
    let has_h2load = peer::has_h2load();
    let [mut own, mut plain, mut ratio] = [(); 3].map(|()| Figures::default());
    for run in 1..=bench.size.runs {
        let cost = per_100_000(ground.mail(pushes)?.cpu, pushes);
        own.push(cost);
        if has_h2load {
            let sample = sink.sample()?;
            let beside = per_100_000(peer::h2load(bench, &sink, (&sample, pushes))?, pushes);
            say::progress(format!("    h2load: processor {beside:.2} s"));
            plain.push(beside);
            ratio.push(cost / beside);
        }
        say::progress(format!("  run {run} of {}", bench.size.runs));
    }
    let mut figures = vec![Figure::new(
        "processor time of the server for 100,000 pushes with durable results",
        "s",
        own,
    )];
    if has_h2load {
        figures.push(Figure::new(
            "processor time of h2load for the same bytes",
            "s",
            plain,
        ));
        figures.push(Figure::ratio(
            "processor time of the server, over h2load's",
            Goal::AtMost(2.0),
            ratio,
        ));
    }
    Ok(figures)
}
