//! How many messages a device may be sent.

use jiff::Timestamp;

/// FCM: the most messages to one Android device in a minute.
/// <https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas>
pub(crate) const PER_MINUTE: u32 = 240;
/// FCM: the most messages to one Android device in an hour.
pub(crate) const PER_HOUR: u32 = 5_000;

/// Counts of the present minute and hour.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    minute: (i64, u32),
    hour: (i64, u32),
}

impl Rate {
    /// Counts a message, unless there were too many. Then the answer is after how many seconds one fits
    /// again.
    pub(crate) fn take(&mut self, now: Timestamp) -> Result<(), u64> {
        let now = now.as_second();
        for (span, most, count) in [
            (60, PER_MINUTE, &mut self.minute),
            (3_600, PER_HOUR, &mut self.hour),
        ] {
            let present = now.div_euclid(span);
            if count.0 != present {
                *count = (present, 0);
            }
            if count.1 >= most {
                let rest = span - now.rem_euclid(span);
                return Err(rest.unsigned_abs());
            }
        }
        self.minute.1 += 1;
        self.hour.1 += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_minute_and_an_hour_have_their_limits() {
        let mut rate = Rate::default();
        let mut now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(15);
        for _ in 0..PER_MINUTE {
            assert_eq!(rate.take(now), Ok(()));
        }
        assert_eq!(rate.take(now), Err(45));
        let mut accepted = PER_MINUTE;
        while rate.take(now) != Err(45) || accepted < PER_HOUR {
            now += SignedDuration::from_secs(60);
            while rate.take(now).is_ok() {
                accepted += 1;
            }
            if accepted == PER_HOUR {
                break;
            }
        }
        assert_eq!(accepted, PER_HOUR);
        assert!(rate.take(now).is_err_and(|seconds| seconds > 60));
    }
}
