//! `/v1/token`: logs installations in and renews their tokens.

use axum::{Json, extract::State};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use vestnik_model::{
    AppId, FieldProblem, InstallationId, Problem, ProblemCode, TokenRequest, TokenResponse,
    problem::FieldCode, token::TokenType,
};
use vestnik_store::{Login, Rotation, RotationOutcome, Session};

use super::body::JsonBody;
use crate::{
    app::App,
    auth::{identity, secret},
    error::ApiError,
};

/// Logs an installation in, or renews its tokens.
#[utoipa::path(
    post, path = "/v1/token", tag = "tokens", request_body = TokenRequest, security(()),
    responses(
        (status = 200, description = "A pair of tokens", body = TokenResponse),
        (status = 401, description = "The identity or refresh token is not accepted", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn issue(
    State(app): State<App>,
    JsonBody(wire): JsonBody<Wire>,
) -> Result<Json<TokenResponse>, ApiError> {
    match TokenRequest::try_from(wire)? {
        TokenRequest::IdentityToken {
            app: tenant,
            installation_id,
            identity_token,
        } => log_in(&app, tenant, installation_id, &identity_token).await,
        TokenRequest::RefreshToken { refresh_token } => renew(&app, &refresh_token).await,
    }
    .map(Json)
}

/// A [`TokenRequest`] flat, so that a fault in it is named by its place: serde loses the place
/// inside a tagged enum.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wire {
    grant_type: GrantType,
    app: Option<AppId>,
    installation_id: Option<InstallationId>,
    identity_token: Option<String>,
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum GrantType {
    IdentityToken,
    RefreshToken,
}

impl TryFrom<Wire> for TokenRequest {
    type Error = Problem;

    fn try_from(wire: Wire) -> Result<Self, Problem> {
        let Wire {
            grant_type,
            app,
            installation_id,
            identity_token,
            refresh_token,
        } = wire;
        match grant_type {
            GrantType::IdentityToken => Ok(Self::IdentityToken {
                app: there("/app", app)?,
                installation_id: there("/installation_id", installation_id)?,
                identity_token: there("/identity_token", identity_token)?,
            }),
            GrantType::RefreshToken => Ok(Self::RefreshToken {
                refresh_token: there("/refresh_token", refresh_token)?,
            }),
        }
    }
}

fn there<T>(pointer: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| {
        let detail = "must be there";
        Problem::invalid(vec![FieldProblem::new(pointer, FieldCode::Missing, detail)])
    })
}

async fn log_in(
    app: &App,
    tenant: AppId,
    installation: InstallationId,
    token: &str,
) -> Result<TokenResponse, ApiError> {
    let now = app.clock.now();
    let kid = identity::key_id(token)?;
    let key = app
        .store
        .identity_key(tenant.clone(), kid)
        .await?
        .ok_or_else(|| {
            ApiError::new(
                ProblemCode::AuthInvalid,
                "the identity token is not signed by a known key",
            )
        })?;
    let user = identity::verify(token, &tenant, &key, now)?;
    let session = Session {
        app: tenant,
        user,
        installation,
    };
    let refresh_token = secret::text(app.clock.random());
    let login = Login {
        session,
        refresh_hash: secret::hash(&refresh_token),
        refresh_expires: refresh_expires(app, now),
        now,
    };
    let session = app.store.login(login).await?;
    app.devices.close_others(&session);
    tracing::info!(installation = %session.installation, "logged in");
    response(app, &session, refresh_token, now)
}

async fn renew(app: &App, presented: &str) -> Result<TokenResponse, ApiError> {
    let now = app.clock.now();
    let refresh_token = secret::text(app.clock.random());
    let rotation = Rotation {
        presented: secret::hash(presented),
        next: secret::hash(&refresh_token),
        next_expires: refresh_expires(app, now),
        now,
    };
    match app.store.rotate(rotation).await? {
        RotationOutcome::Rotated(session) => response(app, &session, refresh_token, now),
        RotationOutcome::Reused => {
            tracing::warn!(
                "a refresh token came again after its successor was used: family revoked"
            );
            Err(ApiError::new(
                ProblemCode::AuthReused,
                "log in again with an identity token",
            ))
        }
        RotationOutcome::Expired => Err(ApiError::new(
            ProblemCode::AuthExpired,
            "the refresh token has expired",
        )),
        RotationOutcome::Unknown => Err(ApiError::new(
            ProblemCode::AuthInvalid,
            "the refresh token is not valid",
        )),
    }
}

fn refresh_expires(app: &App, now: Timestamp) -> Timestamp {
    let life = SignedDuration::from_secs(i64::from(app.config.tokens.refresh_seconds));
    now.checked_add(life).unwrap_or(Timestamp::MAX)
}

fn response(
    app: &App,
    session: &Session,
    refresh_token: String,
    now: Timestamp,
) -> Result<TokenResponse, ApiError> {
    Ok(TokenResponse {
        access_token: app.access.issue(session, now)?,
        token_type: TokenType::Bearer,
        expires_in: app.access.life_seconds(),
        refresh_token,
        user: session.user.clone(),
    })
}
