//! HMAC-SHA256 in hexadecimal.

use aws_lc_rs::hmac;

use crate::hex;

pub(crate) fn mac(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hex::encode(hmac::sign(&key, text.as_bytes()).as_ref())
}
