//! A new App's first keys, made on the server's machine while no server has the database open.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestnik_clock::{Clock, SystemClock};
use vestnik_model::{AppId, IdentityAlgorithm, KeyCreated, Scope, Word as _};
use vestnik_store::{
    OpenError, Operations as _, Store, StoreError, Tenants as _,
    tenants::{self, ApiKeyRecord, Created, IdentityKey},
};
use vestnik_store_sqlite::{SealKey, SqliteStore, StoreOptions};

use crate::credential::secret;

/// The `kid` of the identity key that [`bootstrap`] makes.
pub const BOOTSTRAP_IDENTITY_KEY: &str = "bootstrap";

/// What a new App is given; nothing of it is stored where it could be shown again.
#[derive(Clone)]
pub struct Bootstrap {
    /// An API key with every scope.
    pub admin_key: String,
    /// The `kid` of the identity key.
    pub identity_key_id: String,
    /// The shared secret (HS256) of the identity key, as base64url.
    pub identity_secret: String,
}

impl std::fmt::Debug for Bootstrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bootstrap").finish_non_exhaustive()
    }
}

/// Why an App cannot be made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The App is there and keeps its keys: a set-up script may run more than once.
    #[error(
        "the App {app} exists and keeps its keys: make another API key by `vestnik keys create` or `vestnik keys admin`, \
         change the identity key by PUT /v1/identity-keys/{{kid}}"
    )]
    Exists {
        /// The App.
        app: AppId,
    },
    /// The database cannot be opened; while a server runs on it, use its REST interface.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes an App with an API key of every scope and an identity key, in a database that no server
/// has open; `key` is the one that the database's secrets are encrypted under, if they are.
///
/// # Errors
/// [`BootstrapError`].
pub async fn bootstrap(
    database: &Path,
    key: Option<SealKey>,
    app: AppId,
) -> Result<Bootstrap, BootstrapError> {
    let options = StoreOptions {
        key,
        ..StoreOptions::new(Arc::new(SystemClock))
    };
    let store = SqliteStore::open(database, options)?;
    let made = bootstrap_in(&store, &SystemClock, app).await;
    store.close().await;
    made
}

/// Why a key cannot be made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MakeKeyError {
    /// There is no such App in the database.
    #[error("there is no App {app} in the database: `vestnik keys bootstrap` makes one")]
    Unknown {
        /// The App.
        app: AppId,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes another API key of every scope for an App that exists, in a database that no server has open:
/// the way back when no such key is left.
///
/// # Errors
/// [`MakeKeyError`].
pub async fn make_admin_key(
    database: &Path,
    key: Option<SealKey>,
    app: AppId,
) -> Result<KeyCreated, MakeKeyError> {
    if !vestnik_store_sqlite::inspect(database)?.apps.contains(&app) {
        return Err(MakeKeyError::Unknown { app });
    }
    let options = StoreOptions {
        key,
        ..StoreOptions::new(Arc::new(SystemClock))
    };
    let store = SqliteStore::open(database, options)?;
    let (record, text) = admin_key(&SystemClock, app, "admin");
    let created = KeyCreated {
        id: record.id.clone(),
        key: text,
        name: record.name.clone(),
        scopes: record.scopes.iter().copied().map(Into::into).collect(),
    };
    let stored = store.create_key(record, SystemClock.now()).await;
    store.close().await;
    stored?;
    Ok(created)
}

/// A new API key with every scope: what is stored of it, and its text.
fn admin_key(clock: &dyn Clock, app: AppId, name: &str) -> (ApiKeyRecord, String) {
    let (id, text) = secret::new_key(clock.random(), clock.random());
    let record = ApiKeyRecord {
        app,
        id,
        name: name.to_owned(),
        scopes: Scope::WORDS.to_vec(),
        secret_hash: secret::hash(&text),
    };
    (record, text)
}

/// As [`bootstrap`], in an open store.
pub(crate) async fn bootstrap_in(
    store: &dyn Store,
    clock: &dyn Clock,
    app: AppId,
) -> Result<Bootstrap, BootstrapError> {
    let (key, admin_key) = admin_key(clock, app.clone(), "bootstrap");
    let shared = clock.random();
    let first = tenants::Bootstrap {
        key,
        identity: IdentityKey {
            kid: BOOTSTRAP_IDENTITY_KEY.to_owned(),
            algorithm: IdentityAlgorithm::Hs256,
            key: shared.to_vec(),
        },
        now: clock.now(),
    };
    match store.bootstrap(first).await? {
        Created::Made => Ok(Bootstrap {
            admin_key,
            identity_key_id: BOOTSTRAP_IDENTITY_KEY.to_owned(),
            identity_secret: BASE64_URL_SAFE_NO_PAD.encode(shared),
        }),
        Created::Exists => Err(BootstrapError::Exists { app }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_app_without_keys_is_given_one_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("vestnik.sqlite");
        let app = AppId::parse("shop").unwrap();
        bootstrap(&database, None, app.clone()).await.unwrap();
        assert_eq!(crate::revoke_all_keys(&database, None).await.unwrap(), 1);
        let made = make_admin_key(&database, None, app).await.unwrap();
        let typo = AppId::parse("shpo").unwrap();
        let refused = make_admin_key(&database, None, typo).await;
        assert!(matches!(refused, Err(MakeKeyError::Unknown { .. })));
        let options = StoreOptions::new(Arc::new(SystemClock));
        let store = SqliteStore::open(&database, options).unwrap();
        let found = store.find_key(secret::hash(&made.key)).await.unwrap();
        assert_eq!(found.unwrap().scopes, Scope::WORDS);
        store.close().await;
    }

    #[tokio::test]
    async fn a_second_bootstrap_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("vestnik.sqlite");
        let app = AppId::parse("shop").unwrap();
        let first = bootstrap(&database, None, app.clone()).await.unwrap();
        let second = bootstrap(&database, None, app.clone()).await.unwrap_err();
        assert!(matches!(&second, BootstrapError::Exists { .. }), "{second}");
        let options = StoreOptions::new(Arc::new(SystemClock));
        let store = SqliteStore::open(&database, options).unwrap();
        let dyn_store: &dyn Store = &store;
        let key = dyn_store
            .identity_key(app, BOOTSTRAP_IDENTITY_KEY.to_owned())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD.encode(key.key),
            first.identity_secret
        );
        store.close().await;
    }
}
