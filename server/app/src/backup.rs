//! Backups and restores of the database, on the server's machine.

use std::{path::Path, sync::Arc};

use vestnik_clock::{Clock as _, SystemClock};
use vestnik_store::{OpenError, Operations as _, StoreError, Tenants as _};
use vestnik_store_sqlite::{
    BackupFileError, Erased, RestoreError, Restored, SealKey, SqliteStore, StoreOptions,
};

use crate::config::{Config, ConfigError};

/// Writes a consistent copy of a database to a new file, beside a server that may have it open. Blocks
/// until the copy is durable.
///
/// # Errors
/// [`BackupFileError`].
pub fn backup(database: &Path, to: &Path) -> Result<(), BackupFileError> {
    vestnik_store_sqlite::back_up_file(database, to, SystemClock.now())
}

/// Puts a backup in the place of a database that no server has open. The server that is started on it
/// begins a new life: devices read their logs anew, and access tokens are void. `erased` says what becomes of
/// users who were erased after the backup was made. Blocks until it is done.
///
/// # Errors
/// [`RestoreError`].
pub fn restore(backup: &Path, database: &Path, erased: Erased) -> Result<Restored, RestoreError> {
    vestnik_store_sqlite::restore(backup, database, erased, SystemClock.now())
}

/// The key that the settings name for the secrets in the database, if they name one.
///
/// # Errors
/// [`ConfigError`] if the key cannot be read.
pub fn seal_key(config: &Config) -> Result<Option<SealKey>, ConfigError> {
    let key = config.secrets.read_key()?;
    Ok(key.map(|key| SealKey::new(*key.bytes())))
}

/// Why API keys cannot be revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revokes every API key of every App in a database that no server has open; gives how many.
///
/// # Errors
/// [`RevokeError`].
pub async fn revoke_all_keys(database: &Path, key: Option<SealKey>) -> Result<u64, RevokeError> {
    let options = StoreOptions {
        key,
        ..StoreOptions::new(Arc::new(SystemClock))
    };
    let store = SqliteStore::open(database, options)?;
    let revoked = store.revoke_keys(None, None, SystemClock.now()).await;
    store.close().await;
    Ok(revoked?)
}
