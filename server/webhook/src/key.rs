//! What webhooks are signed with.

use std::fmt;

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};

/// Receivers' tools write keys with padding and without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text is no signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It begins with neither of the prefixes.
    #[error("must begin with whsec_ or whsk_")]
    Prefix,
    /// What follows the prefix is not base64.
    #[error("must be base64 behind its prefix")]
    Base64,
    /// A symmetric key has 24 to 64 bytes, the seed of an asymmetric one 32.
    #[error("must be 24 to 64 bytes behind whsec_, and 32 behind whsk_")]
    Length,
}

/// A key that signs webhooks. Each receiver has keys of its own.
pub struct SigningKey(Kind);

enum Kind {
    /// HMAC-SHA256, `v1`: the receiver has the same key.
    Symmetric(Vec<u8>),
    /// Ed25519, `v1a`: the receiver has the public half.
    Asymmetric {
        pair: Ed25519KeyPair,
        seed: [u8; 32],
    },
}

impl SigningKey {
    const SYMMETRIC: &str = "whsec_";
    const PRIVATE: &str = "whsk_";
    const PUBLIC: &str = "whpk_";

    /// A symmetric key of 32 random bytes.
    #[must_use]
    pub fn symmetric(bytes: &[u8; 32]) -> Self {
        Self(Kind::Symmetric(bytes.to_vec()))
    }

    /// An asymmetric key of 32 random bytes, its seed (RFC 8032, 5.1.5).
    ///
    /// # Errors
    /// [`KeyError::Length`] if the crypto library refuses the seed, which it does for no 32 bytes.
    pub fn asymmetric(seed: [u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Length)?;
        Ok(Self(Kind::Asymmetric { pair, seed }))
    }

    /// Reads `whsec_…` or `whsk_…`.
    ///
    /// # Errors
    /// [`KeyError`] if it is something else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let decode = |text: &str| LENIENT.decode(text).map_err(|_| KeyError::Base64);
        if let Some(text) = text.strip_prefix(Self::SYMMETRIC) {
            let bytes = decode(text)?;
            let fits = (24..=64).contains(&bytes.len());
            return fits
                .then(|| Self(Kind::Symmetric(bytes)))
                .ok_or(KeyError::Length);
        }
        let text = text.strip_prefix(Self::PRIVATE).ok_or(KeyError::Prefix)?;
        let seed = <[u8; 32]>::try_from(decode(text)?).map_err(|_| KeyError::Length)?;
        Self::asymmetric(seed)
    }

    /// The key as text, to be kept sealed.
    #[must_use]
    pub fn secret(&self) -> String {
        match &self.0 {
            Kind::Symmetric(bytes) => Self::SYMMETRIC.to_owned() + &STANDARD.encode(bytes),
            Kind::Asymmetric { seed, .. } => Self::PRIVATE.to_owned() + &STANDARD.encode(seed),
        }
    }

    /// What the receiver verifies with: the key itself, or its public half `whpk_…`.
    #[must_use]
    pub fn verifier(&self) -> String {
        match &self.0 {
            Kind::Symmetric(_) => self.secret(),
            Kind::Asymmetric { pair, .. } => {
                Self::PUBLIC.to_owned() + &STANDARD.encode(pair.public_key())
            }
        }
    }

    /// Whether the receiver verifies with a public half.
    #[must_use]
    pub const fn is_asymmetric(&self) -> bool {
        match self.0 {
            Kind::Symmetric(_) => false,
            Kind::Asymmetric { .. } => true,
        }
    }

    /// The signature of `id.timestamp.body`, such as `v1,K5oZ…`.
    pub(crate) fn sign(&self, signed: &[u8]) -> String {
        match &self.0 {
            Kind::Symmetric(bytes) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
                format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed)))
            }
            Kind::Asymmetric { pair, .. } => {
                format!("v1a,{}", STANDARD.encode(pair.sign(signed)))
            }
        }
    }
}

/// Shows the kind only.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Symmetric(_) => "SigningKey(symmetric)",
            Kind::Asymmetric { .. } => "SigningKey(asymmetric)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let symmetric = SigningKey::symmetric(&[7; 32]);
        let asymmetric = SigningKey::asymmetric([7; 32]).unwrap();
        for key in [symmetric, asymmetric] {
            let again = SigningKey::parse(&key.secret()).unwrap();
            assert_eq!(again.secret(), key.secret());
            assert_eq!(again.verifier(), key.verifier());
            assert!(!format!("{again:?}").contains("Bw"));
            let bare = key.secret().trim_end_matches('=').to_owned();
            assert_eq!(SigningKey::parse(&bare).unwrap().secret(), key.secret());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let encoded = |length: usize| STANDARD.encode(vec![0; length]);
        for (text, error) in [
            (String::new(), KeyError::Prefix),
            ("whpk_AAAA".to_owned(), KeyError::Prefix),
            ("whsec_ы".to_owned(), KeyError::Base64),
            (format!("whsec_{}", encoded(23)), KeyError::Length),
            (format!("whsec_{}", encoded(65)), KeyError::Length),
            (format!("whsk_{}", encoded(31)), KeyError::Length),
            (format!("whsk_{}", encoded(64)), KeyError::Length),
        ] {
            assert_eq!(SigningKey::parse(&text).err(), Some(error), "{text}");
        }
    }
}
