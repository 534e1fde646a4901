//! An exchange: a refresh token for the next pair of tokens.

use vestnik_model::{InstallationSecret, ProblemCode, TokenResponse};
use vestnik_rules::{session::FamilyId, token};
use vestnik_store::sessions::{ExchangeOutcome, TokenExchange};

use super::Issuing;
use crate::{
    credential::{Grant, secret},
    refusal::Refusal,
};

/// A refresh token that this server signed: which login it belongs to, and its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presented {
    pub(crate) family: FamilyId,
    counter: u64,
}

/// Reads a refresh token. A text that this server did not sign is refused without the store.
///
/// # Errors
/// `auth.invalid`.
pub(crate) fn presented(with: Issuing<'_>, token: &str) -> Result<Presented, Refusal> {
    let (family, counter) = token::read(with.refresh_key, token).ok_or_else(unknown)?;
    Ok(Presented { family, counter })
}

/// Exchanges a refresh token.
pub(crate) async fn exchange(
    with: Issuing<'_>,
    presented: Presented,
    installation_secret: Option<&InstallationSecret>,
) -> Result<TokenResponse, Refusal> {
    let now = with.clock.now();
    let Presented { family, counter } = presented;
    let exchange = TokenExchange {
        family,
        counter,
        secret_hash: installation_secret.map(|secret| secret::sha256(secret.bytes())),
        next_expires: with.refresh_expires(now),
        now,
    };
    let refuse = |code, detail| Err(Refusal::new(code, detail));
    match with.store.exchange(exchange).await? {
        ExchangeOutcome::Exchanged { session, counter } => {
            let grant = Grant {
                session,
                family,
                counter,
            };
            with.response(grant, now)
        }
        ExchangeOutcome::Reused => {
            tracing::warn!(
                "a refresh token came again after its successor was used: its family is revoked"
            );
            let detail = "the token was exchanged before: log in again with an identity token";
            refuse(ProblemCode::AuthReused, detail)
        }
        ExchangeOutcome::Expired => {
            refuse(ProblemCode::AuthExpired, "the refresh token has expired")
        }
        ExchangeOutcome::Unknown => Err(unknown()),
        ExchangeOutcome::WrongSecret => {
            let detail = "the installation has another secret";
            refuse(ProblemCode::AuthSecretMismatch, detail)
        }
    }
}

fn unknown() -> Refusal {
    Refusal::new(
        ProblemCode::AuthInvalid,
        "the refresh token is not valid, or its session has ended",
    )
}
