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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seed_is_looked_at_once() {
        let odd = search(3..10, 2, |seed| (seed % 2 == 1).then_some(seed * 10));
        assert_eq!(odd, [(3, 30), (5, 50), (7, 70), (9, 90)]);
    }
}
