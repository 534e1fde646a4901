//! The server is killed under load, again and again.

use std::{collections::BTreeMap, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    fixture::Fixture,
    publisher::Publisher,
    report::{Figures, Outcome, Ready},
    tier::{ServerKillPlan, Tier, Trial},
};
use vestnik_testkit::clock;

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Figures> {
    let plan = tier.server_kill();
    let started = clock::instant();
    let fixture = Fixture::prepare(plan.devices).await?;
    let mut server = fixture.server().await?;
    fixture.log_in().await?;
    let devices = fixture.device(&fixture.devices, fixture.address, None)?;
    let publisher = Publisher::start(&fixture, plan.sends_per_second, seed)?;

    let mut rng = StdRng::seed_from_u64(seed);
    let mut ready = Vec::new();
    for _ in 0..plan.kills {
        tokio::time::sleep(Duration::from_millis(rng.random_range(200..1_200))).await;
        fixture.is_up.send_replace(false);
        server.kill().await?;
        let killed = clock::instant();
        server = fixture.server().await?;
        ready.push(killed.elapsed());
    }
    let sent = publisher.finish().await?;
    fixture.settle().await;
    devices.stop().await?;
    server.stop().await?;

    let verdict = fixture.verdict(&[&fixture.devices[0]])?;
    let outcome = Outcome::from(&verdict);
    let mut figures = Figures {
        trial: Trial::ServerKill,
        faults: plan.kills,
        by_kind: BTreeMap::from([("sigkill".to_owned(), plan.kills)]),
        devices: plan.devices,
        sends_per_second: sent.per_second,
        repeated: sent.repeated,
        outcome,
        ready: Ready::of(ready),
        integrity_check: fixture.integrity().await?,
        seconds: started.elapsed().as_secs_f64(),
        broken: Vec::new(),
    };
    figures.broken = broken(&figures, plan);
    Ok(figures)
}

fn broken(figures: &Figures, plan: ServerKillPlan) -> Vec<String> {
    let mut broken = figures.common_breaks();
    let Some(pace) = plan.pace else { return broken };
    let slowest = figures.ready.map_or(0, |ready| ready.max_ms);
    if slowest >= pace.ready_within.as_millis() {
        broken.push(format!("ready again only after {slowest} ms"));
    }
    let (rate, wanted) = (figures.sends_per_second, pace.sends_per_second);
    if rate < wanted {
        broken.push(format!("only {rate:.0} sends/s of {wanted:.0}"));
    }
    broken
}
