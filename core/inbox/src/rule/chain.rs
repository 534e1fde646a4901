//! Whether entries follow what the device has.
//!
//! Cursors are opaque, so equality is the only test. The transaction that stores the entries compares
//! with the cursor that it finds: what another part of the program believes about the cursor does not
//! count.

use vestnik_model::Cursor;

use crate::planted::Plant;

/// How entries came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis<'a> {
    /// By a live call.
    Live,
    /// As the answer to a `Sync` from this cursor; absent for the beginning of the log.
    Asked(Option<&'a Cursor>),
}

/// Whether entries follow what the device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    /// They do: they are applied and the cursor moves.
    Follows,
    /// The server does not know the device's cursor and begins another history. The entries are
    /// applied and the cursor moves; what the device has stays.
    Rebases,
    /// They do not: nothing changes.
    Stale,
}

/// Compares the device's own cursor with the place that entries follow.
pub(crate) fn chain(own: Option<&Cursor>, after: &Cursor, basis: Basis<'_>) -> Chain {
    let follows = own == Some(after);
    match basis {
        Basis::Live if follows || Plant::GapIsApplied.is_on() => Chain::Follows,
        Basis::Live => Chain::Stale,
        Basis::Asked(from) if from != own => Chain::Stale,
        Basis::Asked(None) => Chain::Follows,
        Basis::Asked(Some(_)) if follows => Chain::Follows,
        Basis::Asked(Some(_)) => Chain::Rebases,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seq: u64) -> Cursor {
        Cursor::parse(format!("e:{seq}:t")).unwrap()
    }

    #[test]
    fn the_cases() {
        let (own, other) = (at(4), at(5));
        let cases = [
            (Some(&own), &own, Basis::Live, Chain::Follows),
            (Some(&own), &other, Basis::Live, Chain::Stale),
            (None, &own, Basis::Live, Chain::Stale),
            (None, &own, Basis::Asked(None), Chain::Follows),
            (Some(&own), &own, Basis::Asked(Some(&own)), Chain::Follows),
            (Some(&own), &other, Basis::Asked(Some(&own)), Chain::Rebases),
            (Some(&own), &other, Basis::Asked(Some(&other)), Chain::Stale),
            (Some(&own), &own, Basis::Asked(None), Chain::Stale),
            (None, &own, Basis::Asked(Some(&own)), Chain::Stale),
        ];
        for (own, after, basis, expected) in cases {
            assert_eq!(
                chain(own, after, basis),
                expected,
                "{own:?} {after} {basis:?}"
            );
        }
    }

    proptest! {
        /// Calls that are lost, repeated or late never make an entry apply twice or out of order.
        #[test]
        fn live_calls_apply_each_entry_once_in_order(
            calls in prop::collection::vec((0..12_u64, 1..4_u64), 0..60),
        ) {
            let (mut own, mut taken) = (0, Vec::new());
            for (after, length) in calls {
                if chain(Some(&at(own)), &at(after), Basis::Live) == Chain::Follows {
                    taken.extend(after + 1..=after + length);
                    own = after + length;
                }
            }
            prop_assert_eq!(taken, (1..=own).collect::<Vec<_>>());
        }
    }
}
