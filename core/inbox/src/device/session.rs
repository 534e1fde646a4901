//! Sessions: whose this installation is. Each change is safe against an end of the process in its
//! middle: what may be left is a device without a session, never one user's session under another's
//! name.
//!
//! The caller owns the generation and gives the one that the state has after the change. A change that
//! failed in its middle is completed by doing it again.

use secrecy::{ExposeSecret as _, SecretString};
use vestnik_model::UserId;

use super::{identity::KeptSession, logout::NewLogout, open::Device, state::DeviceState};
use crate::{
    StoreError,
    secret::{REFRESH, SecretStore},
};

impl Device {
    /// A user logged in.
    ///
    /// # Errors
    /// [`StoreError`]. Nobody is logged in then, or the user is.
    pub fn log_in(
        &mut self,
        secrets: &dyn SecretStore,
        generation: u64,
        user: &UserId,
        refresh: &SecretString,
    ) -> Result<(), StoreError> {
        if self.state.user.as_ref() != Some(user) {
            // First: until the end an extension draws nothing, and afterwards nothing for the former user.
            self.give_keys_to(secrets, None)?;
        }
        self.update(|state| {
            if state.user.as_ref() != Some(user) {
                state.forget_wishes();
            }
            state.registered = None;
            state.user = Some(user.clone());
            state.is_logged_in = true;
            reach(state, generation);
        })?;
        self.write_session(secrets, user.clone(), refresh)?;
        self.give_keys_to(secrets, Some(user))
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

    /// Keeps the next refresh token of the session. If there is none, or the generation is that
    /// of a former one, nothing is done.
    ///
    /// # Errors
    /// [`StoreError::Secrets`]; the former token stays.
    pub fn keep_refresh(
        &self,
        secrets: &dyn SecretStore,
        generation: u64,
        refresh: &SecretString,
    ) -> Result<(), StoreError> {
        let is_present = self.state.is_logged_in && self.state.generation <= generation;
        match self.state.user.clone().filter(|_| is_present) {
            Some(user) => self.write_session(secrets, user, refresh),
            None => Ok(()),
        }
    }

    /// The server has ended the session. Whose history is on the device stays known, so that it can be
    /// read until somebody else logs in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_session(
        &mut self,
        secrets: &dyn SecretStore,
        generation: u64,
    ) -> Result<(), StoreError> {
        self.update(|state| {
            state.is_logged_in = false;
            reach(state, generation);
        })?;
        Ok(secrets.delete(REFRESH)?)
    }

    /// The user logs out. If there was a session, the server has to be told: `pending` is the logout
    /// that is kept until it has confirmed it.
    ///
    /// # Errors
    /// [`StoreError`]. The user is logged in or out.
    pub fn log_out(
        &mut self,
        secrets: &dyn SecretStore,
        generation: u64,
        pending: Option<&NewLogout>,
    ) -> Result<(), StoreError> {
        // First: from here on an extension draws nothing for the former user.
        self.give_keys_to(secrets, None)?;
        let row = match pending {
            Some(logout) => Some(self.keep_logout_token(secrets, logout)?),
            None => None,
        };
        self.change(
            |state| {
                log_out(state);
                reach(state, generation);
            },
            |db| row.map_or(Ok(()), |row| row.save(db)),
        )?;
        Ok(secrets.delete(REFRESH)?)
    }

    fn write_session(
        &self,
        secrets: &dyn SecretStore,
        user: UserId,
        refresh: &SecretString,
    ) -> Result<(), StoreError> {
        let session = KeptSession {
            user,
            generation: self.state.generation,
            token: refresh.expose_secret().to_owned(),
        };
        session.write(secrets)
    }
}

/// Nobody is logged in, and the device has nobody's history.
pub(super) fn log_out(state: &mut DeviceState) {
    state.user = None;
    state.is_logged_in = false;
    state.login = None;
    state.registered = None;
    state.forget_wishes();
}

/// A generation never goes back.
fn reach(state: &mut DeviceState, generation: u64) {
    state.generation = state.generation.max(generation);
}
