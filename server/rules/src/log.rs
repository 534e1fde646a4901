//! Places in a user's log, cursors, and pages.
//!
//! A log is numbered from 1 without gaps. Each entry has a random tag, and each life of a log an
//! epoch. A cursor names all three, so that a cursor from a lost future (a restored backup, a volume
//! set back) is recognised by its tag even after the new log has overtaken its number.
//!
//! ```
//! use vestnik_rules::log::{Epoch, Place, Standing, Tag, standing};
//!
//! let head = Place { epoch: Epoch(42), seq: 17, tag: Tag(0xc0ff_ee00) };
//! assert_eq!(head.cursor().as_str(), "0000002a:17:c0ffee00");
//! // A device of a history in which entry 17 was another one.
//! let lost = Place { tag: Tag(1), ..head }.cursor();
//! assert_eq!(standing(Some(&lost), head, |_| None), Standing::OtherHistory);
//! ```

use std::fmt;

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use vestnik_model::{Cursor, Entry, Feature, Flag, InstallationId, Open};

/// How long after one renewal of a log's epoch the next is refused, so that a device that claims
/// another history again and again does not make every device of its user read from the beginning.
pub const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(1);

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
        Cursor::parse(self.to_string()).expect("a place is a short printable text")
    }

    /// The place that a cursor of this version names; `None` for any other text. One place has one
    /// text.
    #[must_use]
    pub fn read(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.as_str().split(':');
        let (epoch, seq, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let place = Self {
            epoch: Epoch(u32::from_str_radix(epoch, 16).ok()?),
            seq: seq.parse().ok()?,
            tag: Tag(u32::from_str_radix(tag, 16).ok()?),
        };
        // SQLite and PostgreSQL count in signed 64 bits.
        let is_countable = i64::try_from(place.seq).is_ok();
        (is_countable && place.to_string() == cursor.as_str()).then_some(place)
    }
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
    let Some(place) = cursor
        .and_then(Place::read)
        .filter(|place| place.epoch == head.epoch)
    else {
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

/// Whether a log that a cursor proves another history of may have a new epoch now.
///
/// A time of the last renewal that lies in the future is not waited for: the clock was set back.
#[must_use]
pub fn may_renew(last_renewed: Option<Timestamp>, now: Timestamp) -> bool {
    last_renewed.is_none_or(|last| last > now || now.duration_since(last) >= RENEW_AFTER)
}

/// The tag of a new entry, derived from random bytes of its transaction and a salt that differs
/// between the entries of the transaction: the user and the entry's number. Never 0, which is the tag
/// before the first entry.
#[must_use]
pub fn tag_of(seed: &[u8; 32], salt: &[u8]) -> Tag {
    let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, seed), salt);
    let bits = code
        .as_ref()
        .iter()
        .take(4)
        .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
    Tag(bits.max(1))
}

/// The feature that a device needs to apply an entry, if it needs one.
#[must_use]
pub fn needs(entry: &Entry) -> Option<Feature> {
    match entry {
        Entry::Recall(_) => Some(Feature::Recall),
        Entry::State(change) => match change.flag {
            Open::Known(Flag::Read) => None,
            Open::Known(Flag::Archived | Flag::Deleted) | Open::Unknown(_) => Some(Feature::Flags),
        },
        Entry::Notification(_) | Entry::Unknown(_) => None,
    }
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
    pub needs: Option<Feature>,
    /// Its size in bytes, the larger of the JSON and MessagePack forms.
    pub bytes: usize,
}

/// A device that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader<'a> {
    /// Its installation.
    pub installation: InstallationId,
    /// Its features.
    pub features: &'a [Open<Feature>],
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
    let is_applied = needs.is_none_or(|needs| reader.features.contains(&Open::Known(needs)));
    is_meant && is_fresh && is_applied
}

#[cfg(test)]
mod tests;
