//! Providers: the credentials of an App at push services, at an SMTP server and for its own backend, set by its
//! administrator.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_gateway::{Evidence, Invalid, RecipientKind};
use vestnik_model::{
    Channel, FieldProblem, Problem, ProblemCode, open::Word as _, problem::FieldCode,
    publish::Goal, view::ProviderView,
};
use vestnik_push::{Elsewhere, keeps_addresses};
use vestnik_rules::{
    gateway::{Reaches, Traits},
    webhook::Target,
};
use vestnik_store::{
    Store,
    tenants::{ApiKey, Provider, StoredProvider},
};

use crate::{
    channel::{
        BackendSender,
        backend_account::{self, AccountError},
        service,
    },
    refusal::Refusal,
};

/// Credentials, read.
#[derive(Debug)]
pub(crate) enum Account {
    /// At a push service.
    Push(Arc<vestnik_push::Account>),
    /// At an SMTP server.
    Email(Box<vestnik_mail::Account>),
    /// For the App's own backend.
    Webhook(Box<Target>),
    /// With the providers of a gateway.
    Gateway(Box<vestnik_gateway::Account>),
}

/// What setting credentials needs.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) backends: &'a BackendSender,
    pub(crate) now: Timestamp,
}

/// Checks and stores credentials, if they are for the addresses of the present ones or there are none.
pub(crate) async fn put_provider(
    with: Setting<'_>,
    by: &ApiKey,
    channel: &str,
    account: String,
) -> Result<(), Refusal> {
    let (channel, store) = (named(channel)?, with.store);
    let (read, account) = written(with, channel, account)?;
    let former = store.provider(by.app.clone(), channel).await?;
    let provider = Provider {
        channel,
        gateway: traits(&read),
        account,
        set_at: with.now,
    };
    // What cannot be read binds nothing, and is to be replaced.
    let Some(StoredProvider::Readable(Provider {
        account: former, ..
    })) = former
    else {
        store.put_provider(by.app.clone(), provider).await?;
        tracing::info!(channel = channel.as_str(), by = %by.id, "credentials set");
        return Ok(());
    };
    check_addresses(&former, &read)?;
    let is_replaced = store.replace_provider(by.app.clone(), former, provider);
    if is_replaced.await? {
        tracing::info!(channel = channel.as_str(), by = %by.id, "credentials set in place of others");
        return Ok(());
    }
    Err(set_meanwhile())
}

/// Pushes by credentials of another project or app would each be answered that the address is another's,
/// and every address would die of it.
fn check_addresses(former: &str, account: &Account) -> Result<(), Refusal> {
    match account {
        Account::Push(account) => {
            keeps_addresses(former, account).map_err(|error| elsewhere(&error))
        }
        // Letters reach a mailbox by any server.
        Account::Email(_) => Ok(()),
        // A backend is asked for anybody.
        Account::Webhook(_) => Ok(()),
        // Numbers and chats are set anew if they are another bot's.
        Account::Gateway(_) => Ok(()),
    }
}

/// Credentials for other addresses than the present ones are for.
pub(super) fn elsewhere(error: &Elsewhere) -> Refusal {
    let detail = "must be that of the present credentials, which devices' addresses belong to: \
                  delete those first to set others";
    wrong(Some(error.field), FieldCode::NotAllowed, detail.to_owned())
}

/// The present credentials are not those any more that the new ones were compared with.
pub(super) fn set_meanwhile() -> Refusal {
    let detail = "other credentials were set meanwhile: nothing was changed";
    Refusal::new(ProblemCode::Conflict, detail)
}

/// Deletes credentials: nothing passes this service any more.
pub(crate) async fn delete_provider(
    store: &dyn Store,
    by: &ApiKey,
    channel: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    let channel = named(channel)?;
    if store.delete_provider(by.app.clone(), channel, now).await? {
        tracing::info!(channel = channel.as_str(), by = %by.id, "credentials deleted");
        return Ok(());
    }
    Err(Refusal::not_found("provider"))
}

/// The services at which the App has credentials.
pub(crate) async fn providers(
    store: &dyn Store,
    by: &ApiKey,
) -> Result<Vec<ProviderView>, Refusal> {
    Ok(store.providers(by.app.clone()).await?)
}

/// The account of an App at a service, to be checked with it.
pub(crate) async fn account(
    store: &dyn Store,
    by: &ApiKey,
    channel: &str,
) -> Result<Account, Refusal> {
    let channel = named(channel)?;
    let text = text(store, by, channel).await?;
    parse(channel, &text)
}

/// The JSON of the credentials at a service.
pub(super) async fn text(
    store: &dyn Store,
    by: &ApiKey,
    channel: Channel,
) -> Result<String, Refusal> {
    match store.provider(by.app.clone(), channel).await? {
        Some(StoredProvider::Readable(provider)) => Ok(provider.account),
        Some(StoredProvider::Unreadable) => Err(unreadable()),
        None => Err(Refusal::not_found("provider")),
    }
}

