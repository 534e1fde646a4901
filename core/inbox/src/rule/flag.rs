//! Flags of a notification: the higher version wins.
//!
//! Devices set flags while they are offline, so changes meet in any order. Each carries a version: the
//! milliseconds of its time, or one more than the version that it replaces. Of two with the same
//! version `true` wins, so that all devices and the server come to the same value.

use jiff::Timestamp;
use vestnik_model::fact::MAX_VERSION;

/// A flag's value and the version that set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// Absent if it was never set.
    pub(crate) version: Option<u64>,
    pub(crate) value: bool,
}

impl Mark {
    pub(crate) const UNSET: Self = Self {
        version: None,
        value: false,
    };

    pub(crate) const fn new(version: u64, value: bool) -> Self {
        Self {
            version: Some(version),
            value,
        }
    }

    /// The mark after another one came.
    pub(crate) fn merged(self, other: Self) -> Self {
        self.max(other)
    }

    /// The mark by which a person changes the value now. It wins over this one.
    pub(crate) fn changed(self, value: bool, now: Timestamp) -> Self {
        let next = self.version.map_or(0, |version| version + 1);
        Self::new(version_at(now).max(next).min(MAX_VERSION), value)
    }
}

/// The version of a change that came without one: its time in milliseconds since 1970.
pub(crate) fn version_at(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond())
        .unwrap_or_default()
        .min(MAX_VERSION)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_higher_version_wins_and_true_between_equals() {
        let cases = [
            (Mark::UNSET, Mark::new(0, false), Mark::new(0, false)),
            (Mark::new(5, true), Mark::new(4, false), Mark::new(5, true)),
            (Mark::new(5, true), Mark::new(6, false), Mark::new(6, false)),
            (Mark::new(5, true), Mark::new(5, false), Mark::new(5, true)),
            (Mark::new(5, false), Mark::new(5, true), Mark::new(5, true)),
        ];
        for (own, other, expected) in cases {
            assert_eq!(own.merged(other), expected, "{own:?} {other:?}");
        }
    }

    #[test]
    fn a_change_wins_also_when_the_clock_went_back() {
        let future = Mark::new(9_000_000_000_000, true);
        let changed = future.changed(false, Timestamp::UNIX_EPOCH);
        assert_eq!(future.merged(changed), Mark::new(9_000_000_000_001, false));
    }

    fn mark() -> impl Strategy<Value = Mark> {
        (prop::option::of(0..4_u64), any::<bool>()).prop_map(|(version, value)| match version {
            Some(version) => Mark::new(version, value),
            None => Mark::UNSET,
        })
    }

    proptest! {
        /// Order and repetition of changes do not matter.
        #[test]
        fn devices_come_to_the_same_value(marks in prop::collection::vec(mark(), 0..8), seed: u64) {
            let merge = |marks: &[Mark]| marks.iter().fold(Mark::UNSET, |own, one| own.merged(*one));
            let mut other = marks.clone();
            other.extend_from_within(..marks.len() / 2);
            let turn = usize::try_from(seed % 7).unwrap_or_default().min(other.len());
            other.rotate_left(turn);
            prop_assert_eq!(merge(&marks), merge(&other));
        }
    }
}
