//! `/v1/users/{user}/chats/{gateway}`: where a user gets messages of a messenger.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use vestnik_model::{
    GatewayName, Problem, Scope, UserId,
    contact::{ChatLinkView, ChatRequest, ChatView},
};
use vestnik_store::contacts::ChatOf;

use super::{
    body::JsonBody,
    path::{self, Segments},
    submission::{BY_GET, BY_REPEAT, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Sets the chat of a user at a gateway of the App. Another user who had it has it no more. One that the person
/// blocked within the last day stays blocked when it is set again; deleted and set, it is written to at once.
#[utoipa::path(
    put, path = "/v1/users/{user}/chats/{gateway}", tag = "users",
    params(("user" = String, Path), ("gateway" = String, Path)),
    request_body = ChatRequest,
    responses(
        (status = 204, description = "Stored"),
        (status = 404, description = "The App has no account with such a gateway, or it sends to no chats", body = Problem),
        (status = 422, description = "It is no id of a chat", body = Problem),
    )
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments((user, gateway)): Segments<(String, String)>,
    JsonBody(request): JsonBody<ChatRequest>,
) -> Result<StatusCode, Refusal> {
    let whose = whose(&sender, &user, &gateway)?;
    submission.begin(BY_GET);
    operation::put_chat(&*state.store, whose, request, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows the chat of a user at a gateway.
#[utoipa::path(
    get, path = "/v1/users/{user}/chats/{gateway}", tag = "users",
    params(("user" = String, Path), ("gateway" = String, Path)),
    responses(
        (status = 200, description = "The chat", body = ChatView),
        (status = 404, description = "The user has none there, or is not known", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    Segments((user, gateway)): Segments<(String, String)>,
) -> Result<Json<ChatView>, Refusal> {
    let whose = whose(&sender, &user, &gateway)?;
    operation::chat(&*state.store, whose).await.map(Json)
}

/// Deletes the chat of a user at a gateway. A user who has none is answered like one who has.
#[utoipa::path(
    delete, path = "/v1/users/{user}/chats/{gateway}", tag = "users",
    params(("user" = String, Path), ("gateway" = String, Path)),
    responses((status = 204, description = "The user gets no messages there any more"))
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments((user, gateway)): Segments<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let whose = whose(&sender, &user, &gateway)?;
    submission.begin(BY_GET);
    operation::delete_chat(&*state.store, whose).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/{gateway}:link`: the router hands the gateway and the verb over in one.
pub(crate) async fn act(
    state: State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments((user, text)): Segments<(String, String)>,
) -> Result<Response, Refusal> {
    match path::verb(&text)? {
        (gateway, "link") => link(state, sender, submission, (&user, gateway)).await,
        _ => Err(path::unknown_verb()),
    }
}

/// Makes a link by which a user opens a chat with the App's bot, and so is reached there from then on. It is of use
/// once, until it expires, and takes the place of a former one of theirs: whoever opens it gets the user's messages.
#[utoipa::path(
    post, path = "/v1/users/{user}/chats/{gateway}:link", tag = "users",
    params(("user" = String, Path), ("gateway" = String, Path)),
    responses(
        (status = 200, description = "The link", body = ChatLinkView),
        (status = 404, description = "The App has no account with such a gateway, or it has no links", body = Problem),
    )
)]
pub(crate) async fn link(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    (user, gateway): (&str, &str),
) -> Result<Response, Refusal> {
    let whose = whose(&sender, user, gateway)?;
    submission.begin(BY_REPEAT);
    let with = (&*state.store, &state.gateways);
    let view = operation::link_chat(with, whose, &*state.clock).await?;
    Ok(Json(view).into_response())
}

fn whose(sender: &Sender, user: &str, gateway: &str) -> Result<ChatOf, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(user, "user")?;
    let gateway: GatewayName = path::id(gateway, "gateway that sends to chats")?;
    Ok(ChatOf {
        app: sender.app(),
        user,
        gateway,
    })
}
