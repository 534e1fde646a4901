//! What devices call.

use vestnik_model::contract::{self, Answer, Done, Page, ReceivedReport, Reported, Welcome};
use vestnik_signalr::{
    payload::Payload,
    server::{Caller as From, Connection, HubError, State, Tracked},
};

use super::{
    answer::{answer, refused},
    argument::{argument, size},
    authority,
};
use crate::{door::auth::Caller, operation, refusal::Refusal, state::ServerState};

/// A device, or a sender, says who it is.
pub(super) async fn hello(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Answer<Welcome>, HubError> {
    answer(greet(&state, caller, &connection, &raw).await)
}

async fn greet(
    state: &ServerState,
    caller: Caller,
    connection: &Connection,
    raw: &Payload,
) -> Result<Welcome, Refusal> {
    if let Caller::Sender(_) = caller {
        drop(argument::<contract::SenderHello>(raw)?);
        return Ok(operation::welcome_sender(state.greeting()));
    }
    let device = authority::device(state, caller, connection).await?;
    let hello: contract::Hello = argument(raw)?;
    operation::hello(state.greeting(), &device, hello).await
}

/// A device reads its log on. Once it stands at the end, the rest comes live.
pub(super) async fn sync(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Tracked<Answer<Page>>, HubError> {
    let read = async {
        let device = authority::greeted(&state, caller, &connection).await?;
        let request: contract::Sync = argument(&raw)?;
        operation::sync(state.syncing(), device, request).await
    };
    match read.await {
        Ok((page, on_written)) => Ok(Tracked::new(Answer::Done(page), on_written)),
        Err(refusal) => {
            let problem = refused(refusal)?;
            Ok(Tracked::new(Answer::Refused { problem }, drop))
        }
    }
}

/// A device reports facts.
pub(super) async fn report(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Answer<Reported>, HubError> {
    let report = async {
        let device = authority::greeted(&state, caller, &connection).await?;
        size(&raw, vestnik_model::limits::REPORT_BYTES)?;
        let report: ReceivedReport = argument(&raw)?;
        operation::report(state.reporting(), device.session.clone(), report).await
    };
    answer(report.await)
}

/// Something about the device changed.
pub(super) async fn update_state(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Answer<Done>, HubError> {
    let update = async {
        let device = authority::greeted(&state, caller, &connection).await?;
        let update: contract::UpdateState = argument(&raw)?;
        let (session, now) = (device.session.clone(), state.clock.now());
        operation::update_device(&*state.store, session, update, now).await?;
        Ok(Done {})
    };
    answer(update.await)
}

/// A device's user joins a topic.
pub(super) async fn subscribe(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Answer<Done>, HubError> {
    let subscribe = async {
        let device = authority::greeted(&state, caller, &connection).await?;
        let contract::Subscribe { topic } = argument(&raw)?;
        authority::present(&state, &device.session).await?;
        operation::join(&*state.store, device.session.clone(), topic).await?;
        Ok(Done {})
    };
    answer(subscribe.await)
}

/// A device's user leaves a topic.
pub(super) async fn unsubscribe(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Answer<Done>, HubError> {
    let unsubscribe = async {
        let device = authority::greeted(&state, caller, &connection).await?;
        let contract::Subscribe { topic } = argument(&raw)?;
        authority::present(&state, &device.session).await?;
        operation::leave(&*state.store, device.session.clone(), topic).await?;
        Ok(Done {})
    };
    answer(unsubscribe.await)
}
