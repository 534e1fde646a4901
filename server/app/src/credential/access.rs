//! Access tokens: short-lived JWTs that only this server reads.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use vestnik_model::{AppId, InstallationId, ProblemCode, UserId};
use vestnik_rules::session::{FamilyId, Session};

use crate::{config::TokenConfig, refusal::Refusal};

/// Tells access tokens from every other JWT (RFC 8725, section 3.11).
const TYPE: &str = "vestnik-access";

/// What an access token says: whose it is, and beside which refresh token it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The session, with its generation.
    pub(crate) session: Session,
    /// The family of the refresh token.
    pub(crate) family: FamilyId,
    /// The refresh token's counter.
    pub(crate) counter: u64,
}

/// A grant and until when its token holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) grant: Grant,
    pub(crate) expires: Timestamp,
}

/// Signs and reads access tokens.
pub(crate) struct AccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    life: SignedDuration,
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    app: AppId,
    sub: UserId,
    ins: InstallationId,
    /// The session's generation.
    #[serde(rename = "gen")]
    generation: u64,
    /// The family, as base64url.
    fam: String,
    /// The refresh token's counter.
    ctr: u64,
    exp: i64,
}

impl AccessTokens {
    pub(crate) fn new(secret: &[u8; 32], config: TokenConfig) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            life: SignedDuration::from_secs(i64::from(config.access_seconds)),
        }
    }

    pub(crate) fn life_seconds(&self) -> u32 {
        u32::try_from(self.life.as_secs()).unwrap_or(u32::MAX)
    }

    /// # Errors
    /// A bug of ours: the claims are plain values.
    pub(crate) fn issue(&self, grant: &Grant, now: Timestamp) -> Result<String, Refusal> {
        let Grant {
            session,
            family,
            counter,
        } = grant;
        let claims = Claims {
            app: session.app.clone(),
            sub: session.user.clone(),
            ins: session.installation,
            generation: session.generation,
            fam: BASE64_URL_SAFE_NO_PAD.encode(family.0),
            ctr: *counter,
            exp: now.as_second().saturating_add(self.life.as_secs()),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(|error| {
            tracing::error!(%error, "an access token cannot be signed");
            Refusal::internal()
        })
    }

    /// # Errors
    /// `auth.invalid`, `auth.expired`.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Held, Refusal> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is checked below, against the clock that everything else goes by.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| invalid("the access token is not valid"))?;
        if decoded.header.typ.as_deref() != Some(TYPE) {
            return Err(invalid("this is not an access token"));
        }
        let claims = decoded.claims;
        if claims.exp <= now.as_second() {
            return Err(Refusal::new(
                ProblemCode::AuthExpired,
                "the access token has expired",
            ));
        }
        held(claims).ok_or_else(|| invalid("the access token is not valid"))
    }
}

fn held(claims: Claims) -> Option<Held> {
    let Claims {
        app,
        sub: user,
        ins: installation,
        generation,
        fam,
        ctr: counter,
        exp,
    } = claims;
    let family = BASE64_URL_SAFE_NO_PAD.decode(fam).ok()?;
    Some(Held {
        grant: Grant {
            session: Session {
                app,
                user,
                installation,
                generation,
            },
            family: FamilyId(family.try_into().ok()?),
            counter,
        },
        expires: Timestamp::from_second(exp).ok()?,
    })
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(ProblemCode::AuthInvalid, detail)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tokens() -> AccessTokens {
        AccessTokens::new(&[7; 32], TokenConfig::default())
    }

    fn grant() -> Grant {
        Grant {
            session: Session {
                app: AppId::parse("shop").unwrap(),
                user: UserId::parse("anna").unwrap(),
                installation: InstallationId::from_uuid(Uuid::from_u128(1)),
                generation: 3,
            },
            family: FamilyId([9; 16]),
            counter: 4,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_holds_until_it_expires() {
        let token = tokens().issue(&grant(), at(0)).unwrap();
        let held = tokens().read(&token, at(899)).unwrap();
        assert_eq!((held.grant, held.expires), (grant(), at(900)));
        let refused = tokens().read(&token, at(900)).unwrap_err();
        assert_eq!(refused.into_problem().code, ProblemCode::AuthExpired);
    }

    #[test]
    fn another_servers_token_is_not_ours() {
        let other = AccessTokens::new(&[8; 32], TokenConfig::default());
        let token = other.issue(&grant(), at(0)).unwrap();
        assert!(tokens().read(&token, at(0)).is_err());
    }

    #[test]
    fn a_jwt_of_another_type_is_refused() {
        let Grant { session, .. } = grant();
        let claims = Claims {
            app: session.app,
            sub: session.user,
            ins: session.installation,
            generation: 1,
            fam: BASE64_URL_SAFE_NO_PAD.encode([0; 16]),
            ctr: 1,
            exp: 10,
        };
        let token = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(&[7; 32]),
        )
        .unwrap();
        assert!(tokens().read(&token, at(0)).is_err());
    }
}
