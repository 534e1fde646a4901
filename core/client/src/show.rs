//! The right to draw one notification once.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use jiff::SignedDuration;
use tokio::sync::mpsc;
use vestnik_inbox::{HistoryItem, Settled, StoreError, Suppression, Taken};
use vestnik_model::UserId;

use crate::{
    driver::{Command, Shared, Storage},
    error::Error,
    storage::Files,
};

/// The pause after the storage failed.
const AGAIN: Duration = Duration::from_secs(5);
/// The shortest pause before a show that is postponed.
const LEAST: Duration = Duration::from_millis(100);
/// The longest pause before a show that is postponed is looked at: the clock by which it is due may step,
/// and timers stop while the machine sleeps.
const LONGEST: Duration = Duration::from_secs(60);

/// The right to draw one notification once.
///
/// Draw it under an identifier that is made of the notification's id, so that drawing it again replaces.
/// Then say what came of it. A ticket that is dropped instead comes back and is given out again; one
/// whose process ends comes back at the next start, with [`again`](Self::again) set.
pub struct ShowTicket {
    taken: Taken,
    owner: UserId,
    /// How long it had been on this device when it was taken.
    age: SignedDuration,
    storage: Storage,
    is_settled: bool,
    /// How often the storage had hidden what was forgotten when it was taken.
    hidden: u64,
    shared: Arc<Shared>,
}

/// Waits for the next notification that is to be drawn; `None` once the device has stopped.
///
/// A ticket is offered by the storage and taken from there, so that it is the next caller's if this one
/// stops waiting, and the order stays.
pub(crate) async fn next(
    storage: &Storage,
    shared: &Arc<Shared>,
    commands: &mpsc::Sender<Command>,
) -> Option<ShowTicket> {
    loop {
        let mut news = pin!(shared.shows.notified());
        // What becomes due from here on is not missed.
        news.as_mut().enable();
        if shared.is_stopping() || commands.is_closed() {
            return None;
        }
        if let Some(ticket) = shared.take_offer() {
            shared.events.begin_drawing();
            return Some(ticket);
        }
        let (giver, offers) = (storage.clone(), Arc::clone(shared));
        let offering = storage.call(move |files| offer(files, giver, &offers));
        let pause = match offering.await {
            Ok(Next::Offered) => continue,
            Ok(Next::In(pause)) => pause,
            Err(Error::Closed) => return None,
            Err(error) => {
                tracing::error!(%error, "what is to be shown cannot be read");
                Some(AGAIN)
            }
        };
        tokio::select! {
            () = news => {}
            () = wait(pause) => {}
            () = commands.closed() => return None,
        }
    }
}

/// What is to be drawn.
enum Next {
    Offered,
    /// Nothing before this pause, or before something happens.
    In(Option<Duration>),
}

fn offer(files: &mut Files, storage: Storage, shared: &Arc<Shared>) -> Result<Next, StoreError> {
    let hidden = shared.hidden();
    // Nothing may fail between the taking and the ticket, which comes back if it is dropped.
    let now = files.heard_now();
    if let Some((owner, taken)) = files.take_show()? {
        let ticket = ShowTicket {
            age: now
                .map(|now| now.duration_since(taken.item.received_at))
                .unwrap_or_default()
                .max(SignedDuration::ZERO),
            taken,
            owner,
            storage,
            is_settled: false,
            hidden,
            shared: Arc::clone(shared),
        };
        shared.offer(ticket);
        return Ok(Next::Offered);
    }
    let pause = files.next_show()?;
    Ok(Next::In(pause.map(|pause| pause.clamp(LEAST, LONGEST))))
}

async fn wait(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

impl ShowTicket {
    /// What to draw.
    #[must_use]
    pub const fn item(&self) -> &HistoryItem {
        &self.taken.item
    }

    /// It may be on the screen already: the process that took it before ended without settling it.
    #[must_use]
    pub const fn again(&self) -> bool {
        self.taken.again
    }

    /// How often it was taken, this time included.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.taken.attempt
    }

    /// How long it had been on this device when it was taken, as far as that is certain: zero until the server
    /// has said in this process what time it is, because the device's clock may be wrong. Never negative: what
    /// the server accepted later than it says it is now was not here before.
    #[must_use]
    pub const fn age(&self) -> SignedDuration {
        self.age
    }

    /// Whether its user is gone since it was taken: it must not be drawn.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.shared.forgotten() != self.hidden
    }

    /// The system took it.
    ///
    /// # Errors
    /// [`Error::Storage`]: it is tried again before the next ticket is given out. [`Error::Closed`]: it is
    /// drawn once more after the next start.
    pub async fn shown(self) -> Result<(), Error> {
        self.settle(Settled::Shown).await
    }

    /// The system did not take it and may take it later: it comes back after a pause, a bounded number
    /// of times. The reason is a short code, which the sender sees if it never succeeds.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn failed(self, reason: &str) -> Result<(), Error> {
        self.settle(Settled::Failed(reason.to_owned())).await
    }

    /// It is not shown, for good.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn suppressed(self, reason: Suppression) -> Result<(), Error> {
        self.settle(Settled::Suppressed(reason)).await
    }

    async fn settle(mut self, settled: Settled) -> Result<(), Error> {
        let drawn = (self.taken.id(), self.taken.revision());
        let owner = self.owner.clone();
        let settling = self
            .storage
            .call_now(move |files| files.settle_show(&owner, drawn, &settled));
        // It is settled also if the caller stops waiting.
        self.is_settled = true;
        settling.await.map(drop)
    }

    /// Gives a ticket back that nobody has taken.
    pub(crate) fn give_back(mut self, files: &mut Files) {
        self.is_settled = true;
        if let Err(error) = files.return_show(&self.owner, self.taken.id()) {
            tracing::warn!(%error, "a show does not come back before the next start");
        }
    }
}

/// Without what the notification says.
impl fmt::Debug for ShowTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShowTicket")
            .field("id", &self.taken.id())
            .field("again", &self.again())
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}

impl Drop for ShowTicket {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let (owner, id) = (self.owner.clone(), self.taken.id());
        self.storage.try_to(
            "a show does not come back before the next start",
            move |files| files.return_show(&owner, id),
        );
    }
}
