//! Identity tokens: JWTs by which an App's backend vouches for its user.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use vestnik_model::{AppId, IdentityAlgorithm, ProblemCode, UserId};
use vestnik_store::IdentityKey;

use crate::refusal::Refusal;

/// The longest an identity token may hold, in seconds.
const MAX_LIFE: i64 = 24 * 60 * 60;
/// How far the backend's clock may be off, in seconds.
const LEEWAY: i64 = 60;
/// The longest token that is looked at.
const MAX_LENGTH: usize = 8 * 1_024;

#[derive(Deserialize)]
struct Claims {
    sub: UserId,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

/// One audience or several (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The id of the key that signed a token.
///
/// # Errors
/// `auth.invalid`.
pub(crate) fn key_id(token: &str) -> Result<String, Refusal> {
    if token.len() > MAX_LENGTH {
        return Err(invalid("the identity token is too long"));
    }
    let header = jsonwebtoken::decode_header(token)
        .map_err(|_| invalid("the identity token is not a JWT we accept"))?;
    header
        .kid
        .ok_or_else(|| invalid("the identity token names no key (kid)"))
}

/// Reads a token with the key it names, and says for whom it vouches.
///
/// # Errors
/// `auth.invalid`, `auth.expired`.
pub(crate) fn verify(
    token: &str,
    app: &AppId,
    key: &IdentityKey,
    now: Timestamp,
) -> Result<UserId, Refusal> {
    let mut validation = Validation::new(algorithm(key.algorithm));
    // The rules below are checked against the clock that everything else goes by.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(token, &decoding_key(key)?, &validation)
        .map_err(|_| invalid("the identity token is not signed by the key it names"))?
        .claims;
    check(&claims, app, now.as_second())?;
    Ok(claims.sub)
}

/// Whether a key can be used at all, before it is stored.
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

fn check(claims: &Claims, app: &AppId, now: i64) -> Result<(), Refusal> {
    let is_for_us = match &claims.aud {
        Audience::One(audience) => audience == app.as_str(),
        Audience::Several(audiences) => audiences.iter().any(|audience| audience == app.as_str()),
    };
    if !is_for_us {
        return Err(invalid("the identity token is for another App (aud)"));
    }
    if claims.exp + LEEWAY <= now {
        return Err(Refusal::new(
            ProblemCode::AuthExpired,
            "the identity token has expired",
        ));
    }
    if claims.exp > now + MAX_LIFE + LEEWAY {
        return Err(invalid(
            "the identity token holds for more than 24 hours (exp)",
        ));
    }
    if claims
        .nbf
        .is_some_and(|not_before| not_before > now + LEEWAY)
    {
        return Err(invalid("the identity token does not hold yet (nbf)"));
    }
    Ok(())
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
