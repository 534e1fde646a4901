//! `/v1/token`: logs installations in and renews their tokens.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use serde::Deserialize;
use vestnik_model::{
    AppId, FieldProblem, InstallationId, InstallationSecret, Problem, TokenRequest, TokenResponse,
    problem::FieldCode,
};

use super::{body::JsonBody, submission::Submission};
use crate::{
    operation::{self, LoginRequest},
    refusal::Refusal,
    state::ServerState,
};

/// How to find out what became of a login or of an exchange.
const BY_REPEATING: &str = "repeat the request: a login is done anew unless its token has a `jti`, and \
                            an exchange whose answer was lost gives the same tokens";

/// No cache keeps tokens (RFC 6749, section 5.1).
type Uncached<T> = ([(HeaderName, &'static str); 1], Json<T>);

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
    submission: Submission,
    JsonBody(wire): JsonBody<Wire>,
) -> Result<Uncached<TokenResponse>, Refusal> {
    let request = TokenRequest::try_from(wire)?;
    submission.begin(BY_REPEATING);
    let response = match request {
        TokenRequest::IdentityToken {
            app,
            installation_id,
            installation_secret,
            identity_token,
        } => {
            let login = LoginRequest {
                app,
                installation: installation_id,
                secret: installation_secret,
                identity_token,
            };
            operation::log_in(state.issuing(), login).await?
        }
        TokenRequest::RefreshToken {
            refresh_token,
            installation_secret,
        } => {
            let secret = installation_secret.as_ref();
            operation::exchange(state.issuing(), &refresh_token, secret).await?
        }
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(response)))
}

/// A [`TokenRequest`] flat, so that a fault in it is named by its place: serde loses the place
/// inside a tagged enum.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wire {
    grant_type: GrantType,
    app: Option<AppId>,
    installation_id: Option<InstallationId>,
    installation_secret: Option<InstallationSecret>,
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
            installation_secret,
            identity_token,
            refresh_token,
        } = wire;
        match grant_type {
            GrantType::IdentityToken => Ok(Self::IdentityToken {
                app: there("/app", app)?,
                installation_id: there("/installation_id", installation_id)?,
                installation_secret: there("/installation_secret", installation_secret)?,
                identity_token: there("/identity_token", identity_token)?,
            }),
            GrantType::RefreshToken => Ok(Self::RefreshToken {
                refresh_token: there("/refresh_token", refresh_token)?,
                installation_secret,
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
