//! A login: an identity token for a pair of tokens.

use vestnik_model::{AppId, InstallationId, ProblemCode, TokenResponse};
use vestnik_store::{Login, Session};

use super::TokenIssuer;
use crate::{
    credential::{identity, secret},
    feed::Devices,
    refusal::Refusal,
};

/// Makes an installation its user's, as the identity token says. Live connections of its former
/// user are closed.
pub(crate) async fn log_in(
    with: TokenIssuer<'_>,
    devices: &Devices,
    app: AppId,
    installation: InstallationId,
    token: &str,
) -> Result<TokenResponse, Refusal> {
    let now = with.clock.now();
    let kid = identity::key_id(token)?;
    let key = with
        .store
        .identity_key(app.clone(), kid)
        .await?
        .ok_or_else(|| {
            Refusal::new(
                ProblemCode::AuthInvalid,
                "the identity token is not signed by a known key",
            )
        })?;
    let user = identity::verify(token, &app, &key, now)?;
    let session = Session {
        app,
        user,
        installation,
    };
    let refresh_token = secret::text(with.clock.random());
    let login = Login {
        session,
        refresh_hash: secret::hash(&refresh_token),
        refresh_expires: with.refresh_expires(now),
        now,
    };
    let session = with.store.login(login).await?;
    devices.close_others(&session);
    tracing::info!(installation = %session.installation, "logged in");
    with.response(&session, refresh_token, now)
}
