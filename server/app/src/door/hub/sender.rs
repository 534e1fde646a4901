//! What senders call.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use vestnik_model::{
    PublishRequest, Scope,
    contract::{self, Answer, Done, Published, StatusChange},
};
use vestnik_signalr::{
    payload::Payload,
    server::{Caller as From, HubError, State},
};

use super::{
    answer::{answer, refused},
    argument::argument,
    authority,
};
use crate::{
    door::auth::{Caller, Sender},
    operation::{self, WatchRequest},
    refusal::Refusal,
    state::ServerState,
};

/// How long an item of a watch waits when the sender's key cannot be read now.
const LATER: Duration = Duration::from_millis(200);

/// A sender publishes, as by REST.
pub(super) async fn publish(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<Answer<Published>, HubError> {
    let publish = async {
        let app = authority::sender(&state, caller, Scope::Publish).await?;
        let request: PublishRequest = argument(&raw)?;
        let accepted = operation::publish(state.publishing(), app, request, None).await?;
        Ok(Published::from(accepted))
    };
    answer(publish.await)
}

/// A sender stops what was not handed over yet.
pub(super) async fn cancel(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<Answer<Done>, HubError> {
    let cancel = async {
        let app = authority::sender(&state, caller, Scope::Publish).await?;
        let contract::OfNotification { notification_id } = argument(&raw)?;
        operation::cancel(&*state.store, app, notification_id, state.clock.now()).await?;
        Ok(Done {})
    };
    answer(cancel.await)
}

/// A sender withdraws a notification.
pub(super) async fn recall(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<Answer<Done>, HubError> {
    let recall = async {
        let app = authority::sender(&state, caller, Scope::Publish).await?;
        let contract::OfNotification { notification_id } = argument(&raw)?;
        operation::recall(&*state.store, app, notification_id, state.clock.now()).await?;
        Ok(Done {})
    };
    answer(recall.await)
}

/// A sender watches a notification: its state, then each change, until nothing can change. A refusal
/// is one item `{problem}`, and the end.
pub(super) async fn watch(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<impl Stream<Item = Result<Answer<StatusChange>, HubError>>, HubError> {
    let began = async {
        let app = authority::sender(&state, caller.clone(), Scope::Read).await?;
        let Sender(key) = caller.clone().sender()?;
        let request = WatchRequest {
            app,
            key: key.id,
            watch: argument(&raw)?,
        };
        operation::watch(state.watching(), request).await
    };
    let items = match began.await {
        Ok(items) => items.left_stream(),
        Err(refusal) => stream::iter([Err(refusal)]).right_stream(),
    };
    Ok(items.then(move |item| checked(state.clone(), caller.clone(), item)))
}

/// An item of a stream, if the sender may still read it.
async fn checked(
    state: ServerState,
    caller: Caller,
    item: Result<StatusChange, Refusal>,
) -> Result<Answer<StatusChange>, HubError> {
    let item = match item {
        Ok(item) => still_reads(&state, caller).await.map(|()| item),
        Err(refusal) => Err(refusal),
    };
    match item {
        Ok(item) => Ok(Answer::Done(item)),
        Err(refusal) => refused(refusal).map(|problem| Answer::Refused { problem }),
    }
}

async fn still_reads(state: &ServerState, caller: Caller) -> Result<(), Refusal> {
    let Sender(key) = caller.sender()?;
    loop {
        match authority::live_key(state, &key).await {
            Ok(key) => return Sender(key).require(Scope::Read),
            // The item is not lost because the store is busy.
            Err(refusal) if refusal.is_transient() && state.store.is_alive() => {
                tokio::time::sleep(LATER).await;
            }
            Err(refusal) => return Err(refusal),
        }
    }
}
