//! One loop: sleep, claim, do parts.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{
    FutureExt as _,
    future::{join, join_all},
};
use jiff::Timestamp;
use vestnik_clock::Clock;
use vestnik_model::{AppId, Word as _};
use vestnik_rules::work::{Claim, Progress, WorkKind, lease_until, retry_at};
use vestnik_store::{
    StoreError, Work,
    work::{ClaimQuery, Claimed, FailedWork, Part},
};

use super::loops::{Loop, Loops};
use crate::{refusal::chain, supervise::Supervisor};

/// The longest sleep: after it a loop looks whether something is due, whatever it was told. A wake-up
/// that is lost, or a wall clock that is set, delays work that long.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How long a loop waits when its rows cannot be claimed, or others have claimed them.
const PAUSE: Duration = Duration::from_millis(500);

/// After how many calls in a row that claimed nothing and did not look at every App a loop waits. Each
/// looks at a part of the Apps, so that none of them holds up others who write.
const FRUITLESS: u32 = 64;

/// Where a loop stands in its round of the Apps.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The App that was looked at last.
    behind: Option<AppId>,
    /// How many calls in a row claimed nothing.
    fruitless: u32,
    /// What was claimed beside the parts of the last turn.
    ready: Vec<Claim>,
}

/// What a loop works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) work: Arc<dyn Work + Send + Sync>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) loops: Arc<Loops>,
}

/// Starts the loop of each kind.
pub(crate) fn start(worker: &Worker, supervisor: &Supervisor) {
    let kinds = WorkKind::WORDS.iter();
    let has_own_loop = |kind: WorkKind| matches!(kind, WorkKind::Dispatch | WorkKind::Webhook);
    for kind in kinds.filter(|kind| !has_own_loop(**kind)) {
        let worker = worker.clone();
        supervisor.keep(kind.as_str(), move || worker.clone().run(*kind));
    }
}

/// How many rows of a kind are claimed at once, each of another App.
const fn concurrency(kind: WorkKind) -> u32 {
    match kind {
        WorkKind::Expand | WorkKind::Release | WorkKind::Recall | WorkKind::MarkRead => 4,
        WorkKind::Expire
        | WorkKind::Retry
        | WorkKind::Resume
        | WorkKind::AskAnew
        | WorkKind::Settle
        | WorkKind::Retain
        | WorkKind::Dispatch
        | WorkKind::Webhook
        | WorkKind::DeleteTopic
        | WorkKind::DeleteAudience
        | WorkKind::EraseUser
        | WorkKind::Sweep => 2,
    }
}

/// The most rows of one part: higher and a publish waits longer for its turn; lower and a mailing
/// takes longer.
const fn rows(kind: WorkKind) -> u32 {
    match kind {
        WorkKind::Expand
        | WorkKind::Release
        | WorkKind::Recall
        | WorkKind::AskAnew
        | WorkKind::MarkRead
        | WorkKind::Expire => 500,
        WorkKind::Settle
        | WorkKind::Retain
        | WorkKind::Resume
        | WorkKind::Dispatch
        | WorkKind::Webhook
        | WorkKind::DeleteTopic
        | WorkKind::DeleteAudience
        | WorkKind::EraseUser
        | WorkKind::Sweep => 250,
        // Each is looked at like an explanation.
        WorkKind::Retry => 100,
    }
}

/// What a turn of a loop came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Parts were done, or only some Apps were looked at: there may be more at once.
    Worked,
    /// Nothing is due before this time, if there is anything.
    Idle(Option<Timestamp>),
    /// What is due is held by others, or could not be claimed.
    Blocked,
}

impl Round {
    /// What the next call asks for: at most so many rows, and none of some Apps.
    pub(super) fn query(
        &self,
        kind: WorkKind,
        except: Vec<AppId>,
        limit: u32,
        now: Timestamp,
    ) -> ClaimQuery {
        ClaimQuery {
            kind,
            behind: self.behind.clone(),
            except,
            limit,
            lease_until: lease_until(now),
            now,
        }
    }

    /// Takes what a call claimed; tells whether the next may follow at once.
    pub(super) fn goes_on(&mut self, claimed: &Claimed) -> bool {
        let Claimed {
            claims,
            behind,
            has_gone_round,
        } = claimed;
        self.behind.clone_from(behind);
        if !claims.is_empty() {
            self.fruitless = 0;
            return true;
        }
        self.fruitless += 1;
        if *has_gone_round || self.fruitless >= FRUITLESS {
            self.fruitless = 0;
            return false;
        }
        true
    }
}

