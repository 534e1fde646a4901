//! `/v1/token`: logs installations in and renews their tokens.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use vestnik_model::{
    AppId, FieldProblem, InstallationId, InstallationSecret, Problem, TokenRequest, TokenResponse,
    problem::FieldCode, route,
};

use super::{body::JsonBody, submission::Submission};
use crate::{
    door::rate::told,
    operation::{self, LoginRequest},
    rate::Principal,
    refusal::Refusal,
    state::ServerState,
};

/// How to find out what became of a login or of an exchange.
const BY_REPEATING: &str = "repeat the request: a login is done anew unless its token has a `jti`, and \
                            an exchange whose answer was lost gives the same tokens";

/// Logs an installation in, or renews its tokens.
#[utoipa::path(
    post, path = "/v1/token", tag = "tokens", request_body = TokenRequest, security(()),
    responses(
        (status = 200, description = "A pair of tokens", body = TokenResponse),
        (status = 401, description = "The identity or refresh token is not accepted", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
        (status = 429, description = "The user or the login asked for too many tokens", body = Problem),
    )
)]
pub(crate) async fn issue(
    State(state): State<ServerState>,
    submission: Submission,
    JsonBody(wire): JsonBody<Wire>,
) -> Result<Response, Refusal> {
    let request = TokenRequest::try_from(wire)?;
    match request {
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
            let vouched = operation::vouched(state.issuing(), &login).await?;
            let user = Principal::Login(login.app.clone(), vouched.user.clone());
            let issue = operation::log_in(state.issuing(), login, vouched);
            Ok(counted(&state, &user, submission, issue).await)
        }
        TokenRequest::RefreshToken {
            refresh_token,
            installation_secret,
        } => {
            let secret = installation_secret.as_ref();
            let presented = operation::presented(state.issuing(), &refresh_token)?;
            let login = Principal::Exchange(presented.family);
            let issue = operation::exchange(state.issuing(), presented, secret);
            Ok(counted(&state, &login, submission, issue).await)
        }
    }
}

/// Issues tokens unless the user or the login asked for too many: its credentials have been checked,
/// so that nobody else can spend its budget.
async fn counted(
    state: &ServerState,
    principal: &Principal,
    submission: Submission,
    issue: impl Future<Output = Result<TokenResponse, Refusal>>,
) -> Response {
    let counted = state.rates.count(principal);
    let response = match counted.check() {
        Ok(()) => {
            submission.begin(BY_REPEATING);
            issue.await.map(Json).into_response()
        }
        Err(refusal) => refusal.into_response(),
    };
    told(response, counted)
}

/// No cache keeps tokens, nor what is said about them (RFC 6749, section 5.1).
pub(crate) async fn uncached(request: Request, next: Next) -> Response {
    let is_for_tokens = request.uri().path() == route::TOKEN;
    let mut response = next.run(request).await;
    if is_for_tokens {
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
    }
    response
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
