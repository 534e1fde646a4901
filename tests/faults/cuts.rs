//! A bad network lies between the devices and the server until it has struck often enough.

use super::{
    ground::Ground,
    publisher::Publisher,
    report::{Figures, Outcome},
    tier::{Tier, Trial},
};
use crate::{
    chaos::{ChaosProxy, Cuts},
    clock,
    eventually::eventually,
};

pub(super) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Figures> {
    let plan = tier.cuts();
    let started = clock::instant();
    let ground = Ground::prepare(plan.devices).await?;
    let server = ground.server().await?;
    let proxy = ChaosProxy::start(ground.address, seed).await?;
    let devices = ground.device(&ground.devices, proxy.address(), None)?;
    let publisher = Publisher::start(&ground, plan.sends_per_second, seed)?;

    let enough = |cuts: &Cuts| (cuts.values().sum::<u64>() >= plan.cuts).then_some(());
    let struck = eventually("enough cuts", plan.at_most, &mut proxy.cuts(), enough).await;
    let sent = publisher.finish().await?;
    proxy.heal();
    ground.settle().await;
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
        outcome: Outcome::from(&ground.verdict(&[&ground.devices[0]])?),
        ready: None,
        integrity_check: ground.integrity().await?,
        seconds: started.elapsed().as_secs_f64(),
        broken: Vec::new(),
    };
    figures.broken = figures.common_breaks();
    if let Err(error) = struck {
        figures.broken.push(error.to_string());
    }
    Ok(figures)
}
