//! Secrets we hand out, and what we keep of them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// What is stored of a secret: its SHA-256. The secrets are 256 random bits, so that no salt and no
/// slow hash is needed.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    sha256(secret.as_bytes())
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Random bytes as text.
pub(crate) fn text(random: [u8; 32]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random)
}

/// The prefix of API keys, by which they are told from access tokens, and leaks are found.
pub(crate) const KEY_PREFIX: &str = "vk_";

/// A new API key: its id, and its text.
pub(crate) fn new_key(id_random: [u8; 32], secret_random: [u8; 32]) -> (String, String) {
    let id: String = id_random[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let key = format!("{KEY_PREFIX}{id}_{}", text(secret_random));
    (id, key)
}
