//! `/v1/email/bounces`: what comes to the address where bounces of letters go.

use axum::{Json, extract::State};
use vestnik_model::{Problem, Scope, bounce::BounceView};

use super::{
    body::MessageBody,
    submission::{BY_REPEAT, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Reads a message that came to the address where bounces of letters go (RFC 3464), and notes what it says
/// of a letter of the App: a letter that was taken and came back is lost, a mailbox that does not exist
/// dies. The same message twice does the same as once. A message that says nothing of a letter is answered
/// too, by its `outcome`: people and machines answer letters.
#[utoipa::path(
    post, path = "/v1/email/bounces", tag = "users",
    request_body(
        content = String, content_type = "message/rfc822",
        description = "The message with its headers, as it came. The address that it came to by the envelope, if it is known, is put before it as X-Original-To."
    ),
    responses(
        (status = 200, description = "What it says", body = BounceView),
        (status = 413, description = "It is too large; its first 64 KiB are enough", body = Problem),
        (status = 415, description = "It is not said to be a message", body = Problem),
    )
)]
pub(crate) async fn take(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    MessageBody(message): MessageBody,
) -> Result<Json<BounceView>, Refusal> {
    sender.require(Scope::Audience)?;
    submission.begin(BY_REPEAT);
    let (app, now) = (sender.app(), state.clock.now());
    let view = operation::take_bounce(state.bouncing(), app, &message, now).await?;
    Ok(Json(view))
}
