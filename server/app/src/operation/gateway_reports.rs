//! What a gateway sends to the webhook of an App's provider: reports of messages, and chats that were opened and
//! blocked.

use jiff::Timestamp;
use vestnik_gateway::{Event, Incoming, Reply, State, Untrusted};
use vestnik_model::{AppId, GatewayName, Problem, ProblemCode, ProviderName};
use vestnik_rules::{chat::link_hash, gateway::message_hash, gateway_report::Fate};
use vestnik_store::{
    Store, StoreError,
    contacts::{ChatChange, ChatEvent, ChatReports},
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

/// Whether the bodies of requests are to be read that come in at a webhook.
///
/// # Errors
/// [`Refusal`] `not_found` whatever of it is not known, `auth.invalid` if no body could prove to be from the gateway,
/// and `unavailable` if that cannot be told now.
pub(crate) async fn expects_reports(with: Hearing<'_>, door: &GatewayDoor) -> Result<(), Refusal> {
    let provider = provider(with, door).await?;
    provider.reads_bodies().map_err(untrusted)
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
    for part in chats(&received.events).chunks(PART) {
        let reports = ChatReports {
            app: door.app.clone(),
            gateway: door.gateway,
            events: part.to_vec(),
            now: with.now,
        };
        let noted = with.store.note_chats(reports).await.map_err(later)?;
        let (count, known) = (
            noted.len(),
            noted.iter().filter(|is_known| **is_known).count(),
        );
        tracing::debug!(app = %door.app, gateway = %door.gateway, count, known, "chats were reported");
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

/// What happened to chats, in the order in which it happened; of one second in the order in which it is told.
fn chats(events: &[Event]) -> Vec<ChatEvent> {
    let mut of_chats: Vec<_> = events.iter().filter_map(chat).collect();
    of_chats.sort_by_key(|event| event.at.as_second());
    of_chats
}

fn chat(event: &Event) -> Option<ChatEvent> {
    let (chat, change, at) = match event {
        Event::Status { .. } => return None,
        Event::Started {
            parameter,
            chat,
            at,
        } => (chat, ChatChange::Started(link_hash(parameter)), at),
        Event::Blocked {
            chat,
            at,
            is_undated,
        } => {
            let is_undated = *is_undated;
            (chat, ChatChange::Blocked { is_undated }, at)
        }
        Event::Unblocked { chat, at } => (chat, ChatChange::Opened, at),
    };
    Some(ChatEvent {
        chat: chat.clone(),
        change,
        at: *at,
    })
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

/// Whatever the store says, the service is to send the same again.
pub(super) fn later(error: StoreError) -> Refusal {
    // It is logged there.
    drop(Refusal::from(error));
    unavailable()
}

pub(super) fn unavailable() -> Refusal {
    Problem::new(ProblemCode::Unavailable, "send the same again later")
        .retry_after(1)
        .into()
}
