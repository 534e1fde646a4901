//! The tables of a run.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::{Outcome, Part, Plan, UNIT};
use crate::{fanout::Visit, say, stall::Stall, stat::Figures, table::Table};

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Figures that are missing or make no sense, by their places.
#[derive(Debug, Default)]
struct Unsound(Vec<String>);

impl Unsound {
    /// A cell; remembered when it is none.
    fn cell(&mut self, place: &str, figures: &Figures, decimals: usize) -> String {
        if !figures.is_sound() {
            self.0.push(place.to_owned());
        }
        figures.shown(decimals).to_string()
    }
}

/// Prints all tables; fails when a figure is missing.
pub(super) fn print(outcome: &Outcome, peers: &[&str], plan: &Plan) -> Result<()> {
    let mut unsound = Unsound::default();
    say::out("\nMedians of the rounds, with the least and the most.");
    if plan.has(Part::Fanout) {
        for size in &plan.setting.sizes {
            let of_size = |peer: &&str| {
                let rounds = outcome.fanout.get(&(*size, (*peer).to_owned()))?;
                Some(((*peer).to_owned(), rounds))
            };
            let visits: Vec<_> = peers.iter().filter_map(of_size).collect();
            say::out(memory(*size, &visits, &mut unsound));
            say::out(everybody(*size, &visits, &mut unsound));
            say::out(against(*size, &visits));
        }
    }
    if plan.has(Part::Unicast) {
        say::out(unicast(outcome, &mut unsound));
    }
    if plan.has(Part::Echo) {
        say::out(echo(outcome, &mut unsound));
    }
    if plan.has(Part::Stall) {
        say::out(stall(outcome, plan, &mut unsound));
    }
    let missing = unsound.0;
    ensure!(
        missing.is_empty(),
        "no sound figures for: {}",
        missing.join(", ")
    );
    Ok(())
}

type Visits<'a> = [(String, &'a BTreeMap<usize, Visit>)];

fn memory(size: usize, visits: &Visits<'_>, unsound: &mut Unsound) -> Table {
    let heading = format!("{size} connections: memory and connects");
    let columns = [
        "peer",
        "KiB per idle connection",
        "KiB after messages",
        "empty server MiB",
        "connects/s per core",
        "connects/s on the wall",
    ];
    let mut table = Table::new(heading, &columns);
    for (peer, rounds) in visits {
        let figures = |figure: fn(&Visit) -> f64| rounds.values().map(figure).collect::<Figures>();
        let place = format!("{peer} at {size}");
        table.row(vec![
            peer.clone(),
            // A raw socket costs the server's memory nothing that shows.
            figures(|visit| visit.fresh / KIB).shown(2).to_string(),
            figures(|visit| visit.used / KIB).shown(2).to_string(),
            unsound.cell(&place, &figures(|visit| visit.empty / MIB), 1),
            unsound.cell(&place, &figures(|visit| visit.connects_per_core), 0),
            unsound.cell(&place, &figures(|visit| visit.connects_per_second), 0),
        ]);
    }
    table
}

fn everybody(size: usize, visits: &Visits<'_>, unsound: &mut Unsound) -> Table {
    let heading = format!("{size} connections: one message to everybody, CPU per delivery");
    let columns = [
        "peer",
        "paced ns",
        "× raw",
        "burst ns",
        "× raw",
        "paced p50 ms",
        "paced p99 ms",
        "burst deliveries/s",
        "bytes",
    ];
    let mut table = Table::new(heading, &columns);
    let unit = visits.iter().find(|(peer, _)| peer == UNIT);
    for (peer, rounds) in visits {
        let figures = |figure: fn(&Visit) -> f64| rounds.values().map(figure).collect::<Figures>();
        let ratio = |figure: fn(&Visit) -> f64| {
            let unit = unit.map(|(_, unit)| *unit);
            let ratios = rounds
                .iter()
                .filter_map(|(round, visit)| Some(figure(visit) / figure(unit?.get(round)?)));
            ratios.collect::<Figures>()
        };
        let place = format!("{peer} at {size}");
        table.row(vec![
            peer.clone(),
            unsound.cell(&place, &figures(|visit| visit.paced.nanos), 0),
            unsound.cell(&place, &ratio(|visit| visit.paced.nanos), 2),
            unsound.cell(&place, &figures(|visit| visit.burst.nanos), 0),
            unsound.cell(&place, &ratio(|visit| visit.burst.nanos), 2),
            unsound.cell(&place, &figures(|visit| visit.paced.latency.p50), 2),
            unsound.cell(&place, &figures(|visit| visit.paced.latency.p99), 2),
            unsound.cell(&place, &figures(|visit| visit.burst.rate), 0),
            unsound.cell(&place, &figures(|visit| visit.burst.bytes), 0),
        ]);
    }
    table
}

