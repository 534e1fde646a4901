//! What the task, the storage and the handle have in common.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, watch};
use vestnik_clock::{Clock, Monotonic, Now};
use vestnik_model::InstallationState;

use super::outcomes::Outcomes;
use crate::{
    event::Events,
    machine::{
        Generation, Trouble,
        connection::Nudge,
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
    pub(super) outcomes: Outcomes,
    wishes: Mutex<Wishes>,
    /// Told when a wish has changed.
    pub(super) wished: Notify,
    /// Tickets that nobody has taken yet, oldest first.
    offers: Mutex<VecDeque<ShowTicket>>,
    /// How often the storage has hidden what was forgotten. While it is behind, what it gives out may be
    /// a former user's.
    hidden: AtomicU64,
    /// Whether the app has asked for the end.
    is_stopping: AtomicBool,
}

/// What the app wishes, whatever becomes of the engine.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    pub(crate) is_online: bool,
    pub(crate) is_suspended: bool,
    /// How often the app said that the machine woke up.
    pub(crate) wakes: u64,
    /// What makes another try promising, until the engine knows it.
    pub(crate) nudge: Option<Nudge>,
    /// When the app was last brought to the front.
    pub(crate) opened: Option<Monotonic>,
    /// Whether the server has to be told of the device once more, until the engine knows it.
    pub(crate) tells_again: bool,
    /// How often the app asked what the user does not want.
    pub(crate) asks: u64,
    /// The state of the installation.
    pub(crate) device: InstallationState,
}

impl Shared {
    pub(crate) fn new(clock: Arc<dyn Clock>, device: InstallationState) -> Self {
        Self {
            clock,
            snapshot: watch::Sender::new(Snapshot::begin()),
            events: Events::default(),
            shows: Notify::new(),
            outcomes: Outcomes::default(),
            wishes: Mutex::new(Wishes {
                is_online: false,
                is_suspended: false,
                wakes: 0,
                nudge: None,
                opened: None,
                tells_again: false,
                asks: 0,
                device,
            }),
            wished: Notify::new(),
            offers: Mutex::default(),
            hidden: AtomicU64::new(0),
            is_stopping: AtomicBool::new(false),
        }
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
        lock(&self.wishes)
    }

    /// Changes what the app wishes; the engine follows.
    pub(crate) fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.wishes());
        self.wished.notify_one();
    }

    pub(crate) fn now(&self) -> Now {
        Now::read(&*self.clock)
    }

    /// Passes an outcome of the storage on to the engine.
    pub(crate) fn outcome(&self, input: Input) {
        self.outcomes.push(input);
    }

    /// Tells those who watch what became durable, before the one who asked for it is answered.
    pub(crate) fn publish(&self, news: &News, generation: Generation) {
        if news.is_empty() {
            return;
        }
        self.events.add(news, self.hidden());
        self.follow_keys(news);
        if let Some(changes) = &news.opt_outs {
            let result = Done::OptOutChanges(changes.clone());
            self.outcome(Input::Session { generation, result });
        }
        let Some(counts) = news.counts else {
            return;
        };
        self.snapshot.send_if_modified(|snapshot| {
            std::mem::replace(&mut snapshot.unread, counts.unread) != counts.unread
        });
        if news.has_show {
            self.shows.notify_waiters();
        }
        if let Some(result) = news.done() {
            self.outcome(Input::Session { generation, result });
        }
    }

    /// What the server has to be told of the keys of pushes.
    fn follow_keys(&self, news: &News) {
        if news.envelope_key.is_none() && !news.tells_again {
            return;
        }
        self.wish(|wishes| {
            let former = wishes.device.envelope_key.take();
            wishes.device.envelope_key = news.envelope_key.clone().or(former);
            wishes.tells_again |= news.tells_again;
        });
    }

    /// An extension may have been given something that the app does not know of.
    pub(crate) fn look_for_shows(&self) {
        self.shows.notify_waiters();
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

    /// Tells those who watch why there is no engine, until another one begins.
    pub(crate) fn tell_trouble(&self, trouble: Trouble) {
        self.snapshot.send_modify(|snapshot| {
            snapshot.connection = ConnectionState {
                phase: Phase::Waiting,
                last_error: Some(trouble),
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
    pub(crate) fn withdraw_offers(&self) -> VecDeque<ShowTicket> {
        std::mem::take(&mut *self.offers())
    }

    fn offers(&self) -> MutexGuard<'_, VecDeque<ShowTicket>> {
        lock(&self.offers)
    }

    /// Nothing of the former user may be seen any more, although the storage does not know it yet.
    pub(crate) fn forget(&self) {
        self.events.forget();
        self.shows.notify_waiters();
    }

    /// How often everything of a user was forgotten.
    pub(crate) fn forgotten(&self) -> u64 {
        self.events.forgotten()
    }

    /// The storage hides what was forgotten.
    pub(super) fn hide(&self) {
        self.hidden.fetch_add(1, Ordering::SeqCst);
    }

    /// How often the storage has hidden what was forgotten. What it gives out is nobody's but the present
    /// user's if this is equal to [`forgotten`](Self::forgotten).
    pub(crate) fn hidden(&self) -> u64 {
        self.hidden.load(Ordering::SeqCst)
    }

    /// The app has asked for the end.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
