//! Addresses at push services and of mailboxes: what a report means for those that are stored.
//!
//! A service says that an address is dead, and the device goes on reporting it for as long as its
//! system gives it; so does a backend with the e-mail address of a user: a dead address that comes again is not tried at once. Services make mistakes, so
//! it is tried again after a while; then its next answer is the newer proof.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use vestnik_model::PushAddress;

use crate::email::EmailAddress;

/// For how long a dead address that is reported again stays dead.
pub const DEAD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What is stored of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The SHA-256 of the address.
    pub hash: [u8; 32],
    /// Since when it is dead, if it is.
    pub died_at: Option<Timestamp>,
}

/// What becomes of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    /// It is the same, and alive.
    Refresh,
    /// It takes the place of what is stored, and is alive.
    Replace,
    /// It stays dead.
    StayDead,
}

/// The hash by which an address is recognised when it comes again.
#[must_use]
pub fn hash(address: &PushAddress) -> [u8; 32] {
    sha256(&address.value)
}

/// The hash by which an e-mail address is recognised. It is stored nowhere: addresses can be guessed.
#[must_use]
pub fn hash_email(address: &EmailAddress) -> [u8; 32] {
    sha256(&address.to_string())
}

pub(crate) fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

/// Decides what a report of an address means.
#[must_use]
pub fn upload(stored: Option<Stored>, hash: &[u8; 32], now: Timestamp) -> Upload {
    match stored {
        Some(stored) if stored.hash == *hash => match stored.died_at {
            None => Upload::Refresh,
            Some(died_at) if now.duration_since(died_at) < DEAD_FOR => Upload::StayDead,
            Some(_) => Upload::Replace,
        },
        Some(_) | None => Upload::Replace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_address_is_not_revived_by_saying_it_again() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let stored = |died_at| {
            Some(Stored {
                hash: [1; 32],
                died_at,
            })
        };
        assert_eq!(upload(None, &[1; 32], at(0)), Upload::Replace);
        assert_eq!(upload(stored(None), &[1; 32], at(0)), Upload::Refresh);
        assert_eq!(upload(stored(None), &[2; 32], at(0)), Upload::Replace);
        let dead = stored(Some(at(0)));
        assert_eq!(upload(dead, &[1; 32], at(86_399)), Upload::StayDead);
        assert_eq!(upload(dead, &[1; 32], at(86_400)), Upload::Replace);
        assert_eq!(upload(dead, &[2; 32], at(1)), Upload::Replace);
    }
}
