//! Logouts that the server has not confirmed.

use jiff::Timestamp;
use rusqlite::Connection;
use secrecy::SecretString;
use vestnik_model::UserId;

use super::{identity::Kept, open::Device, state::DeviceState, table};
use crate::{
    SecretError, Standing, StoreError,
    secret::{SecretStore, logout_name},
};

/// The most logouts that are kept; of more, those of the highest generations are. A login ends every
/// older session of the installation at the server, so that nothing is lost with an old one.
pub(super) const MAX_LOGOUTS: usize = 32;

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

/// A logout that the server has to be told of.
#[derive(Debug, Clone)]
pub struct NewLogout {
    /// The generation of the session that ended.
    pub generation: u64,
    /// Whose session it was, if that is known.
    pub user: Option<UserId>,
    /// The refresh token of that session.
    pub token: SecretString,
}

/// What the device's file has to say of a logout whose token is kept.
pub(super) struct LogoutRow<'a> {
    generation: u64,
    user: Option<&'a UserId>,
    /// Those that are kept no longer.
    dropped: Vec<u64>,
}

impl LogoutRow<'_> {
    pub(super) fn save(&self, db: &Connection) -> Result<(), rusqlite::Error> {
        for generation in &self.dropped {
            table::delete_logout(db, *generation)?;
        }
        if self.dropped.contains(&self.generation) {
            return Ok(());
        }
        table::add_logout(db, self.generation, self.user)
    }
}

/// The logouts that were found at an opening. A logout is one as long as there is a token for it.
pub(super) struct Logouts {
    /// Those of the file, and those that only the secret store knows.
    in_file: Vec<u64>,
    only_kept: Vec<u64>,
    /// Those of the file that have no token, or belong to another device.
    gone: Vec<u64>,
}

impl Logouts {
    pub(super) fn find(
        secrets: &dyn SecretStore,
        pending: &[PendingLogout],
        kept: &Kept,
        standing: Standing,
    ) -> Result<Self, StoreError> {
        let mut found = Self {
            in_file: Vec::new(),
            only_kept: Vec::new(),
            gone: Vec::new(),
        };
        for PendingLogout { generation, .. } in pending {
            let is_ours = standing != Standing::Cloned && has_token(secrets, *generation)?;
            let list = if is_ours {
                &mut found.in_file
            } else {
                &mut found.gone
            };
            list.push(*generation);
        }
        for generation in &kept.logouts {
            if !found.in_file.contains(generation) && has_token(secrets, *generation)? {
                found.only_kept.push(*generation);
            }
        }
        Ok(found)
    }

    pub(super) fn has(&self, generation: u64) -> bool {
        self.in_file.contains(&generation) || self.only_kept.contains(&generation)
    }

    pub(super) fn all(&self) -> Vec<u64> {
        self.in_file
            .iter()
            .chain(&self.only_kept)
            .copied()
            .collect()
    }

    /// Makes the file agree. `begun` is a logout whose user is known, though the file does not say it.
    pub(super) fn save(
        &self,
        db: &Connection,
        begun: Option<&(u64, UserId)>,
    ) -> Result<(), rusqlite::Error> {
        for generation in &self.gone {
            table::delete_logout(db, *generation)?;
        }
        for generation in &self.only_kept {
            let begun = begun.filter(|(of, _)| of == generation);
            table::add_logout(db, *generation, begun.map(|(_, user)| user))?;
        }
        Ok(())
    }
}

/// The logout that ends the present session, if one was noted for any of its generations.
pub(super) fn noted_logout(
    state: &DeviceState,
    generations: impl IntoIterator<Item = u64>,
    is_noted: impl Fn(u64) -> bool,
) -> Option<u64> {
    let mut generations = generations.into_iter();
    generations.find(|generation| state.is_logged_in && is_noted(*generation))
}

pub(super) fn has_token(secrets: &dyn SecretStore, generation: u64) -> Result<bool, StoreError> {
    match secrets.get(&logout_name(generation)) {
        Ok(token) => Ok(token.is_some()),
        Err(SecretError::Unreadable) => Ok(false),
        Err(error @ SecretError::Unavailable { .. }) => Err(error.into()),
    }
}

impl Device {
    /// The logouts that the server has not confirmed, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pending_logouts(&mut self) -> Result<Vec<PendingLogout>, StoreError> {
        Ok(self.database.read(table::logouts)?)
    }

    /// Whether a logout of the present session was noted and is not done. An opening does it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_logout_noted(&mut self) -> Result<bool, StoreError> {
        let pending = self.pending_logouts()?;
        let is_noted = |generation| pending.iter().any(|one| one.generation == generation);
        Ok(noted_logout(&self.state, [self.state.generation], is_noted).is_some())
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

    /// Keeps a logout, or the next token of one that is kept. The present session is not concerned.
    ///
    /// # Errors
    /// [`StoreError`]. Doing it again completes it; so does the next opening, if the token is kept.
    pub fn keep_logout(
        &mut self,
        secrets: &dyn SecretStore,
        logout: &NewLogout,
    ) -> Result<(), StoreError> {
        let row = self.keep_logout_token(secrets, logout)?;
        Ok(self.database.write(|db| row.save(db))?)
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
        // The token first: a row without one is gone at the next opening.
        secrets.delete(&logout_name(generation))?;
        self.kept.logouts.retain(|one| *one != generation);
        Ok(self
            .database
            .write(|db| table::delete_logout(db, generation))?)
    }

    /// Keeps the token in the secret store. That there is one is noted there first, so that none is ever
    /// forgotten.
    pub(super) fn keep_logout_token<'a>(
        &mut self,
        secrets: &dyn SecretStore,
        logout: &'a NewLogout,
    ) -> Result<LogoutRow<'a>, StoreError> {
        let NewLogout {
            generation,
            user,
            token,
        } = logout;
        let mut kept = self.kept.clone();
        let dropped = kept.add_logout(secrets, *generation)?;
        if kept.logouts != self.kept.logouts {
            kept.write(secrets)?;
            self.kept = kept;
        }
        if !dropped.contains(generation) {
            secrets.set(&logout_name(*generation), token)?;
        }
        Ok(LogoutRow {
            generation: *generation,
            user: user.as_ref(),
            dropped,
        })
    }
}
