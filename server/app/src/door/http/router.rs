//! Which path leads where, and what every request passes through.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    response::IntoResponse as _,
    routing::{get, post, put},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer},
    trace::TraceLayer,
};
use vestnik_model::route;

use super::{health, openapi};
use crate::{
    door::{
        auth, hub,
        rest::{
            deliveries, identity_keys, installations, keys, notifications, receipts,
            submission::in_time, token, topics, users,
        },
    },
    refusal::Refusal,
    state::ServerState,
};

/// The whole server as one service.
pub(crate) fn router(state: &ServerState) -> Router {
    let limits = state.config.limits;
    let timeout = Duration::from_secs(u64::from(limits.request_seconds));
    let open = Router::new()
        .route(route::TOKEN, post(token::issue))
        .route(route::OPENAPI, get(openapi::document_response))
        .route(route::HEALTHZ, get(health::healthz))
        .route(route::READYZ, get(health::readyz))
        .route(route::METRICS, get(health::metrics));
    let known = resources().route_layer(middleware::from_fn_with_state(
        state.clone(),
        auth::authenticate,
    ));
    let hub = Router::new()
        .nest_service(route::HUB, hub::service(state))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            auth::authenticate_hub,
        ));
    open.merge(known)
        .layer(middleware::from_fn(move |request, next| {
            in_time(timeout, request, next)
        }))
        .with_state(state.clone())
        .merge(hub)
        .fallback(health::not_found)
        .method_not_allowed_fallback(health::method_not_allowed)
        .layer(DefaultBodyLimit::max(limits.body_bytes))
        .layer(CatchPanicLayer::custom(|_| {
            Refusal::internal().into_response()
        }))
        .layer(cors())
        .layer(TraceLayer::new_for_http().make_span_with(span))
}

fn resources() -> Router<ServerState> {
    Router::new()
        .route(
            route::NOTIFICATIONS,
            post(notifications::publish).get(notifications::list),
        )
        .route(
            route::NOTIFICATION,
            get(notifications::get).post(notifications::act),
        )
        .route(route::DELIVERIES, get(notifications::deliveries))
        .route(route::DELIVERY, get(deliveries::get))
        .route(route::ATTEMPTS, get(deliveries::attempts))
        .route(
            route::INSTALLATION,
            put(installations::put)
                .get(installations::get)
                .delete(installations::delete),
        )
        .route(route::RECEIPTS, post(receipts::report))
        .route(
            route::TOPIC,
            put(topics::put).get(topics::get).delete(topics::delete),
        )
        .route(
            route::SUBSCRIBER,
            put(topics::subscribe).delete(topics::unsubscribe),
        )
        .route(
            route::USER,
            axum::routing::delete(users::erase).post(users::act),
        )
        .route(route::KEYS, post(keys::create).get(keys::list))
        .route(route::KEY, axum::routing::delete(keys::revoke))
        .route(
            route::IDENTITY_KEY,
            put(identity_keys::put).delete(identity_keys::delete),
        )
}

/// The path without its query: a hub's query may hold a token.
fn span(request: &Request) -> tracing::Span {
    tracing::info_span!("request", method = %request.method(), path = request.uri().path())
}

/// Tokens, not cookies, tell who calls, so that any page may; official browser clients ask for
/// credentials by default, which needs the origin echoed.
fn cors() -> CorsLayer {
    let headers = [
        "x-requested-with",
        "x-signalr-user-agent",
        "idempotency-key",
    ]
    .map(HeaderName::from_static)
    .into_iter()
    .chain([header::AUTHORIZATION, header::CONTENT_TYPE]);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|_: &HeaderValue, _| true))
        .allow_credentials(true)
        .allow_headers(AllowHeaders::list(headers))
        .allow_methods(AllowMethods::list([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ]))
        .expose_headers([header::LOCATION, header::RETRY_AFTER])
}
