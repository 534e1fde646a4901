//! Callers' sockets are cut at random moments of publishes, reports, logins and logouts. Whatever the
//! server committed all the same has to reach the Watch, the other device and the closing of connections.
//!
//! Whether a cut request was committed is asked over a sound connection: a publish is repeated under its
//! idempotency key, a fact under its id, and after a login or logout the former token is presented. The
//! server's re-check of all connections is far away, so that an effect that was lost stays lost.

mod actor;
mod session;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;
use vestnik_testkit::{CuttableProxy, TestServer, clock, proxy::Script, server::Setup};

use self::actor::Actor;
use crate::{
    tally::Tally,
    tier::{Tier, Trial},
};

/// How many users act at once.
const ACTORS: u64 = 8;
/// How far away the server's re-check is, in milliseconds.
const RECHECK_MILLIS: u64 = 3_600_000;

/// What must not happen.
const ZEROS: [&str; 3] = [
    "missing at a Watch",
    "missing at a device",
    "connections left open",
];

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Tally> {
    let started = clock::instant();
    let setup = Setup::default()
        .unlimited()
        .config(|config| config.delivery.recheck_millis = RECHECK_MILLIS);
    let server = TestServer::with(setup).await?;
    let rng = Mutex::new(StdRng::seed_from_u64(seed));
    let proxy = CuttableProxy::scripted(server.address(), move |_| draw(&rng)).await?;
    let proxy = Arc::new(proxy);

    let mut actors = JoinSet::new();
    for number in 0..ACTORS {
        let mut actor = Actor::new(&server, proxy.address(), number, seed).await?;
        let count = share(tier.cuts_after_commit(), number);
        actors.spawn(async move {
            for _ in 0..count {
                actor.act().await?;
            }
            actor.finish().await
        });
    }
    let mut tally = Tally::new(Trial::CutAfterCommit, &ZEROS);
    while let Some(acted) = actors.join_next().await {
        tally.add(acted??);
    }
    server.stop().await?;
    Ok(tally.took(started.elapsed().as_secs_f64()))
}

/// The moment of a cut: mostly shortly after the whole request has passed, when the server is at work on
/// it; sometimes anywhere in the request or the answer.
fn draw(rng: &Mutex<StdRng>) -> Script {
    let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
    if rng.random_ratio(1, 5) {
        return Script::at_byte(rng.random_range(1..1_500));
    }
    let delay = Duration::from_micros(rng.random_range(0..6_000));
    Script {
        reset: rng.random_bool(0.5),
        ..Script::after_request(delay)
    }
}

/// The part of one actor, so that the parts add up.
const fn share(total: u64, actor: u64) -> u64 {
    total / ACTORS + if actor < total % ACTORS { 1 } else { 0 }
}
