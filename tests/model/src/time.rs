//! Virtual time: milliseconds since a world began, and the server's time of day.

use jiff::Timestamp;

/// Milliseconds since the world began.
pub(crate) type At = u64;

pub(crate) const SECOND: At = 1_000;
pub(crate) const MINUTE: At = 60 * SECOND;
pub(crate) const HOUR: At = 60 * MINUTE;
pub(crate) const DAY: At = 24 * HOUR;

/// The server's time of day when a world begins, in milliseconds since 1970: some day in 2027.
const BEGIN: i64 = 1_800_000_000_000;

/// The server's time of day, which is right by definition.
pub(crate) fn time_of_day(at: At) -> Timestamp {
    let millis = BEGIN.saturating_add(i64::try_from(at).unwrap_or(i64::MAX));
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// The moment of a time of the server; 0 for what lies before the world.
pub(crate) fn moment(time: Timestamp) -> At {
    u64::try_from(time.as_millisecond() - BEGIN).unwrap_or_default()
}
