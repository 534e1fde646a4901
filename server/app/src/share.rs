//! Places for what is expensive: so many at once, and of these so many for one principal.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Places that are taken and given back. Cheap to clone.
#[derive(Debug)]
pub(crate) struct Shares<K>(Arc<Inner<K>>);

#[derive(Debug)]
struct Inner<K> {
    taken: Mutex<BTreeMap<K, usize>>,
    /// How many there are.
    all: usize,
    /// How many of them one principal may have.
    each: usize,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share<K: Ord> {
    of: Arc<Inner<K>>,
    whose: K,
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Ord + Clone> Shares<K> {
    pub(crate) fn new(all: usize, each: usize) -> Self {
        Self(Arc::new(Inner {
            taken: Mutex::default(),
            all,
            each,
        }))
    }

    /// A place, unless all are taken or the principal has their share.
    pub(crate) fn take(&self, whose: K) -> Option<Share<K>> {
        let Self(inner) = self;
        inner.with(|taken| {
            // No more principals are counted than have places.
            let all: usize = taken.values().sum();
            let own = taken.get(&whose).copied().unwrap_or_default();
            if all >= inner.all || own >= inner.each {
                return None;
            }
            taken.insert(whose.clone(), own + 1);
            let of = Arc::clone(inner);
            Some(Share { of, whose })
        })
    }

    /// Whether none is taken.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.with(|taken| taken.is_empty())
    }
}

impl<K> Inner<K> {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<K, usize>) -> T) -> T {
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K: Ord> Drop for Share<K> {
    fn drop(&mut self) {
        self.of.with(|taken| {
            if let Some(own) = taken.get_mut(&self.whose) {
                *own -= 1;
                if *own == 0 {
                    taken.remove(&self.whose);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_others() {
        let shares = Shares::new(3, 2);
        let first = shares.take("shop").unwrap();
        let second = shares.take("shop").unwrap();
        assert!(shares.take("shop").is_none());
        let other = shares.take("bank").unwrap();
        assert!(shares.take("bank").is_none(), "all are taken");
        drop(first);
        assert!(shares.take("shop").is_some());
        drop((second, other));
        assert!(shares.is_empty());
    }
}
