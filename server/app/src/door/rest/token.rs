//! `/v1/token`: logs installations in and renews their tokens.

use axum::{Json, extract::State};
use serde::Deserialize;
use vestnik_model::{
    AppId, FieldProblem, InstallationId, Problem, TokenRequest, TokenResponse, problem::FieldCode,
};

use super::body::JsonBody;
use crate::{operation, refusal::Refusal, state::ServerState};

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
    State(state): State<ServerState>,
    JsonBody(wire): JsonBody<Wire>,
) -> Result<Json<TokenResponse>, Refusal> {
    let issuer = state.token_issuer();
    match TokenRequest::try_from(wire)? {
        TokenRequest::IdentityToken {
            app,
            installation_id,
            identity_token,
        } => {
            let devices = &state.devices;
            operation::log_in(issuer, devices, app, installation_id, &identity_token).await
        }
        TokenRequest::RefreshToken { refresh_token } => {
            operation::renew(issuer, &refresh_token).await
        }
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
