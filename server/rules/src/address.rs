//! Addresses at push services and of mailboxes: what a report means for those that are stored.
//!
//! A service says that an address is dead, and the device goes on reporting it for as long as its
//! system gives it; so does a backend with the e-mail address of a user: a dead address that comes again is not tried at once. Services make mistakes, so
//! it is tried again after a while; then its next answer is the newer proof.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use uuid::Builder;
use vestnik_model::{
    ImportOutcome, InstallationId, Open, PushAddress, PushEnvironment, UserId, email::EmailAddress,
};

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

/// Where an address is stored that an import names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Whose installation has it.
    pub user: Option<UserId>,
    /// Whether it was imported, and no device has reported it since.
    pub is_unproven: bool,
    /// Whether its service called it dead.
    pub is_dead: bool,
}

/// Decides what becomes of an address that an App's backend imports for a user, wherever it is stored
/// already. What a device reported is newer than any export, and what a service called dead stays dead.
/// Of two users that it was imported for, it is the latter's.
#[must_use]
pub fn import(holders: &[Holder], user: &UserId) -> ImportOutcome {
    let is_any = |is: &dyn Fn(&Holder) -> bool| holders.iter().any(is);
    if is_any(&|holder| !holder.is_dead && !holder.is_unproven) {
        ImportOutcome::Reported
    } else if is_any(&|holder| holder.is_dead) {
        ImportOutcome::Dead
    } else if is_any(&|holder| holder.user.as_ref() == Some(user)) {
        ImportOutcome::Unchanged
    } else {
        ImportOutcome::Imported
    }
}

/// The installation that stands for a device of which only an imported address is known, by the hash of the
/// address. Nobody can log in on it: no secret has [`NO_SECRET`] as its hash.
#[must_use]
pub fn imported_installation(hash: &[u8; 32]) -> InstallationId {
    let mut bytes = [0; 16];
    let mut text = b"vestnik imported installation\0".to_vec();
    text.extend(hash);
    bytes.copy_from_slice(&digest(&SHA256, &text).as_ref()[..16]);
    InstallationId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
}

/// In the place of the hash of an installation's secret, where there is none.
pub const NO_SECRET: [u8; 32] = [0; 32];

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

/// The address to which a push went that its service took in another environment than the address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The SHA-256 of the address.
    pub hash: [u8; 32],
    /// Where it was taken.
    pub environment: PushEnvironment,
    /// When the try began.
    pub began_at: Timestamp,
}

/// An address as it is kept after such a push, so that the next one goes to the right environment at once.
/// `None` if nothing is kept: another address has taken its place, or the device has reported it since the
/// try began, which is newer.
#[must_use]
pub fn moved(known: &PushAddress, refreshed_at: Timestamp, moved: Moved) -> Option<PushAddress> {
    let environment = Some(Open::Known(moved.environment));
    let is_it = hash(known) == moved.hash && moved.began_at >= refreshed_at;
    (is_it && known.environment != environment).then(|| PushAddress {
        environment,
        ..known.clone()
    })
}

#[cfg(test)]
mod tests {
    use vestnik_model::PushAddressKind;

    use super::*;

    #[test]
    fn an_environment_is_kept_with_the_address_that_was_tried() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let address = PushAddress::new(PushAddressKind::Apns, "token");
        let took = Moved {
            hash: hash(&address),
            environment: PushEnvironment::Sandbox,
            began_at: at(10),
        };
        let kept = moved(&address, at(10), took).unwrap();
        assert_eq!(kept.environment, Some(PushEnvironment::Sandbox.into()));
        assert_eq!((&kept.kind, &kept.value), (&address.kind, &address.value));
        assert_eq!(moved(&kept, at(10), took), None);
        assert_eq!(moved(&address, at(11), took), None);
        let other = PushAddress::new(PushAddressKind::Apns, "other");
        assert_eq!(moved(&other, at(1), took), None);
    }

    #[test]
    fn an_import_takes_nothing_from_a_device_and_revives_nothing() {
        let [anna, bert] = ["anna", "bert"].map(|name| UserId::parse(name).unwrap());
        let holder = |user: &UserId, is_unproven, is_dead| Holder {
            user: Some(user.clone()),
            is_unproven,
            is_dead,
        };
        let reported = holder(&bert, false, false);
        let (mine, other) = (holder(&anna, true, false), holder(&bert, true, false));
        let dead = holder(&anna, true, true);
        for (holders, wanted) in [
            (vec![], ImportOutcome::Imported),
            (vec![mine.clone()], ImportOutcome::Unchanged),
            (vec![other], ImportOutcome::Imported),
            (vec![reported.clone()], ImportOutcome::Reported),
            (vec![holder(&anna, false, false)], ImportOutcome::Reported),
            (vec![dead.clone()], ImportOutcome::Dead),
            (vec![holder(&bert, false, true)], ImportOutcome::Dead),
            (vec![dead, reported], ImportOutcome::Reported),
            (vec![mine, holder(&bert, false, true)], ImportOutcome::Dead),
        ] {
            assert_eq!(import(&holders, &anna), wanted, "{holders:?}");
        }
        assert_ne!(
            imported_installation(&[1; 32]),
            imported_installation(&[2; 32])
        );
    }

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
