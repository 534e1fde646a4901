//! Sealed envelopes: what passes a foreign push service says nothing of its content.
//!
//! The server [seals](seal) what a device is to draw for the public key of that installation, and the device
//! [opens](KeyRing::open) it with the keys that it has. The push service in between sees a size, which is
//! rounded up, and the moment.
//!
//! # Format
//! HPKE in base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
//!
//! ```text
//! sealed  = version (1) || key (8) || encapsulated key (32) || ciphertext (n) || tag (16)
//! padded  = length of content (4, big endian) || content || zeros, a multiple of 256 bytes
//! info    = "vestnik envelope 1" || 0 || installation (16)
//! aad     = version (1) || key (8) || notification (16)
//! ```
//!
//! `version` is 1. `key` is the beginning of the SHA-256 of the public key: by it a device finds the one of
//! its keys that opens the envelope. Identifiers are the 16 bytes of their UUID. The App is not bound: a
//! device does not know its name, and an installation belongs to one App.
//!
//! An envelope proves neither its sender nor its freshness (HPKE's base mode). The push service decides who
//! may push to a device, and a repetition is recognised by the notification's identifier.
//!
//! # Keys
//! A device makes a pair of keys at its first run and another one every 30 days. A former key opens what is
//! still on its way for as long as a notification lasts at most; then it is forgotten ([`KeyRing::renew`]).
//!
//! # Example
//! ```
//! use vestnik_envelope::{Context, KeyRing, seal};
//!
//! let ring = KeyRing::new("2026-11-29T12:00:00Z".parse()?, [7; 32]);
//! let context = Context {
//!     installation: "ins_00000000000000000000000000000001".parse()?,
//!     notification: "ntf_00000000000000000000000000000002".parse()?,
//! };
//!
//! let sealed = seal(b"a parcel has arrived", &ring.public_key(), &context, [9; 32])?;
//! assert_eq!(&*ring.open(&sealed, &context)?, b"a parcel has arrived");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod key;
mod padding;
mod ring;
mod sealed;
mod sender;

pub use key::{KeyMark, ParseKeyError, PrivateKey, PublicKey};
pub use ring::{KeyRing, MAX_FORMER, RENEWED_AFTER};
pub use sealed::{Context, MAX_CONTENT, OpenError, SealError, open, seal, seal_by, sealed_bytes};
pub use sender::{Agreed, Curve};
