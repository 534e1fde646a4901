//! What senders call.

use futures_util::{Stream, TryStreamExt as _};
use vestnik_model::{
    PublishRequest, Scope,
    contract::{self, Published, StatusChange},
};
use vestnik_signalr::{
    payload::Payload,
    server::{Caller as From, HubError, State},
};

use super::argument::argument;
use crate::{door::auth::Caller, operation, state::ServerState};

/// A sender publishes, as by REST.
pub(super) async fn publish(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<Published, HubError> {
    let sender = caller.sender()?;
    sender.require(Scope::Publish)?;
    let request: PublishRequest = argument(&raw)?;
    let accepted = operation::publish(state.publishing(), sender.app(), request, None).await?;
    Ok(accepted.into())
}

/// A sender watches a notification: its state, then each change, until nothing can change.
pub(super) async fn watch(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<impl Stream<Item = Result<StatusChange, HubError>>, HubError> {
    let sender = caller.sender()?;
    sender.require(Scope::Read)?;
    let contract::Watch { notification_id } = argument(&raw)?;
    let watched = operation::watch(state.watching(), sender.app(), notification_id).await?;
    Ok(watched.err_into())
}
