//! Many seeds on several threads.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// What was found at which seeds, in their order. Each world is one thread's.
pub fn search<T: Send>(
    seeds: Range<u64>,
    threads: usize,
    look: impl Fn(u64) -> Option<T> + Sync,
) -> Vec<(u64, T)> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds.end {
                return;
            }
            if let Some(what) = look(seed) {
                found
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((seed, what));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(seed, _)| *seed);
    found
}

/// The first seed at which something was found, and what.
#[cfg(any(test, feature = "planted"))]
pub(crate) fn first<T: Send>(
    seeds: Range<u64>,
    threads: usize,
    look: impl Fn(u64) -> Option<T> + Sync,
) -> Option<(u64, T)> {
    let end = AtomicU64::new(seeds.end);
    let found = search(seeds, threads, |seed| {
        // What lies behind a find is not looked at.
        if seed > end.load(Ordering::SeqCst) {
            return None;
        }
        let what = look(seed)?;
        end.fetch_min(seed, Ordering::SeqCst);
        Some(what)
    });
    found.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seed_is_looked_at_once() {
        let odd = search(3..10, 2, |seed| (seed % 2 == 1).then_some(seed * 10));
        assert_eq!(odd, [(3, 30), (5, 50), (7, 70), (9, 90)]);
    }

    #[test]
    fn the_first_find_is_the_lowest_seed() {
        let found = first(1..100, 3, |seed| (seed % 7 == 6).then_some(seed));
        assert_eq!(found, Some((6, 6)));
        assert_eq!(first(1..6, 2, |seed| (seed > 9).then_some(seed)), None);
    }
}
