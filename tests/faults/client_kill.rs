//! Device processes are killed: by the clock, and by themselves at each named point. Beside them, the
//! processes of their notification extensions are.

use std::{collections::BTreeMap, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

use crate::{
    fixture::Fixture,
    process::Process,
    publisher::Publisher,
    push::{self, PushDeath},
    report::{Figures, Outcome},
    role::FailPoint,
    tier::{Tier, Trial},
};
use vestnik_testkit::clock;

/// How long a device that is to die at a point may live without coming to it.
const POINT_WITHIN: Duration = Duration::from_secs(10);

/// How one life of a device process ends.
#[derive(Debug, Clone, Copy)]
enum Death {
    ByClock(Duration),
    At(FailPoint),
}

impl Death {
    fn draw(rng: &mut StdRng) -> Self {
        if rng.random_bool(0.5) {
            return Self::ByClock(Duration::from_millis(rng.random_range(5..700)));
        }
        Self::At(FailPoint::ALL[rng.random_range(0..FailPoint::ALL.len())])
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::ByClock(_) => "by-clock",
            Self::At(point) => point.as_str(),
        }
    }

    const fn point(self) -> Option<FailPoint> {
        match self {
            Self::ByClock(_) => None,
            Self::At(point) => Some(point),
        }
    }
}

type Kinds = BTreeMap<String, u64>;

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Figures> {
    let plan = tier.client_kill();
    let started = clock::instant();
    let fixture = std::sync::Arc::new(Fixture::prepare(plan.devices).await?);
    let server = fixture.server().await?;
    fixture.log_in().await?;
    let publisher = Publisher::start(&fixture, plan.sends_per_second, seed)?;

    let mut lives = JoinSet::new();
    for index in 0..plan.devices {
        let fixture = std::sync::Arc::clone(&fixture);
        let deaths = Deaths {
            devices: share(plan.kills, plan.devices, index),
            extensions: share(plan.extension_kills, plan.devices, index),
        };
        let rng = StdRng::seed_from_u64(seed.wrapping_add(index as u64));
        lives.spawn(async move { live(&fixture, index, deaths, rng).await });
    }
    let mut kinds = Kinds::new();
    let mut last = Vec::new();
    while let Some(lived) = lives.join_next().await {
        let (deaths, process) = lived??;
        for (kind, count) in deaths {
            *kinds.entry(kind).or_default() += count;
        }
        last.push(process);
    }
    let sent = publisher.finish().await?;
    fixture.settle().await;
    for process in last {
        process.stop().await?;
    }
    let unseen = fixture.reported_and_not_shown().await?;
    server.stop().await?;

    let processes: Vec<_> = fixture.devices.iter().map(String::as_str).collect();
    let mut figures = Figures {
        trial: Trial::ClientKill,
        faults: kinds.values().sum(),
        by_kind: kinds,
        devices: plan.devices,
        sends_per_second: sent.per_second,
        repeated: sent.repeated,
        outcome: Outcome::from(&fixture.verdict(&processes)?),
        ready: None,
        integrity_check: fixture.integrity().await?,
        seconds: started.elapsed().as_secs_f64(),
        broken: Vec::new(),
    };
    figures.broken = figures.common_breaks();
    if unseen > 0 {
        let broken = format!("{unseen} reported as shown and not shown");
        figures.broken.push(broken);
    }
    if figures.faults < plan.kills + plan.extension_kills {
        figures
            .broken
            .push(format!("only {} kills", figures.faults));
    }
    Ok(figures)
}

/// How often a device and its extension are killed.
#[derive(Debug, Clone, Copy)]
struct Deaths {
    devices: u64,
    extensions: u64,
}

impl Deaths {
    /// Whether the extension is killed before this life of the device: evenly among all.
    const fn has_extension(self, number: u64) -> bool {
        let before = number * self.extensions / self.devices;
        (number + 1) * self.extensions / self.devices > before
    }
}

/// One device's lives, and the process of its last, which is left alive.
async fn live(
    fixture: &Fixture,
    index: usize,
    deaths: Deaths,
    mut rng: StdRng,
) -> anyhow::Result<(Kinds, Process)> {
    let device = &fixture.devices[index..=index];
    let mut kinds = Kinds::new();
    for number in 0..deaths.devices {
        // While the device does not run, its extension does; it may still be about to draw when the
        // device begins.
        let extension = if deaths.has_extension(number) {
            let death = PushDeath::draw(&mut rng);
            let slow = Duration::from_millis(rng.random_range(0..60));
            *kinds.entry(death.kind().to_owned()).or_default() += 1;
            Some(push::strike(fixture, &device[0], number, (death, slow)).await?)
        } else {
            None
        };
        let death = Death::draw(&mut rng);
        let mut process = fixture.device(device, fixture.address, death.point())?;
        let limit = match death {
            Death::ByClock(after) => after,
            Death::At(_) => POINT_WITHIN,
        };
        let died = process.ended_within(limit).await?;
        let kind = match (death, died) {
            (Death::At(_), true) | (Death::ByClock(_), false) => death.kind(),
            (Death::At(_), false) => "point-not-reached",
            (Death::ByClock(_), true) => anyhow::bail!("a device ended that should have lived"),
        };
        *kinds.entry(kind.to_owned()).or_default() += 1;
        process.kill().await?;
        if let Some(extension) = extension {
            extension.kill().await?;
        }
    }
    Ok((kinds, fixture.device(device, fixture.address, None)?))
}

/// The `index`th part of `total`, so that the parts add up.
const fn share(total: u64, parts: usize, index: usize) -> u64 {
    let (parts, index) = (parts as u64, index as u64);
    total / parts + if index < total % parts { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_die_evenly_among_the_devices_lives() {
        for (devices, extensions) in [(125, 50), (14, 6), (3, 3), (5, 0)] {
            let deaths = Deaths {
                devices,
                extensions,
            };
            let count = (0..devices).filter(|number| deaths.has_extension(*number));
            assert_eq!(count.count() as u64, extensions);
        }
    }

    #[test]
    fn shares_add_up() {
        for (total, parts) in [(200, 4), (12, 5), (3, 4)] {
            let sum: u64 = (0..parts).map(|index| share(total, parts, index)).sum();
            assert_eq!(sum, total);
        }
    }
}
