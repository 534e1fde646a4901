//! Access tokens of Google for a service account (RFC 7523, RFC 6749).
//!
//! [`request`] is sent to the account's token address, [`crate::oauth::answer`] reads what comes back.

use http::{Method, Request, header};
use jiff::Timestamp;
use serde::Serialize;

use super::ServiceAccount;
use crate::jws::{self, Header, TokenError};

/// The one permission that sending needs.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// How long an assertion is good for; Google takes at most an hour.
const ASSERTION_SECONDS: i64 = 60 * 60;
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: String,
    iat: i64,
    exp: i64,
}

/// Why no request for a token can be made.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The assertion cannot be made.
    #[error("the assertion cannot be made")]
    Assertion(#[from] TokenError),
    /// The parts make no HTTP request.
    #[error("the parts make no request")]
    Http(#[from] http::Error),
}

/// The request for a token: an assertion signed by the account's key (RFC 7523, 2.1).
///
/// # Errors
/// [`RequestError`] if the key cannot sign.
pub fn request(account: &ServiceAccount, now: Timestamp) -> Result<Request<Vec<u8>>, RequestError> {
    let header = Header {
        alg: "RS256",
        typ: Some("JWT"),
        kid: Some(&account.key_id),
    };
    let claims = Claims {
        iss: &account.email,
        scope: SCOPE,
        aud: account.token_uri.to_string(),
        iat: now.as_second(),
        exp: now.as_second().saturating_add(ASSERTION_SECONDS),
    };
    let assertion = jws::compact(&header, &claims, |bytes| account.key.sign(bytes))?;
    // An assertion has no character that a form would write otherwise.
    let form = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
    );
    let request = Request::builder()
        .method(Method::POST)
        .uri(account.token_uri.clone())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .body(form.into_bytes())?;
    Ok(request)
}
