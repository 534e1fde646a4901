//! The loop that sends deliveries: claim a notification's row, begin its tries, send them, settle.
//!
//! Other loops do one transaction for each part; this one waits for push services in between. So its
//! parts are tasks of their own: a slow service holds up the part that waits for it and no other, and an
//! App has a few parts at a time, so that one whose services are slow leaves room for others.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use jiff::Timestamp;
use tokio::task::JoinSet;
use vestnik_model::AppId;
use vestnik_rules::work::{Claim, LEASE, WorkKind};
use vestnik_store::{
    StoreError,
    dispatch::{Begun, Dispatched, Settling, Tried},
    work::{ClaimQuery, Part},
};

use super::{
    loops::Loops,
    run::{Rows, fraction, until},
};
use crate::{channel::PushSender, refusal::chain};

/// The most parts at a time.
const PARTS: usize = 16;
/// The most parts of one App at a time.
const PARTS_OF_APP: usize = 4;
/// The most deliveries that a part looks at.
const ROWS: u32 = 100;
/// How long a part waits for answers, of the lease that it has: what is not answered by then is begun
/// anew when the lease is over.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is tried again to note what became of tries.
const SETTLE_TRIES: u32 = 10;
/// How long the loop waits when rows cannot be claimed.
const PAUSE: Duration = Duration::from_millis(500);

const _: () = assert!(PATIENCE.as_secs() < LEASE.as_secs().unsigned_abs());

/// Sends deliveries. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) sender: PushSender,
    pub(crate) loops: Arc<Loops>,
    /// How many parts each App has.
    pub(crate) parts: Arc<Mutex<BTreeMap<AppId, usize>>>,
}

/// A part of an App, counted while it lives.
struct Place {
    app: AppId,
    parts: Arc<Mutex<BTreeMap<AppId, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = parts.get_mut(&self.app) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                parts.remove(&self.app);
            }
        }
    }
}

impl Dispatcher {
    /// Works until it is dropped.
    pub(crate) async fn run(self) {
        let mut tasks = JoinSet::new();
        let mut behind = None;
        let Some(state) = self.loops.of(WorkKind::Dispatch) else {
            return;
        };
        loop {
            while tasks.try_join_next().is_some() {}
            let free = PARTS.saturating_sub(tasks.len());
            let sleep = match self.turn(free, &mut behind, &mut tasks).await {
                Ok(sleep) => sleep,
                Err(error) => {
                    state.failed();
                    let error = chain(&error);
                    tracing::warn!(error, "deliveries cannot be claimed");
                    PAUSE
                }
            };
            state.turned(self.sender.clock.monotonic());
            tokio::select! {
                () = state.due.notified() => {}
                _ = tasks.join_next(), if !tasks.is_empty() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Claims what is due, as far as there is room, and starts a task for each row. Gives how long
    /// nothing else is due.
    async fn turn(
        &self,
        free: usize,
        behind: &mut Option<AppId>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Duration, StoreError> {
        let store = &self.sender.store;
        let now = self.sender.clock.now();
        let due = store.next_due(WorkKind::Dispatch).await?;
        if free == 0 || due.is_none_or(|due| due > now) {
            return Ok(until(due, now));
        }
        let asked = ClaimQuery {
            kind: WorkKind::Dispatch,
            behind: behind.clone(),
            except: self.full(),
            limit: u32::try_from(free).unwrap_or(u32::MAX),
            lease_until: now.checked_add(LEASE).unwrap_or(Timestamp::MAX),
            now,
        };
        let claimed = store.claim(asked).await?;
        behind.clone_from(&claimed.behind);
        let is_idle = claimed.claims.is_empty() && claimed.has_gone_round;
        for claim in claimed.claims {
            let (dispatcher, place) = (self.clone(), self.place(&claim.app));
            tasks.spawn(async move { dispatcher.part(claim, place).await });
        }
        Ok(if is_idle { PAUSE } else { Duration::ZERO })
    }

    /// The Apps that have as many parts as they may.
    fn full(&self) -> Vec<AppId> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let full = parts.iter().filter(|(_, count)| **count >= PARTS_OF_APP);
        full.map(|(app, _)| app.clone()).collect()
    }

    fn place(&self, app: &AppId) -> Place {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        *parts.entry(app.clone()).or_default() += 1;
        Place {
            app: app.clone(),
            parts: Arc::clone(&self.parts),
        }
    }

    /// Does one part. A failure is the row's alone.
    async fn part(self, claim: Claim, _place: Place) {
        let Some(state) = self.loops.of(WorkKind::Dispatch) else {
            return;
        };
        let done = AssertUnwindSafe(self.dispatch(&claim)).catch_unwind().await;
        let rows = Rows {
            work: &*self.sender.store,
            clock: &*self.sender.clock,
            state,
        };
        if rows.settled(claim, done).await.is_some() {
            state.did_part();
            state.due.notify_one();
        }
    }

    async fn dispatch(&self, claim: &Claim) -> Result<(), StoreError> {
        let (store, clock) = (&self.sender.store, &self.sender.clock);
        let part = Part {
            claim: claim.clone(),
            rows: ROWS,
            seed: clock.random(),
            now: clock.now(),
        };
        let Dispatched::Begun(begun) = store.dispatch(part).await? else {
            return Ok(());
        };
        let tried = self.send_all(&claim.app, begun).await;
        let settling = Settling {
            claim: claim.clone(),
            tried,
            random: fraction(clock.random()),
            now: clock.now(),
        };
        self.settle(settling).await
    }

    /// Notes what became of tries, again and again while the store cannot: what a service is proven to
    /// have taken must not be sent again.
    async fn settle(&self, settling: Settling) -> Result<(), StoreError> {
        let mut left = SETTLE_TRIES;
        loop {
            match self.sender.store.settle(settling.clone()).await {
                Err(error) if left > 0 && error != StoreError::Closed => {
                    left -= 1;
                    let error = chain(&error);
                    tracing::warn!(error, "what became of pushes is noted later");
                    tokio::time::sleep(PAUSE).await;
                }
                settled => return settled.map(drop),
            }
        }
    }

    /// Sends tries together; gives those that were answered in time.
    async fn send_all(&self, app: &AppId, begun: Vec<Begun>) -> Vec<Tried> {
        let mut tried = Vec::with_capacity(begun.len());
        let mut sending: FuturesUnordered<_> = begun
            .into_iter()
            .map(|begun| self.sender.send(app, begun))
            .collect();
        let all = async {
            while let Some(sent) = sending.next().await {
                match sent {
                    Ok(sent) => tried.push(sent),
                    Err(error) => {
                        let error = chain(&error);
                        tracing::warn!(error, "a push is left for later");
                    }
                }
            }
        };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("push services did not answer in time");
        }
        tried
    }
}