/// Our hub's cost as a share of each peer's, round by round.
fn against(size: usize, visits: &Visits<'_>) -> Table {
    let heading = format!("{size} connections: our CPU per delivery as a share of each peer's");
    let mut table = Table::new(heading, &["ours", "peer", "paced", "burst"]);
    let is_ours = |peer: &str| peer.starts_with("vestnik");
    for (ours, rounds) in visits.iter().filter(|(peer, _)| is_ours(peer)) {
        let peers = visits.iter();
        for (peer, theirs) in peers.filter(|(peer, _)| !is_ours(peer) && peer != UNIT) {
            let share = |figure: fn(&Visit) -> f64| {
                let shares = rounds
                    .iter()
                    .filter_map(|(round, visit)| Some(figure(visit) / figure(theirs.get(round)?)));
                shares.collect::<Figures>().shown(2).to_string()
            };
            table.row(vec![
                ours.clone(),
                peer.clone(),
                share(|visit| visit.paced.nanos),
                share(|visit| visit.burst.nanos),
            ]);
        }
    }
    table
}

fn unicast(outcome: &Outcome, unsound: &mut Unsound) -> Table {
    let heading = "Messages to random users, in orders of 500";
    let columns = [
        "peer",
        "connections",
        "ns each",
        "per second per core",
        "on the wall",
    ];
    let mut table = Table::new(heading, &columns);
    for ((size, peer), rounds) in &outcome.unicast {
        let figures = |figure: fn(&crate::unicast::Unicast) -> f64| {
            rounds.values().map(figure).collect::<Figures>()
        };
        let place = format!("{peer} to users of {size}");
        table.row(vec![
            peer.clone(),
            size.to_string(),
            unsound.cell(&place, &figures(|visit| visit.nanos), 0),
            unsound.cell(&place, &figures(|visit| 1e9 / visit.nanos), 0),
            unsound.cell(&place, &figures(|visit| visit.rate), 0),
        ]);
    }
    table
}

fn echo(outcome: &Outcome, unsound: &mut Unsound) -> Table {
    let mut table = Table::new("Round trips of one client", &["peer", "p50 µs", "p99 µs"]);
    for (peer, rounds) in &outcome.echo {
        let place = format!("{peer} echoes");
        let p50 = rounds.values().map(|visit| visit.p50).collect();
        let p99 = rounds.values().map(|visit| visit.p99).collect();
        table.row(vec![
            peer.clone(),
            unsound.cell(&place, &p50, 1),
            unsound.cell(&place, &p99, 1),
        ]);
    }
    table
}

fn stall(outcome: &Outcome, plan: &Plan, unsound: &mut Unsound) -> Table {
    let heading = format!(
        "1 % of {} connections read nothing for {:?}, 16 KiB messages to everybody",
        plan.setting.stall_connections, plan.setting.stall
    );
    let columns = [
        "peer",
        "others' p99 ms before",
        "meanwhile",
        "ratio",
        "KiB grown per stalled",
        "kernel KiB per stalled",
        "stalled",
        "cut",
        "messages each",
        "read late each",
    ];
    let mut table = Table::new(heading, &columns);
    for (peer, rounds) in &outcome.stall {
        let figures = |figure: fn(&Stall) -> f64| rounds.values().map(figure).collect::<Figures>();
        let place = format!("{peer} with stalled readers");
        let shown = |figure| figures(figure).shown(0).to_string();
        table.row(vec![
            peer.clone(),
            unsound.cell(&place, &figures(|visit| visit.before.p99), 2),
            unsound.cell(&place, &figures(|visit| visit.during.p99), 2),
            unsound.cell(
                &place,
                &figures(|visit| visit.during.p99 / visit.before.p99),
                2,
            ),
            shown(|visit| visit.grown / KIB / visit.stalled as f64),
            shown(|visit| visit.kernel / KIB / visit.stalled as f64),
            shown(|visit| visit.stalled as f64),
            shown(|visit| visit.cut as f64),
            shown(|visit| visit.messages as f64),
            shown(|visit| visit.late as f64 / visit.stalled as f64),
        ]);
    }
    table
}
