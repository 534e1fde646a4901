//! Identifiers that sort by the time they were made at.

use uuid::{Builder, Uuid};

use crate::Clock;

/// Makes a UUID of version 7 (RFC 9562, section 5.7). A time before 1970 counts as 1970.
#[must_use]
pub fn new_uuid_v7(clock: &dyn Clock) -> Uuid {
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or_default();
    let mut random = [0; 10];
    random.copy_from_slice(&clock.random()[..10]);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ManualClock;

    #[test]
    fn ids_sort_by_their_time() {
        let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH, 1);
        let mut ids = Vec::new();
        for _ in 0..100 {
            ids.push(new_uuid_v7(&clock));
            clock.advance(Duration::from_millis(1));
        }
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }
}
