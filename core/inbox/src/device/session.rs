//! Sessions: whose this installation is. Each change is safe against an end of the process in its
//! middle: what may be left is a device without a session, never one user's session under another's
//! name.

use secrecy::{ExposeSecret as _, SecretString};
use vestnik_model::UserId;

use super::{identity::KeptSession, open::Device, table};
use crate::{
    StoreError,
    secret::{REFRESH, SecretStore, logout_name},
};

impl Device {
    /// A user logged in. Gives the generation of the session.
    ///
    /// # Errors
    /// [`StoreError`]. Nobody is logged in then.
    pub fn log_in(
        &mut self,
        secrets: &dyn SecretStore,
        user: &UserId,
        refresh: &SecretString,
    ) -> Result<u64, StoreError> {
        self.update(|state| {
            state.registered = None;
            state.user = Some(user.clone());
            state.is_logged_in = true;
            state.generation += 1;
        })?;
        let generation = self.state.generation;
        let session = KeptSession {
            user: user.clone(),
            generation,
            token: refresh.expose_secret().to_owned(),
        };
        session.write(secrets)?;
        Ok(generation)
    }

    /// The refresh token of the session.
    ///
    /// # Errors
    /// [`StoreError::Secrets`].
    pub fn refresh(&self, secrets: &dyn SecretStore) -> Result<Option<SecretString>, StoreError> {
        let session = KeptSession::read(secrets)?;
        let session = session.filter(|session| {
            self.state.is_logged_in && self.state.user.as_ref() == Some(&session.user)
        });
        Ok(session.map(|session| session.token.into()))
    }

    /// Keeps the next refresh token of a session. Gives false and does nothing if the session is not
    /// that of this generation any more.
    ///
    /// # Errors
    /// [`StoreError::Secrets`]; the former token stays.
    pub fn keep_refresh(
        &self,
        secrets: &dyn SecretStore,
        generation: u64,
        refresh: &SecretString,
    ) -> Result<bool, StoreError> {
        let is_present = self.state.is_logged_in && self.state.generation == generation;
        let Some(user) = self.state.user.clone().filter(|_| is_present) else {
            return Ok(false);
        };
        let session = KeptSession {
            user,
            generation,
            token: refresh.expose_secret().to_owned(),
        };
        session.write(secrets)?;
        Ok(true)
    }

    /// The server has ended the session. Whose history is on the device stays known, so that it can be
    /// read until somebody else logs in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_session(&mut self, secrets: &dyn SecretStore) -> Result<(), StoreError> {
        self.update(|state| {
            state.is_logged_in = false;
            state.generation += 1;
        })?;
        Ok(secrets.delete(REFRESH)?)
    }

    /// The user logs out, which the server has to be told: the refresh token is kept for a pending
    /// logout under the session's generation, which is given if there was a session.
    ///
    /// # Errors
    /// [`StoreError`]. The user is logged in or out; calling it again completes it.
    pub fn log_out(&mut self, secrets: &dyn SecretStore) -> Result<Option<u64>, StoreError> {
        let generation = self.state.generation;
        let token = self.refresh(secrets)?;
        if let Some(token) = &token {
            secrets.set(&logout_name(generation), token)?;
            if !self.kept.logouts.contains(&generation) {
                self.kept.logouts.push(generation);
            }
            self.kept.write(secrets)?;
        }
        let former = self.state.user.clone();
        self.change(
            |state| {
                state.user = None;
                state.is_logged_in = false;
                state.generation += 1;
                state.registered = None;
            },
            |db| match &token {
                Some(_) => table::add_logout(db, generation, former.as_ref()),
                None => Ok(()),
            },
        )?;
        secrets.delete(REFRESH)?;
        Ok(token.map(|_| generation))
    }
}
