//! Tokens for Huawei: exchanged for a client's secret, or signed by a service account.

use http::{Method, Request, header};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{
    AccessToken,
    account::{Application, Project},
};
use crate::jws::{self, Header, TokenError};

/// How long a signed token is good for. Huawei takes at most a day, and advises an hour.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The request for an access token (RFC 6749, 4.4), which lives an hour. [`crate::oauth::answer`] reads what
/// comes back. <https://developer.huawei.com/consumer/en/doc/HMSCore-Guides/oauth2-0000001212610981>
///
/// # Errors
/// [`http::Error`] if the parts make no request.
pub fn exchange(application: &Application) -> Result<Request<Vec<u8>>, http::Error> {
    let id = encoded(application.id.as_str());
    let secret = encoded(application.secret.expose_secret());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    Request::builder()
        .method(Method::POST)
        .uri(application.token_uri.clone())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .body(form.into_bytes())
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: String,
    iat: i64,
    exp: i64,
}

/// A token that a service account signs by PS256, which is sent as it is.
/// <https://developer.huawei.com/consumer/en/doc/harmonyos-guides/push-jwt-token>
///
/// # Errors
/// [`TokenError`] if the key cannot sign.
pub fn sign(project: &Project, now: Timestamp) -> Result<AccessToken, TokenError> {
    let header = Header {
        alg: "PS256",
        typ: Some("JWT"),
        kid: Some(&project.key_id),
    };
    let expires_at = now.saturating_add(LIFE).unwrap_or(now);
    let claims = Claims {
        iss: &project.account,
        aud: project.token_uri.to_string(),
        iat: now.as_second(),
        exp: expires_at.as_second(),
    };
    let token = jws::compact(&header, &claims, |bytes| project.key.sign_pss(bytes))?;
    Ok(AccessToken::signed(token.into(), expires_at))
}

/// A text as a form has it: all but unreserved characters (RFC 3986, 2.3) by their bytes.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
