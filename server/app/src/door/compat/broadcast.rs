//! `/compat/broadcast`: what a broadcast worker hands over for sending.

use axum::{Json, extract::State};
use vestnik_model::{
    Problem, Scope,
    broadcast::{EmailMessage, MessageAccepted, PushMessage, Translated},
};

use crate::{
    door::{
        auth::Sender,
        rest::{
            body::JsonBody,
            submission::{BY_MESSAGE_KEY, Submission},
        },
    },
    operation,
    refusal::Refusal,
    state::ServerState,
};

/// Takes a message to devices. `200` means that it is stored and will be sent; what becomes of it is told
/// by its notification.
#[utoipa::path(
    post, path = "/compat/broadcast/send_messages_push", tag = "compat", request_body = PushMessage,
    responses(
        (status = 200, description = "Stored", body = MessageAccepted),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 413, description = "The body or the message is too large", body = Problem),
        (status = 422, description = "The message is not valid, or its key was used for another one", body = Problem),
        (status = 504, description = "Whether it was stored is not known: repeat it", body = Problem),
    )
)]
pub(crate) async fn send_messages_push(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    JsonBody(message): JsonBody<PushMessage>,
) -> Result<Json<MessageAccepted>, Refusal> {
    sender.require(Scope::Publish)?;
    accept(&state, &sender, &submission, message.translate()).await
}

/// Takes a message to mailboxes. `200` means that it is stored and will be sent; what becomes of it is told
/// by its notification. An address that is no user's is answered like one that is.
#[utoipa::path(
    post, path = "/compat/broadcast/send_messages_email", tag = "compat", request_body = EmailMessage,
    responses(
        (status = 200, description = "Stored", body = MessageAccepted),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 413, description = "The body or the message is too large", body = Problem),
        (status = 422, description = "The message is not valid, or its key was used for another one", body = Problem),
        (status = 504, description = "Whether it was stored is not known: repeat it", body = Problem),
    )
)]
pub(crate) async fn send_messages_email(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    JsonBody(message): JsonBody<EmailMessage>,
) -> Result<Json<MessageAccepted>, Refusal> {
    sender.require(Scope::Publish)?;
    accept(&state, &sender, &submission, message.translate()?).await
}

async fn accept(
    state: &ServerState,
    sender: &Sender,
    submission: &Submission,
    message: Translated,
) -> Result<Json<MessageAccepted>, Refusal> {
    let wording = message.wording();
    let Translated {
        request, receivers, ..
    } = message;
    submission.begin(BY_MESSAGE_KEY);
    let published = operation::publish(state.publishing(), sender.app(), request, None).await;
    let accepted = published.map_err(|refusal| wording.problem(refusal.into_problem()))?;
    Ok(Json(MessageAccepted {
        notification_id: accepted.id,
        success_receivers: receivers,
        replayed: accepted.replayed,
    }))
}
