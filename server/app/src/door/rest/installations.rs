//! `/v1/installations`: what a device tells of itself, and its end.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{
    AppId, InstallationId, InstallationReport, Problem, Scope, UserId,
    view::{InstallationView, List},
};
use vestnik_rules::session::Session;

use super::{
    body::JsonBody,
    path::{self, Segments},
    submission::{BY_GET, Submission},
};
use crate::{
    door::auth::{Caller, Sender},
    operation,
    refusal::Refusal,
    state::ServerState,
};

/// Sets an installation's state, whole. `opened_seconds_ago` tells beside it when the app was last brought
/// to the front: the installation on which that happened last is its user's primary one.
#[utoipa::path(
    put, path = "/v1/installations/{id}", tag = "installations", params(("id" = String, Path)),
    request_body = InstallationReport,
    responses(
        (status = 204, description = "Stored"),
        (status = 401, description = "The session has ended", body = Problem),
        (status = 403, description = "The token is for another installation", body = Problem),
        (status = 404, description = "Nobody is logged in on the installation", body = Problem),
        (status = 422, description = "The state is not valid", body = Problem),
    )
)]
pub(crate) async fn put(
    State(server): State<ServerState>,
    caller: Caller,
    submission: Submission,
    Segments(id): Segments<String>,
    JsonBody(report): JsonBody<InstallationReport>,
) -> Result<StatusCode, Refusal> {
    let id: InstallationId = path::id(&id, "installation")?;
    let session = match reach(caller, id)? {
        Reach::Own(session) => session,
        Reach::App(app) => {
            let session = server.store.session(app, id).await?;
            session.ok_or_else(|| Refusal::not_found("installation"))?
        }
    };
    submission.begin(BY_GET);
    operation::register(&*server.store, session, report, server.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows an installation.
#[utoipa::path(
    get, path = "/v1/installations/{id}", tag = "installations", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The installation", body = InstallationView),
        (status = 404, description = "There is no such installation", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<InstallationView>, Refusal> {
    let id: InstallationId = path::id(&id, "installation")?;
    let app = match reach(caller, id)? {
        Reach::Own(session) => session.app,
        Reach::App(app) => app,
    };
    let view = state.store.installation(app, id).await?;
    view.map(Json)
        .ok_or_else(|| Refusal::not_found("installation"))
}

/// Lists the installations that a user is logged in on, and which one is the primary one. An unknown user is
/// answered like one without any.
#[utoipa::path(
    get, path = "/v1/users/{user}/installations", tag = "users", params(("user" = String, Path)),
    responses(
        (status = 200, description = "All of them, in one page", body = List<InstallationView>),
        (status = 403, description = "The key lacks the scope 'audience'", body = Problem),
    )
)]
pub(crate) async fn of_user(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(user): Segments<String>,
) -> Result<Json<List<InstallationView>>, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    let data = state.store.installations_of(sender.app(), user).await?;
    Ok(Json(List {
        data,
        next_cursor: None,
    }))
}

/// Logs an installation out: its tokens and connections end, and it is nobody's. A device ends its own
/// session only, never one that came after it.
#[utoipa::path(
    delete, path = "/v1/installations/{id}", tag = "installations", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, description = "The session has ended before", body = Problem),
        (status = 404, description = "There is no such installation", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    caller: Caller,
    submission: Submission,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refusal> {
    let id: InstallationId = path::id(&id, "installation")?;
    let (reach, now) = (reach(caller, id)?, state.clock.now());
    submission.begin(BY_GET);
    match reach {
        Reach::Own(session) => operation::log_out(&*state.store, session, now).await?,
        Reach::App(app) => operation::end_session(&*state.store, app, id, now).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// How far a caller reaches.
enum Reach {
    /// A device, its own installation.
    Own(Session),
    /// A backend with the scope, every installation of its App.
    App(AppId),
}

fn reach(caller: Caller, id: InstallationId) -> Result<Reach, Refusal> {
    match caller {
        Caller::Device(device) => {
            device.require(id)?;
            Ok(Reach::Own(device.0))
        }
        Caller::Sender(sender) => {
            sender.require(Scope::Audience)?;
            Ok(Reach::App(sender.app()))
        }
    }
}
