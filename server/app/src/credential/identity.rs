//! Identity tokens: JWTs by which an App's backend vouches for its user.
//!
//! The signature is checked first, by the algorithm of the stored key; then each claim, and a refusal
//! names the claim at fault, so that nobody hunts for a wrong secret when a claim is missing.

mod claims;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde_json::{Map, Value};
use vestnik_model::{AppId, IdentityAlgorithm, ProblemCode};
use vestnik_store::tenants::IdentityKey;

pub(crate) use self::claims::Vouched;
use crate::refusal::Refusal;

/// The longest token that is looked at, in bytes.
const MAX_LENGTH: usize = 8 * 1_024;

/// The id of the key that signed a token.
///
/// # Errors
/// `auth.invalid`.
pub(crate) fn key_id(token: &str) -> Result<String, Refusal> {
    if token.len() > MAX_LENGTH {
        return Err(invalid("the identity token is too long"));
    }
    let header = jsonwebtoken::decode_header(token)
        .map_err(|_| invalid("the identity token is not a JWT that is accepted"))?;
    header
        .kid
        .ok_or_else(|| invalid("the identity token names no key (kid)"))
}

/// Reads a token with the key it names: for whom it vouches.
///
/// # Errors
/// `auth.invalid`, `auth.expired`.
pub(crate) fn verify(
    token: &str,
    app: &AppId,
    key: &IdentityKey,
    now: Timestamp,
) -> Result<Vouched, Refusal> {
    let mut validation = Validation::new(algorithm(key.algorithm));
    // The claims are checked by `claims`, against the clock that everything else goes by.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoded =
        jsonwebtoken::decode::<Map<String, Value>>(token, &decoding_key(key)?, &validation)
            .map_err(|error| refused(&error))?;
    claims::check(&decoded.claims, app, now.as_second())
}

/// The key as the verifier needs it; also the way to see whether a key can be used at all.
///
/// # Errors
/// `auth.invalid`.
pub(crate) fn decoding_key(key: &IdentityKey) -> Result<DecodingKey, Refusal> {
    let unusable = |_| invalid("the identity key cannot be used");
    match key.algorithm {
        IdentityAlgorithm::Hs256 => Ok(DecodingKey::from_secret(&key.key)),
        IdentityAlgorithm::Rs256 => DecodingKey::from_rsa_pem(&key.key).map_err(unusable),
        IdentityAlgorithm::Es256 => DecodingKey::from_ec_pem(&key.key).map_err(unusable),
    }
}

fn refused(error: &jsonwebtoken::errors::Error) -> Refusal {
    let kind = error.kind();
    if matches!(kind, ErrorKind::InvalidAlgorithm) {
        invalid("the identity token has another algorithm (alg) than the key it names")
    } else if matches!(kind, ErrorKind::Json(_)) {
        invalid("the identity token's payload is not a JSON object")
    } else {
        invalid("the identity token is not signed by the key it names")
    }
}

const fn algorithm(algorithm: IdentityAlgorithm) -> Algorithm {
    match algorithm {
        IdentityAlgorithm::Hs256 => Algorithm::HS256,
        IdentityAlgorithm::Rs256 => Algorithm::RS256,
        IdentityAlgorithm::Es256 => Algorithm::ES256,
    }
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(ProblemCode::AuthInvalid, detail)
}

#[cfg(test)]
mod tests;
