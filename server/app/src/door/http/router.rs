//! Which path leads where, and what every request passes through.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    response::IntoResponse as _,
    routing::{get, patch, post, put},
};
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};
use vestnik_model::route;

use super::{cors, health, openapi, trace};
use crate::{
    door::{
        auth, compat, hub,
        rate::{AddressLimit, limit_address, limit_caller},
        rest::{
            audiences, batch, bounces, chats, contacts, costs, deliveries, events, explain,
            gateways, identity_keys, import, installations, keys, notifications, preferences,
            preview, providers, push_receipts, receipts, settings, submission::in_time, token,
            topics, unsubscribe, users, webhooks,
        },
    },
    refusal::Refusal,
    state::ServerState,
};

/// The whole server as one service.
pub(crate) fn router(state: &ServerState) -> Router {
    operations(state)
        .merge(interface(state))
        .fallback(health::not_found)
        .layer(DefaultBodyLimit::max(state.config.limits.body_bytes))
        .layer(CatchPanicLayer::custom(|_| {
            Refusal::internal().into_response()
        }))
        .layer(TraceLayer::new_for_http().make_span_with(trace::span))
}

/// What the operator's tools ask for: without limits of rate, and closed to pages of other origins.
fn operations(state: &ServerState) -> Router {
    Router::new()
        .route(route::HEALTHZ, get(health::healthz))
        .route(route::READYZ, get(health::readyz))
        .route(route::METRICS, get(health::metrics))
        .method_not_allowed_fallback(health::method_not_allowed)
        .layer(axum::Extension(Arc::new(health::WriteProbe::default())))
        .with_state(state.clone())
}

/// What senders and devices ask for.
fn interface(state: &ServerState) -> Router {
    let timeout = Duration::from_secs(u64::from(state.config.limits.request_seconds));
    let by_caller = || middleware::from_fn_with_state(Arc::clone(&state.rates), limit_caller);
    let by_address = AddressLimit {
        rates: Arc::clone(&state.rates),
        proxy: Arc::new(state.config.proxy.clone()),
    };
    let open = Router::new()
        .route(route::TOKEN, post(token::issue))
        .route(
            route::UNSUBSCRIBE,
            get(unsubscribe::show).post(unsubscribe::leave),
        )
        .route(route::OPENAPI, get(openapi::document_response))
        .route(
            route::GATEWAY,
            get(gateways::shake)
                .post(gateways::take)
                .layer(axum::Extension(gateways::LargeBodies::default())),
        )
        .route(
            route::PUSH_RECEIPTS,
            post(push_receipts::take).layer(axum::Extension(push_receipts::ReceiptDesk::default())),
        );
    // The layer that is added last runs first.
    let known = resources(state.config.limits.batch_bytes)
        .method_not_allowed_fallback(health::method_not_allowed)
        .route_layer(by_caller())
        .route_layer(middleware::from_fn_with_state(
            state.clone(),
            auth::authenticate,
        ));
    // An upload takes as long as its bytes come, within bounds of its own.
    let uploads = Router::new()
        .route(route::AUDIENCE, patch(audiences::upload))
        .route_layer(by_caller())
        .route_layer(middleware::from_fn_with_state(
            state.clone(),
            auth::authenticate,
        ));
    // Hub calls are counted one by one, by the hub.
    let hub = Router::new()
        .nest_service(route::HUB, hub::service(state))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            hub::name_shares,
        ))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            auth::authenticate_hub,
        ));
    open.method_not_allowed_fallback(health::method_not_allowed)
        .merge(known)
        .layer(middleware::from_fn(move |request, next| {
            in_time(timeout, request, next)
        }))
        .merge(uploads)
        .with_state(state.clone())
        .merge(hub)
        .layer(middleware::from_fn_with_state(by_address, limit_address))
        .layer(middleware::from_fn(token::uncached))
        .layer(cors::layer())
}

fn resources(batch_bytes: usize) -> Router<ServerState> {
    sending(batch_bytes).merge(people()).merge(administration())
}

/// Notifications and what becomes of them.
fn sending(batch_bytes: usize) -> Router<ServerState> {
    Router::new()
        .route(
            route::NOTIFICATIONS,
            post(notifications::publish).get(notifications::list),
        )
        .route(
            route::BATCH,
            post(batch::publish).layer(DefaultBodyLimit::max(batch_bytes)),
        )
        .route(route::PREVIEW, post(preview::preview))
        .route(
            route::NOTIFICATION,
            get(notifications::get)
                .patch(notifications::edit)
                .post(notifications::act),
        )
        .route(route::DELIVERIES, get(notifications::deliveries))
        .route(route::DELIVERY, get(deliveries::get))
        .route(route::ATTEMPTS, get(deliveries::attempts))
        .route(route::EXPLAIN_DELIVERY, get(explain::delivery))
        .route(route::EXPLAIN, get(explain::notification))
        .route(route::EVENTS, get(events::list))
        .route(
            route::SEND_MESSAGES_PUSH,
            post(compat::broadcast::send_messages_push),
        )
        .route(
            route::SEND_MESSAGES_EMAIL,
            post(compat::broadcast::send_messages_email),
        )
}

/// Devices, topics and users.
fn people() -> Router<ServerState> {
    Router::new()
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
            route::AUDIENCES,
            post(audiences::create).get(audiences::list),
        )
        .route(
            route::AUDIENCE,
            get(audiences::get).delete(audiences::delete),
        )
        .route(route::AUDIENCE_PROBLEMS, get(audiences::problems))
        .route(
            route::USER,
            put(users::put)
                .get(users::get)
                .delete(users::erase)
                .post(users::act),
        )
        .route(route::USER_INSTALLATIONS, get(installations::of_user))
        .route(
            route::USER_EMAIL,
            put(contacts::put)
                .get(contacts::get)
                .delete(contacts::delete),
        )
        .route(
            route::USER_CHAT,
            put(chats::put)
                .get(chats::get)
                .delete(chats::delete)
                .post(chats::act),
        )
        .route(
            route::USER_PREFERENCES,
            patch(preferences::change).get(preferences::get),
        )
        .route(
            route::PREFERENCES,
            patch(preferences::change_own).get(preferences::get_own),
        )
        .route(route::BOUNCES, post(bounces::take))
        .route(route::IMPORT_ADDRESSES, post(import::import))
}

/// Keys, credentials and receivers of events.
fn administration() -> Router<ServerState> {
    Router::new()
        .route(route::SETTINGS, put(settings::put).get(settings::get))
        .route(route::COSTS, get(costs::get))
        .route(route::KEYS, post(keys::create).get(keys::list))
        .route(route::KEY, axum::routing::delete(keys::revoke))
        .route(route::PROVIDERS, get(providers::list))
        .route(
            route::PROVIDER,
            put(providers::put)
                .post(providers::act)
                .delete(providers::delete),
        )
        .route(route::WEBHOOKS, post(webhooks::create).get(webhooks::list))
        .route(
            route::WEBHOOK,
            get(webhooks::get)
                .patch(webhooks::edit)
                .delete(webhooks::delete)
                .post(webhooks::act),
        )
        .route(
            route::IDENTITY_KEY,
            put(identity_keys::put).delete(identity_keys::delete),
        )
}
