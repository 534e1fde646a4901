//! API keys, providers and webhooks.

use jiff::Timestamp;
use vestnik_model::KeyView;
use vestnik_rules::{provider::Lasting, webhook::Webhook};

use crate::tenants::{ApiKey, ApiKeyRecord, Provider};

/// An API key with what became of it.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) record: ApiKeyRecord,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl KeyRow {
    pub(crate) fn key(&self) -> ApiKey {
        let ApiKeyRecord {
            app, id, scopes, ..
        } = self.record.clone();
        ApiKey { app, id, scopes }
    }

    pub(crate) fn view(&self) -> KeyView {
        KeyView {
            id: self.record.id.clone(),
            name: self.record.name.clone(),
            scopes: self.record.scopes.iter().copied().map(Into::into).collect(),
            created_at: self.created_at,
            last_used_at: self.last_used_at,
        }
    }
}

/// The credentials at a service, with what is known of them.
#[derive(Debug, Clone)]
pub(crate) struct ProviderRow {
    pub(crate) provider: Provider,
    pub(crate) lasting: Lasting,
}

/// A webhook with its row of work, which it has while it is enabled.
#[derive(Debug, Clone)]
pub(crate) struct WebhookRow {
    pub(crate) webhook: Webhook,
    pub(crate) work: Option<u64>,
}
