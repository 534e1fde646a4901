//! Phones that cannot decrypt the push that they get: they report it while the server is killed again and
//! again.

use std::{future::Future, sync::Arc};

use anyhow::Context as _;
use vestnik_model::UserId;
use vestnik_sim::Simulator;
use vestnik_testkit::{
    PushPhone,
    wait::{asked, eventually},
};

/// A phone whose keys are lost.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) user: UserId,
    /// The simulator's id of it.
    pub(super) device: String,
    pub(super) phone: PushPhone,
    /// The key that the server knows, which opens nothing any more.
    pub(super) former: String,
    /// Whether it makes a new key and tells it; otherwise it tells the former one again.
    pub(super) has_new_key: bool,
}

/// What became of a phone's pushes.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) user: UserId,
    /// Whether one opened.
    pub(super) is_read: bool,
}

impl Reader {
    /// Waits for the push, reports that it does not open, and, with a new key, waits for one that does.
    pub(super) async fn read(self, simulator: Arc<Simulator>) -> anyhow::Result<Reading> {
        let mut changes = simulator.changes();
        let first = eventually("the push of a phone without keys", &mut changes, |_| {
            simulator.received(&self.device).into_iter().next()
        })
        .await?;
        let closed = self.phone.open(&first)?.err();
        let closed = closed.context("its key is lost")?;
        if self.has_new_key {
            let key = self.phone.key();
            until_taken(|| self.phone.tell(&key)).await?;
            until_taken(|| self.phone.report_closed(closed, 1)).await?;
        } else {
            until_taken(|| self.phone.report_closed(closed, 1)).await?;
            until_taken(|| self.phone.tell(&self.former)).await?;
        }
        let opens = |event| self.phone.open(&event).is_ok_and(|opened| opened.is_ok());
        let is_read = self.has_new_key
            && eventually("a push for the new key", &mut changes, |_| {
                let received = simulator.received(&self.device);
                received.into_iter().any(opens).then_some(())
            })
            .await
            .is_ok();
        Ok(Reading {
            user: self.user,
            is_read,
        })
    }
}

/// Asks again and again until the server, which is away at times, has taken it.
async fn until_taken<F>(mut ask: impl FnMut() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    asked("a server that takes a report", || {
        let asking = ask();
        async { Ok(asking.await.ok()) }
    })
    .await
}
