//! Runs the jobs that are due.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use vestnik_store::{Store, StoreError};

use crate::{
    bus::{Bus, Changes},
    clock::Clock,
};

/// How often due jobs are polled.
const TICK: Duration = Duration::from_millis(500);
/// The most done in one transaction, so that others get their turn.
const PART: u32 = 1_000;
/// How many ticks there are between two rounds of retention: about an hour.
const FORGET_EVERY: u32 = 7_200;

/// What background jobs need.
#[derive(Debug)]
pub(crate) struct DueJobs {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) changes: Changes,
    /// How long notifications are kept after they expired.
    pub(crate) keep: SignedDuration,
}

/// Runs until it is dropped.
pub(crate) async fn run(jobs: DueJobs) {
    let mut until_forget = 0;
    loop {
        if let Err(error) = jobs.run_due(until_forget == 0).await {
            tracing::warn!(%error, "background jobs failed, will retry");
        }
        until_forget = if until_forget == 0 {
            FORGET_EVERY
        } else {
            until_forget - 1
        };
        tokio::time::sleep(TICK).await;
    }
}

impl DueJobs {
    async fn run_due(&self, forget: bool) -> Result<(), StoreError> {
        self.expand().await?;
        self.expire().await?;
        if forget {
            self.forget().await?;
        }
        Ok(())
    }

    async fn expand(&self) -> Result<(), StoreError> {
        while let Some(expanded) = self.store.expand_next(PART, self.clock.now()).await? {
            self.changes.announce(expanded.changes);
            self.bus.publish(expanded.hints);
        }
        Ok(())
    }

    async fn expire(&self) -> Result<(), StoreError> {
        loop {
            let changes = self.store.expire_due(self.clock.now(), PART).await?;
            let is_last = changes.len() < PART as usize;
            self.changes.announce(changes);
            if is_last {
                return Ok(());
            }
        }
    }

    async fn forget(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let before = now.checked_sub(self.keep).unwrap_or(Timestamp::MIN);
        while self.store.forget_before(before, PART).await? > 0 {}
        Ok(())
    }
}
