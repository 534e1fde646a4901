//! Limits: how fast a principal may go, and what a user's turn of the live feed may cost.
//!
//! A rate is a bucket of `burst` places; each call takes one, and one comes back every `interval`. A
//! [`Bucket`] stores one number, the moment at which it is full again (the generic cell rate
//! algorithm, ITU-T I.371), so it needs no timer and no clock: time is a monotonic duration since any
//! fixed moment.
//!
//! ```
//! use std::time::Duration;
//! use vestnik_rules::limit::{Bucket, Rate, Taken, take};
//!
//! let rate = Rate::per_second(2, 3);
//! let mut bucket = Bucket::default();
//! let now = Duration::from_secs(100);
//! for remaining in [2, 1, 0] {
//!     let Taken::Allowed { remaining: left, .. } = take(&mut bucket, rate, now) else { panic!() };
//!     assert_eq!(left, remaining);
//! }
//! let refused = Taken::Refused { retry_after: Duration::from_millis(500) };
//! assert_eq!(take(&mut bucket, rate, now), refused);
//! ```

mod buckets;

use std::time::Duration;

pub use buckets::Buckets;

/// How fast something may go on, and how much of it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// After how long a place comes back. Zero does not limit.
    pub interval: Duration,
    /// How many places there are; at least one.
    pub burst: u32,
}

impl Rate {
    /// So many a second; at least one.
    #[must_use]
    pub const fn per_second(count: u32, burst: u32) -> Self {
        Self::per(Duration::from_secs(1), count, burst)
    }

    /// So many a minute; at least one.
    #[must_use]
    pub const fn per_minute(count: u32, burst: u32) -> Self {
        Self::per(Duration::from_secs(60), count, burst)
    }

    const fn per(period: Duration, count: u32, burst: u32) -> Self {
        let count = if count == 0 { 1 } else { count };
        let burst = if burst == 0 { 1 } else { burst };
        let interval = match period.checked_div(count) {
            Some(interval) => interval,
            None => period,
        };
        Self { interval, burst }
    }

    /// After how long an empty bucket is full.
    const fn depth(self) -> Duration {
        self.interval
            .saturating_mul(if self.burst == 0 { 1 } else { self.burst })
    }
}

/// What a principal has taken of a rate. The default bucket is full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    full_at: Duration,
}

impl Bucket {
    /// Whether nothing is owed: a full bucket can be forgotten.
    #[must_use]
    pub fn is_full(self, now: Duration) -> bool {
        self.full_at <= now
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It may go on.
    Allowed {
        /// How many more may go on at once.
        remaining: u32,
        /// After how long the bucket is full again.
        reset: Duration,
    },
    /// It must wait; nothing was taken.
    Refused {
        /// For how long.
        retry_after: Duration,
    },
}

/// Takes one place.
pub fn take(bucket: &mut Bucket, rate: Rate, now: Duration) -> Taken {
    take_many(bucket, rate, 1, now)
}

/// Takes several places, all or none. More than the burst are taken when the bucket is full, as
/// otherwise they could never be taken; the debt is then paid off before the next call.
pub fn take_many(bucket: &mut Bucket, rate: Rate, count: u32, now: Duration) -> Taken {
    let depth = rate.depth();
    let cost = rate.interval.saturating_mul(count);
    let owed = bucket.full_at.saturating_sub(now);
    // What may be owed before the call, so that the call fits.
    let room = depth.saturating_sub(cost);
    if owed > room {
        return Taken::Refused {
            retry_after: owed - room,
        };
    }
    let owed = owed.saturating_add(cost);
    bucket.full_at = now.saturating_add(owed);
    Taken::Allowed {
        remaining: places(depth.saturating_sub(owed), rate),
        reset: owed,
    }
}

/// Takes places whether they are there or not. At most two full buckets are owed.
pub fn charge(bucket: &mut Bucket, rate: Rate, count: u32, now: Duration) {
    let owed = bucket.full_at.saturating_sub(now);
    let owed = owed.saturating_add(rate.interval.saturating_mul(count));
    let most = rate
        .depth()
        .saturating_mul(2)
        .max(bucket.full_at.saturating_sub(now));
    bucket.full_at = now.saturating_add(owed.min(most));
}

fn places(room: Duration, rate: Rate) -> u32 {
    let places = room.as_nanos().checked_div(rate.interval.as_nanos());
    places.map_or(rate.burst, |places| {
        u32::try_from(places).unwrap_or(u32::MAX)
    })
}

/// What one user's turn of the live feed may cost. When it is spent, the user goes to the end of the
/// queue, so that no user's backlog or number of devices delays the others by more than one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Pages that may still be read.
    pub pages: u32,
    /// Bytes that may still be sent, over all of the user's connections.
    pub bytes: usize,
}

impl Budget {
    /// Spends a page of so many bytes; tells whether another may be begun. The page that spends the
    /// rest may be larger than the rest, so that every turn makes progress.
    pub const fn spend(&mut self, bytes: usize) -> bool {
        self.pages = self.pages.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.pages > 0 && self.bytes > 0
    }
}

#[cfg(test)]
mod tests;
