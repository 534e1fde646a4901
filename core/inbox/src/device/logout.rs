//! Logouts that the server has not confirmed.

use jiff::Timestamp;
use secrecy::SecretString;
use vestnik_model::UserId;

use super::{open::Device, table};
use crate::{
    StoreError,
    secret::{SecretStore, logout_name},
};

/// A logout that the server has not confirmed. It carries a token of its own and concerns no other
/// session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingLogout {
    /// The generation of the session that ended.
    pub generation: u64,
    /// Whose session it was, if that is known.
    pub user: Option<UserId>,
    /// How often the server was asked in vain.
    pub tries: u32,
    /// When to ask next, by the device's clock; the epoch before the first try.
    pub next_at: Timestamp,
}

impl Device {
    /// The logouts that the server has not confirmed, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pending_logouts(&mut self) -> Result<Vec<PendingLogout>, StoreError> {
        Ok(self.database.read(table::logouts)?)
    }

    /// The refresh token of a pending logout. Without one there is nothing that the server could be
    /// asked with: the logout is [done](Self::logout_done).
    ///
    /// # Errors
    /// [`StoreError::Secrets`].
    pub fn logout_token(
        &self,
        secrets: &dyn SecretStore,
        generation: u64,
    ) -> Result<Option<SecretString>, StoreError> {
        Ok(secrets.get(&logout_name(generation))?)
    }

    /// The token of a pending logout was exchanged: keeps the next.
    ///
    /// # Errors
    /// [`StoreError::Secrets`].
    pub fn keep_logout_token(
        &self,
        secrets: &dyn SecretStore,
        generation: u64,
        token: &SecretString,
    ) -> Result<(), StoreError> {
        Ok(secrets.set(&logout_name(generation), token)?)
    }

    /// The server was asked in vain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn logout_tried(&mut self, generation: u64, next_at: Timestamp) -> Result<(), StoreError> {
        Ok(self
            .database
            .write(|db| table::logout_tried(db, generation, next_at))?)
    }

    /// The server has confirmed a logout.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn logout_done(
        &mut self,
        secrets: &dyn SecretStore,
        generation: u64,
    ) -> Result<(), StoreError> {
        // The token first: a row without one is done at the next look.
        secrets.delete(&logout_name(generation))?;
        self.kept.logouts.retain(|one| *one != generation);
        Ok(self
            .database
            .write(|db| table::delete_logout(db, generation))?)
    }
}
