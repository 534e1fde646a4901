//! Private keys of senders.

use std::fmt;

use aws_lc_rs::{
    agreement::{self, ECDH_P256},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// The most bytes of a key's text that are read.
const MAX_PEM_BYTES: usize = 16 * 1_024;

/// Why a text is no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not a PKCS#8 private key in PEM.
    #[error("must be a private key in PEM that begins with -----BEGIN PRIVATE KEY-----")]
    Pem,
    /// It is not 32 bytes in base64url.
    #[error("must be 32 bytes in base64url")]
    Scalar,
    /// It is a key of another kind, or a broken one.
    #[error("must be a private key of {wanted}")]
    Kind {
        /// The kind that is needed.
        wanted: &'static str,
    },
}

/// A private key could not sign; a failure of the crypto library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot sign")]
pub struct SignError;

/// A private key of P-256, which signs by ES256 (RFC 7518, 3.4).
pub struct P256Key(EcdsaKeyPair);

impl P256Key {
    const KIND: KeyError = KeyError::Kind { wanted: "P-256" };

    /// Reads PKCS#8 in PEM, as Apple gives it in a `.p8` file.
    ///
    /// # Errors
    /// [`KeyError`] if it is something else.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = pkcs8(pem)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der);
        pair.map(Self).map_err(|_| Self::KIND)
    }

    /// Reads the bare number in base64url, as tools for Web Push write VAPID keys.
    ///
    /// # Errors
    /// [`KeyError`] if it is something else.
    pub fn from_scalar(text: &str) -> Result<Self, KeyError> {
        let scalar = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Scalar)?;
        if scalar.len() != 32 {
            return Err(KeyError::Scalar);
        }
        let private = agreement::PrivateKey::from_private_key(&ECDH_P256, &scalar);
        let public = private.map_err(|_| Self::KIND)?.compute_public_key();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &scalar,
            public.map_err(|_| Self::KIND)?.as_ref(),
        );
        pair.map(Self).map_err(|_| Self::KIND)
    }

    /// The public key, an uncompressed point.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// Signs by ES256. The random number of the signature is the crypto library's own: a repeated one
    /// would give the key away.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.0.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| SignError)?.as_ref().to_vec())
    }
}

/// A private key of RSA, which signs by RS256 or PS256 (RFC 7518, 3.3 and 3.5).
pub struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// Reads PKCS#8 in PEM, as Google gives it in a service account's file. The key has 2048 to 8192
    /// bits.
    ///
    /// # Errors
    /// [`KeyError`] if it is something else.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(&pkcs8(pem)?);
        pair.map(Self).map_err(|_| KeyError::Kind { wanted: "RSA" })
    }

    /// Signs by RS256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign_by(&RSA_PKCS1_SHA256, message)
    }

    /// Signs by PS256.
    pub(crate) fn sign_pss(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign_by(&RSA_PSS_SHA256, message)
    }

    fn sign_by(
        &self,
        encoding: &'static dyn RsaEncoding,
        message: &[u8],
    ) -> Result<Vec<u8>, SignError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self
            .0
            .sign(encoding, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| SignError)?;
        Ok(signature)
    }
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("P256Key").finish_non_exhaustive()
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKey").finish_non_exhaustive()
    }
}

/// The bytes between the two lines of a PEM text (RFC 7468).
fn pkcs8(pem: &str) -> Result<Vec<u8>, KeyError> {
    if pem.len() > MAX_PEM_BYTES {
        return Err(KeyError::Pem);
    }
    let (_, rest) = pem
        .split_once("-----BEGIN PRIVATE KEY-----")
        .ok_or(KeyError::Pem)?;
    let (base64, _) = rest
        .split_once("-----END PRIVATE KEY-----")
        .ok_or(KeyError::Pem)?;
    let base64: String = base64.split_ascii_whitespace().collect();
    STANDARD.decode(base64).map_err(|_| KeyError::Pem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{EC_PEM, RSA_PEM};

    #[test]
    fn each_reader_takes_its_own_kind_only() {
        assert!(P256Key::from_pem(EC_PEM).is_ok());
        assert!(RsaKey::from_pem(RSA_PEM).is_ok());
        assert_eq!(
            P256Key::from_pem(RSA_PEM).unwrap_err(),
            KeyError::Kind { wanted: "P-256" }
        );
        assert_eq!(
            RsaKey::from_pem(EC_PEM).unwrap_err(),
            KeyError::Kind { wanted: "RSA" }
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let cut = EC_PEM.replace("-----END", "-----OTHER");
        for pem in ["", "x", "-----BEGIN PRIVATE KEY-----", cut.as_str()] {
            assert_eq!(P256Key::from_pem(pem).unwrap_err(), KeyError::Pem, "{pem}");
        }
        let long = format!("{EC_PEM}{}", " ".repeat(MAX_PEM_BYTES));
        assert_eq!(P256Key::from_pem(&long).unwrap_err(), KeyError::Pem);
        for scalar in ["", "AAAA", "x y"] {
            assert_eq!(
                P256Key::from_scalar(scalar).unwrap_err(),
                KeyError::Scalar,
                "{scalar}"
            );
        }
        // Zero is no private key, nor is a number above the order of the curve.
        for scalar in [[0; 32], [255; 32]] {
            let text = URL_SAFE_NO_PAD.encode(scalar);
            assert!(P256Key::from_scalar(&text).is_err());
        }
    }

    /// The key pair of RFC 8291, appendix A.
    #[test]
    fn a_bare_number_has_its_public_key() {
        let key = P256Key::from_scalar("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(key.public()),
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        );
    }
}
