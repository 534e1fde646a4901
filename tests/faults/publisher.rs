//! A sender that does not give up: what was not answered is repeated under the same idempotency
//! key, so that every publish is acknowledged once in the end, whatever was killed meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use vestnik_model::{PublishAccepted, PublishRequest};

use crate::{fixture::Fixture, progress::Progress};
use vestnik_testkit::{
    Backend,
    backend::to_user,
    clock,
    ledger::{Acknowledged, LedgerWriter},
    name::user,
};

/// How many publishes may wait for their answers at once.
const AT_ONCE: usize = 512;
/// How long a refused publish waits when the server is not known to be down.
const PAUSE: Duration = Duration::from_millis(50);
/// One in so many answers is taken as lost on its way, and the publish repeated.
const ANSWERS_PER_LOSS: u32 = 20;
/// How often a publish is tried at most; a server that does not come back is an error.
const TRIES: u32 = 200;

/// A running publisher.
#[derive(Debug)]
pub(crate) struct Publisher {
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<Sent>>,
}

/// What a publisher did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) per_second: f64,
    pub(crate) repeated: u64,
}

impl Publisher {
    /// Publishes so many a second, each to the user of one device drawn from the seed.
    pub(crate) fn start(fixture: &Fixture, per_second: u32, seed: u64) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let publishing = Publishing {
            backend: fixture.backend.clone(),
            ledger: LedgerWriter::start(&fixture.acknowledged())?,
            progress: fixture.progress.clone(),
            is_up: fixture.is_up.subscribe(),
            repeated: Arc::default(),
        };
        let devices = fixture.devices.clone();
        let run = publishing.run(devices, per_second, seed, stop.clone());
        Ok(Self {
            stop,
            task: tokio::spawn(run),
        })
    }

    /// Begins no more, and waits until everything begun is acknowledged.
    pub(crate) async fn finish(self) -> anyhow::Result<Sent> {
        self.stop.cancel();
        self.task.await?
    }
}

#[derive(Clone)]
struct Publishing {
    backend: Backend,
    ledger: LedgerWriter<Acknowledged>,
    progress: watch::Sender<Progress>,
    is_up: watch::Receiver<bool>,
    repeated: Arc<AtomicU64>,
}

impl Publishing {
    async fn run(
        self,
        devices: Vec<String>,
        per_second: u32,
        seed: u64,
        stop: CancellationToken,
    ) -> anyhow::Result<Sent> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut tick = interval(Duration::from_secs(1) / per_second);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        let started = clock::instant();
        let mut begun = 0_u32;
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            let permit = Arc::clone(&permits).acquire_owned().await?;
            let device = devices[rng.random_range(0..devices.len())].clone();
            let key = format!("{seed}-{begun}");
            let loses_answer = rng.random_ratio(1, ANSWERS_PER_LOSS);
            let publishing = self.clone();
            running.spawn(async move {
                let published = publishing.publish(device, key, loses_answer).await;
                drop(permit);
                published
            });
            begun += 1;
            while let Some(done) = running.try_join_next() {
                done??;
            }
        }
        let per_second = rate(begun, started);
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(Sent {
            per_second,
            repeated: self.repeated.load(Ordering::Relaxed),
        })
    }

    async fn publish(
        mut self,
        device: String,
        key: String,
        loses_answer: bool,
    ) -> anyhow::Result<()> {
        let request = PublishRequest {
            idempotency_key: Some(key.clone()),
            ..to_user(&user(&device), &key)
        };
        if loses_answer {
            self.insist(&request).await?;
            self.repeated.fetch_add(1, Ordering::Relaxed);
        }
        let accepted = self.insist(&request).await?;
        let publish = Acknowledged {
            notification: accepted.id,
            devices: vec![device],
        };
        self.ledger.append(publish.clone()).await?;
        self.progress
            .send_modify(|progress| progress.acknowledge(&publish));
        Ok(())
    }

    async fn insist(&mut self, request: &PublishRequest) -> anyhow::Result<PublishAccepted> {
        let mut last = None;
        for attempt in 0..TRIES {
            if attempt == 1 {
                self.repeated.fetch_add(1, Ordering::Relaxed);
            }
            match self.backend.publish(request).await {
                Ok(accepted) => return Ok(accepted),
                Err(error) => last = Some(error),
            }
            if !*self.is_up.borrow() {
                self.is_up.wait_for(|is_up| *is_up).await?;
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
        let error = last.context("a publish is tried at least once")?;
        Err(error.context(format!("not accepted in {TRIES} tries")))
    }
}

fn rate(begun: u32, started: Instant) -> f64 {
    f64::from(begun) / started.elapsed().as_secs_f64().max(f64::EPSILON)
}
