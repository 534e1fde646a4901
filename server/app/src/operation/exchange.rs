//! An exchange: a refresh token for the next pair of tokens.

use vestnik_model::{InstallationSecret, ProblemCode, TokenResponse};
use vestnik_rules::token;
use vestnik_store::sessions::{ExchangeOutcome, TokenExchange};

use super::Issuing;
use crate::{
    credential::{Grant, secret},
    refusal::Refusal,
};

/// Exchanges a refresh token. A text that this server did not sign is refused without the store.
pub(crate) async fn exchange(
    with: Issuing<'_>,
    presented: &str,
    installation_secret: Option<&InstallationSecret>,
) -> Result<TokenResponse, Refusal> {
    let now = with.clock.now();
    let (family, counter) = token::read(with.refresh_key, presented).ok_or_else(unknown)?;
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
