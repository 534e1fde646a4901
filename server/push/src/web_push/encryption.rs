//! Encryption for a subscription: RFC 8291 over the content coding `aes128gcm` of RFC 8188.
//!
//! The sender draws a key pair of P-256 and a salt for each push, agrees on a secret with the
//! subscription's public key, mixes the subscription's authentication secret in and derives a key and a
//! nonce for AES-128-GCM. The body is
//!
//! ```text
//! salt (16) ‖ record size (4, big-endian) ‖ 65 ‖ sender's public key (65) ‖ one encrypted record
//! ```
//!
//! and the record is the content, a 2 that ends it, zeros as padding, and the tag (16).

use std::fmt;

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
    error::Unspecified,
    hkdf,
};

use crate::{address::SubscriptionKeys, build_error::BuildError};

/// The most bytes of content in one push: push services need not take a body above 4096 bytes (RFC 8030,
/// 7.2), and 103 of them are not content.
pub const MAX_CLEAR_BYTES: usize = RECORD_BYTES as usize - HEADER_BYTES - 1 - TAG_BYTES;

/// The most bytes of a body.
pub const MAX_BODY_BYTES: usize = RECORD_BYTES as usize;

/// The record size that is announced. The body is one record and at most as long.
const RECORD_BYTES: u32 = 4_096;
const HEADER_BYTES: usize = 16 + 4 + 1 + 65;
const TAG_BYTES: usize = 16;
/// Lengths are hidden up to a multiple of this.
const BLOCK_BYTES: usize = 256;
/// Ends the content of the last record (RFC 8188, 2).
const LAST: u8 = 2;

/// The random bytes of one push. They are used once and then lost: with the private key the push can be
/// read by anyone.
#[derive(Clone)]
pub struct Entropy {
    /// The private key of the pair. Bytes of 2³² draws once make no key; see [`BuildError::Entropy`].
    pub private: [u8; 32],
    /// The salt.
    pub salt: [u8; 16],
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entropy").finish_non_exhaustive()
    }
}

/// What hides the length of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Nothing.
    None,
    /// Zeros up to the next multiple of 256 bytes, or as many as fit.
    Block,
}

/// Encrypts content for a subscription; gives the body of a request.
///
/// # Errors
/// [`BuildError::TooLarge`] above [`MAX_CLEAR_BYTES`], [`BuildError::Entropy`] if the random bytes are no
/// private key.
pub fn encrypt(
    content: &[u8],
    keys: &SubscriptionKeys,
    padding: Padding,
    entropy: &Entropy,
) -> Result<Vec<u8>, BuildError> {
    BuildError::check_size(content.len(), MAX_CLEAR_BYTES)?;
    let record = padded(content, padding);
    seal(record, keys, entropy).map_err(|Unspecified| BuildError::Entropy)
}

fn padded(content: &[u8], padding: Padding) -> Vec<u8> {
    let bytes = content.len() + 1;
    let whole = match padding {
        Padding::None => bytes,
        Padding::Block => bytes.next_multiple_of(BLOCK_BYTES).min(MAX_CLEAR_BYTES + 1),
    };
    let mut record = Vec::with_capacity(RECORD_BYTES as usize);
    record.extend_from_slice(content);
    record.push(LAST);
    record.resize(whole, 0);
    record
}

fn seal(
    mut record: Vec<u8>,
    keys: &SubscriptionKeys,
    entropy: &Entropy,
) -> Result<Vec<u8>, Unspecified> {
    let private =
        PrivateKey::from_private_key(&ECDH_P256, &entropy.private).map_err(|_| Unspecified)?;
    let public = private.compute_public_key()?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, &keys.public);
    let input = agreement::agree(&private, peer, Unspecified, |shared| {
        let info = [&b"WebPush: info\0"[..], &keys.public, public.as_ref()];
        derive::<32>(&keys.auth, shared, &info)
    })?;
    let key = derive::<16>(&entropy.salt, &input, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = derive::<NONCE_LEN>(&entropy.salt, &input, &[b"Content-Encoding: nonce\0"])?;

    // The one record has the number 0, so its nonce is the derived one.
    let nonce = Nonce::assume_unique_for_key(nonce);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)?;

    let mut body = Vec::with_capacity(HEADER_BYTES + record.len());
    body.extend_from_slice(&entropy.salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(65);
    body.extend_from_slice(public.as_ref());
    body.append(&mut record);
    Ok(body)
}

struct Bytes(usize);

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(
    salt: &[u8],
    secret: &[u8],
    info: &[&[u8]],
) -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    key.expand(info, Bytes(N))?.fill(&mut bytes)?;
    Ok(bytes)
}
