//! The store of a session that has begun is asked where it stands.

use std::time::Duration;

use vestnik_clock::{Monotonic, Now};
use vestnik_model::{TopicName, UserId};

use crate::machine::{
    Generation, Pace, engine::ToStorage, patience, pause::Backoff, registration::Wish,
};

/// The first pause before a store that failed is asked again is at most this long.
const BASE: Duration = Duration::from_secs(2);
/// Any pause before a store that failed is asked again is at most this long.
const CAP: Duration = Duration::from_secs(60);
/// The most wishes that are kept meanwhile; at one more the oldest is dropped.
const MAX_WISHES: usize = 64;

/// A store that has not said where it stands.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) generation: Generation,
    user: UserId,
    /// When it is asked again: after a pause, if it failed, or when no answer can come any more.
    again_at: Option<Monotonic>,
    has_failed: bool,
    backoff: Backoff,
    wishes: Vec<Wish>,
}

impl Asking {
    pub(super) fn new(generation: Generation, user: UserId, pace: Pace) -> Self {
        Self {
            generation,
            user,
            again_at: None,
            has_failed: false,
            backoff: pace.background(BASE, CAP),
            wishes: Vec::new(),
        }
    }

    pub(super) fn question(&self) -> ToStorage {
        ToStorage::AskStore {
            generation: self.generation,
            user: self.user.clone(),
        }
    }

    /// The store failed.
    pub(super) fn on_failed(&mut self, now: Now) {
        let pause = self.backoff.fail(None, now.random);
        self.again_at = Some(now.monotonic + pause);
        self.has_failed = true;
    }

    /// Looks at the clock; gives whether it is time to ask again.
    pub(super) fn is_due(&mut self, now: Now) -> bool {
        let again_at = *self
            .again_at
            .get_or_insert(now.monotonic + patience::STORAGE);
        let is_due = again_at <= now.monotonic;
        if is_due {
            self.again_at = Some(now.monotonic + patience::STORAGE);
            self.has_failed = false;
        }
        is_due
    }

    pub(super) const fn deadline(&self) -> Option<Monotonic> {
        self.again_at
    }

    /// When a store that failed is asked again.
    pub(super) fn retry_at(&self) -> Option<Monotonic> {
        self.again_at.filter(|_| self.has_failed)
    }

    /// What the user wishes before the store has answered.
    pub(super) fn wish(&mut self, topic: TopicName, joins: bool) {
        if self.wishes.len() == MAX_WISHES {
            self.wishes.remove(0);
        }
        self.wishes.push(Wish { topic, joins });
    }

    pub(super) fn into_wishes(self) -> Vec<Wish> {
        self.wishes
    }
}
