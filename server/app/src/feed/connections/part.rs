//! Walks over all connections in parts.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

/// The most entries that are looked at under the lock.
const MOST: usize = 500;

/// A part of a walk. What comes or goes between two parts may be missed or seen; everything else is
/// seen once.
#[derive(Debug)]
pub(crate) struct Part<K, T> {
    pub(crate) items: Vec<T>,
    /// Behind what the next part begins; absent after the last one.
    pub(crate) behind: Option<K>,
}

impl<K: Ord + Clone, T> Part<K, T> {
    /// What `pick` makes of the next entries behind a key.
    pub(super) fn of<V>(
        map: &BTreeMap<K, V>,
        behind: Option<&K>,
        pick: impl Fn(&K, &V) -> Option<T>,
    ) -> Self {
        let from = behind.map_or(Unbounded, Excluded);
        let mut part = Self {
            items: Vec::new(),
            behind: None,
        };
        for (looked_at, (key, value)) in (1..).zip(map.range((from, Unbounded))) {
            part.items.extend(pick(key, value));
            if looked_at == MOST {
                part.behind = Some(key.clone());
                break;
            }
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_walk_sees_each_entry_once_and_a_part_looks_at_so_many() {
        let map: BTreeMap<_, _> = (0..2 * MOST + 7).map(|number| (number, ())).collect();
        let (mut seen, mut behind) = (Vec::new(), None);
        for expected in [MOST, MOST, 7] {
            let looked_at = Cell::new(0);
            let part = Part::of(&map, behind.as_ref(), |key, ()| {
                looked_at.set(looked_at.get() + 1);
                (key % 3 == 0).then_some(*key)
            });
            assert_eq!(looked_at.get(), expected);
            seen.extend(part.items);
            behind = part.behind;
        }
        assert_eq!(behind, None);
        let all: Vec<_> = map.into_keys().filter(|key| key % 3 == 0).collect();
        assert_eq!(seen, all);
    }

    #[test]
    fn what_ends_between_two_parts_hides_nobody() {
        let mut map: BTreeMap<_, _> = (0..MOST + 2).map(|number| (number, ())).collect();
        let first = Part::of(&map, None, |key, ()| Some(*key));
        let behind = first.behind.unwrap();
        map.remove(&behind);
        let last = Part::of(&map, Some(&behind), |key, ()| Some(*key));
        assert_eq!(last.items, [MOST, MOST + 1]);
    }
}
