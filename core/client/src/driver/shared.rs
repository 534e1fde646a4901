//! What the task, the storage and the handle have in common.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, mpsc, watch};
use vestnik_clock::{Clock, Now};
use vestnik_model::InstallationState;

use crate::{
    event::Events,
    machine::{
        Generation, Trouble,
        engine::{self, Done, Input, Phase},
        session::{NeedsIdentity, Seed, SeedStanding, Standing},
    },
    show::ShowTicket,
    snapshot::{ConnectionState, Snapshot},
    storage::News,
};

/// What the task, the storage and the handle have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) snapshot: watch::Sender<Snapshot>,
    pub(crate) events: Events,
    /// Told when a show may be due.
    pub(crate) shows: Notify,
    /// Outcomes of the storage, on their way to the engine.
    outcomes: mpsc::UnboundedSender<Input>,
    wishes: Mutex<Wishes>,
    /// Tickets that nobody has taken yet, oldest first.
    offers: Mutex<VecDeque<ShowTicket>>,
    /// How often everything of a user was forgotten: what was taken before is void.
    forgotten: AtomicU64,
}

/// What the app wishes, whatever becomes of the engine.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    pub(crate) is_online: bool,
    pub(crate) is_suspended: bool,
    /// The state of the installation.
    pub(crate) device: InstallationState,
}

impl Shared {
    /// Gives the outcomes of the storage beside.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        device: InstallationState,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Input>) {
        let (outcomes, receiver) = mpsc::unbounded_channel();
        let shared = Self {
            clock,
            snapshot: watch::Sender::new(Snapshot::begin()),
            events: Events::default(),
            shows: Notify::new(),
            outcomes,
            wishes: Mutex::new(Wishes {
                is_online: false,
                is_suspended: false,
                device,
            }),
            offers: Mutex::default(),
            forgotten: AtomicU64::new(0),
        };
        (Arc::new(shared), receiver)
    }

    /// Tells those who watch who the device is, before an engine has said it.
    pub(crate) fn begin(&self, seed: &Seed) {
        self.snapshot.send_modify(|snapshot| {
            snapshot.standing = match &seed.standing {
                SeedStanding::Nobody => Standing::Nobody,
                SeedStanding::LoggedIn { user, .. } => Standing::LoggedIn { user: user.clone() },
                SeedStanding::Ended { user } => Standing::NeedsIdentity {
                    user: Some(user.clone()),
                    reason: NeedsIdentity::Ended,
                },
            };
        });
    }

    pub(crate) fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Now {
        Now::read(&*self.clock)
    }

    /// Passes an outcome of the storage on to the engine.
    pub(crate) fn outcome(&self, input: Input) {
        // An engine that is gone needs none.
        drop(self.outcomes.send(input));
    }

    /// Tells those who watch what became durable, before the one who asked for it is answered.
    pub(crate) fn publish(&self, news: &News, generation: Generation) {
        if news.is_empty() {
            return;
        }
        self.events.add(news);
        let Some(counts) = news.counts else {
            return;
        };
        self.snapshot.send_if_modified(|snapshot| {
            std::mem::replace(&mut snapshot.unread, counts.unread) != counts.unread
        });
        if counts.next_show.is_some() {
            self.shows.notify_waiters();
        }
        let (outbox, result) = (counts.outbox, &news.rebuilt);
        let result = match result {
            Some(rebuilt) => Done::Rebuilt {
                cursor: rebuilt.cursor.clone(),
                outbox,
            },
            None => Done::Outbox(outbox),
        };
        self.outcome(Input::Session { generation, result });
    }

    /// Tells those who watch what the engine says.
    pub(crate) fn tell(&self, told: engine::Snapshot) {
        let now = self.now();
        let engine::Snapshot {
            standing,
            phase,
            last_error,
            retry_at,
        } = told;
        let retry_at = retry_at.map(|at| {
            let pause = at.saturating_since(now.monotonic);
            now.wall.saturating_add(pause).unwrap_or(now.wall)
        });
        let connection = ConnectionState {
            phase,
            last_error,
            retry_at,
        };
        self.snapshot.send_modify(|snapshot| {
            snapshot.standing = standing;
            snapshot.connection = connection;
        });
    }

    /// Tells those who watch that the engine failed and begins again.
    pub(crate) fn tell_restart(&self) {
        self.snapshot.send_modify(|snapshot| {
            snapshot.connection = ConnectionState {
                phase: Phase::Waiting,
                last_error: Some(Trouble::Internal),
                retry_at: None,
            };
        });
    }

    /// Offers a ticket to whoever asks for the next.
    pub(crate) fn offer(&self, ticket: ShowTicket) {
        self.offers().push_back(ticket);
        // The one it was taken for may have stopped waiting.
        self.shows.notify_waiters();
    }

    /// The oldest ticket on offer. Those of a user who is gone are dropped.
    pub(crate) fn take_offer(&self) -> Option<ShowTicket> {
        loop {
            let ticket = self.offers().pop_front()?;
            if !ticket.is_void() {
                return Some(ticket);
            }
        }
    }

    /// Takes the tickets back that nobody has taken.
    pub(crate) fn withdraw_offers(&self) {
        let offers = std::mem::take(&mut *self.offers());
        drop(offers);
    }

    fn offers(&self) -> MutexGuard<'_, VecDeque<ShowTicket>> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing of the former user may be seen any more.
    pub(crate) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.events.forget();
        self.shows.notify_waiters();
    }

    /// How often everything of a user was forgotten.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::SeqCst)
    }

    /// Nothing happens any more.
    pub(crate) fn end(&self) {
        self.events.end();
        self.snapshot.send_modify(|snapshot| {
            snapshot.connection = ConnectionState {
                phase: Phase::Off,
                last_error: None,
                retry_at: None,
            };
        });
    }
}
