//! A renewal: a refresh token for the next pair of tokens.

use vestnik_model::{ProblemCode, TokenResponse};
use vestnik_store::{Rotation, RotationOutcome};

use super::TokenIssuer;
use crate::{credential::secret, refusal::Refusal};

/// Exchanges a refresh token. One that was exchanged before, and whose successor was used, revokes
/// its family.
pub(crate) async fn renew(
    with: TokenIssuer<'_>,
    presented: &str,
) -> Result<TokenResponse, Refusal> {
    let now = with.clock.now();
    let refresh_token = secret::text(with.clock.random());
    let rotation = Rotation {
        presented: secret::hash(presented),
        next: secret::hash(&refresh_token),
        next_expires: with.refresh_expires(now),
        now,
    };
    match with.store.rotate(rotation).await? {
        RotationOutcome::Rotated(session) => with.response(&session, refresh_token, now),
        RotationOutcome::Reused => {
            tracing::warn!(
                "a refresh token came again after its successor was used: family revoked"
            );
            Err(Refusal::new(
                ProblemCode::AuthReused,
                "log in again with an identity token",
            ))
        }
        RotationOutcome::Expired => Err(Refusal::new(
            ProblemCode::AuthExpired,
            "the refresh token has expired",
        )),
        RotationOutcome::Unknown => Err(Refusal::new(
            ProblemCode::AuthInvalid,
            "the refresh token is not valid",
        )),
    }
}
