//! The time in a device's transactions: the device's clock, corrected by the server's.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::Clock;
use vestnik_inbox::{Device, Moment, Offset, Stamp, StoreError, planted::Plant};

use super::files::Files;
use crate::machine::engine::TimeReading;

/// The longest that a reading of the server's time waits for the storage; what seems longer is a clock that
/// was set.
const LONGEST_MOMENT: Duration = Duration::from_secs(60);

/// By so much a clock does not go wrong by itself before the server tells the time again.
const CLOCK_WAS_SET: SignedDuration = SignedDuration::from_secs(60);

impl Files {
    /// The server said what time it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_server_time(&mut self, reading: TimeReading) -> Result<(), StoreError> {
        self.notice_set_clock();
        let TimeReading {
            server,
            device,
            round_trip,
        } = reading;
        let offset = self.stamp().heard_offset(server, device, round_trip);
        let now = self.clock.now();
        // The answer was read a moment ago, unless the device's clock was set since.
        let passed = Duration::try_from(now.duration_since(device)).unwrap_or_default();
        let passed = if passed > LONGEST_MOMENT {
            Duration::ZERO
        } else {
            passed
        };
        let server_then = device.saturating_add(offset).unwrap_or(server);
        let server_now = server_then.saturating_add(passed).unwrap_or(server_then);
        let heard = (server_now, self.clock.monotonic());
        let is_first = self.server_time.replace(heard).is_none();
        let kept = self
            .device
            .update(|state| state.hear_time(offset, server_now));
        self.renew_keys();
        if is_first {
            self.write(|inbox| inbox.hear_time())?;
        }
        kept
    }

    /// The time by the server's clock, as well as it is known.
    #[must_use]
    pub fn server_now(&self) -> Timestamp {
        self.stamp().server_now()
    }

    /// The time by the server's clock, if the server has said it to this process.
    #[must_use]
    pub fn heard_now(&self) -> Option<Timestamp> {
        let Moment { at, is_by_device } = self.stamp().moment();
        (!is_by_device).then_some(at)
    }

    /// If the device's clock was set since the last look, whatever was taken from it before is moved along. So
    /// look before anything new is taken from it. Once the server has said what time it is, nothing is taken
    /// from it any more.
    pub(super) fn notice_set_clock(&mut self) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let (then, at) = std::mem::replace(&mut self.looked_at, (now, monotonic));
        let passed = SignedDuration::try_from(monotonic.saturating_since(at)).unwrap_or_default();
        let set_by = now.duration_since(then).saturating_sub(passed);
        if set_by.abs() <= CLOCK_WAS_SET || self.server_time.is_some() {
            return;
        }
        let moved = self.device.update(|state| state.clock_was_set(set_by));
        if let Some((_, login)) = &mut self.login {
            login.clock_was_set(set_by);
        }
        // A history that is opened from here on takes nothing from the former clock.
        let told = self.write_once(&mut |inbox| inbox.clock_was_set(set_by));
        let told = told.map(drop);
        if let Err(error) = moved.and(told) {
            tracing::warn!(%error, "it is not kept that the clock was set");
        }
    }

    /// The time and fresh randomness for one transaction. Once the server's time is known in this process,
    /// no change of the device's clock matters any more.
    pub(super) fn stamp(&self) -> Stamp {
        let stamp = stamp(&*self.clock, Some(&self.device));
        if Plant::ClockIsBelieved.is_on() {
            let offset = Offset::Heard(SignedDuration::ZERO);
            return Stamp { offset, ..stamp };
        }
        let Some((server, at)) = self.server_time else {
            return stamp;
        };
        let passed = self.clock.monotonic().saturating_since(at);
        let server_now = server.saturating_add(passed).unwrap_or(server);
        Stamp {
            offset: Offset::Heard(Stamp::offset_of(server_now, stamp.now)),
            ..stamp
        }
    }

    /// Keeps how far the device's clock is off, if it was set since the server said so: the next process
    /// goes by it until it is greeted, and an extension from now on.
    pub(super) fn keep_offset(&mut self) -> Result<(), StoreError> {
        let (kept, now) = (self.device.state().offset, self.stamp().offset.difference());
        match kept.zip(now) {
            Some((kept, now)) if (kept - now).abs() > CLOCK_WAS_SET => {
                self.device.update(|state| state.offset = Some(now))?;
                self.renew_keys();
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }
}

pub(super) fn stamp(clock: &dyn Clock, device: Option<&Device>) -> Stamp {
    Stamp {
        now: clock.now(),
        offset: device
            .and_then(|device| device.state().offset)
            .map_or(Offset::Unknown, Offset::Kept),
        random: clock.random(),
    }
}
