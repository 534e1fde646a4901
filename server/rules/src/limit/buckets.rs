//! Buckets of many principals, bounded in number.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Bucket, Rate, Taken, charge, take_many};

/// The buckets of many principals at one rate, at most a fixed number of them.
///
/// Only a full bucket is forgotten, which changes nothing for its principal. A principal therefore
/// cannot lose its debt by filling the places with other keys, and memory does not grow with the number
/// of keys.
///
/// The trade: while every place is taken by a bucket that owes, principals that have none share one
/// bucket of the same rate. An attacker who fills the places slows such newcomers down, and no principal
/// that has a place. The key should be something that costs effort to have many of (an API key, an
/// installation, the network of an address), and there should be more places than one attacker can fill
/// within `burst × interval`.
#[derive(Debug, Clone)]
pub struct Buckets<K> {
    rate: Rate,
    capacity: usize,
    buckets: BTreeMap<K, Bucket>,
    /// The same buckets by the moment at which they are full.
    pub(super) by_full: BTreeSet<(Bucket, K)>,
    /// What principals without a place share.
    shared: Bucket,
}

impl<K: Ord + Clone> Buckets<K> {
    /// Makes room for so many buckets; at least one.
    #[must_use]
    pub fn new(rate: Rate, capacity: usize) -> Self {
        Self {
            rate,
            capacity: capacity.max(1),
            buckets: BTreeMap::new(),
            by_full: BTreeSet::new(),
            shared: Bucket::default(),
        }
    }

    /// Takes one place of a principal's bucket.
    pub fn take(&mut self, key: &K, now: Duration) -> Taken {
        self.take_many(key, 1, now)
    }

    /// Takes several places of a principal's bucket, as [`super::take_many`].
    pub fn take_many(&mut self, key: &K, count: u32, now: Duration) -> Taken {
        if let Some(bucket) = self.buckets.get(key).copied() {
            return self.take_of(key, bucket, count, now);
        }
        self.forget_idle(now);
        if self.buckets.len() >= self.capacity {
            return take_many(&mut self.shared, self.rate, count, now);
        }
        self.take_of(key, Bucket::default(), count, now)
    }

    /// Takes places whether they are there or not: the debt is paid off before the next call. At most
    /// two full buckets are owed, so that nobody is shut out for long.
    pub fn charge(&mut self, key: &K, count: u32, now: Duration) {
        let before = self.buckets.get(key).copied();
        if before.is_none() && self.buckets.len() >= self.capacity {
            charge(&mut self.shared, self.rate, count, now);
            return;
        }
        let before = before.unwrap_or_default();
        let mut bucket = before;
        charge(&mut bucket, self.rate, count, now);
        self.by_full.remove(&(before, key.clone()));
        self.by_full.insert((bucket, key.clone()));
        self.buckets.insert(key.clone(), bucket);
    }

    /// How many buckets are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether no bucket is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The rate of every bucket.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    fn take_of(&mut self, key: &K, before: Bucket, count: u32, now: Duration) -> Taken {
        let mut bucket = before;
        let taken = take_many(&mut bucket, self.rate, count, now);
        if bucket != before {
            self.by_full.remove(&(before, key.clone()));
            self.by_full.insert((bucket, key.clone()));
            self.buckets.insert(key.clone(), bucket);
        }
        taken
    }

    /// Forgets up to two full buckets: more than one call adds, so that idle ones go in time.
    fn forget_idle(&mut self, now: Duration) {
        for _ in 0..2 {
            let Some((bucket, _)) = self.by_full.first() else {
                return;
            };
            if !bucket.is_full(now) {
                return;
            }
            if let Some((_, key)) = self.by_full.pop_first() {
                self.buckets.remove(&key);
            }
        }
    }
}
