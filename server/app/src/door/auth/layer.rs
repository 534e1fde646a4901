//! Finds out who calls, before any handler runs.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::time::Duration;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use vestnik_model::ProblemCode;
use vestnik_signalr::server::TokenLifetime;
use vestnik_store::{sessions::Seen, tenants::KeyUse};

use super::{Caller, Device, Sender};
use crate::{
    credential::{Held, secret},
    refusal::Refusal,
    state::ServerState,
};

/// Lets known callers through.
pub(crate) async fn authenticate(
    State(state): State<ServerState>,
    request: Request,
    next: Next,
) -> Response {
    let token = bearer(request.headers());
    admit(state, token, request, next).await
}

/// As [`authenticate`], for clients that cannot set headers: browsers send their token in the
/// query. It is taken from nowhere else, and logged nowhere.
pub(crate) async fn authenticate_hub(
    State(state): State<ServerState>,
    request: Request,
    next: Next,
) -> Response {
    let token = bearer(request.headers()).or_else(|| query_token(request.uri().query()));
    admit(state, token, request, next).await
}

async fn admit(
    state: ServerState,
    token: Option<String>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match token {
        Some(token) => identify(&state, &token).await,
        None => Err(Refusal::new(
            ProblemCode::AuthMissing,
            "send Authorization: Bearer",
        )),
    };
    match caller {
        Ok(known) => {
            let extensions = request.extensions_mut();
            extensions.insert(known.caller);
            // The hub ends a connection whose token expires and is not renewed.
            if let Some(lifetime) = known.lifetime {
                extensions.insert(TokenLifetime(lifetime));
            }
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

/// A caller who proved who they are.
struct Known {
    caller: Caller,
    /// For how long the proof holds; a key's holds until it is revoked.
    lifetime: Option<Duration>,
}

async fn identify(state: &ServerState, token: &str) -> Result<Known, Refusal> {
    let now = state.clock.now();
    if token.starts_with(secret::KEY_PREFIX) {
        identify_key(state, token, now).await
    } else {
        identify_device(state, token, now).await
    }
}

async fn identify_key(state: &ServerState, token: &str, now: Timestamp) -> Result<Known, Refusal> {
    let key = state.store.find_key(secret::hash(token)).await?;
    let key =
        key.ok_or_else(|| Refusal::new(ProblemCode::AuthInvalid, "the API key is not valid"))?;
    state.live.notes.key_use(KeyUse {
        app: key.app.clone(),
        id: key.id.clone(),
        at: hour(now),
    });
    Ok(Known {
        caller: Caller::Sender(Sender(key)),
        lifetime: None,
    })
}

async fn identify_device(
    state: &ServerState,
    token: &str,
    now: Timestamp,
) -> Result<Known, Refusal> {
    let Held { grant, expires } = state.access.read(token, now)?;
    let session = &grant.session;
    let present = state
        .store
        .session(session.app.clone(), session.installation)
        .await?;
    if present.as_ref() != Some(session) {
        return Err(Refusal::session_ended());
    }
    state.live.notes.seen(Seen {
        family: grant.family,
        counter: grant.counter,
    });
    let lifetime = expires.duration_since(now);
    Ok(Known {
        caller: Caller::Device(Device(grant.session)),
        lifetime: Some(lifetime.try_into().unwrap_or_default()),
    })
}

/// Keys are noted by the hour, so that a key in steady use costs one write an hour.
fn hour(now: Timestamp) -> Timestamp {
    let hour = TimestampRound::new()
        .smallest(Unit::Hour)
        .mode(RoundMode::Floor);
    now.round(hour).unwrap_or(now)
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

fn query_token(query: Option<&str>) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let mut tokens = pairs.filter(|(name, value)| *name == "access_token" && !value.is_empty());
    tokens.next().map(|(_, value)| percent_decoded(value))
}

/// Tokens have no characters that need encoding, but clients encode what they like.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, left) = match (first, tail) {
            (b'%', [high, low, left @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, left),
                _ => (b'%', tail),
            },
            _ => (*first, tail),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_in_the_header_or_in_the_hubs_query() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "bearer abc".parse().unwrap());
        assert_eq!(bearer(&headers).as_deref(), Some("abc"));
        headers.insert(header::AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(bearer(&headers), None);
        assert_eq!(
            query_token(Some("id=1&access_token=a%2Eb")).as_deref(),
            Some("a.b")
        );
        assert_eq!(query_token(Some("access_token=")), None);
    }
}