/// A channel that needs credentials, by its name.
pub(super) fn named(channel: &str) -> Result<Channel, Refusal> {
    let known = Channel::from_word(channel);
    known
        .filter(|channel| match channel {
            Channel::Fcm | Channel::Rustore | Channel::Hms | Channel::Apns | Channel::Webpush => {
                true
            }
            Channel::Email | Channel::Webhook => true,
            Channel::Gateway(_) => true,
            Channel::Hub => false,
        })
        .ok_or_else(|| Refusal::not_found("provider"))
}

/// Credentials as an administrator writes them, with the form in which they are stored.
pub(super) fn written(
    with: Setting<'_>,
    channel: Channel,
    account: String,
) -> Result<(Account, String), Refusal> {
    if channel != Channel::Webhook {
        return Ok((parse(channel, &account)?, account));
    }
    let target = backend_account::parse(&account).map_err(|error| backend_fault(&error))?;
    let checked = with.backends.check_address(&target.url);
    checked.map_err(|detail| wrong(Some("url"), FieldCode::NotAllowed, detail))?;
    let stored = stored(&target)?;
    Ok((Account::Webhook(Box::new(target)), stored))
}

/// The form in which the account for a backend is stored.
pub(super) fn stored(target: &Target) -> Result<String, Refusal> {
    serde_json::to_string(target).map_err(|_| Refusal::internal())
}

/// Reads stored credentials.
pub(super) fn parse(channel: Channel, account: &str) -> Result<Account, Refusal> {
    match channel {
        Channel::Email => {
            let account = vestnik_mail::Account::parse(account).map_err(email_fault)?;
            return Ok(Account::Email(Box::new(account)));
        }
        Channel::Webhook => return target(account).map(Account::Webhook),
        Channel::Gateway(_) => {
            let account = vestnik_gateway::Account::parse(account);
            let account = account.map_err(|fault| gateway_fault(&fault))?;
            return Ok(Account::Gateway(Box::new(account)));
        }
        Channel::Hub
        | Channel::Fcm
        | Channel::Rustore
        | Channel::Hms
        | Channel::Apns
        | Channel::Webpush => {}
    }
    let service = service(channel).ok_or_else(|| Refusal::not_found("provider"))?;
    let account =
        vestnik_push::Account::parse(service, account).map_err(|error| push_fault(&error))?;
    Ok(Account::Push(Arc::new(account)))
}

/// The stored account for a backend.
pub(super) fn target(account: &str) -> Result<Box<Target>, Refusal> {
    let target = serde_json::from_str(account);
    target.map(Box::new).map_err(|_| unreadable())
}

fn unreadable() -> Refusal {
    let detail = "the stored credentials cannot be read: set them anew";
    Refusal::new(ProblemCode::Conflict, detail)
}

fn backend_fault(error: &AccountError) -> Refusal {
    wrong(error.field, error.code, error.to_string())
}

pub(super) fn push_fault(error: &vestnik_push::AccountError) -> Refusal {
    use vestnik_push::AccountError;
    let code = match error {
        AccountError::Missing { .. } => FieldCode::Missing,
        AccountError::TooLong { .. } => FieldCode::TooLong,
        AccountError::Json { .. }
        | AccountError::NotObject
        | AccountError::NotText { .. }
        | AccountError::NotTexts { .. }
        | AccountError::NotFlag { .. }
        | AccountError::NotTextMap { .. }
        | AccountError::Value { .. }
        | AccountError::Unknown { .. } => FieldCode::Malformed,
    };
    wrong(error.field(), code, error.to_string())
}

fn email_fault(error: vestnik_mail::AccountError) -> Refusal {
    use vestnik_outbound::AccountError::{Json, Missing, NotObject, TooLong, Unknown, Value};
    let code = match error {
        Missing { .. } => FieldCode::Missing,
        TooLong => FieldCode::TooLong,
        Json { .. } | NotObject | Value { .. } | Unknown => FieldCode::Malformed,
    };
    wrong(error.field(), code, error.to_string())
}

/// What an account with a gateway says of it.
pub(super) fn traits(account: &Account) -> Option<Traits> {
    let Account::Gateway(account) = account else {
        return None;
    };
    Some(Traits {
        reaches: match account.recipient() {
            RecipientKind::Phone => Reaches::Phone,
            RecipientKind::Chat => Reaches::Chat,
        },
        // Without the secret by which its reports are verified, a gateway proves nothing later.
        proves: match account.evidence() {
            Evidence::Handed => Goal::Handed,
            Evidence::Delivered => Goal::Delivered,
            Evidence::Read => Goal::Read,
        },
        price: account.price(),
    })
}

fn gateway_fault(fault: &Invalid) -> Refusal {
    let problem = FieldProblem::new(
        &fault.pointer,
        FieldCode::Malformed,
        fault.fault.to_string(),
    );
    Problem::invalid(vec![problem]).into()
}

fn wrong(field: Option<&str>, code: FieldCode, detail: String) -> Refusal {
    let pointer = field.map(|field| format!("/{field}")).unwrap_or_default();
    Problem::invalid(vec![FieldProblem::new(&pointer, code, detail)]).into()
}
