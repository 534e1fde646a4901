//! JSON Web Tokens as a service checks them: RFC 7515 (compact form), RFC 7518 (ES256, RS256, PS256).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Map, Value};

use crate::base64url;

/// The longest token that is read, in bytes. Those of push services have less than 1,000.
const LONGEST: usize = 8 * 1024;

/// A token whose parts could be read. Its signature has not been checked.
#[derive(Debug)]
pub(crate) struct Jwt<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Reads the three parts of a token.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: base64url::decode(signature)?,
        })
    }

    /// Whether the token names ES256 and the key has signed it. The key is an uncompressed point.
    pub(crate) fn is_es256_of(&self, key: &[u8]) -> bool {
        self.is_signed("ES256", &ECDSA_P256_SHA256_FIXED, key)
    }

    /// Whether the token names RS256 and the key has signed it. The key is an `RSAPublicKey`.
    pub(crate) fn is_rs256_of(&self, key: &[u8]) -> bool {
        self.is_signed("RS256", &RSA_PKCS1_2048_8192_SHA256, key)
    }

    /// Whether the token names PS256 and the key has signed it. The key is an `RSAPublicKey`.
    pub(crate) fn is_ps256_of(&self, key: &[u8]) -> bool {
        self.is_signed("PS256", &RSA_PSS_2048_8192_SHA256, key)
    }

    fn is_signed(&self, name: &str, with: &'static dyn VerificationAlgorithm, key: &[u8]) -> bool {
        // The name first: a token must not choose the algorithm that it is checked with.
        self.header.get("alg").and_then(Value::as_str) == Some(name)
            && UnparsedPublicKey::new(with, key)
                .verify(self.signed.as_bytes(), &self.signature)
                .is_ok()
    }

    /// A text of the header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim that is a time, in seconds since 1970. Fractions are cut off.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the fraction is not needed, and the cast stops at the ends"
    )]
    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&base64url::decode(part)?).ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };

    use super::*;

    /// A token that the key has really signed, whatever its header says.
    fn token(header: &str, key: &EcdsaKeyPair) -> String {
        let claims = base64url::encode(r#"{"iss":"a","iat":1.9,"exp":"2"}"#);
        let signed = format!("{}.{claims}", base64url::encode(header));
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64url::encode(signature))
    }

    #[test]
    fn a_token_must_name_the_algorithm_that_it_is_checked_with() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = key.public_key().as_ref();
        let is_accepted = |header| {
            let token = token(header, &key);
            Jwt::parse(&token).unwrap().is_es256_of(public)
        };
        assert!(is_accepted(r#"{"alg":"ES256"}"#));
        for other in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"es256"}"#,
            "{}",
        ] {
            assert!(!is_accepted(other), "{other}");
        }
    }

    #[test]
    fn claims_are_read_by_their_types() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let token = token("{}", &key);
        let jwt = Jwt::parse(&token).unwrap();
        assert_eq!((jwt.text("iss"), jwt.text("iat")), (Some("a"), None));
        assert_eq!((jwt.seconds("iat"), jwt.seconds("exp")), (Some(1), None));
        for bad in ["", ".", "..", "a.b.c", "e30.e30", &"a.".repeat(5_000)] {
            assert!(Jwt::parse(bad).is_none());
        }
    }
}
