//! Sealing and opening.

use hpke::{
    Deserializable as _, HpkeError, OpModeR, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use thiserror::Error;
use vestnik_model::{InstallationId, NotificationId};
use zeroize::Zeroizing;

use crate::{
    key::{KeyMark, PrivateKey, PublicKey},
    padding::{pad, padded_bytes, unpad},
    sender::{Around, Curve, OwnCurve, encrypt},
};

type Private = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
type Encapsulated = <X25519HkdfSha256 as hpke::Kem>::EncappedKey;

const VERSION: u8 = 1;
const MARK: usize = 8;
const ENCAPSULATED: usize = 32;
const TAG: usize = 16;
const HEAD: usize = 1 + MARK;
const LABEL: &[u8] = b"vestnik envelope 1";

/// The longest content, in bytes: as much as an entry of the log has at most.
pub const MAX_CONTENT: usize = 64 * 1_024;

/// For whom an envelope is, and what it carries. It opens in no other context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The installation whose key it is sealed for.
    pub installation: InstallationId,
    /// The notification, which is named beside the envelope.
    pub notification: NotificationId,
}

/// Why nothing was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// The content is longer than [`MAX_CONTENT`].
    #[error("the content has {bytes} bytes; {MAX_CONTENT} are the most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The public key cannot be used.
    #[error("nothing can be sealed for this key")]
    Key,
}

/// Why an envelope does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It is too short, too long or of another version.
    #[error("these bytes are no envelope of version {VERSION}")]
    Malformed,
    /// The device has no such key, or has it no more: the sender has to seal with the present one.
    #[error("there is no key {0} on this device")]
    UnknownKey(KeyMark),
    /// It was changed on its way, or is for another installation or another notification.
    #[error("the envelope was not sealed for this")]
    Foreign,
}

/// How long a content is when it is sealed, in bytes.
#[must_use]
pub const fn sealed_bytes(content: usize) -> usize {
    HEAD + ENCAPSULATED + padded_bytes(content) + TAG
}

/// Seals a content. `random` is 32 bytes that nobody can predict and that are used once.
///
/// # Errors
/// [`SealError`].
pub fn seal(
    content: &[u8],
    key: &PublicKey,
    context: &Context,
    random: [u8; 32],
) -> Result<Vec<u8>, SealError> {
    seal_by(&OwnCurve, content, (key, context), random)
}

/// Does the same as [`seal`] with another implementation of the curve. The envelope is the same.
///
/// # Errors
/// [`SealError`].
pub fn seal_by(
    curve: &impl Curve,
    content: &[u8],
    (key, context): (&PublicKey, &Context),
    random: [u8; 32],
) -> Result<Vec<u8>, SealError> {
    if content.len() > MAX_CONTENT {
        let bytes = content.len();
        return Err(SealError::TooLong { bytes });
    }
    let head = head(key.mark());
    let around = Around {
        info: &info(context),
        aad: &aad(&head, context.notification),
    };
    let mut sealed = Vec::with_capacity(sealed_bytes(content.len()));
    sealed.extend(head);
    sealed.extend([0; ENCAPSULATED]);
    pad(content, &mut sealed);
    let plain = &mut sealed[HEAD + ENCAPSULATED..];
    let (encapsulated, tag) =
        encrypt(curve, plain, key.as_bytes(), around, random).ok_or(SealError::Key)?;
    sealed[HEAD..HEAD + ENCAPSULATED].copy_from_slice(&encapsulated);
    sealed.extend(tag);
    Ok(sealed)
}

/// Opens an envelope by the one of these keys that it was sealed for.
///
/// # Errors
/// [`OpenError`].
pub fn open<'k>(
    sealed: &[u8],
    keys: impl IntoIterator<Item = &'k PrivateKey>,
    context: &Context,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let is_possible = (sealed_bytes(0)..=sealed_bytes(MAX_CONTENT)).contains(&sealed.len());
    let (head, rest) = sealed
        .split_first_chunk::<HEAD>()
        .filter(|(head, _)| is_possible && head[0] == VERSION)
        .ok_or(OpenError::Malformed)?;
    let (encapsulated, ciphertext) = rest
        .split_first_chunk::<ENCAPSULATED>()
        .ok_or(OpenError::Malformed)?;
    let mark = mark(head);
    let mut keys = keys.into_iter();
    let key = keys
        .find(|key| key.public().mark() == mark)
        .ok_or(OpenError::UnknownKey(mark))?;
    let around = Around {
        info: &info(context),
        aad: &aad(head, context.notification),
    };
    let padded = decrypt(encapsulated, ciphertext, key, around).map_err(|_| OpenError::Foreign)?;
    let content = unpad(&padded).ok_or(OpenError::Malformed)?;
    Ok(Zeroizing::new(content.to_vec()))
}

fn decrypt(
    encapsulated: &[u8; ENCAPSULATED],
    ciphertext: &[u8],
    key: &PrivateKey,
    around: Around<'_>,
) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
    let private = Private::from_bytes(key.expose())?;
    let encapsulated = Encapsulated::from_bytes(encapsulated)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        around.info,
        ciphertext,
        around.aad,
    )
    .map(Zeroizing::new)
}

fn head(mark: KeyMark) -> [u8; HEAD] {
    let mut head = [VERSION; HEAD];
    head[1..].copy_from_slice(&mark.0);
    head
}

fn mark(head: &[u8; HEAD]) -> KeyMark {
    let mut mark = [0; MARK];
    mark.copy_from_slice(&head[1..]);
    KeyMark(mark)
}

fn info(context: &Context) -> Vec<u8> {
    let mut info = LABEL.to_vec();
    info.push(0);
    info.extend(context.installation.uuid().as_bytes());
    info
}

fn aad(head: &[u8; HEAD], notification: NotificationId) -> Vec<u8> {
    let mut aad = head.to_vec();
    aad.extend(notification.uuid().as_bytes());
    aad
}

#[cfg(test)]
mod tests;
