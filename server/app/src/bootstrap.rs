//! A new App's first keys, made on the server's machine.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestnik_model::{AppId, Epoch, IdentityAlgorithm, Scope};
use vestnik_store::{ApiKeyRecord, IdentityKey, OpenError, Store, StoreError};
use vestnik_store_sqlite::SqliteStore;

use crate::{
    clock::{Clock, SystemClock},
    credential::secret,
};

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

/// Why an App cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The database cannot be opened; while a server runs on it, use its REST interface.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes an App with an API key of every scope and an identity key, in a database that no server
/// has open. For an App that is there, it makes another API key and a new identity key.
///
/// # Errors
/// [`BootstrapError`].
pub async fn bootstrap(database: &Path, app: AppId) -> Result<Bootstrap, BootstrapError> {
    let clock = SystemClock;
    let store = SqliteStore::open(database, random_epoch(&clock))?;
    let made = bootstrap_in(&store, &clock, app).await;
    store.close().await;
    Ok(made?)
}

/// As [`bootstrap`], in an open store.
pub(crate) async fn bootstrap_in(
    store: &dyn Store,
    clock: &dyn Clock,
    app: AppId,
) -> Result<Bootstrap, StoreError> {
    let now = clock.now();
    store.create_app(app.clone(), now).await?;
    let (id, admin_key) = secret::new_key(clock.random(), clock.random());
    let record = ApiKeyRecord {
        app: app.clone(),
        id,
        name: "bootstrap".to_owned(),
        scopes: Scope::ALL.to_vec(),
        secret_hash: secret::hash(&admin_key),
    };
    store.create_key(record, now).await?;
    let shared = clock.random();
    let identity = IdentityKey {
        kid: BOOTSTRAP_IDENTITY_KEY.to_owned(),
        algorithm: IdentityAlgorithm::Hs256,
        key: shared.to_vec(),
    };
    store.put_identity_key(app, identity).await?;
    Ok(Bootstrap {
        admin_key,
        identity_key_id: BOOTSTRAP_IDENTITY_KEY.to_owned(),
        identity_secret: BASE64_URL_SAFE_NO_PAD.encode(shared),
    })
}

/// The epoch of a new database.
pub(crate) fn random_epoch(clock: &dyn Clock) -> Epoch {
    let random = clock.random();
    Epoch(u32::from_be_bytes([
        random[0], random[1], random[2], random[3],
    ]))
}
