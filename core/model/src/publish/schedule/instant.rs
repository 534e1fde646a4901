//! Times as senders write them.

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
    fmt::temporal::Pieces,
};

/// The most characters of a date and time.
const MAX_CHARS: usize = 40;

/// A date and time of RFC 3339, with or without an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instant {
    Absolute(Timestamp),
    Local(DateTime),
}

/// Why a text is no [`Instant`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstantError {
    /// It is no date and time of RFC 3339.
    Malformed,
    /// It is one behind [`Timestamp::MAX`], the latest one that is before the year 10000 in every zone.
    OutOfRange,
}

impl Instant {
    /// Reads `2026-11-21T09:00:00`, with `Z`, `+03:00` or nothing behind; seconds may have a fraction.
    pub(super) fn parse(text: &str) -> Result<Self, InstantError> {
        let is_part = |byte: u8| byte.is_ascii_digit() || b"-:.TZ+".contains(&byte);
        let is_whole = text.as_bytes().get(10) == Some(&b'T');
        if !is_whole || text.len() > MAX_CHARS || !text.bytes().all(is_part) {
            return Err(InstantError::Malformed);
        }
        let pieces = Pieces::parse(text).map_err(|_| InstantError::Malformed)?;
        match pieces.offset() {
            // A text with an offset is no local time: it would be another one.
            Some(_) => text
                .parse()
                .map(Self::Absolute)
                .map_err(|_| InstantError::OutOfRange),
            None => text
                .parse()
                .map(Self::Local)
                .map_err(|_| InstantError::Malformed),
        }
    }
}

/// Reads a time of the day, `09:00`; `None` if the text is none.
#[must_use]
pub fn parse_time(text: &str) -> Option<Time> {
    let [
        hour @ (b'0'..=b'9'),
        hours @ (b'0'..=b'9'),
        b':',
        minute @ (b'0'..=b'9'),
        minutes @ (b'0'..=b'9'),
    ] = text.as_bytes()
    else {
        return None;
    };
    let number = |tens: &u8, ones: &u8| i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok();
    Time::new(number(hour, hours)?, number(minute, minutes)?, 0, 0).ok()
}

/// Reads the time of the day at which something ends: `24:00` is midnight, as is `00:00`.
#[must_use]
pub fn parse_end(text: &str) -> Option<Time> {
    if text == "24:00" {
        return Some(Time::midnight());
    }
    parse_time(text)
}
