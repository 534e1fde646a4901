//! Providers: the credentials of an App at push services, set by its administrator.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_model::{
    Channel, FieldProblem, Problem, open::Word as _, problem::FieldCode, view::ProviderView,
};
use vestnik_push::{Account, AccountError};
use vestnik_store::{
    Store,
    tenants::{ApiKey, Provider},
};

use crate::{channel::service, refusal::Refusal};

/// Checks and stores credentials.
pub(crate) async fn put_provider(
    store: &dyn Store,
    by: &ApiKey,
    channel: &str,
    account: String,
    now: Timestamp,
) -> Result<(), Refusal> {
    let channel = named(channel)?;
    parse(channel, &account)?;
    let provider = Provider {
        channel,
        account,
        set_at: now,
    };
    store.put_provider(by.app.clone(), provider).await?;
    tracing::info!(channel = channel.as_str(), by = %by.id, "credentials set");
    Ok(())
}

/// Deletes credentials: nothing passes this service any more.
pub(crate) async fn delete_provider(
    store: &dyn Store,
    by: &ApiKey,
    channel: &str,
) -> Result<(), Refusal> {
    let channel = named(channel)?;
    if store.delete_provider(by.app.clone(), channel).await? {
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
) -> Result<Arc<Account>, Refusal> {
    let channel = named(channel)?;
    let provider = store.provider(by.app.clone(), channel).await?;
    let provider = provider.ok_or_else(|| Refusal::not_found("provider"))?;
    parse(channel, &provider.account).map(Arc::new)
}

/// The channel of a push service by its name.
fn named(channel: &str) -> Result<Channel, Refusal> {
    let known = Channel::from_word(channel);
    known
        .filter(|channel| service(*channel).is_some())
        .ok_or_else(|| Refusal::not_found("provider"))
}

fn parse(channel: Channel, account: &str) -> Result<Account, Refusal> {
    let wrong = |pointer: &str, code, detail: String| {
        Refusal::from(Problem::invalid(vec![FieldProblem::new(
            pointer, code, detail,
        )]))
    };
    let service = service(channel).ok_or_else(|| Refusal::not_found("provider"))?;
    Account::parse(service, account).map_err(|error| {
        let code = match error {
            AccountError::Missing { .. } => FieldCode::Missing,
            AccountError::TooLong { .. } => FieldCode::TooLong,
            AccountError::Json { .. }
            | AccountError::NotObject
            | AccountError::NotText { .. }
            | AccountError::Value { .. }
            | AccountError::Unknown { .. } => FieldCode::Malformed,
        };
        let pointer = error.field().map(|field| format!("/{field}"));
        wrong(&pointer.unwrap_or_default(), code, error.to_string())
    })
}