impl Worker {
    /// Works on one kind until it is dropped.
    async fn run(self, kind: WorkKind) {
        let mut round = Round::default();
        let Some(state) = self.loops.of(kind) else {
            return;
        };
        loop {
            let turn = self.turn(kind, state, &mut round).await;
            state.turned(self.clock.monotonic());
            let sleep = match turn {
                Ok(Turn::Worked) => continue,
                Ok(Turn::Idle(due)) => until(due, self.clock.now()),
                Ok(Turn::Blocked) => PAUSE,
                Err(error) => {
                    state.failed();
                    let error = chain(&error);
                    tracing::warn!(kind = kind.as_str(), error, "work cannot be claimed");
                    PAUSE
                }
            };
            // A wake-up in the middle of a turn is kept and ends this sleep at once.
            drop(tokio::time::timeout(sleep, state.due.notified()).await);
        }
    }

    async fn turn(
        &self,
        kind: WorkKind,
        state: &Loop,
        round: &mut Round,
    ) -> Result<Turn, StoreError> {
        if round.ready.is_empty() {
            let (due, now) = (self.work.next_due(kind).await?, self.clock.now());
            if due.is_none_or(|due| due > now) {
                return Ok(Turn::Idle(due));
            }
            let claimed = self.claim(kind, round).await?;
            if !round.goes_on(&claimed) {
                return Ok(Turn::Blocked);
            }
            if claimed.claims.is_empty() {
                return Ok(Turn::Worked);
            }
            round.ready = claimed.claims;
        }
        let claims = std::mem::take(&mut round.ready);
        let parts = join_all(claims.into_iter().map(|claim| self.part(claim, state)));
        // The claims of the next turn are asked for together with the parts, so that a store that
        // commits in groups commits both at once: a mailing waits for one commit a part, not for two.
        let (_, next) = join(parts, self.claim(kind, round)).await;
        // A failure will be met again when the next turn claims.
        if let Ok(next) = next {
            round.behind = next.behind;
            round.ready = next.claims;
        }
        Ok(Turn::Worked)
    }

    async fn claim(&self, kind: WorkKind, round: &Round) -> Result<Claimed, StoreError> {
        let asked = round.query(kind, Vec::new(), concurrency(kind), self.clock.now());
        self.work.claim(asked).await
    }

    /// Does one part. A failure is the row's alone.
    async fn part(&self, claim: Claim, state: &Loop) {
        let part = Part {
            claim: claim.clone(),
            rows: rows(claim.kind),
            seed: self.clock.random(),
            now: self.clock.now(),
        };
        let work = Arc::clone(&self.work);
        let performed = AssertUnwindSafe(async move { work.perform(part).await });
        let rows = Rows {
            work: &*self.work,
            clock: &*self.clock,
            state,
        };
        let kind = claim.kind;
        match rows.settled(claim, performed.catch_unwind().await).await {
            Some(Progress::Finished | Progress::More) => state.did_part(),
            Some(Progress::Lost) => {
                tracing::info!(
                    kind = kind.as_str(),
                    "this work was changed or taken over meanwhile"
                );
            }
            None => {}
        }
    }
}

/// The rows of a loop, when a part of one has ended.
pub(super) struct Rows<'a> {
    pub(super) work: &'a (dyn Work + Send + Sync),
    pub(super) clock: &'a dyn Clock,
    pub(super) state: &'a Loop,
}

impl Rows<'_> {
    /// What a part came to. If it failed or panicked, its row is put back.
    pub(super) async fn settled<T>(
        &self,
        claim: Claim,
        performed: std::thread::Result<Result<T, StoreError>>,
    ) -> Option<T> {
        match performed {
            Ok(Ok(done)) => return Some(done),
            // The server stops; the lease ends by itself.
            Ok(Err(StoreError::Closed)) => {}
            Ok(Err(error)) => self.put_back(claim, &error.to_string()).await,
            Err(_) => {
                self.state.panicked();
                self.put_back(claim, "it panicked").await;
            }
        }
        None
    }

    /// Puts a row back. The reason has no content: texts of the database's errors may.
    async fn put_back(&self, claim: Claim, reason: &str) {
        self.state.failed();
        let now = self.clock.now();
        let due = retry_at(claim.tries, fraction(self.clock.random()), now);
        tracing::warn!(
            kind = claim.kind.as_str(),
            work = claim.id,
            tries = claim.tries,
            reason,
            "a part failed and is tried again later",
        );
        let failure = FailedWork {
            claim,
            due,
            error: reason.to_owned(),
        };
        if let Err(error) = self.work.put_back(failure).await {
            let error = chain(&error);
            tracing::warn!(error, "work that failed stays claimed until its lease ends");
        }
    }
}

pub(super) fn until(due: Option<Timestamp>, now: Timestamp) -> Duration {
    let sleep = due.map(|due| due.duration_since(now));
    sleep
        .and_then(|sleep| sleep.try_into().ok())
        .map_or(LONGEST_SLEEP, |sleep: Duration| sleep.min(LONGEST_SLEEP))
}

/// A number from 0 to 1, from random bytes.
pub(super) fn fraction([first, second, ..]: [u8; 32]) -> f64 {
    f64::from(u16::from_be_bytes([first, second])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests;
