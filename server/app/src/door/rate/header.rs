//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): the quota `q` of a
//! window of `w` seconds, the remaining quota `r`, and after how many seconds `t` it is whole again.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use vestnik_rules::limit::Taken;

use crate::rate::{Counted, whole_seconds};

pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Adds the fields, unless nothing is limited.
pub(super) fn tell(counted: Counted, headers: &mut HeaderMap) {
    let Counted { name, rate, taken } = counted;
    if rate.interval.is_zero() {
        return;
    }
    let window = whole_seconds(rate.interval.saturating_mul(rate.burst));
    let (remaining, reset) = match taken {
        Taken::Allowed { remaining, reset } => (remaining, reset),
        Taken::Refused { retry_after } => (0, retry_after),
    };
    let policy = format!("\"{name}\";q={};w={window}", rate.burst);
    let state = format!("\"{name}\";r={remaining};t={}", whole_seconds(reset));
    for (field, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(field, value);
        }
    }
}
