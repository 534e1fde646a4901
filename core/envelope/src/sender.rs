//! The sender's side of HPKE in base mode (RFC 9180), for one message.
//!
//! Two multiplications on the curve are most of what an envelope costs, and a server seals one for each device of
//! a mailing. So whoever seals can bring a faster [`Curve`]; what follows from it is made here, once for all.

use std::{fmt, sync::LazyLock};

use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, aead::AeadInOut as _};
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha20Rng};
use sha2::{Digest as _, Sha256};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

/// DHKEM(X25519, HKDF-SHA256); with it, HKDF-SHA256 and ChaCha20-Poly1305 (RFC 9180, 4.1 and 5.1).
const KEM: &[u8] = b"KEM\x00\x20";
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";
const VERSION: &[u8] = b"HPKE-v1";
/// Base mode.
const MODE: &[u8] = &[0];
/// The bytes that SHA-256 takes at a time.
const BLOCK: usize = 64;

/// The same for every message: there is no key that both sides know beforehand.
static PSK_ID_HASH: LazyLock<[u8; 32]> =
    LazyLock::new(|| extract(&[], SUITE, (b"psk_id_hash", &[])));

/// X25519 (RFC 7748), by whichever library does it best where envelopes are sealed.
pub trait Curve {
    /// Multiplies the base point and the peer's point by a private key. `None` if the second product is the
    /// same for every private key, or the key cannot be used.
    fn agree(&self, private: &[u8; 32], peer: &[u8; 32]) -> Option<Agreed>;
}

/// What two sides of the curve agreed on. `Debug` shows no secret.
#[derive(Clone)]
pub struct Agreed {
    /// The public key of the private one.
    pub public: [u8; 32],
    /// What only both sides know.
    pub shared: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agreed")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// The curve of the library that devices open envelopes with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnCurve;

impl Curve for OwnCurve {
    fn agree(&self, private: &[u8; 32], peer: &[u8; 32]) -> Option<Agreed> {
        let private = StaticSecret::from(*private);
        let shared = private.diffie_hellman(&(*peer).into());
        shared.was_contributory().then(|| Agreed {
            public: x25519_dalek::PublicKey::from(&private).to_bytes(),
            shared: Zeroizing::new(shared.to_bytes()),
        })
    }
}

/// What is authenticated beside a message (RFC 9180 sections 5.1 and 5.2).
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) info: &'a [u8],
    pub(crate) aad: &'a [u8],
}

/// Encrypts in place. Gives the encapsulated key and the tag; `None` if nothing can be encrypted for the key.
pub(crate) fn encrypt(
    curve: &impl Curve,
    plain: &mut [u8],
    public: &[u8; 32],
    around: Around<'_>,
    random: [u8; 32],
) -> Option<([u8; 32], [u8; 16])> {
    let Agreed {
        public: encapsulated,
        shared: product,
    } = curve.agree(&ephemeral(random), public)?;
    let secret = Zeroizing::new(extract(&[], KEM, (b"eae_prk", &*product)));
    let context = [&encapsulated[..], public];
    let shared = Zeroizing::new(expand(&secret, (KEM, b"shared_secret"), 32, &context));
    let (key, nonce) = schedule(&shared, around.info);
    let cipher = ChaCha20Poly1305::new(&(*key).into());
    let sealed = cipher.encrypt_inout_detached(&nonce.into(), around.aad, plain.into());
    Some((encapsulated, sealed.ok()?.into()))
}

/// The private key of one message (`DeriveKeyPair` of RFC 9180, 7.1.3).
fn ephemeral(random: [u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut material = Zeroizing::new([0; 32]);
    ChaCha20Rng::from_seed(random).fill_bytes(&mut *material);
    let secret = Zeroizing::new(extract(&[], KEM, (b"dkp_prk", &*material)));
    Zeroizing::new(expand(&secret, (KEM, b"sk"), 32, &[]))
}

/// The key and the nonce of the first message (`KeySchedule` of RFC 9180, 5.1).
fn schedule(shared: &[u8; 32], info: &[u8]) -> (Zeroizing<[u8; 32]>, [u8; 12]) {
    let info_hash = extract(&[], SUITE, (b"info_hash", info));
    let context = [MODE, &*PSK_ID_HASH, &info_hash];
    let secret = Zeroizing::new(extract(shared, SUITE, (b"secret", &[])));
    let key = Zeroizing::new(expand(&secret, (SUITE, b"key"), 32, &context));
    let base = expand(&secret, (SUITE, b"base_nonce"), 12, &context);
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&base[..12]);
    (key, nonce)
}

/// `LabeledExtract` (RFC 9180, 4).
fn extract(salt: &[u8], suite: &[u8], (label, secret): (&[u8], &[u8])) -> [u8; 32] {
    hmac(salt, [VERSION, suite, label, secret])
}

/// `LabeledExpand` (RFC 9180, 4) of so many bytes, at most 32: the first block of HKDF's output (RFC 5869, 2.3),
/// whose further bytes mean nothing.
fn expand(
    secret: &[u8; 32],
    (suite, label): (&[u8], &[u8]),
    length: u8,
    info: &[&[u8]],
) -> [u8; 32] {
    let head = [&[0, length][..], VERSION, suite, label];
    let parts = head.into_iter().chain(info.iter().copied());
    hmac(secret, parts.chain([&[1][..]]))
}

/// HMAC-SHA256 (RFC 2104) of parts together. The key is not longer than a block.
fn hmac<'a>(key: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let padded = |pad: u8| {
        let mut block = Zeroizing::new([pad; BLOCK]);
        block
            .iter_mut()
            .zip(key)
            .for_each(|(byte, key)| *byte ^= key);
        Sha256::new_with_prefix(*block)
    };
    let mut inner = padded(0x36);
    for part in parts {
        inner.update(part);
    }
    padded(0x5c)
        .chain_update(inner.finalize())
        .finalize()
        .into()
}
