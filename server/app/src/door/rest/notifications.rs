//! `/v1/notifications`: publishing, and what became of it.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use vestnik_model::{
    AppId, FieldProblem, NotificationId, Problem, PublishAccepted, PublishRequest, Scope,
    problem::FieldCode,
    publish::{NotificationPatch, RetryAccepted},
    view::{DeliveryView, List, NotificationView},
};
use vestnik_store::{DeliveryPlace, NotificationPlace, Store, publishing::Pause};

use super::{
    body::JsonBody,
    page::PageParams,
    path::{self, Segments},
    submission::{BY_GET, BY_KEY, Submission},
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
        (status = 413, description = "The body or the notification is too large", body = Problem),
        (status = 422, description = "The request is not valid, or a topic does not exist", body = Problem),
        (status = 504, description = "Whether it was stored is not known: repeat it with the same key", body = Problem),
    )
)]
pub(crate) async fn publish(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    headers: HeaderMap,
    JsonBody(request): JsonBody<PublishRequest>,
) -> Result<Response, Refusal> {
    sender.require(Scope::Publish)?;
    let key = idempotency_key(&headers)?;
    submission.begin(BY_KEY);
    let accepted = operation::publish(state.publishing(), sender.app(), request, key).await?;
    // Relative to the request's own address, which may have a prefix that only a proxy knows.
    let location = format!("notifications/{}", accepted.id);
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

/// The key of the header; two different ones are a mistake.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let wrong = |code, detail: &str| {
        let problem = FieldProblem::new("/idempotency_key", code, detail);
        Refusal::from(Problem::invalid(vec![problem]))
    };
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.any(|other| other != value) {
        let detail = "is given by several Idempotency-Key headers that differ";
        return Err(wrong(FieldCode::NotAllowed, detail));
    }
    let text = value
        .to_str()
        .map_err(|_| wrong(FieldCode::Malformed, "must be ASCII text"))?;
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
    params: PageParams<NotificationPlace>,
) -> Result<Json<List<NotificationView>>, Refusal> {
    sender.require(Scope::Read)?;
    let list = state.store.notifications(sender.app(), params.page).await?;
    Ok(Json(list))
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
    Segments(id): Segments<String>,
) -> Result<Json<NotificationView>, Refusal> {
    sender.require(Scope::Read)?;
    let id: NotificationId = path::id(&id, "notification")?;
    let view = operation::show(&*state.store, sender.app(), id).await?;
    Ok(Json(view))
}

/// Changes a notification whose time has not come: what it says, when it is sent, for how long it is worth
/// delivering. Each member that is given replaces the former one as a whole.
#[utoipa::path(
    patch, path = "/v1/notifications/{id}", tag = "notifications", params(("id" = String, Path)),
    request_body = NotificationPatch,
    responses(
        (status = 200, description = "The notification as it is now", body = NotificationView),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 404, description = "There is no such notification", body = Problem),
        (status = 409, description = "It is not scheduled any more", body = Problem),
        (status = 413, description = "The body or the notification is too large", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn edit(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(id): Segments<String>,
    JsonBody(patch): JsonBody<NotificationPatch>,
) -> Result<Json<NotificationView>, Refusal> {
    sender.require(Scope::Publish)?;
    let id: NotificationId = path::id(&id, "notification")?;
    submission.begin(BY_GET);
    let now = state.clock.now();
    let view = operation::edit(&*state.store, sender.app(), id, patch, now).await?;
    Ok(Json(view))
}

/// Lists the deliveries of a notification.
#[utoipa::path(
    get, path = "/v1/notifications/{id}/deliveries", tag = "notifications",
    params(("id" = String, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses(
        (status = 200, description = "A page", body = List<DeliveryView>),
        (status = 404, description = "There is no such notification", body = Problem),
        (status = 422, description = "The cursor is none of this list", body = Problem),
    )
)]
pub(crate) async fn deliveries(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
    params: PageParams<DeliveryPlace>,
) -> Result<Json<List<DeliveryView>>, Refusal> {
    sender.require(Scope::Read)?;
    let id: NotificationId = path::id(&id, "notification")?;
    let list = state
        .store
        .deliveries(sender.app(), id, params.of(id)?)
        .await?;
    list.map(Json)
        .ok_or_else(|| Refusal::not_found("notification"))
}

/// `POST …/{id}:cancel`, `:pause`, `:recall`, `:resume` and `:retry`: the router hands the id and the verb over in one.
pub(crate) async fn act(
    state: State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(text): Segments<String>,
) -> Result<Response, Refusal> {
    match path::verb(&text)? {
        (id, "cancel") => Ok(cancel(state, sender, submission, id).await?.into_response()),
        (id, "recall") => Ok(recall(state, sender, submission, id).await?.into_response()),
        (id, "pause") => Ok(pause(state, sender, submission, id).await?.into_response()),
        (id, "resume") => Ok(resume(state, sender, submission, id).await?.into_response()),
        (id, "retry") => Ok(retry(state, sender, submission, id).await?.into_response()),
        _ => Err(path::unknown_verb()),
    }
}

/// The notification that a verb names. From here on the request may have been done.
fn begun(
    sender: &Sender,
    submission: &Submission,
    id: &str,
) -> Result<(AppId, NotificationId), Refusal> {
    sender.require(Scope::Publish)?;
    let id = path::id(id, "notification")?;
    submission.begin(BY_GET);
    Ok((sender.app(), id))
}

/// Stops what was not handed over yet. Shows what had become of it.
#[utoipa::path(
    post, path = "/v1/notifications/{id}:cancel", tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "Cancelled: the notification as it is now", body = NotificationView),
        (status = 204, description = "Cancelled; its content cannot be read"),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 404, description = "There is no such notification", body = Problem),
    )
)]
pub(crate) async fn cancel(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    id: &str,
) -> Result<Response, Refusal> {
    let (app, id) = begun(&sender, &submission, id)?;
    let store = &*state.store;
    operation::cancel(store, app.clone(), id, state.clock.now()).await?;
    stopped(store, app, id).await
}

