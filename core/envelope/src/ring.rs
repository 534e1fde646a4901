//! The keys of an installation.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use vestnik_model::publish::MAX_TTL_SECONDS;
use zeroize::Zeroizing;

use crate::{
    key::{ParseKeyError, PrivateKey, PublicKey},
    sealed::{Context, OpenError, open},
};

/// A key is followed by another one after this time.
pub const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most former keys that are kept, whatever the clock says.
pub const MAX_FORMER: usize = 4;

/// For so long a former key opens what is on its way: as long as a notification lasts at most, and a day more
/// for a server that has not heard of the new key.
const KEPT_FOR: SignedDuration = SignedDuration::from_secs(MAX_TTL_SECONDS as i64 + 24 * 60 * 60);

const VERSION: u8 = 1;
const TIME: usize = size_of::<i64>();
const ENTRY: usize = TIME + 32;

/// The keys of an installation: the present one, whose public half the server is told, and former ones.
///
/// It is kept in the secret store as [bytes](Self::to_bytes).
#[derive(Clone)]
pub struct KeyRing {
    present: Entry,
    /// The newest first.
    former: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: PrivateKey,
    /// When it was made, or, of a former key, when it was replaced; by the server's clock.
    since: Timestamp,
}

impl KeyRing {
    /// The keys of a new installation. `random` is 32 bytes that nobody can predict.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 32]) -> Self {
        Self {
            present: Entry {
                key: PrivateKey::new(random),
                since: now,
            },
            former: Vec::new(),
        }
    }

    /// What the server seals for.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.present.key.public()
    }

    /// Replaces the present key if its time has come, and forgets former ones that open nothing any more.
    /// Gives whether anything changed, so that it has to be kept. `now` is by the server's clock.
    ///
    /// A moment in the future was taken from a wrong clock and counts as now. That is a change too: if it were
    /// not kept, the moment would be now each time, and the key would stay until then.
    pub fn renew(&mut self, now: Timestamp, random: [u8; 32]) -> bool {
        let is_corrected = self.correct(now);
        let before = self.former.len();
        self.former
            .retain(|entry| now.duration_since(entry.since) < KEPT_FOR);
        let is_due = now.duration_since(self.present.since) >= RENEWED_AFTER;
        if is_due {
            let new = Self::new(now, random).present;
            let mut replaced = std::mem::replace(&mut self.present, new);
            replaced.since = now;
            self.former.insert(0, replaced);
            self.former.truncate(MAX_FORMER);
        }
        is_due || is_corrected || self.former.len() != before
    }

    /// Gives whether a moment lay in the future.
    fn correct(&mut self, now: Timestamp) -> bool {
        let mut is_corrected = false;
        for entry in std::iter::once(&mut self.present).chain(&mut self.former) {
            if entry.since > now {
                entry.since = now;
                is_corrected = true;
            }
        }
        is_corrected
    }

    /// Opens an envelope.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, sealed: &[u8], context: &Context) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let entries = std::iter::once(&self.present).chain(&self.former);
        open(sealed, entries.map(|entry| &entry.key), context)
    }

    /// What is kept: a version, then each key and its time, the present one first.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let entries = std::iter::once(&self.present).chain(&self.former);
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 + ENTRY * (1 + self.former.len())));
        bytes.push(VERSION);
        for Entry { key, since } in entries {
            bytes.extend(since.as_millisecond().to_be_bytes());
            bytes.extend(key.expose());
        }
        bytes
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// [`ParseKeyError::Length`]; then the installation has no keys any more.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseKeyError> {
        let length = || ParseKeyError::Length(bytes.len());
        let entries = match bytes.split_first() {
            Some((&VERSION, entries)) if entries.len().is_multiple_of(ENTRY) => entries,
            Some(_) | None => return Err(length()),
        };
        let mut entries = entries.chunks_exact(ENTRY).map(|entry| {
            let (since, key) = entry.split_first_chunk::<TIME>().ok_or_else(length)?;
            let since = Timestamp::from_millisecond(i64::from_be_bytes(*since));
            Ok(Entry {
                key: PrivateKey::parse(key)?,
                since: since.unwrap_or(Timestamp::UNIX_EPOCH),
            })
        });
        let present = entries.next().ok_or_else(length)??;
        let former = entries.take(MAX_FORMER).collect::<Result<_, _>>()?;
        Ok(Self { present, former })
    }
}

