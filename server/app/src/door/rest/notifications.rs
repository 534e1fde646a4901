//! `/v1/notifications`: publishing, and what became of it.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use vestnik_model::{
    FieldProblem, NotificationId, Problem, PublishAccepted, PublishRequest, Scope,
    problem::FieldCode,
    route,
    view::{DeliveryView, List, NotificationView},
};

use super::{
    body::{JsonBody, path_id},
    page::PageParams,
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Publishes a notification. `202` means that it is stored.
#[utoipa::path(
    post, path = "/v1/notifications", tag = "notifications", request_body = PublishRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key publishes once")),
    responses(
        (status = 202, description = "Stored", body = PublishAccepted),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 413, description = "The body is too large", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn publish(
    State(state): State<ServerState>,
    sender: Sender,
    headers: HeaderMap,
    JsonBody(request): JsonBody<PublishRequest>,
) -> Result<Response, Refusal> {
    sender.require(Scope::Publish)?;
    let key = idempotency_key(&headers)?;
    let accepted = operation::publish(state.publishing(), sender.app(), request, key).await?;
    let location = route::with(route::NOTIFICATION, &accepted.id.to_string());
    let replayed = accepted.replayed;
    let mut response = (StatusCode::ACCEPTED, Json(accepted)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if replayed {
        response
            .headers_mut()
            .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| {
        let problem = FieldProblem::new(
            "/idempotency_key",
            FieldCode::Malformed,
            "must be ASCII text",
        );
        Problem::invalid(vec![problem])
    })?;
    Ok(Some(text.to_owned()))
}

/// Lists notifications, newest first.
#[utoipa::path(
    get, path = "/v1/notifications", tag = "notifications",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page", body = List<NotificationView>))
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    sender: Sender,
    PageParams(page): PageParams,
) -> Result<Json<List<NotificationView>>, Refusal> {
    sender.require(Scope::Read)?;
    Ok(Json(state.store.notifications(sender.app(), page).await?))
}

/// Shows a notification with its exact counts.
#[utoipa::path(
    get, path = "/v1/notifications/{id}", tag = "notifications", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The notification", body = NotificationView),
        (status = 404, description = "There is no such notification", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    path: Path<String>,
) -> Result<Json<NotificationView>, Refusal> {
    sender.require(Scope::Read)?;
    let id: NotificationId = path_id(path, "notification")?;
    let view = state.store.notification(sender.app(), id).await?;
    view.map(Json)
        .ok_or_else(|| Refusal::not_found("notification"))
}

/// Lists the deliveries of a notification.
#[utoipa::path(
    get, path = "/v1/notifications/{id}/deliveries", tag = "notifications",
    params(("id" = String, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses(
        (status = 200, description = "A page", body = List<DeliveryView>),
        (status = 404, description = "There is no such notification", body = Problem),
    )
)]
pub(crate) async fn deliveries(
    State(state): State<ServerState>,
    sender: Sender,
    path: Path<String>,
    PageParams(page): PageParams,
) -> Result<Json<List<DeliveryView>>, Refusal> {
    sender.require(Scope::Read)?;
    let id: NotificationId = path_id(path, "notification")?;
    let list = state.store.deliveries(sender.app(), id, page).await?;
    list.map(Json)
        .ok_or_else(|| Refusal::not_found("notification"))
}
