//! Places in a user's log, cursors, and pages.
//!
//! A log is numbered from 1 without gaps. Each entry has a random tag, and each life of a log an
//! epoch. A cursor names all three, so that a cursor from a lost future (a restored backup, a volume
//! set back) is recognised by its tag even after the new log has overtaken its number.

use std::fmt;

use jiff::Timestamp;
use vestnik_model::{Cursor, InstallationId};

/// Names one life of a user's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

/// 32 random bits kept with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

/// A place in a user's log: everything up to and including `seq` is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The life of the log.
    pub epoch: Epoch,
    /// The number of the last entry known; 0 before the first.
    pub seq: u64,
    /// The tag of that entry; 0 before the first.
    pub tag: Tag,
}

/// What a log knows about the place that a cursor names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The cursor is a place of this log.
    Known(Place),
    /// There is no cursor, or it is of another epoch or form: the device reads from the beginning.
    None,
    /// The cursor proves another history: its tag differs from the entry's, or it lies beyond the
    /// head. The log needs a new epoch.
    OtherHistory,
}

impl Place {
    /// The place before the first entry.
    #[must_use]
    pub const fn start(epoch: Epoch) -> Self {
        Self {
            epoch,
            seq: 0,
            tag: Tag(0),
        }
    }

    /// The cursor that devices are given: `epoch:seq:tag`.
    #[must_use]
    pub fn cursor(self) -> Cursor {
        // Always short printable ASCII.
        Cursor::parse(self.to_string()).unwrap_or_else(|_| unreachable!("a place is a short text"))
    }

    /// The place that a cursor of this version names; `None` for any other text.
    #[must_use]
    pub fn read(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.as_str().split(':');
        let (epoch, seq, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        if parts.next().is_some() || !is_number {
            return None;
        }
        // SQLite and PostgreSQL count in signed 64 bits.
        let seq: u64 = seq.parse().ok().filter(|seq| i64::try_from(*seq).is_ok())?;
        Some(Self {
            epoch: Epoch(hex(epoch)?),
            seq,
            tag: Tag(hex(tag)?),
        })
    }
}

fn hex(text: &str) -> Option<u32> {
    let is_hex = text.len() == 8
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_hex.then(|| u32::from_str_radix(text, 16).ok())?
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}:{}:{:08x}", self.epoch.0, self.seq, self.tag.0)
    }
}

/// Compares a cursor with a log. `tag_at` gives the tag of an entry that is still there: retention
/// takes entries away, and the tag of one that is gone proves nothing.
#[must_use]
pub fn standing(
    cursor: Option<&Cursor>,
    head: Place,
    tag_at: impl FnOnce(u64) -> Option<Tag>,
) -> Standing {
    let Some(place) = cursor.and_then(Place::read).filter(|place| place.epoch == head.epoch) else {
        return Standing::None;
    };
    if place.seq > head.seq {
        return Standing::OtherHistory;
    }
    let tag = if place.seq == head.seq {
        Some(head.tag)
    } else if place.seq == 0 {
        Some(Tag(0))
    } else {
        tag_at(place.seq)
    };
    match tag {
        Some(tag) if tag != place.tag => Standing::OtherHistory,
        Some(_) | None => Standing::Known(place),
    }
}

/// The life of one user's log: the life of the whole database and the renewals of this log, mixed.
/// A new life of the database is a new epoch of every log, without a write to any of them.
#[must_use]
pub const fn epoch_of(database: u32, renewals: u32) -> Epoch {
    // An odd multiplier spreads small numbers over all 32 bits (Knuth, multiplicative hashing).
    Epoch(database.wrapping_add(renewals.wrapping_mul(2_654_435_769)))
}

/// What a page may hold at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageBound {
    /// Entries that are looked at.
    pub entries: u32,
    /// Bytes of the entries that are given. The first one is given whatever its size.
    pub bytes: usize,
}

/// What decides whether an entry of the log is given to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it stands.
    pub place: Place,
    /// The only installations it is for; all of the user's when absent.
    pub only: Option<Vec<InstallationId>>,
    /// From when on it is not given any more; an entry without one is always given.
    pub expires_at: Option<Timestamp>,
    /// The feature that a device needs to read it, if it needs one.
    pub needs: Option<&'static str>,
    /// Its size in bytes, the larger of the JSON and MessagePack forms.
    pub bytes: usize,
}

/// A device that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader<'a> {
    /// Its installation.
    pub installation: InstallationId,
    /// Its features.
    pub features: &'a [String],
    /// The time.
    pub now: Timestamp,
}

/// A page cut from a stretch of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The indexes of the candidates that are given.
    pub given: Vec<usize>,
    /// How many candidates the page covers: given or passed over.
    pub covered: usize,
}

/// Cuts a page: passes over what is not for the reader and stops before the page grows too large.
/// Covers at least one candidate if there is one, so that reading on always ends.
#[must_use]
pub fn cut(candidates: &[Candidate], reader: &Reader<'_>, bound: PageBound) -> Cut {
    let mut cut = Cut {
        given: Vec::new(),
        covered: 0,
    };
    let mut bytes = 0_usize;
    for (index, candidate) in candidates.iter().enumerate() {
        if index >= bound.entries.max(1) as usize {
            break;
        }
        if is_for(candidate, reader) {
            let grown = bytes.saturating_add(candidate.bytes);
            if grown > bound.bytes && !cut.given.is_empty() {
                break;
            }
            bytes = grown;
            cut.given.push(index);
        }
        cut.covered = index + 1;
    }
    cut
}

fn is_for(candidate: &Candidate, reader: &Reader<'_>) -> bool {
    let Candidate {
        place: _,
        only,
        expires_at,
        needs,
        bytes: _,
    } = candidate;
    let is_meant = only
        .as_ref()
        .is_none_or(|only| only.contains(&reader.installation));
    let is_fresh = expires_at.is_none_or(|expires_at| expires_at > reader.now);
    let is_read = needs.is_none_or(|needs| reader.features.iter().any(|feature| feature == needs));
    is_meant && is_fresh && is_read
}