/// Notifies nobody further until the notification is resumed: no try begins, and no step of a cascade. What is with
/// a service already is not called back, and devices that connect find what came into their users' logs before.
/// What expires meanwhile is not sent. Shows the notification.
#[utoipa::path(
    post, path = "/v1/notifications/{id}:pause", tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "Paused: the notification as it is now", body = NotificationView),
        (status = 204, description = "Paused; its content cannot be read"),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 404, description = "There is no such notification", body = Problem),
        (status = 409, description = "It was stopped, or has expired", body = Problem),
    )
)]
pub(crate) async fn pause(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    id: &str,
) -> Result<Response, Refusal> {
    let (app, id) = begun(&sender, &submission, id)?;
    set_paused(&state, app, id, true).await
}

/// Lets a notification that was paused go on: those whose time has come are notified now, at its pace. Shows it.
#[utoipa::path(
    post, path = "/v1/notifications/{id}:resume", tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "Resumed: the notification as it is now", body = NotificationView),
        (status = 204, description = "Resumed; its content cannot be read"),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 404, description = "There is no such notification", body = Problem),
        (status = 409, description = "It was stopped, or has expired", body = Problem),
    )
)]
pub(crate) async fn resume(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    id: &str,
) -> Result<Response, Refusal> {
    let (app, id) = begun(&sender, &submission, id)?;
    set_paused(&state, app, id, false).await
}

async fn set_paused(
    state: &ServerState,
    app: AppId,
    id: NotificationId,
    is_paused: bool,
) -> Result<Response, Refusal> {
    let store = &*state.store;
    let asked = Pause {
        app: app.clone(),
        id,
        is_paused,
        now: state.clock.now(),
    };
    operation::pause(store, asked).await?;
    stopped(store, app, id).await
}

/// Withdraws a notification, where it was shown too. Shows what had become of it.
#[utoipa::path(
    post, path = "/v1/notifications/{id}:recall", tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "Recalled: the notification as it is now", body = NotificationView),
        (status = 204, description = "Recalled; its content cannot be read"),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 404, description = "There is no such notification", body = Problem),
    )
)]
pub(crate) async fn recall(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    id: &str,
) -> Result<Response, Refusal> {
    let (app, id) = begun(&sender, &submission, id)?;
    let store = &*state.store;
    operation::recall(store, app.clone(), id, state.clock.now()).await?;
    stopped(store, app, id).await
}

/// What a notification is that was stopped or paused. It was also if its content cannot be read.
async fn stopped(store: &dyn Store, app: AppId, id: NotificationId) -> Result<Response, Refusal> {
    let view = store.notification(app, id).await?;
    Ok(match view {
        Some(view) => Json(view).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Tries anew what was lost of a notification before it was handed over, as far as something has changed
/// since: a new device or address, a permission, credentials, a service that is well again. The first
/// deliveries are looked at before the answer; of the rest, `is_complete: false` says that it is under way.
#[utoipa::path(
    post, path = "/v1/notifications/{id}:retry", tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "So many deliveries are tried anew", body = RetryAccepted),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 404, description = "There is no such notification", body = Problem),
        (status = 409, description = "It has expired, was cancelled, or nothing of it can be tried anew", body = Problem),
    )
)]
pub(crate) async fn retry(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    id: &str,
) -> Result<Json<RetryAccepted>, Refusal> {
    let (app, id) = begun(&sender, &submission, id)?;
    let now = state.clock.now();
    let accepted = operation::retry(&*state.store, app, id, now).await?;
    Ok(Json(accepted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_keys_are_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(idempotency_key(&headers).unwrap(), None);
        headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        assert_eq!(idempotency_key(&headers).unwrap().as_deref(), Some("a"));
        headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("b"));
        assert_eq!(
            idempotency_key(&headers).unwrap_err().into_problem().status,
            422
        );
    }
}
