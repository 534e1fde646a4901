//! Refresh tokens: derived from the server's key, the family and a counter.
//!
//! A token is `vr_` and the base64url form, without padding, of
//!
//! ```text
//! family (16 bytes) ‖ counter (8 bytes, big-endian) ‖ HMAC-SHA256(key, domain ‖ family ‖ counter)
//! ```
//!
//! The server keeps the family's numbers ([`Family`](crate::session::Family)) and can write the same
//! token again, which is what makes a lost answer harmless. Nothing that opens a session is stored.
//!
//! ```
//! use vestnik_rules::{session::FamilyId, token};
//!
//! let (key, family) = ([1; 32], FamilyId([7; 16]));
//! let text = token::mint(&key, family, 4);
//! assert_eq!(token::read(&key, &text), Some((family, 4)));
//! assert_eq!(token::read(&[2; 32], &text), None);
//! ```

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::session::FamilyId;

/// What every refresh token begins with, so that scanners of leaked secrets recognise one.
pub const PREFIX: &str = "vr_";
/// The bytes of every refresh token.
pub const TOKEN_BYTES: usize = PREFIX.len() + (SIGNED_BYTES + MAC_BYTES).div_ceil(3) * 4 - 1;

const FAMILY_BYTES: usize = 16;
const SIGNED_BYTES: usize = FAMILY_BYTES + 8;
const MAC_BYTES: usize = 32;
/// Separates these codes from whatever else a key of the server may ever sign.
const DOMAIN: &[u8] = b"vestnik refresh token 1\0";

// 56 bytes leave a group of two, which base64 writes as three characters.
const _: () = assert!((SIGNED_BYTES + MAC_BYTES) % 3 == 2);

/// Writes the token of a family with this counter.
#[must_use]
pub fn mint(key: &[u8; 32], family: FamilyId, counter: u64) -> String {
    let mut bytes = [0; SIGNED_BYTES + MAC_BYTES];
    bytes[..FAMILY_BYTES].copy_from_slice(&family.0);
    bytes[FAMILY_BYTES..SIGNED_BYTES].copy_from_slice(&counter.to_be_bytes());
    let tag = hmac::sign(&hmac_key(key), &[DOMAIN, &bytes[..SIGNED_BYTES]].concat());
    bytes[SIGNED_BYTES..].copy_from_slice(tag.as_ref());
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The family and the counter of a token that this key signed; `None` for any other text. The code is
/// compared in constant time.
#[must_use]
pub fn read(key: &[u8; 32], text: &str) -> Option<(FamilyId, u64)> {
    if text.len() != TOKEN_BYTES {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    let (signed, mac) = bytes.split_at_checked(SIGNED_BYTES)?;
    hmac::verify(&hmac_key(key), &[DOMAIN, signed].concat(), mac).ok()?;
    let (family, counter) = signed.split_at_checked(FAMILY_BYTES)?;
    let family = FamilyId(family.try_into().ok()?);
    Some((family, u64::from_be_bytes(counter.try_into().ok()?)))
}

fn hmac_key(key: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [1; 32];

    /// Tokens in the field must be readable by every later version.
    #[test]
    fn a_token_is_what_it_was() {
        let text = mint(&KEY, FamilyId([7; 16]), 4);
        assert_eq!(text.len(), TOKEN_BYTES);
        assert_eq!(
            text,
            "vr_BwcHBwcHBwcHBwcHBwcHBwAAAAAAAAAEC07cE3ymkMbJRTxZdkJvtUlTpEVRs5uAT2TcQlhW_tw"
        );
    }

    proptest! {
        #[test]
        fn what_was_minted_reads_back(family in any::<[u8; 16]>(), counter in any::<u64>()) {
            let text = mint(&KEY, FamilyId(family), counter);
            prop_assert_eq!(read(&KEY, &text), Some((FamilyId(family), counter)));
        }

        #[test]
        fn no_text_panics_and_none_is_a_token(text in ".{0,100}") {
            prop_assert_eq!(read(&KEY, &text), None);
        }

        #[test]
        fn a_changed_character_is_found_out(counter in any::<u64>(), at in 0..TOKEN_BYTES, to in "[ -~]") {
            let mut text = mint(&KEY, FamilyId([7; 16]), counter);
            prop_assume!(text[at..=at] != to);
            text.replace_range(at..=at, &to);
            prop_assert_eq!(read(&KEY, &text), None);
        }

        #[test]
        fn a_longer_or_shorter_text_is_no_token(cut in 0..TOKEN_BYTES, more in "[ -~]{1,4}") {
            let text = mint(&KEY, FamilyId([7; 16]), 1);
            prop_assert_eq!(read(&KEY, &text[..cut]), None);
            prop_assert_eq!(read(&KEY, &format!("{text}{more}")), None);
        }
    }
}
