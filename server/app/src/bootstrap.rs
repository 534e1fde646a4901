//! A new App's first keys, made on the server's machine while no server has the database open.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestnik_clock::{Clock, SystemClock};
use vestnik_model::{AppId, IdentityAlgorithm, Scope, Word as _};
use vestnik_store::{
    OpenError, Operations as _, Store, StoreError,
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
        "the App {app} exists and keeps its keys: make another API key by `vestnik keys create`, \
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

/// As [`bootstrap`], in an open store.
pub(crate) async fn bootstrap_in(
    store: &dyn Store,
    clock: &dyn Clock,
    app: AppId,
) -> Result<Bootstrap, BootstrapError> {
    let (id, admin_key) = secret::new_key(clock.random(), clock.random());
    let shared = clock.random();
    let first = tenants::Bootstrap {
        key: ApiKeyRecord {
            app: app.clone(),
            id,
            name: "bootstrap".to_owned(),
            scopes: Scope::WORDS.to_vec(),
            secret_hash: secret::hash(&admin_key),
        },
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