/// Shows the marks of the keys.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { present, former } = self;
        f.debug_struct("KeyRing")
            .field("present", present)
            .field("former", former)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use vestnik_model::{InstallationId, NotificationId};

    use super::*;
    use crate::seal;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn at(day: i32) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap() + DAY * day
    }

    fn sealed_for(ring: &KeyRing) -> Vec<u8> {
        in_context(|context| seal(b"secret", &ring.public_key(), context, [9; 32]).unwrap())
    }

    fn opens(ring: &KeyRing, sealed: &[u8]) -> bool {
        in_context(|context| ring.open(sealed, context).is_ok())
    }

    fn in_context<T>(work: impl FnOnce(&Context) -> T) -> T {
        work(&Context {
            installation: InstallationId::from_uuid(uuid::Uuid::from_u128(1)),
            notification: NotificationId::from_uuid(uuid::Uuid::from_u128(2)),
        })
    }

    #[test]
    fn a_former_key_opens_what_is_on_its_way_and_then_is_forgotten() {
        let mut ring = KeyRing::new(at(0), [1; 32]);
        let first = ring.public_key();
        let sealed = sealed_for(&ring);
        assert!(!ring.renew(at(29), [2; 32]));
        assert!(ring.renew(at(30), [2; 32]));
        assert_ne!(ring.public_key(), first);
        assert!(!ring.renew(at(58), [3; 32]));
        assert!(opens(&ring, &sealed), "it lasts 28 days");
        assert!(ring.renew(at(59), [3; 32]));
        assert!(!opens(&ring, &sealed));
        assert!(opens(&ring, &sealed_for(&ring)));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_no_key_for_ever() {
        let mut ring = KeyRing::new(at(10_000), [1; 32]);
        let key = ring.public_key();
        assert!(ring.renew(at(0), [2; 32]), "the moment has to be kept");
        assert!(!ring.renew(at(0), [2; 32]));
        assert_eq!(ring.public_key(), key);
        assert!(ring.renew(at(30), [3; 32]));
        for (number, day) in (40..1_000).step_by(30).enumerate() {
            let number = u8::try_from(number).unwrap();
            ring.renew(at(day), [number + 10; 32]);
            assert!(ring.former.len() <= 2, "{}", ring.former.len());
        }
        // By a clock that jumps there may be many at once.
        for number in 0..10 {
            ring.former
                .iter_mut()
                .for_each(|entry| entry.since = at(9_000));
            ring.present.since = Timestamp::UNIX_EPOCH;
            ring.renew(at(9_000), [number + 100; 32]);
        }
        assert_eq!(ring.former.len(), MAX_FORMER);
    }

    #[test]
    fn a_ring_reads_back() {
        let mut ring = KeyRing::new(at(0), [1; 32]);
        let sealed = sealed_for(&ring);
        ring.renew(at(31), [2; 32]);
        let bytes = ring.to_bytes();
        let read = KeyRing::parse(&bytes).unwrap();
        assert_eq!(
            (read.public_key(), read.to_bytes()),
            (ring.public_key(), ring.to_bytes())
        );
        assert!(opens(&read, &sealed));
        for wrong in [
            &[][..],
            &[1],
            &[2; 41],
            &bytes[..bytes.len() - 1],
            &bytes[..20],
        ] {
            assert!(KeyRing::parse(wrong).is_err());
        }
    }

    #[test]
    fn a_ring_shows_no_key() {
        let ring = KeyRing::new(at(0), [1; 32]);
        let mark = ring.public_key().mark().to_string();
        let shown = format!("{ring:?}");
        assert!(shown.contains(&mark) && shown.len() < 200, "{shown}");
    }
}
