//! Tokens as a sender makes them, by a foreign library.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;
use vestnik_clock::Clock as _;
use vestnik_sim::Simulator;

/// The simulator's time and the clock that tests share with it.
pub(crate) fn seconds(clock: &vestnik_clock::ManualClock) -> i64 {
    clock.now().as_second()
}

/// A token with ES256. The key is PKCS#8 in PEM.
pub(crate) fn es256(kid: Option<&str>, claims: &Value, key: &str) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = kid.map(str::to_owned);
    let key = EncodingKey::from_ec_pem(key.as_bytes()).unwrap();
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

/// A token with RS256 by the key of the service account.
pub(crate) fn rs256(simulator: &Simulator, claims: &Value) -> String {
    let key = &simulator.setup().credentials.service_account_key;
    let key = EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).unwrap()
}

/// A token with PS256 by the key of Huawei's service account, which is Google's.
pub(crate) fn ps256(simulator: &Simulator, claims: &Value) -> String {
    let credentials = &simulator.setup().credentials;
    let mut header = Header::new(Algorithm::PS256);
    header.kid = Some(credentials.private_key_id.clone());
    let key = EncodingKey::from_rsa_pem(credentials.service_account_key.as_bytes()).unwrap();
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

/// A token whose header names another algorithm, with the signature of a good one.
pub(crate) fn with_header(token: &str, header: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", base64url(header.as_bytes()))
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
