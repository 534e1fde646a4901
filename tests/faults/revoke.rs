//! Keys, sessions, families and users are revoked at random moments with live connections: after the
//! answer to the revocation no call of the revoked is answered, and nothing is sent to them.

mod device;
mod key;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;
use vestnik_testkit::{
    TestServer,
    clock::{self, AheadClock},
    server::Setup,
};

use self::device::Revoking;
use crate::{
    tally::Tally,
    tier::{Tier, Trial},
};

/// How many revocations are under way at once.
const AT_ONCE: u64 = 6;
/// The longest that the revoked go on before they are revoked, in milliseconds.
const LIFE_MILLIS: u64 = 40;

const ZEROS: [&str; 3] = [
    "calls answered",
    "notifications sent",
    "connections left open",
];

/// What is revoked.
#[derive(Debug, Clone, Copy)]
enum Target {
    Key,
    Session,
    Family,
    User,
}

impl Target {
    const ALL: [Self; 4] = [Self::Key, Self::Session, Self::Family, Self::User];

    const fn count(self) -> &'static str {
        match self {
            Self::Key => "keys",
            Self::Session => "sessions",
            Self::Family => "families",
            Self::User => "users",
        }
    }
}

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Tally> {
    let started = clock::instant();
    let ahead = AheadClock::default();
    let setup = Setup::default()
        .unlimited()
        .clock(ahead.clone())
        .config(|config| config.delivery.recheck_millis = 3_600_000);
    let server = TestServer::with(setup).await?;
    let mut lanes = JoinSet::new();
    for lane in 0..AT_ONCE {
        let (backend, address) = (server.backend.clone(), server.address());
        let count = (lane..tier.revocations())
            .step_by(usize::try_from(AT_ONCE)?)
            .count();
        let ahead = ahead.clone();
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(17).wrapping_add(lane));
        lanes.spawn(async move {
            let mut tally = Tally::new(Trial::Revoke, &ZEROS);
            for step in 0..count {
                let target = Target::ALL[rng.random_range(0..Target::ALL.len())];
                let life = rng.random_range(0..LIFE_MILLIS);
                let name = format!("lane-{lane}-{step}");
                let number = u128::from(lane) * 1_000_000 + u128::try_from(step)?;
                tally.count(target.count(), 1);
                match target {
                    Target::Key => key::revoke(&backend, &name, life, &mut tally).await?,
                    Target::Session | Target::Family | Target::User => {
                        let device = device::Device::open(&backend, address, &name, number).await?;
                        device
                            .revoke(
                                Revoking {
                                    target,
                                    ahead: &ahead,
                                },
                                life,
                                &mut tally,
                            )
                            .await?;
                    }
                }
            }
            anyhow::Ok(tally)
        });
    }
    let mut tally = Tally::new(Trial::Revoke, &ZEROS);
    while let Some(lane) = lanes.join_next().await {
        tally.add(lane??);
    }
    server.stop().await?;
    Ok(tally.took(started.elapsed().as_secs_f64()))
}
