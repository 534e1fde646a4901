//! The cursor: how far a device has read its user's log without a gap.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Names one life of a log. It changes when a server is restored from a backup, so that a cursor
/// from the lost future is recognised instead of skipping what comes next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epoch(pub u32);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A place in a user's log: everything up to and including `seq` is known.
///
/// On the wire it is the text `epoch:seq` (`0000002a:17`), because JavaScript would round a large
/// number. `seq` counts from 1; 0 stands before the first entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cursor {
    /// The life of the log that `seq` belongs to.
    pub epoch: Epoch,
    /// The number of the last entry known, 0 for none.
    pub seq: u64,
}

impl Cursor {
    /// The place before the first entry of a log.
    #[must_use]
    pub const fn start(epoch: Epoch) -> Self {
        Self { epoch, seq: 0 }
    }

    /// The place after one more entry.
    #[must_use]
    pub const fn next(self) -> Self {
        Self {
            epoch: self.epoch,
            seq: self.seq + 1,
        }
    }

    /// Whether `other` is the very next entry: same epoch, no gap.
    #[must_use]
    pub fn is_followed_by(self, other: Self) -> bool {
        self.epoch == other.epoch && other.seq == self.seq + 1
    }
}

/// The text is not `epoch:seq`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a cursor: 8 hexadecimal digits, ':' and a decimal number")]
pub struct ParseCursorError;

impl From<ParseIntError> for ParseCursorError {
    fn from(_: ParseIntError) -> Self {
        Self
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let (epoch, seq) = text.split_once(':').ok_or(ParseCursorError)?;
        let digits = seq.bytes().all(|b| b.is_ascii_digit());
        let hex = epoch.len() == 8 && epoch.bytes().all(|b| b.is_ascii_hexdigit());
        if !hex || !digits {
            return Err(ParseCursorError);
        }
        Ok(Self {
            epoch: Epoch(u32::from_str_radix(epoch, 16)?),
            seq: bounded(seq.parse()?)?,
        })
    }
}

/// SQLite and PostgreSQL count in signed 64 bits, so a larger number names no entry.
fn bounded(seq: u64) -> Result<u64, ParseCursorError> {
    i64::try_from(seq)
        .map(|_| seq)
        .map_err(|_| ParseCursorError)
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_text_with_one_spelling() {
        let cursor = Cursor {
            epoch: Epoch(0x2a),
            seq: 17,
        };
        assert_eq!(cursor.to_string(), "0000002a:17");
        assert_eq!("0000002a:17".parse(), Ok(cursor));
        for bad in [
            "",
            "2a:17",
            "0000002a:",
            "0000002a:-1",
            "0000002a:+1",
            "0000002a:9223372036854775808",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(ParseCursorError), "{bad}");
        }
    }

    #[test]
    fn only_the_next_entry_of_the_same_epoch_follows() {
        let at = Cursor {
            epoch: Epoch(1),
            seq: 4,
        };
        assert!(at.is_followed_by(at.next()));
        assert!(!at.is_followed_by(at));
        assert!(!at.is_followed_by(Cursor {
            epoch: Epoch(2),
            seq: 5
        }));
        assert!(!at.is_followed_by(Cursor {
            epoch: Epoch(1),
            seq: 6
        }));
    }
}
