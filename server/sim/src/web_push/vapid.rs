//! The sender's identity: RFC 8292.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::refusal::Refusal;
use crate::{base64url, jwt::Jwt};

/// The longest that a token may still be valid, in seconds: RFC 8292, 2.
const LONGEST: i64 = 24 * 60 * 60;

/// Checks `Authorization: vapid t=…, k=…` and gives the key that has signed it.
pub(super) fn check(
    authorization: Option<&str>,
    origin: &str,
    now: Timestamp,
) -> Result<[u8; 65], Refusal> {
    let parameters = authorization.and_then(parameters).ok_or(Refusal::NoVapid)?;
    let bad = |what| move || Refusal::BadVapid(what);
    let (token, key) = parameters
        .get("t")
        .zip(parameters.get("k"))
        .ok_or(Refusal::NoVapid)?;
    let key: [u8; 65] =
        base64url::decode_array(key).ok_or_else(bad("k is not an uncompressed P-256 point"))?;
    let jwt = Jwt::parse(token).ok_or_else(bad("t is not a JSON Web Token"))?;
    if !jwt.is_es256_of(&key) {
        return Err(Refusal::BadVapid("t is not signed with ES256 by k"));
    }
    if jwt.text("aud") != Some(origin) {
        return Err(Refusal::BadVapid("aud is not the origin of the endpoint"));
    }
    let end = jwt.seconds("exp").ok_or_else(bad("exp is missing"))?;
    let rest = end.saturating_sub(now.as_second());
    if rest <= 0 {
        return Err(Refusal::BadVapid("the token has expired"));
    }
    if rest > LONGEST {
        return Err(Refusal::BadVapid("exp is more than 24 hours ahead"));
    }
    let contact = jwt.text("sub").unwrap_or_default();
    if !contact.starts_with("mailto:") && !contact.starts_with("https://") {
        return Err(Refusal::BadVapid(
            "sub is neither a mailto: nor an https: URI",
        ));
    }
    Ok(key)
}

/// The parameters of the scheme `vapid`.
fn parameters(authorization: &str) -> Option<BTreeMap<&str, &str>> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("vapid") {
        return None;
    }
    let pairs = rest.split(',').map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        Some((name.trim(), value.trim().trim_matches('"')))
    });
    pairs.collect()
}
