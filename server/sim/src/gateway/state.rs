//! What a platform knows: its operator, whom it reaches, what it took.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

/// The most messages that are kept. The oldest are forgotten.
const KEPT: usize = 100_000;

/// A message that a platform took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The platform's id of it.
    pub id: String,
    /// Whom it is for.
    pub to: String,
    /// What it says; of a flash call, the code.
    pub text: String,
    /// The idempotency key, if the platform has one.
    pub key: Option<String>,
}

/// What a platform knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Value,
    pub(crate) now: Timestamp,
    pub(crate) taken: VecDeque<Taken>,
    /// Those who let nothing in, and those who are not known.
    pub(crate) blocking: BTreeSet<String>,
    pub(crate) unknown: BTreeSet<String>,
    keys: BTreeMap<String, String>,
    /// The name of the error that the next requests get, and how many do.
    pub(crate) refusal: Option<(String, u32)>,
    next: u64,
}

impl State {
    pub(crate) fn new(settings: Value, now: Timestamp) -> Self {
        Self {
            settings,
            now,
            taken: VecDeque::new(),
            blocking: BTreeSet::new(),
            unknown: BTreeSet::new(),
            keys: BTreeMap::new(),
            refusal: None,
            next: 1_000,
        }
    }

    /// What the operator was given.
    pub(crate) fn setting(&self, name: &str) -> &str {
        self.settings[name].as_str().unwrap_or_default()
    }

    /// The error that this request gets, if one was asked for.
    pub(crate) fn refused(&mut self) -> Option<String> {
        let (name, left) = self.refusal.as_mut()?;
        *left = left.checked_sub(1)?;
        Some(name.clone())
    }

    /// Whether a message with this key was taken.
    pub(crate) fn has_taken(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Takes a message and gives its id: the one of the first message with this key, if there was one.
    pub(crate) fn take(
        &mut self,
        to: &str,
        text: &str,
        key: Option<&str>,
        id: impl Fn(u64) -> String,
    ) -> String {
        if let Some(id) = key.and_then(|key| self.keys.get(key)) {
            return id.clone();
        }
        self.next += 1;
        let id = id(self.next);
        if let Some(key) = key {
            self.keys.insert(key.to_owned(), id.clone());
        }
        if self.taken.len() == KEPT {
            self.forget_oldest();
        }
        self.taken.push_back(Taken {
            id: id.clone(),
            to: to.to_owned(),
            text: text.to_owned(),
            key: key.map(str::to_owned),
        });
        id
    }

    pub(crate) fn clear(&mut self) {
        self.taken.clear();
        self.keys.clear();
    }

    fn forget_oldest(&mut self) {
        let key = self.taken.pop_front().and_then(|taken| taken.key);
        if let Some(key) = key {
            self.keys.remove(&key);
        }
    }
}
