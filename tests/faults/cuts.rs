//! A bad network lies between the devices and the server until it has struck often enough.

use crate::{
    fixture::Fixture,
    publisher::Publisher,
    report::{Figures, Outcome},
    tier::{Tier, Trial},
};
use vestnik_testkit::{
    CuttableProxy, clock,
    proxy::Cuts,
    wait::{eventually, within},
};

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Figures> {
    let plan = tier.cuts();
    let started = clock::instant();
    let fixture = Fixture::prepare(plan.devices).await?;
    let server = fixture.server().await?;
    fixture.log_in().await?;
    let proxy = CuttableProxy::start(fixture.address, seed).await?;
    let devices = fixture.device(&fixture.devices, proxy.address(), None)?;
    let publisher = Publisher::start(&fixture, plan.sends_per_second, seed)?;

    let enough = |cuts: &Cuts| (cuts.values().sum::<u64>() >= plan.cuts).then_some(());
    let mut counted = proxy.cuts();
    let struck = eventually("enough cuts", &mut counted, enough);
    let struck = within("enough cuts", plan.at_most, struck)
        .await
        .and_then(|struck| struck);
    let sent = publisher.finish().await?;
    proxy.heal();
    fixture.settle().await;
    devices.stop().await?;
    server.stop().await?;

    let cuts = proxy.cuts().borrow().clone();
    let mut figures = Figures {
        trial: Trial::Chaos,
        faults: cuts.values().sum(),
        by_kind: cuts
            .iter()
            .map(|(fault, count)| (fault.as_str().to_owned(), *count))
            .collect(),
        devices: plan.devices,
        sends_per_second: sent.per_second,
        repeated: sent.repeated,
        outcome: Outcome::from(&fixture.verdict(&[&fixture.devices[0]])?),
        ready: None,
        integrity_check: fixture.integrity().await?,
        seconds: started.elapsed().as_secs_f64(),
        broken: Vec::new(),
    };
    figures.broken = figures.common_breaks();
    if let Err(error) = struck {
        figures.broken.push(error.to_string());
    }
    Ok(figures)
}
