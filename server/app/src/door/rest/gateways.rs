//! `/v1/gateways/{app}/{gateway}/{provider}`: where gateways report what became of messages.
//!
//! Nobody has an API key here: a request proves that it is from the gateway as its descriptor says. A body is read only
//! if somebody waits for it, and never further than the bound.

use std::time::Duration;

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use tokio::time::timeout;
use vestnik_gateway::{Incoming, Reply, incoming::MAX_INCOMING_BYTES};
use vestnik_model::{Problem, ProblemCode};

use super::{
    path::{self, Segments},
    submission::{BY_REPEAT, Submission},
};
use crate::{
    operation::{self, GatewayDoor},
    peer::{ConnectedFrom, Peer, client},
    refusal::Refusal,
    share::{Share, Shares},
    state::ServerState,
};

/// Bodies up to this need no place.
const SMALL: usize = 64 * 1_024;
/// So many larger bodies are read and parsed at a time: 24 MiB of text.
const LARGE_AT_ONCE: usize = 8;
/// So many of them of one peer address.
const LARGE_OF_PEER: usize = 2;
/// How long a body may take to come: a slow one keeps a place from others.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The places for large bodies, by the peer's address; one place is that of peers of which no address is known.
#[derive(Debug, Clone)]
pub(crate) struct LargeBodies(Shares<Option<Peer>>);

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Shares::new(LARGE_AT_ONCE, LARGE_OF_PEER))
    }
}

/// Takes what a gateway reports of messages, and what happened to chats. It is answered as the gateway's descriptor
/// says, once everything in it was noted; the same twice does the same as once.
#[utoipa::path(
    post, path = "/v1/gateways/{app}/{gateway}/{provider}", tag = "gateways", security(()),
    params(("app" = String, Path), ("gateway" = String, Path), ("provider" = String, Path)),
    request_body(content = String, description = "As the gateway writes it"),
    responses(
        (status = 200, description = "Noted; the body is what the gateway wants to read", body = String, content_type = "text/plain"),
        (status = 400, description = "It cannot be read", body = Problem),
        (status = 401, description = "It does not prove to be from the gateway", body = Problem),
        (status = 404, description = "Nobody waits for it", body = Problem),
        (status = 413, description = "It has too many bytes, or too many reports: nothing was noted", body = Problem),
        (status = 503, description = "It is to be sent again", body = Problem),
    )
)]
pub(crate) async fn take(
    State(state): State<ServerState>,
    Extension(places): Extension<LargeBodies>,
    Segments((app, gateway, provider)): Segments<(String, String, String)>,
    submission: Submission,
    request: Request,
) -> Result<Response, Refusal> {
    let door = door(&app, &gateway, &provider)?;
    operation::expects_reports(state.hearing(), &door).await?;
    let (parts, body) = request.into_parts();
    let connected = parts.extensions.get::<ConnectedFrom>().copied();
    let peer = connected.and_then(|from| client(from, &parts.headers, &state.config.proxy));
    // The place is kept until the body is parsed and noted.
    let (body, _place) = read((&places, peer), &parts.headers, body).await?;
    submission.begin(BY_REPEAT);
    let incoming = Incoming {
        method: &parts.method,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
        now: state.clock.now(),
    };
    let reply = operation::take_reports(state.hearing(), &door, &incoming).await?;
    Ok(answer(reply))
}

/// Answers the handshake by which a gateway asks whether this server wants its requests.
#[utoipa::path(
    get, path = "/v1/gateways/{app}/{gateway}/{provider}", tag = "gateways", security(()),
    params(("app" = String, Path), ("gateway" = String, Path), ("provider" = String, Path)),
    responses(
        (status = 200, description = "What the gateway wants to read", body = String, content_type = "text/plain"),
        (status = 401, description = "It does not prove to be from the gateway", body = Problem),
        (status = 404, description = "Nobody waits for it", body = Problem),
        (status = 405, description = "It is no handshake of the gateway", body = Problem),
    )
)]
pub(crate) async fn shake(
    State(state): State<ServerState>,
    Segments((app, gateway, provider)): Segments<(String, String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let door = door(&app, &gateway, &provider)?;
    let (parts, _) = request.into_parts();
    let incoming = Incoming {
        method: &parts.method,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &[],
        now: state.clock.now(),
    };
    let reply = operation::take_reports(state.hearing(), &door, &incoming).await?;
    Ok(answer(reply))
}

/// A name that cannot be is one that is not.
fn door(app: &str, gateway: &str, provider: &str) -> Result<GatewayDoor, Refusal> {
    const WHAT: &str = "gateway";
    Ok(GatewayDoor {
        app: path::id(app, WHAT)?,
        gateway: path::id(gateway, WHAT)?,
        provider: path::id(provider, WHAT)?,
    })
}

/// A body, and the place that it has if it is large.
type Read = (Vec<u8>, Option<Share<Option<Peer>>>);

/// Reads a body, if it has no more bytes than are taken and there is a place for it.
async fn read(
    places: (&LargeBodies, Option<Peer>),
    headers: &HeaderMap,
    body: Body,
) -> Result<Read, Refusal> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_INCOMING_BYTES as u64) {
        return Err(too_large());
    }
    let read = timeout(READ_WITHIN, collect(places, body)).await;
    read.map_err(|_| {
        let slow = "the body did not come in time: send the same again";
        Problem::new(ProblemCode::Unavailable, slow).retry_after(1)
    })?
}

/// Takes the bytes as they come, and a place when they are many: what a request says of its length costs nothing.
async fn collect(
    (places, peer): (&LargeBodies, Option<Peer>),
    body: Body,
) -> Result<Read, Refusal> {
    let (mut bytes, mut place) = (Vec::new(), None);
    let mut stream = body.into_data_stream();
    while let Some(next) = stream.next().await {
        let next = next.map_err(|_| too_large())?;
        let length = bytes.len() + next.len();
        if length > MAX_INCOMING_BYTES {
            return Err(too_large());
        }
        if length > SMALL && place.is_none() {
            place = Some(places.0.take(peer).ok_or_else(busy)?);
        }
        bytes.extend_from_slice(&next);
    }
    Ok((bytes, place))
}

fn busy() -> Refusal {
    let busy = "too many large requests at once: send the same again";
    Problem::new(ProblemCode::Unavailable, busy)
        .retry_after(1)
        .into()
}

fn too_large() -> Refusal {
    let detail = format!("the body must be whole, of at most {MAX_INCOMING_BYTES} bytes");
    Refusal::new(ProblemCode::RequestTooLarge, &detail)
}

fn answer(reply: Reply) -> Response {
    let Reply {
        status,
        content_type,
        body,
    } = reply;
    let kind = content_type.map(|kind| [(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
    match kind {
        Some(kind) => (status, kind, body).into_response(),
        None => status.into_response(),
    }
}
