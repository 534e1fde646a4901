//! The sender's half of Web Push: RFC 8291 encryption and RFC 8292 tokens.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use vestnik_sim::SubscriptionView;

use crate::jws::{base64url, es256, from_base64url};

/// A body for a subscription.
pub(crate) fn seal(to: &SubscriptionView, text: &[u8]) -> Vec<u8> {
    let public = from_base64url(&to.keys.p256dh);
    let auth = from_base64url(&to.keys.auth);
    let own = PrivateKey::generate(&ECDH_P256).unwrap();
    let own_public = own.compute_public_key().unwrap();
    let salt = [3; 16];
    let peer = UnparsedPublicKey::new(&ECDH_P256, &public);
    let mut body = salt.to_vec();
    body.extend_from_slice(&4_096_u32.to_be_bytes());
    body.push(65);
    body.extend_from_slice(own_public.as_ref());
    agree(&own, peer, (), |secret| {
        let info = [b"WebPush: info\0", &public[..], own_public.as_ref()].concat();
        let input: [u8; 32] = hkdf(&auth, secret, &info);
        let key: [u8; 16] = hkdf(&salt, &input, b"Content-Encoding: aes128gcm\0");
        let nonce: [u8; 12] = hkdf(&salt, &input, b"Content-Encoding: nonce\0");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let mut record = [text, &[2, 0, 0, 0]].concat();
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
            .unwrap();
        body.extend_from_slice(&record);
        Ok(())
    })
    .unwrap();
    body
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn hkdf<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> [u8; N] {
    let mut output = [0; N];
    let extracted = Salt::new(HKDF_SHA256, salt).extract(input);
    extracted
        .expand(&[info], Length(N))
        .unwrap()
        .fill(&mut output)
        .unwrap();
    output
}

/// A VAPID key.
pub(crate) struct Vapid {
    pem: String,
    /// The public key, base64url.
    pub(crate) public: String,
}

impl Vapid {
    pub(crate) fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = base64url(pair.public_key().as_ref());
        let der = pair.to_pkcs8v1().unwrap();
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let text = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        Self { pem, public }
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        es256(None, claims, &self.pem)
    }

    /// The value of `authorization` for an origin.
    pub(crate) fn authorization(&self, origin: &str, end: i64) -> String {
        let claims = json!({"aud": origin, "exp": end, "sub": "mailto:push@shop.example"});
        format!("vapid t={}, k={}", self.token(&claims), self.public)
    }
}
