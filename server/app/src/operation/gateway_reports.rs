//! What a gateway sends to the webhook of an App's provider: reports of messages, and chats that were opened and
//! blocked.

use jiff::Timestamp;
use vestnik_gateway::{Event, Incoming, Reply, State, Untrusted};
use vestnik_model::{AppId, GatewayName, Problem, ProblemCode, ProviderName};
use vestnik_rules::{chat::link_hash, gateway::message_hash, gateway_report::Fate};
use vestnik_store::{
    Store, StoreError,
    contacts::ChatStanding,
    dispatch::{MessageReport, MessageReports},
};

use crate::{
    channel::{GatewaySender, NoProvider},
    refusal::Refusal,
};

/// So many reports are noted in one transaction.
const PART: usize = 100;

/// What taking reports needs.
#[derive(Clone, Copy)]
pub(crate) struct Hearing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) gateways: &'a GatewaySender,
    pub(crate) now: Timestamp,
}

/// The webhook of an App's provider of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct GatewayDoor {
    pub(crate) app: AppId,
    pub(crate) gateway: GatewayName,
    pub(crate) provider: ProviderName,
}

/// Whether requests come in at a webhook.
///
/// # Errors
/// [`Refusal`] `not_found` whatever of it is not known, and `unavailable` if that cannot be told now.
pub(crate) async fn expects_reports(with: Hearing<'_>, door: &GatewayDoor) -> Result<(), Refusal> {
    provider(with, door).await.map(drop)
}

/// Takes a request. What is answered was noted whole; nothing is changed by one that does not prove to be from the
/// gateway.
pub(crate) async fn take_reports(
    with: Hearing<'_>,
    door: &GatewayDoor,
    incoming: &Incoming<'_>,
) -> Result<Reply, Refusal> {
    let provider = provider(with, door).await?;
    let received = provider.incoming(incoming).map_err(untrusted)?;
    let events = received.events.iter();
    let reports: Vec<_> = events.filter_map(|event| report(door, event)).collect();
    let (count, mut news) = (reports.len(), 0);
    for part in reports.chunks(PART) {
        let reports = MessageReports {
            app: door.app.clone(),
            gateway: door.gateway,
            reports: part.to_vec(),
            now: with.now,
        };
        news += with.store.note_messages(reports).await.map_err(later)?;
    }
    for event in by_time(&received.events) {
        note_chat(with, door, event).await.map_err(later)?;
    }
    if count > 0 {
        tracing::debug!(app = %door.app, gateway = %door.gateway, count, news, "messages were reported");
    }
    Ok(received.reply)
}

async fn provider(
    with: Hearing<'_>,
    door: &GatewayDoor,
) -> Result<vestnik_gateway::Provider, Refusal> {
    let found = with
        .gateways
        .provider(&door.app, door.gateway, door.provider);
    found.await.map_err(|absent| match absent {
        NoProvider::Unknown => unknown(),
        NoProvider::Unreadable => unavailable(),
        NoProvider::Store(error) => later(error),
    })
}

/// What is answered of a webhook that is none, whatever of it is not known.
pub(crate) fn unknown() -> Refusal {
    Refusal::not_found("gateway")
}

fn report(door: &GatewayDoor, event: &Event) -> Option<MessageReport> {
    let Event::Status {
        id,
        state,
        at,
        cost: _,
    } = event
    else {
        return None;
    };
    Some(MessageReport {
        message: message_hash(&door.app, door.gateway, door.provider, id.as_str()),
        fate: match *state {
            State::Delivered => Fate::Delivered,
            State::Read => Fate::Read,
            State::Failed { reason } => Fate::Failed { reason },
        },
        at: *at,
    })
}

/// What happened to chats, in the order in which it happened.
fn by_time(events: &[Event]) -> Vec<&Event> {
    let mut of_chats: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Status { .. } => None,
            Event::Started { at, .. } | Event::Blocked { at, .. } | Event::Unblocked { at, .. } => {
                Some((*at, event))
            }
        })
        .collect();
    of_chats.sort_by_key(|(at, _)| *at);
    of_chats.into_iter().map(|(_, event)| event).collect()
}

/// Notes what happened to a chat. A link that nobody made, or that was used, opens none.
async fn note_chat(with: Hearing<'_>, door: &GatewayDoor, event: &Event) -> Result<(), StoreError> {
    let place = (door.app.clone(), door.gateway);
    match event {
        Event::Status { .. } => {}
        Event::Started {
            parameter,
            chat,
            at,
        } => {
            let hash = link_hash(parameter);
            let taken = with.store.take_chat_link(place, hash, chat.clone(), *at);
            let is_bound = taken.await?.is_some();
            tracing::debug!(app = %door.app, gateway = %door.gateway, is_bound, "a chat was opened");
        }
        Event::Blocked { chat, at } => {
            let standing = ChatStanding::Blocked;
            with.store
                .note_chat(place, chat.clone(), standing, *at)
                .await?;
        }
        Event::Unblocked { chat, at } => {
            let standing = ChatStanding::Open;
            with.store
                .note_chat(place, chat.clone(), standing, *at)
                .await?;
        }
    }
    Ok(())
}

fn untrusted(error: Untrusted) -> Refusal {
    match error {
        Untrusted::Unexpected => unknown(),
        Untrusted::Method => Refusal::new(ProblemCode::MethodNotAllowed, &error.to_string()),
        Untrusted::TooLarge | Untrusted::TooMany => {
            Refusal::new(ProblemCode::RequestTooLarge, &error.to_string())
        }
        Untrusted::Unverified => Refusal::new(ProblemCode::AuthInvalid, &error.to_string()),
        Untrusted::Unreadable => Refusal::new(ProblemCode::RequestMalformed, &error.to_string()),
    }
}

/// Whatever the store says, the gateway is to send the same again.
fn later(error: StoreError) -> Refusal {
    // It is logged there.
    drop(Refusal::from(error));
    unavailable()
}

fn unavailable() -> Refusal {
    Problem::new(ProblemCode::Unavailable, "send the same again later")
        .retry_after(1)
        .into()
}
