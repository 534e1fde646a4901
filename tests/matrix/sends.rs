//! Many sends over services of which a third of all requests goes wrong.
//!
//! Everyone gets one notification at a time, so what the simulator's journal has of a phone belongs to one
//! delivery. Time stands still until nothing is under way, and then goes on to the next try.

mod check;
mod failover;
mod figures;
mod open;
mod plan;
mod providers;
mod round;

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_model::{UserId, route};
use vestnik_sim::{DeviceView, Kind, Options, Registration};
use vestnik_testkit::{PushStage, clock::instant, name::user, push_stage::address};

use self::{check::Checker, plan::Plan};
use crate::play::{ENVELOPE_KEY, now};

pub(crate) use failover::{Failover, run as failover};
pub(crate) use figures::Figures;
pub(crate) use providers::{Providers, run as providers};

/// The kinds of phones, in turn.
const KINDS: [Kind; 6] = [
    Kind::FcmToken,
    Kind::Apns,
    Kind::WebPush,
    Kind::FcmFid,
    Kind::Hms,
    Kind::Rustore,
];

/// A server, its services, and everyone who is sent to.
struct Run {
    stage: PushStage<ManualClock>,
    plan: Plan,
    phones: BTreeMap<UserId, DeviceView>,
    /// How many phones there were.
    registered: usize,
    checker: Checker,
    figures: Figures,
    /// The last entry of the journal that was checked.
    seen: u64,
}

/// Sends so many times, with faults that follow from the seed.
///
/// # Errors
/// When something could not be carried out; a promise that is broken stands in the figures.
pub(crate) async fn run(sends: usize, seed: u64) -> anyhow::Result<Figures> {
    let began = instant();
    let plan = Plan::new(sends, seed);
    let clock = ManualClock::new(now()?, seed);
    let started = clock.now();
    let stage = PushStage::start(clock, Options::default()).await?;
    let mut run = Run {
        stage,
        plan,
        phones: BTreeMap::new(),
        registered: 0,
        checker: Checker::default(),
        figures: Figures::new(seed),
        seen: 0,
    };
    for number in 0..plan.rounds {
        run.fill().await?;
        run.round(number).await?;
        eprintln!("round {} of {}", number + 1, plan.rounds);
    }
    run.finish(started).await?;
    run.figures.seconds = began.elapsed().as_secs_f64();
    run.stage.stop().await?;
    Ok(run.figures)
}

impl Run {
    /// Puts new phones in the place of those that died.
    async fn fill(&mut self) -> anyhow::Result<()> {
        while self.phones.len() < self.plan.phones {
            let kind = KINDS[self.registered % KINDS.len()];
            let name = user(&format!("user-{}", self.registered));
            let phone = self.stage.simulator.register(Registration::new(kind))?;
            let addresses = json!([address(&phone)?]);
            let said = json!({"push_addresses": addresses, "envelope_key": ENVELOPE_KEY});
            self.stage.reports(&name, &said).await?;
            self.phones.insert(name, phone);
            self.registered += 1;
        }
        Ok(())
    }

    async fn finish(&mut self, started: Timestamp) -> anyhow::Result<()> {
        let opened = self.metric("push_breakers_opened").await?;
        let closed = self.metric("push_breakers_closed").await?;
        self.figures.breakers(opened, closed, self.plan.outages());
        let passed = self.stage.clock.now().duration_since(started);
        self.figures.virtual_seconds = passed.as_secs();
        if self.stage.simulator.forgotten_requests() > 0 {
            self.figures.broke("the journal forgot requests".to_owned());
        }
        Ok(())
    }

    /// A figure that operators see.
    async fn metric(&self, name: &str) -> anyhow::Result<u64> {
        let backend = &self.stage.server.backend;
        let answer = backend.request(Method::GET, route::METRICS)?.send().await?;
        let text = answer.error_for_status()?.text().await?;
        let line = format!("vestnik_{name} ");
        let mut values = text.lines().filter_map(|text| text.strip_prefix(&line));
        Ok(values.next().context("the figure is there")?.parse()?)
    }
}
