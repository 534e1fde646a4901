//! Access tokens: short-lived JWTs that only this server reads.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use vestnik_model::{AppId, InstallationId, ProblemCode, UserId};
use vestnik_store::Session;

use crate::{config::TokenConfig, refusal::Refusal};

/// Tells access tokens from every other JWT (RFC 8725, section 3.11).
const TYPE: &str = "vestnik-access";

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
    pub(crate) fn issue(&self, session: &Session, now: Timestamp) -> Result<String, Refusal> {
        let claims = Claims {
            app: session.app.clone(),
            sub: session.user.clone(),
            ins: session.installation,
            exp: now.as_second() + self.life.as_secs(),
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
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Session, Refusal> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is checked below, against the clock that everything else goes by.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| Refusal::new(ProblemCode::AuthInvalid, "the access token is not valid"))?;
        if decoded.header.typ.as_deref() != Some(TYPE) {
            return Err(Refusal::new(
                ProblemCode::AuthInvalid,
                "this is not an access token",
            ));
        }
        let Claims { app, sub, ins, exp } = decoded.claims;
        if exp <= now.as_second() {
            return Err(Refusal::new(
                ProblemCode::AuthExpired,
                "the access token has expired",
            ));
        }
        Ok(Session {
            app,
            user: sub,
            installation: ins,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tokens() -> AccessTokens {
        AccessTokens::new(&[7; 32], TokenConfig::default())
    }

    fn session() -> Session {
        Session {
            app: AppId::parse("shop").unwrap(),
            user: UserId::parse("anna").unwrap(),
            installation: InstallationId::from_uuid(Uuid::from_u128(1)),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_holds_until_it_expires() {
        let token = tokens().issue(&session(), at(0)).unwrap();
        assert_eq!(tokens().read(&token, at(899)).unwrap(), session());
        assert!(
            format!("{:?}", tokens().read(&token, at(900)).unwrap_err()).contains("AuthExpired")
        );
    }

    #[test]
    fn another_servers_token_is_not_ours() {
        let other = AccessTokens::new(&[8; 32], TokenConfig::default());
        let token = other.issue(&session(), at(0)).unwrap();
        assert!(tokens().read(&token, at(0)).is_err());
    }

    #[test]
    fn a_jwt_of_another_type_is_refused() {
        let claims = Claims {
            app: session().app,
            sub: session().user,
            ins: session().installation,
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
