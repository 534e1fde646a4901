//! For which keys the pushes of an attempt were sealed.

use jiff::Timestamp;

use crate::address::sha256;

/// The most keys that the pushes of an attempt are sealed for: a device that changes its key for ever does
/// not have its pushes repeated for ever.
pub const MAX_SEALS: usize = 4;

const MARK: usize = 8;
const ENTRY: usize = MARK + size_of::<i64>();

/// Recognises a key: the beginning of the SHA-256 of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyMark([u8; MARK]);

impl KeyMark {
    /// The mark of a public key, as the installation reported it.
    #[must_use]
    pub fn of(key: &str) -> Self {
        let mut mark = [0; MARK];
        mark.copy_from_slice(&sha256(key)[..MARK]);
        Self(mark)
    }
}

/// The keys that the pushes of an attempt were sealed for, the latest last; at most [`MAX_SEALS`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seals(Vec<(KeyMark, Timestamp)>);

impl Seals {
    /// None: what is sent is not sealed.
    pub const NONE: Self = Self(Vec::new());

    /// The same with a push that is sealed for a key at `at`. When there is no room, the key takes the place
    /// of the latest one.
    #[must_use]
    pub fn with(mut self, key: KeyMark, at: Timestamp) -> Self {
        if self.has(key) {
            return self;
        }
        self.0.truncate(MAX_SEALS - 1);
        self.0.push((key, at));
        self
    }

    /// Whether a push was sealed for a key.
    #[must_use]
    pub fn has(&self, key: KeyMark) -> bool {
        self.0.iter().any(|(known, _)| *known == key)
    }

    /// Whether nothing was sealed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether no other key has room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_SEALS
    }

    /// Whether what was sent at a time has been sent anew for another key since.
    #[must_use]
    pub fn is_replaced_after(&self, at: Timestamp) -> bool {
        // Of one key there is nothing to tell apart, and a device's clock may be wrong.
        self.0.len() > 1 && self.0.last().is_some_and(|(_, since)| at < *since)
    }

    /// What is stored: each mark with its time, in milliseconds since 1970 and big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let entry = |(KeyMark(mark), at): &(KeyMark, Timestamp)| {
            let time = at.as_millisecond().to_be_bytes();
            mark.iter().copied().chain(time).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(entry).collect()
    }

    /// Reads what was stored; `None` if it is of another form.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let entries = bytes.chunks_exact(ENTRY);
        if !entries.remainder().is_empty() || entries.len() > MAX_SEALS {
            return None;
        }
        let read = entries.map(|entry| {
            let (mark, time) = entry.split_first_chunk::<MARK>()?;
            let time = i64::from_be_bytes(time.try_into().ok()?);
            let at = Timestamp::from_millisecond(time).ok()?;
            Some((KeyMark(*mark), at))
        });
        read.collect::<Option<_>>().map(Self)
    }
}
