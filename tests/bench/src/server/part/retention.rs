//! What two million deliveries cost while there is nothing to forget.

use anyhow::Result;

use super::super::{
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

pub(in super::super) fn retention(bench: &Bench) -> Result<Vec<Figure>> {
    let size = &bench.size;
    let empty = Site::make()?;
    seed::users(&empty, size.keepers)?;
    let full = empty.copy()?;
    let deliveries = size.keepers * size.kept;
    say::progress(format!("  seeding {deliveries} deliveries"));
    seed::mailings(&full, size.keepers, size.kept)?;
    let idle = Running::start(bench, &empty, Kind::default())?;
    let running = Running::start(bench, &full, Kind::default())?;
    let [mut more, mut whole, mut without] = [(); 3].map(|()| Figures::default());
    for run in 1..=size.runs {
        for site in [&empty, &full] {
            seed::sweep_now(site)?;
        }
        let before = [&running, &idle].map(|running| running.server.cpu_nanos());
        clock::settle(size.idle);
        let after = [&running, &idle].map(|running| running.server.cpu_nanos());
        let [with, empty] = [0, 1].map(|side| (after[side] - before[side]) as f64 / 1e6);
        say::progress(format!(
            "  run {run}: {with:.2} ms, of an empty database {empty:.2} ms"
        ));
        more.push(with - empty);
        whole.push(with);
        without.push(empty);
    }
    let kept = seed::deliveries(&full)?;
    anyhow::ensure!(
        kept == deliveries,
        "{kept} of {deliveries} deliveries are left"
    );
    let seconds = size.idle.as_secs();
    Ok(vec![
        Figure::new(
            format!("CPU in {seconds} s with {deliveries} deliveries, beyond an empty database"),
            "ms",
            more,
        )
        .with(Goal::Below(10.0)),
        Figure::new("CPU of the server with them, a sweep included", "ms", whole),
        Figure::new("CPU of the server with an empty database", "ms", without),
    ])
}
