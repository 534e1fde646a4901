//! The chats of users at gateways: set by the App's backend, or opened by a person by a link.

use jiff::Timestamp;
use vestnik_clock::Clock;
use vestnik_model::{
    AppId, Channel, FieldProblem, GatewayName, Problem, ProblemCode,
    chat::ChatId,
    contact::{ChatLinkView, ChatRequest, ChatView},
    problem::FieldCode,
};
use vestnik_rules::{
    chat::{LINK_LIFETIME, link_hash},
    gateway::Reaches,
};
use vestnik_store::{
    Store,
    contacts::{Chat, ChatLink, ChatOf},
    tenants::StoredProvider,
};

use crate::{
    channel::{GatewaySender, NoProvider},
    credential::secret,
    refusal::Refusal,
};

/// Sets the chat of a user at a gateway of the App. A user who is not known is made.
pub(crate) async fn put_chat(
    store: &dyn Store,
    whose: ChatOf,
    request: ChatRequest,
    now: Timestamp,
) -> Result<(), Refusal> {
    let ChatRequest { id } = request;
    let chat = ChatId::parse(&id).map_err(|error| {
        let problem = FieldProblem::new("/id", FieldCode::Malformed, error.to_string());
        Problem::invalid(vec![problem])
    })?;
    writes_to_chats(store, &whose.app, whose.gateway).await?;
    store.put_chat(whose, chat, now).await?;
    Ok(())
}

/// The chat of a user at a gateway. A user who is not known has none.
pub(crate) async fn chat(store: &dyn Store, whose: ChatOf) -> Result<ChatView, Refusal> {
    let chat = store.chat(whose).await?;
    let Chat {
        id,
        set_at,
        died_at,
        is_undated: _,
    } = chat.ok_or_else(|| Refusal::not_found("chat"))?;
    Ok(ChatView {
        id: id.as_str().to_owned(),
        set_at,
        died_at,
    })
}

/// Deletes the chat of a user at a gateway. One who has none is answered alike.
pub(crate) async fn delete_chat(store: &dyn Store, whose: ChatOf) -> Result<(), Refusal> {
    store.delete_chat(whose).await?;
    Ok(())
}

/// Makes a link by which a user opens their chat, in the place of a former one.
pub(crate) async fn link_chat(
    (store, gateways): (&dyn Store, &GatewaySender),
    whose: ChatOf,
    clock: &dyn Clock,
) -> Result<ChatLinkView, Refusal> {
    writes_to_chats(store, &whose.app, whose.gateway).await?;
    let provider = gateways.first_provider(&whose.app, whose.gateway).await;
    let provider = provider.map_err(|absent| match absent {
        NoProvider::Unknown => unknown(),
        NoProvider::Unreadable => Refusal::new(
            ProblemCode::Conflict,
            "the stored account with this gateway cannot be read: set it anew",
        ),
        NoProvider::Store(error) => error.into(),
    })?;
    let parameter = secret::text(clock.random());
    let url = provider.link(&parameter);
    let url = url.ok_or_else(|| Refusal::not_found("link of this gateway"))?;
    let link = ChatLink {
        hash: link_hash(&parameter),
        expires_at: clock
            .now()
            .checked_add(LINK_LIFETIME)
            .unwrap_or(Timestamp::MAX),
    };
    store.put_chat_link(whose, link).await?;
    Ok(ChatLinkView {
        url,
        expires_at: link.expires_at,
    })
}

/// Refuses a gateway that the App has no account with, or that sends to no chats. Whether one that cannot be read does is
/// not known.
async fn writes_to_chats(
    store: &dyn Store,
    app: &AppId,
    gateway: GatewayName,
) -> Result<(), Refusal> {
    let provider = store.provider(app.clone(), Channel::Gateway(gateway));
    match provider.await? {
        None => Err(unknown()),
        Some(StoredProvider::Unreadable) => Ok(()),
        Some(StoredProvider::Readable(provider)) => {
            let reaches = provider.gateway.map(|traits| traits.reaches);
            (reaches != Some(Reaches::Phone))
                .then_some(())
                .ok_or_else(unknown)
        }
    }
}

fn unknown() -> Refusal {
    Refusal::not_found("gateway that sends to chats")
}
