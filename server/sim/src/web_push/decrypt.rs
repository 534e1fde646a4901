//! Decryption as a browser does it: RFC 8188 (`aes128gcm`) with the keys of RFC 8291.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, UnparsedPublicKey, agree},
    hmac::{self, HMAC_SHA256},
};

use crate::subscription::Subscription;

/// The bytes of the header before the key id: salt, record size, length of the key id.
const FIXED: usize = 16 + 4 + 1;
/// The bytes of an uncompressed P-256 point.
const POINT: usize = 65;
/// The bytes that AES-GCM adds.
const TAG: usize = 16;
/// The delimiter of the last record.
const LAST: u8 = 2;

/// Why a browser cannot read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecryptError {
    #[error("the body ends within the header of RFC 8188")]
    Short,
    #[error("the key id is not an uncompressed P-256 point of 65 bytes")]
    KeyId,
    #[error("the record size is less than 18")]
    RecordSize,
    #[error("there is more than one record, which RFC 8291 does not allow")]
    Records,
    #[error("the key of the sender is not on the curve")]
    Point,
    #[error("the authentication fails: another key, another auth secret, or changed bytes")]
    Authentication,
    #[error("the last record does not end with the delimiter 2")]
    Padding,
}

/// The clear text of a body.
pub(super) fn decrypt(to: &Subscription, body: &[u8]) -> Result<Vec<u8>, DecryptError> {
    let (fixed, rest) = body.split_at_checked(FIXED).ok_or(DecryptError::Short)?;
    let (salt, sizes) = fixed.split_at(16);
    let [a, b, c, d, length] = sizes else {
        return Err(DecryptError::Short);
    };
    let record_size = u32::from_be_bytes([*a, *b, *c, *d]);
    if usize::from(*length) != POINT {
        return Err(DecryptError::KeyId);
    }
    let (sender, record) = rest.split_at_checked(POINT).ok_or(DecryptError::Short)?;
    // RFC 8188, 2: a record holds the tag, the delimiter and at least one octet.
    if record_size < 18 {
        return Err(DecryptError::RecordSize);
    }
    if record.len() > usize::try_from(record_size).unwrap_or(usize::MAX) {
        return Err(DecryptError::Records);
    }
    if record.len() <= TAG {
        return Err(DecryptError::Short);
    }
    let keys = Keys::derive(to, sender, salt)?;
    strip(keys.open(record)?)
}

/// The content encryption key and the nonce of the only record.
struct Keys {
    key: [u8; 16],
    nonce: [u8; 12],
}

impl Keys {
    /// RFC 8291, 3.4.
    fn derive(to: &Subscription, sender: &[u8], salt: &[u8]) -> Result<Self, DecryptError> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        agree(&to.private, peer, DecryptError::Point, |secret| {
            let mut info = b"WebPush: info\0".to_vec();
            info.extend_from_slice(&to.public);
            info.extend_from_slice(sender);
            let input: [u8; 32] = hkdf(&to.auth, secret, &info);
            Ok(Self {
                key: hkdf(salt, &input, b"Content-Encoding: aes128gcm\0"),
                // The sequence number of the first record is zero: the nonce is used as it is.
                nonce: hkdf(salt, &input, b"Content-Encoding: nonce\0"),
            })
        })
    }

    fn open(self, record: &[u8]) -> Result<Vec<u8>, DecryptError> {
        let failed = |_| DecryptError::Authentication;
        let key = UnboundKey::new(&AES_128_GCM, &self.key).map_err(failed)?;
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let mut record = record.to_vec();
        let opened = LessSafeKey::new(key).open_in_place(nonce, Aad::empty(), &mut record);
        let length = opened.map_err(failed)?.len();
        record.truncate(length);
        Ok(record)
    }
}

/// HKDF with SHA-256 (RFC 5869), for outputs of at most one block.
fn hkdf<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> [u8; N] {
    let extracted = hmac::sign(&hmac::Key::new(HMAC_SHA256, salt), input);
    let mut block = info.to_vec();
    block.push(1);
    let expanded = hmac::sign(&hmac::Key::new(HMAC_SHA256, extracted.as_ref()), &block);
    let mut output = [0; N];
    output.copy_from_slice(&expanded.as_ref()[..N]);
    output
}

/// Takes off the padding: zeros behind the delimiter.
fn strip(mut record: Vec<u8>) -> Result<Vec<u8>, DecryptError> {
    while record.last() == Some(&0) {
        record.pop();
    }
    match record.pop() {
        Some(LAST) => Ok(record),
        Some(_) | None => Err(DecryptError::Padding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    /// RFC 8291, appendix A.
    const PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const PUBLIC: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    const TEXT: &str = "When I grow up, I want to be a watermelon";

    fn subscription() -> Subscription {
        let private = base64url::decode(PRIVATE).unwrap();
        let auth = base64url::decode_array(AUTH).unwrap();
        Subscription::of_keys(&private, auth, None).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8291_is_read() {
        let to = subscription();
        assert_eq!(to.p256dh(), PUBLIC);
        let body = base64url::decode(BODY).unwrap();
        assert_eq!(decrypt(&to, &body), Ok(TEXT.as_bytes().to_vec()));
    }

    #[test]
    fn a_body_that_is_cut_anywhere_is_refused() {
        let (to, body) = (subscription(), base64url::decode(BODY).unwrap());
        for length in 0..body.len() {
            assert!(decrypt(&to, &body[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_body_with_any_bit_changed_is_refused() {
        let (to, body) = (subscription(), base64url::decode(BODY).unwrap());
        for byte in 0..body.len() {
            let mut changed = body.clone();
            changed[byte] ^= 1;
            // The record size is not authenticated; a larger one still holds the record.
            let is_size = (16..20).contains(&byte);
            assert_eq!(decrypt(&to, &changed).is_err(), !is_size, "byte {byte}");
        }
    }

    #[test]
    fn two_records_are_refused() {
        let (to, body) = (subscription(), base64url::decode(BODY).unwrap());
        let mut two = body.clone();
        let record = u32::try_from(body.len() - FIXED - POINT).unwrap();
        two[16..20].copy_from_slice(&record.to_be_bytes());
        assert_eq!(decrypt(&to, &two), Ok(TEXT.as_bytes().to_vec()));
        two.extend_from_slice(&body[FIXED + POINT..]);
        assert_eq!(decrypt(&to, &two), Err(DecryptError::Records));
    }

    #[test]
    fn keys_that_are_no_keys_are_refused() {
        let (to, body) = (subscription(), base64url::decode(BODY).unwrap());
        let changed = |at: usize, value: u8| {
            let mut body = body.clone();
            body[at] = value;
            decrypt(&to, &body)
        };
        assert_eq!(changed(20, 64), Err(DecryptError::KeyId));
        assert_eq!(changed(20, 0), Err(DecryptError::KeyId));
        assert_eq!(changed(FIXED, 5), Err(DecryptError::Point));
        let mut small = body.clone();
        small[16..20].copy_from_slice(&17_u32.to_be_bytes());
        assert_eq!(decrypt(&to, &small), Err(DecryptError::RecordSize));
    }

    #[test]
    fn padding_is_taken_off_and_must_be_there() {
        assert_eq!(strip(b"ab\x02\0\0".to_vec()), Ok(b"ab".to_vec()));
        assert_eq!(strip(b"a\0\x02".to_vec()), Ok(b"a\0".to_vec()));
        for bad in [&b""[..], b"\0\0", b"ab", b"ab\x01", b"ab\x01\0"] {
            assert_eq!(strip(bad.to_vec()), Err(DecryptError::Padding));
        }
    }
}
