//! When a failed webhook is sent again.

use std::time::Duration;

/// The wait after each failure, in seconds: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h.
const WAITS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// The most tries of an event, the first one included.
pub const MAX_TRIES: u32 = WAITS.len() as u32 + 1;

/// How long to wait after so many failures of an event in a row, the first being 1, give or take a
/// tenth by a random number; none if it was tried often enough: the webhook is disabled.
///
/// All tries take a little more than three days, less than the seven for which events are kept.
#[must_use]
pub fn wait(failures: u32, random: u64) -> Option<Duration> {
    let index = usize::try_from(failures.saturating_sub(1)).ok()?;
    let base = Duration::from_secs(*WAITS.get(index)?);
    // 900 to 1100 thousandths.
    let share = 900 + u32::try_from(random % 201).ok()?;
    Some(base * share / 1_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ten_tries_take_three_days() {
        let middle = 100;
        let waits: Vec<_> = (1..).map_while(|failures| wait(failures, middle)).collect();
        assert_eq!(waits.len() + 1, MAX_TRIES as usize);
        assert_eq!(waits[0], Duration::from_secs(5));
        let hours = waits.iter().sum::<Duration>().as_secs() / 3_600;
        assert_eq!(hours, 75);
    }

    proptest! {
        #[test]
        fn a_wait_is_within_a_tenth_of_its_own(failures in 0_u32..20, random: u64) {
            let (Some(wait), Some(base)) = (wait(failures, random), wait(failures, 100)) else {
                return Ok(());
            };
            prop_assert!(wait >= base * 9 / 10 && wait <= base * 11 / 10);
        }
    }
}
