//! A list that forgets its oldest entries: bounded in number and in bytes.

use std::collections::VecDeque;

/// How much a list that forgets its oldest entries keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The most entries.
    pub entries: usize,
    /// The most bytes of all entries together. The newest entry is kept even if it has more.
    pub bytes: usize,
}

/// Entries with increasing numbers, of which the oldest are forgotten.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    entries: VecDeque<(T, usize)>,
    bytes: usize,
    /// The number of the oldest entry that is kept.
    first: u64,
    /// How many entries were forgotten because someone asked for it.
    cleared: u64,
    bound: Bound,
}

impl<T> Ring<T> {
    pub(crate) fn new(bound: Bound) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            // Numbers begin at 1, so that "after 0" is everything.
            first: 1,
            cleared: 0,
            bound,
        }
    }

    /// The number that the next entry gets.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(crate) fn push(&mut self, entry: T, bytes: usize) {
        self.entries.push_back((entry, bytes));
        self.bytes += bytes;
        while self.entries.len() > self.bound.entries.max(1)
            || (self.bytes > self.bound.bytes && self.entries.len() > 1)
        {
            if let Some((_, bytes)) = self.entries.pop_front() {
                self.bytes -= bytes;
                self.first += 1;
            }
        }
    }

    /// Forgets every entry. Numbers go on, and the count of the forgotten begins anew.
    pub(crate) fn clear(&mut self) {
        self.first = self.next();
        self.cleared = self.first - 1;
        self.entries.clear();
        self.bytes = 0;
    }

    /// The entry of a number, if it is kept.
    pub(crate) fn entry_mut(&mut self, number: u64) -> Option<&mut T> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(index).map(|(entry, _)| entry)
    }

    /// The entries with numbers above `after`, oldest first.
    pub(crate) fn after(&self, after: u64) -> impl DoubleEndedIterator<Item = &T> {
        let skipped = after.saturating_add(1).saturating_sub(self.first);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        self.entries.iter().skip(skipped).map(|(entry, _)| entry)
    }

    /// How many entries were forgotten since the start or the last clearing.
    pub(crate) fn forgotten(&self) -> u64 {
        self.first - 1 - self.cleared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(ring: &Ring<u64>, after: u64) -> Vec<u64> {
        ring.after(after).copied().collect()
    }

    #[test]
    fn the_oldest_entries_are_forgotten_by_number_and_by_bytes() {
        let mut ring = Ring::new(Bound {
            entries: 3,
            bytes: 100,
        });
        for number in 1..=4 {
            assert_eq!(ring.next(), number);
            ring.push(number, 30);
        }
        assert_eq!(kept(&ring, 0), [2, 3, 4]);
        assert_eq!(kept(&ring, 3), [4]);
        ring.push(5, 90);
        assert_eq!(kept(&ring, 0), [5]);
        ring.push(6, 1_000);
        assert_eq!(kept(&ring, 0), [6]);
        assert_eq!((ring.forgotten(), ring.next()), (5, 7));
        assert!(ring.entry_mut(5).is_none());
        assert_eq!(ring.entry_mut(6), Some(&mut 6));
        assert!(kept(&ring, 6).is_empty() && kept(&ring, u64::MAX - 1).is_empty());
    }
}
