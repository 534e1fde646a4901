//! Apps, API keys, identity keys.

use std::fmt;

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, IdentityAlgorithm, KeyView, Scope,
    view::{List, ProviderView},
};
use vestnik_rules::gateway::Traits;

use crate::{Answer, PageQuery};

/// Apps and what their backends authenticate with.
pub trait Tenants {
    /// Makes an App.
    fn create_app(&self, app: AppId, now: Timestamp) -> Answer<'_, Created>;
    /// Makes an App with a first API key and a first identity key, all or nothing: an App that has an
    /// identity key of that `kid` keeps it, and nothing is made.
    fn bootstrap(&self, first: Bootstrap) -> Answer<'_, Created>;
    /// Makes an API key.
    fn create_key(&self, record: ApiKeyRecord, now: Timestamp) -> Answer<'_, ()>;
    /// Finds a live key by the SHA-256 of its whole text.
    fn find_key(&self, secret_hash: [u8; 32]) -> Answer<'_, Option<ApiKey>>;
    /// The key as it is now: what an authenticated sender may still do.
    fn key(&self, app: AppId, id: String) -> Answer<'_, Option<ApiKey>>;
    /// Lists the keys of an App by id.
    fn keys(&self, app: AppId, page: PageQuery<String>) -> Answer<'_, List<KeyView>>;
    /// Revokes a key; tells whether there was one. Effect: `Revoked`.
    fn revoke_key(&self, app: AppId, id: String, now: Timestamp) -> Answer<'_, bool>;
    /// Revokes every key of an App but one, after a restore; tells how many. Without an App, every key of
    /// every App, and none is spared: ids of keys are names within an App. Effects: `Revoked`.
    fn revoke_keys(
        &self,
        app: Option<AppId>,
        except: Option<String>,
        now: Timestamp,
    ) -> Answer<'_, u64>;
    /// Notes when keys were last used, in one batch.
    fn note_key_use(&self, uses: Vec<KeyUse>) -> Answer<'_, ()>;
    /// Sets an identity key, whole.
    fn put_identity_key(&self, app: AppId, key: IdentityKey) -> Answer<'_, ()>;
    /// Finds an identity key.
    fn identity_key(&self, app: AppId, kid: String) -> Answer<'_, Option<IdentityKey>>;
    /// Deletes an identity key; tells whether there was one.
    fn delete_identity_key(&self, app: AppId, kid: String) -> Answer<'_, bool>;
    /// Sets the credentials of an App at a service, whole. What waits because the service refused the former
    /// ones is tried at once. Effects: `WorkDue`, `Told`.
    fn put_provider(&self, app: AppId, provider: Provider) -> Answer<'_, ()>;
    /// The same in place of credentials with this JSON; tells whether they are still the present ones.
    /// Effects: `WorkDue`, `Told`.
    fn replace_provider(&self, app: AppId, former: String, provider: Provider) -> Answer<'_, bool>;
    /// The credentials of an App at a service.
    fn provider(&self, app: AppId, channel: Channel) -> Answer<'_, Option<StoredProvider>>;
    /// The services at which an App has credentials, and when each was set.
    fn providers(&self, app: AppId) -> Answer<'_, Vec<ProviderView>>;
    /// Deletes credentials; tells whether there were any. Effects: `Revoked`, `Told`.
    fn delete_provider(&self, app: AppId, channel: Channel, now: Timestamp) -> Answer<'_, bool>;
}

/// The credentials of an App at a service that notifications pass.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// The service.
    pub channel: Channel,
    /// The credentials, as JSON.
    pub account: String,
    /// When they were set.
    pub set_at: Timestamp,
    /// What they say of a gateway, if they are for one.
    pub gateway: Option<Traits>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("channel", &self.channel)
            .field("set_at", &self.set_at)
            .finish_non_exhaustive()
    }
}

/// What is stored of the credentials of an App at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredProvider {
    /// As they were set.
    Readable(Provider),
    /// They are there and cannot be read: sealed under another key, or damaged. Others may be set in their
    /// place.
    Unreadable,
}

/// Whether something was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It was made.
    Made,
    /// It is there already, and stays as it is.
    Exists,
}

/// An App's first keys.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The API key; names the App.
    pub key: ApiKeyRecord,
    /// The identity key.
    pub identity: IdentityKey,
    /// The time.
    pub now: Timestamp,
}

/// A new API key.
#[derive(Clone)]
pub struct ApiKeyRecord {
    /// The tenant.
    pub app: AppId,
    /// The id that it is revoked by.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The SHA-256 of its whole text.
    pub secret_hash: [u8; 32],
}

impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord")
            .field("app", &self.app)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A live API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The tenant.
    pub app: AppId,
    /// The id that it is revoked by.
    pub id: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// A use of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The tenant.
    pub app: AppId,
    /// The key.
    pub id: String,
    /// When, rounded to the hour.
    pub at: Timestamp,
}

/// A key by which an App's backend signs identity tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityKey {
    /// The `kid` of the tokens.
    pub kid: String,
    /// The only algorithm accepted with it.
    pub algorithm: IdentityAlgorithm,
    /// The shared secret, or the public key as PEM.
    pub key: Vec<u8>,
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
