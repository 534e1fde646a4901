//! Who may send: access tokens for a client's secret in version 1, tokens that a service account signs in
//! version 3.

use http::{Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;

use super::{refusal::Refusal, send::HmsApp};
use crate::{
    base64url,
    fault::Asked,
    fcm::{Bearers, Worth},
    form,
    incoming::Incoming,
    jwt::Jwt,
    reply::Reply,
};

/// The path of the token endpoint.
pub(crate) const TOKEN_PATH: &str = "/oauth2/v3/token";
/// Whom the tokens of service accounts are for.
pub(crate) const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
/// For how many seconds an access token is valid.
const LIFE: i64 = 3_600;
/// The longest life of a signed token, in seconds.
const LONGEST: i64 = 24 * 60 * 60;
/// By how much clocks may differ, in seconds.
const SKEW: i64 = 300;

pub(crate) fn is_for_token(request: &Incoming) -> bool {
    request.path == TOKEN_PATH
}

/// Answers `POST /oauth2/v3/token`: the grant of client credentials (RFC 6749, 4.4).
pub(crate) fn grant(
    app: &HmsApp,
    bearers: &mut Bearers,
    request: &Incoming,
    (now, random): (Timestamp, [u8; 32]),
) -> Reply {
    let fields = form::parse(&request.body);
    let is = |name: &str, wanted: &str| fields.get(name).map(String::as_str) == Some(wanted);
    if request.method != Method::POST || !is("grant_type", "client_credentials") {
        return denied(StatusCode::BAD_REQUEST, 1_101, "invalid grant type");
    }
    if !is("client_id", &app.id) {
        return denied(StatusCode::BAD_REQUEST, 1_101, "invalid client");
    }
    if !is("client_secret", &app.secret) {
        return denied(StatusCode::BAD_REQUEST, 1_101, "invalid client secret");
    }
    // Huawei's tokens have characters that JSON may write otherwise.
    let token = format!("DgEAA/{}+=", base64url::encode(random));
    bearers.keep(&token, (now, LIFE));
    let body = json!({"access_token": token, "expires_in": LIFE, "token_type": "Bearer"});
    let mut reply = Reply::json(StatusCode::OK, &body);
    reply.body = body.to_string().replace('/', "\\/").into_bytes();
    reply
}

/// The answer that a rule asks for.
pub(crate) fn token_fault(code: StatusCode, asked: &Asked<'_>) -> Reply {
    let number = asked.reason.and_then(|reason| reason.parse().ok());
    denied(code, number.unwrap_or(1_101), "a rule").retry_after(asked.retry_after)
}

/// Huawei's errors are numbers.
fn denied(status: StatusCode, error: u32, what: &str) -> Reply {
    let body = json!({"error": error, "sub_error": 20_001, "error_description": what});
    Reply::json(status, &body)
        .because(&error.to_string())
        .noting(what)
}

/// Checks the token of a request of version 1.
pub(super) fn bearer(bearers: &Bearers, request: &Incoming, now: Timestamp) -> Result<(), Refusal> {
    match bearers.worth(token(request)?, now) {
        Worth::Valid => Ok(()),
        Worth::Expired => Err(Refusal::AccessTokenExpired),
        Worth::Unknown => Err(Refusal::Authentication("no token of this app's")),
    }
}

/// Checks the token of a request of version 3.
pub(super) fn signed(app: &HmsApp, request: &Incoming, now: Timestamp) -> Result<(), Refusal> {
    let jwt = Jwt::parse(token(request)?).ok_or(Refusal::Authentication("no token"))?;
    if jwt.header("kid") != Some(&app.key_id) || jwt.text("iss") != Some(&app.sub_account) {
        return Err(Refusal::Authentication("kid or iss is not the account's"));
    }
    if !jwt.is_ps256_of(&app.public_key) {
        return Err(Refusal::Authentication("not signed by PS256 with the key"));
    }
    if jwt.text("aud") != Some(AUDIENCE) {
        return Err(Refusal::Authentication("aud is not the token service"));
    }
    let times = jwt.seconds("iat").zip(jwt.seconds("exp"));
    let (issued, end) = times.ok_or(Refusal::Authentication("iat or exp is missing"))?;
    let now = now.as_second();
    if issued > now.saturating_add(SKEW) {
        return Err(Refusal::Authentication("iat is of the future"));
    }
    if end <= now {
        return Err(Refusal::SignedTokenExpired);
    }
    if end.saturating_sub(issued) > LONGEST {
        return Err(Refusal::SignedTokenTooLong);
    }
    Ok(())
}

fn token(request: &Incoming) -> Result<&str, Refusal> {
    let given = request.header(header::AUTHORIZATION.as_str());
    let token = given.and_then(|given| given.strip_prefix("Bearer "));
    token.ok_or(Refusal::Authentication("there is no bearer token"))
}
