//! The claims of an identity token (RFC 7519, section 4.1).

use jiff::Timestamp;
use serde_json::{Map, Value};
use vestnik_model::{AppId, ProblemCode, UserId};
use vestnik_store::sessions::TokenUse;

use super::invalid;
use crate::{credential::secret, refusal::Refusal};

/// The longest an identity token may hold, in seconds.
const MAX_LIFE: i64 = 24 * 60 * 60;
/// How far the backend's clock may be off, in seconds.
const LEEWAY: i64 = 60;
/// The most bytes of a `jti`.
const MAX_JTI: usize = 256;
/// Beyond this many seconds a time is as good as infinite; a double counts to it exactly.
const FOREVER: f64 = 9.0e15;

/// For whom a token vouches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vouched {
    /// The user (`sub`).
    pub(crate) user: UserId,
    /// Its use, when it may be used once (`jti`).
    pub(crate) token_use: Option<TokenUse>,
}

/// Checks every claim; `now` is in seconds.
pub(super) fn check(
    claims: &Map<String, Value>,
    app: &AppId,
    now: i64,
) -> Result<Vouched, Refusal> {
    let user = subject(claims)?;
    if !is_for(claims, app)? {
        return Err(invalid("the identity token is for another App (`aud`)"));
    }
    let expires = expiry(claims, now)?;
    let not_before = date(claims, "nbf")?;
    if not_before.is_some_and(|not_before| not_before > now.saturating_add(LEEWAY)) {
        return Err(invalid("the identity token does not hold yet (`nbf`)"));
    }
    let token_use = token_id(claims)?.map(|jti| TokenUse {
        jti_hash: secret::hash(jti),
        expires: Timestamp::from_second(expires.saturating_add(LEEWAY)).unwrap_or(Timestamp::MAX),
    });
    Ok(Vouched { user, token_use })
}

fn subject(claims: &Map<String, Value>) -> Result<UserId, Refusal> {
    let text = match claims.get("sub") {
        None => return Err(missing("sub")),
        Some(Value::String(text)) => text,
        Some(_) => return Err(wrong("sub", "must be a string")),
    };
    text.parse()
        .map_err(|error| wrong("sub", &format!("{error}")))
}

/// One audience or several (RFC 7519, section 4.1.3).
fn is_for(claims: &Map<String, Value>, app: &AppId) -> Result<bool, Refusal> {
    let is_app = |value: &Value| value.as_str() == Some(app.as_str());
    match claims.get("aud") {
        None => Err(missing("aud")),
        Some(audience @ Value::String(_)) => Ok(is_app(audience)),
        Some(Value::Array(audiences)) if audiences.iter().all(Value::is_string) => {
            Ok(audiences.iter().any(is_app))
        }
        Some(_) => Err(wrong("aud", "must be a string or a list of strings")),
    }
}

fn expiry(claims: &Map<String, Value>, now: i64) -> Result<i64, Refusal> {
    let expires = date(claims, "exp")?.ok_or_else(|| missing("exp"))?;
    if expires.saturating_add(LEEWAY) <= now {
        return Err(Refusal::new(
            ProblemCode::AuthExpired,
            "the identity token has expired (`exp`)",
        ));
    }
    if expires > now.saturating_add(MAX_LIFE + LEEWAY) {
        let detail = "the identity token holds for more than 24 hours (`exp`)";
        return Err(invalid(detail));
    }
    Ok(expires)
}

/// A `NumericDate`, which may have a fraction (RFC 7519, section 2), in whole seconds.
fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    let number = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(wrong(name, "must be a number of seconds since 1970")),
    };
    if let Some(whole) = number.as_i64() {
        return Ok(Some(whole));
    }
    let seconds = number.as_f64().unwrap_or(FOREVER);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the bounds lie within 64 bits, and the fraction is not needed"
    )]
    let whole = seconds.clamp(-FOREVER, FOREVER).floor() as i64;
    Ok(Some(whole))
}

fn token_id(claims: &Map<String, Value>) -> Result<Option<&str>, Refusal> {
    match claims.get("jti") {
        None => Ok(None),
        Some(Value::String(jti)) if (1..=MAX_JTI).contains(&jti.len()) => Ok(Some(jti)),
        Some(_) => Err(wrong("jti", "must be a string of 1 to 256 bytes")),
    }
}

fn missing(claim: &str) -> Refusal {
    invalid(&format!("the identity token has no `{claim}`"))
}

fn wrong(claim: &str, detail: &str) -> Refusal {
    invalid(&format!("the identity token's `{claim}` {detail}"))
}
