//! The loops as others see them: they are woken, and looked at.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::sync::Notify;
use vestnik_clock::{Clock, Monotonic};
use vestnik_model::Word as _;
use vestnik_rules::work::WorkKind;

/// For how long a loop may be at one turn before it counts as stuck. A turn is a few parts, each one
/// transaction.
const TURN: Duration = Duration::from_secs(60);

/// What each loop shares with others.
#[derive(Debug)]
pub(crate) struct Loops(Vec<Loop>);

/// A loop, seen from outside.
#[derive(Debug)]
pub(super) struct Loop {
    kind: WorkKind,
    /// Something of the kind is due.
    pub(super) due: Notify,
    /// When the last turn ended, in milliseconds of the monotonic clock.
    turned_at: AtomicU64,
    parts: AtomicU64,
    failures: AtomicU64,
    panics: AtomicU64,
}

/// How a loop does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoopHealth {
    /// What it works on.
    pub(crate) kind: WorkKind,
    /// How long ago its last turn ended.
    pub(crate) since_turn: Duration,
    /// Parts that were done.
    pub(crate) parts: u64,
    /// Parts and claims that failed, panics included.
    pub(crate) failures: u64,
    /// Parts that panicked.
    pub(crate) panics: u64,
}

impl LoopHealth {
    /// Whether the loop has not come round for so long that something is wrong with it.
    pub(crate) fn is_stuck(&self) -> bool {
        self.since_turn > TURN
    }
}

impl Loops {
    /// A loop for each kind of work, each as if it had come round now.
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let turned_at = millis(clock.monotonic());
        let kinds = WorkKind::WORDS.iter();
        let loops = kinds.map(|kind| Loop {
            kind: *kind,
            due: Notify::new(),
            turned_at: AtomicU64::new(turned_at),
            parts: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        });
        Self(loops.collect())
    }

    /// Wakes the loop of a kind: something may be due. Never waits.
    pub(crate) fn wake(&self, kind: WorkKind) {
        if let Some(one) = self.of(kind) {
            one.due.notify_one();
        }
    }

    /// How each loop does.
    pub(crate) fn health(&self, clock: &dyn Clock) -> Vec<LoopHealth> {
        let now = millis(clock.monotonic());
        self.0.iter().map(|one| one.health(now)).collect()
    }

    pub(super) fn of(&self, kind: WorkKind) -> Option<&Loop> {
        self.0.iter().find(|one| one.kind == kind)
    }
}

impl Loop {
    pub(super) fn turned(&self, now: Monotonic) {
        self.turned_at.store(millis(now), Ordering::Relaxed);
    }

    pub(super) fn did_part(&self) {
        self.parts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    fn health(&self, now: u64) -> LoopHealth {
        let turned_at = self.turned_at.load(Ordering::Relaxed);
        LoopHealth {
            kind: self.kind,
            since_turn: Duration::from_millis(now.saturating_sub(turned_at)),
            parts: self.parts.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
        }
    }
}

fn millis(at: Monotonic) -> u64 {
    u64::try_from(at.since_origin().as_millis()).unwrap_or(u64::MAX)
}
