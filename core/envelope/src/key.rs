//! Pairs of keys.

use std::fmt;

use hpke::{Deserializable as _, Kem as _, Serializable as _, kem::X25519HkdfSha256};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// The public key of an installation, by which envelopes are sealed for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

/// The private key of an installation.
///
/// `Debug` shows its mark.
#[derive(Clone)]
pub struct PrivateKey {
    bytes: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

/// Names a key in an envelope: the beginning of the SHA-256 of the public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyMark(pub(crate) [u8; 8]);

/// Bytes that are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseKeyError {
    /// A key has 32 bytes.
    #[error("a key has 32 bytes, not {0}")]
    Length(usize),
    /// The shared secret of this public key is the same for every private key (RFC 7748 section 6.1).
    #[error("the public key is a point of small order")]
    Weak,
}

/// The points of small order in their canonical form (RFC 7748 section 6.1; the list of the
/// implementers of Curve25519), and what is equal to one modulo the field's prime.
const WEAK: [[u8; 32]; 7] = weak();

const fn weak() -> [[u8; 32]; 7] {
    let mut points = [[0; 32]; 7];
    points[1][0] = 1;
    points[2] = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    points[3] = [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ];
    let mut at = 4;
    while at < 7 {
        points[at] = [0xff; 32];
        points[at][31] = 0x7f;
        at += 1;
    }
    points[4][0] = 0xec;
    points[5][0] = 0xed;
    points[6][0] = 0xee;
    points
}

impl PublicKey {
    /// Reads a key as an installation reported it.
    ///
    /// # Errors
    /// [`ParseKeyError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseKeyError> {
        let bytes: [u8; 32] = bytes
            .try_into()
            .map_err(|_| ParseKeyError::Length(bytes.len()))?;
        let mut point = bytes;
        // The highest bit does not count (RFC 7748 section 5).
        point[31] &= 0x7f;
        if WEAK.contains(&point) {
            return Err(ParseKeyError::Weak);
        }
        Ok(Self(bytes))
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its mark.
    #[must_use]
    pub fn mark(&self) -> KeyMark {
        let digest = Sha256::digest(self.0);
        let mut mark = [0; 8];
        mark.copy_from_slice(&digest[..8]);
        KeyMark(mark)
    }
}

impl PrivateKey {
    /// A key of 32 random bytes (RFC 9180 section 7.1.3, `DeriveKeyPair`).
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        let (private, public) = X25519HkdfSha256::derive_keypair(random.as_slice());
        Self {
            bytes: Zeroizing::new(private.to_bytes().into()),
            public: PublicKey(public.to_bytes().into()),
        }
    }

    /// Reads a key that was kept.
    ///
    /// # Errors
    /// [`ParseKeyError::Length`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseKeyError> {
        let length = || ParseKeyError::Length(bytes.len());
        type Private = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
        let private = Private::from_bytes(bytes).map_err(|_| length())?;
        let public = X25519HkdfSha256::sk_to_pk(&private);
        Ok(Self {
            bytes: Zeroizing::new(private.to_bytes().into()),
            public: PublicKey(public.to_bytes().into()),
        })
    }

    /// Its 32 bytes, to be kept where secrets are.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The key that belongs to it.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.mark()).finish()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = self.public.mark();
        f.debug_tuple("PrivateKey").field(&mark).finish()
    }
}

impl fmt::Debug for KeyMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for KeyMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_reads_back() {
        let key = PrivateKey::new([3; 32]);
        let read = PrivateKey::parse(key.expose()).unwrap();
        assert_eq!((read.public(), read.expose()), (key.public(), key.expose()));
        for length in [0, 31, 33, 64] {
            let wrong = PrivateKey::parse(&vec![1; length]).unwrap_err();
            assert_eq!(wrong, ParseKeyError::Length(length));
            let wrong = PublicKey::parse(&vec![1; length]).unwrap_err();
            assert_eq!(wrong, ParseKeyError::Length(length));
        }
    }

    #[test]
    fn no_key_that_opens_for_everybody_is_taken() {
        for mut point in WEAK {
            assert_eq!(PublicKey::parse(&point), Err(ParseKeyError::Weak));
            point[31] |= 0x80;
            assert_eq!(PublicKey::parse(&point), Err(ParseKeyError::Weak));
        }
        let key = PrivateKey::new([3; 32]).public();
        assert_eq!(PublicKey::parse(key.as_bytes()), Ok(key));
    }

    #[test]
    fn nothing_shows_a_private_key() {
        let key = PrivateKey::new([3; 32]);
        let shown = format!("{key:?} {:?}", key.public());
        let mark = key.public().mark().to_string();
        assert_eq!(shown, format!("PrivateKey({mark}) PublicKey({mark})"));
    }
}
