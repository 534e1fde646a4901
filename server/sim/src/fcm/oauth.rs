//! The token endpoint: the JWT bearer grant (RFC 7523) as Google answers it.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{base64url, fault::Asked, form, incoming::Incoming, jwt::Jwt, reply::Reply};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The scopes that allow to send, either of them.
const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
];
/// For how long an access token is valid, in seconds. Google's tokens have the same.
const LIFE: i64 = 3_599;
/// The longest life of an assertion, in seconds, with the minutes by which clocks may differ.
const LONGEST_ASSERTION: i64 = 3_600;
const SKEW: i64 = 300;
/// The most access tokens that are remembered. The oldest is forgotten first.
const MOST: usize = 10_000;

/// Who may ask for access tokens.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) client_email: String,
    /// The `RSAPublicKey`.
    pub(crate) public_key: Vec<u8>,
    /// What the assertion must be addressed to.
    pub(crate) token_uri: String,
}

/// The access tokens that were given out.
#[derive(Default)]
pub(crate) struct Bearers {
    ends: BTreeMap<String, Timestamp>,
}

impl std::fmt::Debug for Bearers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bearers")
            .field("count", &self.ends.len())
            .finish()
    }
}

/// What a bearer token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    Valid,
    Expired,
    Unknown,
}

impl Bearers {
    pub(crate) fn worth(&self, token: &str, now: Timestamp) -> Worth {
        match self.ends.get(token) {
            Some(end) if *end > now => Worth::Valid,
            Some(_) => Worth::Expired,
            None => Worth::Unknown,
        }
    }

    /// Makes every access token worthless, as a rotation of the account's key does.
    pub(crate) fn revoke_all(&mut self) {
        self.ends.clear();
    }

    /// Answers `POST /token`.
    pub(crate) fn grant(
        &mut self,
        account: &Account,
        request: &Incoming,
        (now, random): (Timestamp, [u8; 32]),
    ) -> Reply {
        if let Err(refusal) = check(account, request, now) {
            return refusal.reply();
        }
        let token = format!("ya29.{}", base64url::encode(random));
        self.keep(&token, (now, LIFE));
        let body = json!({"access_token": token, "expires_in": LIFE, "token_type": "Bearer"});
        Reply::json(StatusCode::OK, &body)
    }

    /// Remembers a token that was given out for so many seconds.
    pub(crate) fn keep(&mut self, token: &str, (now, life): (Timestamp, i64)) {
        if self.ends.len() >= MOST {
            let oldest = self.ends.iter().min_by_key(|(_, end)| **end);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                self.ends.remove(&oldest);
            }
        }
        let end = now.saturating_add(SignedDuration::from_secs(life));
        self.ends
            .insert(token.to_owned(), end.unwrap_or(Timestamp::MAX));
    }
}

/// The answer that a rule asks for: an error of OAuth 2 (RFC 6749, 5.2), whose word is the reason.
pub(crate) fn fault(code: StatusCode, asked: &Asked<'_>) -> Reply {
    let word = asked.reason.unwrap_or(match code.as_u16() {
        400..500 => "invalid_grant",
        _ => "internal_failure",
    });
    let body = json!({"error": word, "error_description": word});
    Reply::json(code, &body)
        .because(word)
        .retry_after(asked.retry_after)
}

/// Why no access token is given.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Method,
    Grant,
    NoAssertion,
    Unreadable,
    Account,
    Signature,
    Audience,
    Time,
    Scope,
}

impl Refusal {
    /// Google's words, as its clients print them.
    fn reply(self) -> Reply {
        let (error, description) = match self {
            Self::Method => ("invalid_request", "Only POST is allowed"),
            Self::Grant => (
                "unsupported_grant_type",
                "Invalid grant_type: must be jwt-bearer",
            ),
            Self::NoAssertion => ("invalid_request", "Missing required parameter: assertion"),
            Self::Unreadable => ("invalid_grant", "Bad Request"),
            Self::Account => ("invalid_grant", "Invalid grant: account not found"),
            Self::Signature => ("invalid_grant", "Invalid JWT Signature."),
            Self::Audience => (
                "invalid_grant",
                "Invalid JWT: Failed audience check. The right audience is the token_uri of the account.",
            ),
            Self::Time => (
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
            ),
            Self::Scope => (
                "invalid_scope",
                "Invalid OAuth scope or ID token audience provided.",
            ),
        };
        let status = match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Grant
            | Self::NoAssertion
            | Self::Unreadable
            | Self::Account
            | Self::Signature
            | Self::Audience
            | Self::Time
            | Self::Scope => StatusCode::BAD_REQUEST,
        };
        let body = json!({"error": error, "error_description": description});
        Reply::json(status, &body)
            .because(error)
            .noting(description)
    }
}

fn check(account: &Account, request: &Incoming, now: Timestamp) -> Result<(), Refusal> {
    if request.method != http::Method::POST {
        return Err(Refusal::Method);
    }
    let fields = form::parse(&request.body);
    if fields.get("grant_type").map(String::as_str) != Some(GRANT) {
        return Err(Refusal::Grant);
    }
    let assertion = fields.get("assertion").ok_or(Refusal::NoAssertion)?;
    let jwt = Jwt::parse(assertion).ok_or(Refusal::Unreadable)?;
    if jwt.text("iss") != Some(&account.client_email) {
        return Err(Refusal::Account);
    }
    if !jwt.is_rs256_of(&account.public_key) {
        return Err(Refusal::Signature);
    }
    if jwt.text("aud") != Some(&account.token_uri) {
        return Err(Refusal::Audience);
    }
    let (issued, end) = jwt
        .seconds("iat")
        .zip(jwt.seconds("exp"))
        .ok_or(Refusal::Time)?;
    let now = now.as_second();
    let is_timely = issued <= now.saturating_add(SKEW)
        && end > now
        && end > issued
        && end.saturating_sub(issued) <= LONGEST_ASSERTION;
    if !is_timely {
        return Err(Refusal::Time);
    }
    let mut scopes = jwt.text("scope").unwrap_or_default().split(' ');
    if !scopes.any(|scope| SCOPES.contains(&scope)) {
        return Err(Refusal::Scope);
    }
    Ok(())
}
