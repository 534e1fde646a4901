//! Secrets at rest.
//!
//! Keys by which tokens are signed are *sealed* before they are stored: encrypted with AES-256-GCM
//! under the operator's key if there is one, and marked as plain if there is none. The place of a
//! secret (its table and key) is authenticated with it, so that a sealed value that is copied to
//! another row does not open.
//!
//! Form of a sealed value: one byte that names the form, then for form 1 the nonce (12 bytes), the
//! ciphertext and the tag (16 bytes).

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use rusqlite::types::Type;

const PLAIN: u8 = 0;
const AES_GCM: u8 = 1;

/// The operator's key, under which secrets are encrypted at rest. It is not stored.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// Takes 32 bytes that nobody can predict.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey")
    }
}

/// Seals and opens secrets.
pub(crate) struct Seal(Option<RandomizedNonceKey>);

/// A sealed value cannot be opened: the key is another one, or it was changed or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret cannot be opened")]
pub(crate) struct Unopenable;

impl Seal {
    /// With a key, secrets are encrypted; without one, they are stored as they are.
    pub(crate) fn new(key: Option<&SealKey>) -> Result<Self, Unopenable> {
        let key = key
            .map(|SealKey(bytes)| RandomizedNonceKey::new(&AES_256_GCM, bytes))
            .transpose();
        key.map(Self).map_err(|_| Unopenable)
    }

    pub(crate) fn is_encrypting(&self) -> bool {
        self.0.is_some()
    }

    /// Seals a secret for a place.
    pub(crate) fn seal(&self, place: &Place<'_>, secret: &[u8]) -> Result<Vec<u8>, Unopenable> {
        let Some(key) = &self.0 else {
            return Ok([&[PLAIN], secret].concat());
        };
        let mut ciphertext = secret.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(place.bytes()), &mut ciphertext)
            .map_err(|_| Unopenable)?;
        Ok([&[AES_GCM], nonce.as_ref().as_slice(), &ciphertext].concat())
    }

    /// Opens what was sealed for a place. With a key, a plain value is refused: somebody put it there.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Unopenable> {
        match (sealed.split_first(), &self.0) {
            (Some((&PLAIN, secret)), None) => Ok(secret.to_vec()),
            (Some((&AES_GCM, sealed)), Some(key)) => decrypt(key, place, sealed),
            (Some(_) | None, _) => Err(Unopenable),
        }
    }
}

/// Secrets in columns: failures become errors of the statement.
impl Seal {
    /// Seals what is written into a column.
    pub(crate) fn seal_column(
        &self,
        place: &Place<'_>,
        secret: &[u8],
    ) -> Result<Vec<u8>, rusqlite::Error> {
        self.seal(place, secret)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }

    /// Opens what was read from a column, by its number.
    pub(crate) fn open_column(
        &self,
        place: &Place<'_>,
        column: usize,
        sealed: &[u8],
    ) -> Result<Vec<u8>, rusqlite::Error> {
        self.open(place, sealed).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, error.into())
        })
    }
}

/// Secrets that are sealed under another key.
impl Seal {
    /// What was sealed for a place, sealed by another one, whatever is in it. `None` if it cannot be opened:
    /// it is encrypted under a key that nobody has, stays so, and is passed over whenever it is read.
    pub(crate) fn resealed(
        &self,
        to: &Self,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, rusqlite::Error> {
        match self.open(place, sealed) {
            Ok(secret) => to.seal_column(place, &secret).map(Some),
            Err(error) => {
                tracing::warn!(table = place.table, %error, "a stored secret stays as it is");
                Ok(None)
            }
        }
    }
}

/// Whether a sealed value is encrypted.
pub(crate) fn is_encrypted(sealed: &[u8]) -> bool {
    sealed.first() != Some(&PLAIN)
}

fn decrypt(
    key: &RandomizedNonceKey,
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<Vec<u8>, Unopenable> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(Unopenable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopenable)?;
    let mut secret = ciphertext.to_vec();
    let opened = key
        .open_in_place(nonce, Aad::from(place.bytes()), &mut secret)
        .map_err(|_| Unopenable)?;
    let length = opened.len();
    secret.truncate(length);
    Ok(secret)
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal")
            .field("is_encrypting", &self.is_encrypting())
            .finish()
    }
}

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The table.
    pub(crate) table: &'static str,
    /// What identifies the row, and what else must not change with the secret.
    pub(crate) row: &'a [&'a str],
}

impl Place<'_> {
    /// Each part with its length in front, so that no two places have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in std::iter::once(&self.table).chain(self.row) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place {
        table: "t",
        row: &["a", "b"],
    };

    fn seal(byte: u8) -> Seal {
        Seal::new(Some(&SealKey::new([byte; 32]))).unwrap()
    }

    #[test]
    fn an_encrypted_secret_opens_at_its_place_with_its_key_only() {
        let sealed = seal(1).seal(&HERE, b"secret").unwrap();
        assert!(is_encrypted(&sealed));
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        assert_eq!(seal(1).open(&HERE, &sealed).unwrap(), b"secret");
        assert_eq!(seal(2).open(&HERE, &sealed), Err(Unopenable));
        let none = Seal::new(None).unwrap();
        assert_eq!(none.open(&HERE, &sealed), Err(Unopenable));
        let elsewhere = Place {
            table: "t",
            row: &["ab", ""],
        };
        assert_eq!(seal(1).open(&elsewhere, &sealed), Err(Unopenable));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let sealed = seal(1).seal(&HERE, b"secret").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(seal(1).open(&HERE, &changed), Err(Unopenable), "{index}");
            assert_eq!(seal(1).open(&HERE, &sealed[..index]), Err(Unopenable));
        }
        assert_eq!(seal(1).open(&HERE, &[]), Err(Unopenable));
        assert_eq!(seal(1).open(&HERE, &[7, 1, 2]), Err(Unopenable));
    }

    #[test]
    fn without_a_key_a_secret_is_stored_as_it_is() {
        let none = Seal::new(None).unwrap();
        let sealed = none.seal(&HERE, b"secret").unwrap();
        assert!(!is_encrypted(&sealed));
        assert_eq!(none.open(&HERE, &sealed).unwrap(), b"secret");
        assert_eq!(seal(1).open(&HERE, &sealed), Err(Unopenable));
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", SealKey::new([1; 32])), "SealKey");
    }
}
