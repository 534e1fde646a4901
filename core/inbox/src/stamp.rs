//! What a transaction takes from outside: time and randomness.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::rule::clock::{Moment, Offset, ServerTime, heard, offset, server_time};

/// The time of a transaction, and randomness for what it makes.
#[derive(Clone, Copy)]
pub struct Stamp {
    /// The time of day by the device's clock, which may be wrong.
    pub now: Timestamp,
    /// The server's clock minus the device's, as the last answer to `Hello` gave it; see
    /// [`offset_of`](Self::offset_of).
    pub offset: Offset,
    /// 32 bytes that nobody can predict, used in one transaction only.
    pub random: [u8; 32],
}

impl Stamp {
    /// The server's clock minus the device's, from two readings of one moment.
    #[must_use]
    pub fn offset_of(server: Timestamp, device: Timestamp) -> SignedDuration {
        offset(server, device)
    }

    /// The server's clock minus the device's, from an answer that was read at `device` and for which the
    /// device had waited for a `round_trip`. What the stamp knows already stays, unless the answer says that
    /// it is wrong: an answer that was long on its way tells the time less exactly.
    #[must_use]
    pub fn heard_offset(
        &self,
        server: Timestamp,
        device: Timestamp,
        round_trip: Duration,
    ) -> SignedDuration {
        heard(self.offset.difference(), offset(server, device), round_trip)
    }

    /// This moment, by the server's clock if that was heard.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let time = self.server_time();
        let is_by_device = !time.is_heard();
        let at = if is_by_device { self.now } else { time.now };
        Moment { at, is_by_device }
    }

    /// The time by the server's clock, as well as it is known.
    #[must_use]
    pub fn server_now(&self) -> Timestamp {
        self.server_time().now
    }

    /// A time that is no earlier than now: as late as can be while the server's is not certain. What is kept
    /// for some weeks from now on is not forgotten because a clock was wrong.
    pub(crate) fn latest_now(&self) -> Timestamp {
        let time = self.server_time();
        if time.is_heard() {
            time.now
        } else {
            Timestamp::MAX
        }
    }

    /// Random bytes for one use, made of those of the stamp.
    pub(crate) fn drawn(&self, label: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.random);
        digest.update(label);
        digest.finalize().into()
    }

    pub(crate) fn server_time(&self) -> ServerTime {
        server_time(self.now, self.offset)
    }
}

/// Shows nothing of the random bytes: secrets are made of them.
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stamp")
            .field("now", &self.now)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}
