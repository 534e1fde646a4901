//! `signalr`: our hub server beside its peers, with the raw loop as the unit.

mod codec;
mod report;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use crate::{
    clock,
    echo::{self, RoundTrip},
    fanout::{self, Visit},
    machine,
    peer::Peer,
    process, running, say,
    setting::{Cores, Setting},
    stall::{self, Stall},
    unicast::{self, Unicast},
};

/// The peer whose cost is the unit.
const UNIT: &str = "raw";

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) setting: Setting,
    /// Only these peers beside the unit, or all.
    pub(crate) peers: Vec<String>,
    /// Only these parts, or all.
    pub(crate) parts: Vec<Part>,
    /// How to repeat the run.
    pub(crate) command: String,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Memory, connects and messages to everybody.
    Fanout,
    /// Messages to random users.
    Unicast,
    /// Round trips.
    Echo,
    /// Clients that read nothing.
    Stall,
    /// Encoding and decoding.
    Codec,
}

/// What came out, by peer and round. A void round has no entry.
#[derive(Debug, Default)]
struct Outcome {
    fanout: BTreeMap<(usize, String), BTreeMap<usize, Visit>>,
    unicast: BTreeMap<(usize, String), BTreeMap<usize, Unicast>>,
    echo: BTreeMap<String, BTreeMap<usize, RoundTrip>>,
    stall: BTreeMap<String, BTreeMap<usize, Stall>>,
    void: Vec<String>,
}

/// Runs the plan and prints its tables.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    clock::origin();
    let cores = Cores::of_machine();
    say::out(format!("{}\n{}", machine::describe(), bound(cores)));
    say::out(format!("repeat: {}", plan.command));
    let peers = chosen(plan)?;
    process::pin(cores.load)?;
    let mut outcome = Outcome::default();
    for round in 1..=plan.setting.rounds {
        outcome.round(round, plan, &peers, cores);
    }
    let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
    let report = report::print(&outcome, &names, plan);
    let codec = if plan.has(Part::Codec) {
        codec::print(plan.setting.codec)
    } else {
        Ok(())
    };
    for void in &outcome.void {
        say::out(format!("void round: {void}"));
    }
    report.and(codec)
}

impl Plan {
    pub(super) fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }
}

impl Outcome {
    /// One round through everything: peers alternate, so that a noisy moment hits them alike.
    fn round(&mut self, round: usize, plan: &Plan, peers: &[Peer], cores: Cores) {
        let setting = &plan.setting;
        for count in setting.sizes.iter().copied() {
            for peer in peers.iter().filter(|_| plan.has(Part::Fanout)) {
                let what = format!("round {round}: {} with {count} connections", peer.name);
                let visit = self.attempt(&what, || fanout::visit(peer, count, setting, cores));
                let place = self.fanout.entry((count, peer.name.clone())).or_default();
                place.extend(visit.map(|visit| (round, visit)));
            }
            let aware = peers.iter().filter(|peer| peer.unicast.is_some());
            for peer in aware.filter(|_| plan.has(Part::Unicast)) {
                let what = format!("round {round}: {} to random users of {count}", peer.name);
                let visit = self.attempt(&what, || unicast::visit(peer, count, setting, cores));
                let place = self.unicast.entry((count, peer.name.clone())).or_default();
                place.extend(visit.map(|visit| (round, visit)));
            }
        }
        for peer in peers
            .iter()
            .filter(|peer| peer.echo.is_some() && plan.has(Part::Echo))
        {
            let what = format!("round {round}: {} echoes", peer.name);
            let visit = self.attempt(&what, || echo::visit(peer, setting, cores));
            let place = self.echo.entry(peer.name.clone()).or_default();
            place.extend(visit.map(|visit| (round, visit)));
        }
        self.stalls(round, plan, peers, cores);
    }

    /// A stall is long: the first rounds are enough.
    fn stalls(&mut self, round: usize, plan: &Plan, peers: &[Peer], cores: Cores) {
        const ROUNDS: usize = 3;
        let ours = peers.iter().filter(|peer| peer.unicast.is_some());
        for peer in ours.filter(|_| plan.has(Part::Stall) && round <= ROUNDS) {
            let what = format!("round {round}: {} with stalled readers", peer.name);
            let visit = self.attempt(&what, || stall::visit(peer, &plan.setting, cores));
            let place = self.stall.entry(peer.name.clone()).or_default();
            place.extend(visit.map(|visit| (round, visit)));
        }
    }

    fn attempt<T>(&mut self, what: &str, visit: impl FnOnce() -> Result<T>) -> Option<T> {
        say::progress(what);
        match visit() {
            Ok(figures) => Some(figures),
            Err(error) => {
                let void = format!("{what}: {error:#}");
                say::progress(&void);
                self.void.push(void);
                None
            }
        }
    }
}

/// The peers to run, the unit first; says which are there and which are not.
fn chosen(plan: &Plan) -> Result<Vec<Peer>> {
    let mut peers = Peer::all()?;
    for name in &plan.peers {
        let known = peers.iter().any(|peer| peer.name == *name);
        ensure!(known, "there is no peer '{name}'");
    }
    let wanted =
        |peer: &Peer| plan.peers.is_empty() || peer.name == UNIT || plan.peers.contains(&peer.name);
    peers.retain(wanted);
    peers.sort_by_key(|peer| peer.name != UNIT);
    peers.retain(|peer| {
        let missing = peer.missing();
        let state = missing.clone().unwrap_or_else(|| running::version(peer));
        say::out(format!("peer {}: {state}", peer.name));
        missing.is_none()
    });
    peers
        .iter()
        .any(|peer| peer.name == UNIT)
        .then_some(peers)
        .context("the unit must be among the peers")
}

fn bound(cores: Cores) -> String {
    match (cores.server, cores.load) {
        (Some(server), Some(load)) => {
            format!("server on core {server}; sink and publisher on core {load}")
        }
        _ => "one core only: server, sink and publisher share it".to_owned(),
    }
}
