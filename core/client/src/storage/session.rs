//! Sessions: what the engine wants to be durable about who the device is.

use secrecy::SecretString;
use vestnik_inbox::{Moment, NewLogout, Registered, StoreError};

use super::files::Files;
use crate::machine::{
    Generation, Secret,
    registration::{Told, Wish},
    session::{LogoutNote, PendingLogout, Seed, SeedStanding, StoreCall},
};

impl Files {
    /// What the engine begins with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn seed(&mut self) -> Result<Seed, StoreError> {
        self.finish_logout()?;
        let secrets = &*self.options.secrets;
        let refresh = self.device.refresh(secrets)?;
        let standing = match (self.device.user().cloned(), refresh) {
            (None, _) => SeedStanding::Nobody,
            (Some(user), Some(refresh)) => SeedStanding::LoggedIn {
                user,
                refresh: refresh.into(),
            },
            (Some(user), None) => SeedStanding::Ended { user },
        };
        Ok(Seed {
            generation: self.generation,
            standing,
            logouts: self.pending_logouts()?,
        })
    }

    /// If an engine ended after a logout was noted and before it was done, it is done now. After an end of
    /// the process, opening the device's file does the same.
    fn finish_logout(&mut self) -> Result<(), StoreError> {
        if !self.device.is_logout_noted()? {
            return Ok(());
        }
        let next = self.device.state().generation.saturating_add(1);
        self.store(Generation::new(next), StoreCall::Logout(None))
    }

    /// How many logouts the server has not confirmed. The secret store is not asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn logouts_pending(&mut self) -> Result<usize, StoreError> {
        Ok(self.device.pending_logouts()?.len())
    }

    /// A logout without a token is done: there is nothing that the server could be asked with.
    fn pending_logouts(&mut self) -> Result<Vec<PendingLogout>, StoreError> {
        let secrets = &*self.options.secrets;
        let mut pending = Vec::new();
        for one in self.device.pending_logouts()? {
            match self.device.logout_token(secrets, one.generation)? {
                Some(refresh) => pending.push(PendingLogout {
                    generation: Generation::new(one.generation),
                    refresh: refresh.into(),
                    tries: one.tries,
                }),
                None => self.device.logout_done(secrets, one.generation)?,
            }
        }
        Ok(pending)
    }

    /// Makes something about the session durable. After a failure the same may be asked again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn store(&mut self, generation: Generation, call: StoreCall) -> Result<(), StoreError> {
        let secrets = self.options.secrets.clone();
        self.generation = generation;
        match call {
            StoreCall::Login { user, refresh } => {
                self.notice_set_clock();
                if self
                    .history
                    .as_ref()
                    .is_some_and(|present| present.user != user)
                {
                    self.hide()?;
                }
                if self.device.user() != Some(&user) {
                    // What an extension spools from here on is not for a former user.
                    self.device.withhold_keys(&*secrets)?;
                    self.clear_spool()?;
                }
                let (refresh, login) = (secret(&refresh), self.login_moment(generation));
                self.device.update(|state| state.login = Some(login))?;
                self.device
                    .log_in(&*secrets, generation.get(), &user, &refresh)?;
                self.wipe_former()?;
                self.is_hidden = false;
                self.begin_session()
            }
            StoreCall::Keep { refresh } => {
                let refresh = secret(&refresh);
                self.device
                    .keep_refresh(&*secrets, generation.get(), &refresh)
            }
            StoreCall::End => self.device.end_session(&*secrets, generation.get()),
            StoreCall::Logout(pending) => {
                self.hide()?;
                self.device.withhold_keys(&*secrets)?;
                self.clear_spool()?;
                let pending = pending.and_then(new_logout);
                self.device
                    .log_out(&*secrets, generation.get(), pending.as_ref())?;
                self.wipe_former()
            }
        }
    }

    /// When a login was to be made durable for the first time: what is accepted while the storage fails came
    /// after it.
    fn login_moment(&mut self, generation: Generation) -> Moment {
        let known = self.login.filter(|(of, _)| *of == generation);
        let (_, moment) = known.unwrap_or_else(|| (generation, self.stamp().moment()));
        self.login = Some((generation, moment));
        moment
    }

    /// The history of whoever logged in learns when that was. If it is opened now, it has learned it so.
    fn begin_session(&mut self) -> Result<(), StoreError> {
        self.ensure_open()?;
        let Some(login) = self.device.state().login else {
            return Ok(());
        };
        self.write(|inbox| inbox.begin_session(login))?;
        self.device.update(|state| state.login = None)
    }

    /// Makes something about a pending logout durable.
    ///
    /// # Errors
    /// [`StoreError`]; at the next start the server is asked once more than needed.
    pub fn note(&mut self, note: LogoutNote) -> Result<(), StoreError> {
        let secrets = &*self.options.secrets;
        match note {
            LogoutNote::Pending { .. } => match new_logout(note) {
                Some(pending) => self.device.keep_logout(secrets, &pending),
                None => Ok(()),
            },
            LogoutNote::Tried {
                generation,
                next_at,
            } => self.device.logout_tried(generation.get(), next_at),
            LogoutNote::Done { generation } => self.device.logout_done(secrets, generation.get()),
        }
    }

    /// Keeps what the server was told of the device.
    ///
    /// # Errors
    /// [`StoreError`]; it is told once more than needed then.
    pub fn keep_told(&mut self, told: Option<Told>) -> Result<(), StoreError> {
        let told = told.map(|Told { digest, at }| Registered { hash: digest, at });
        self.device.update(|state| state.registered = told)
    }

    /// Keeps the topics that the server was not told of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_wishes(&mut self, wishes: Vec<Wish>) -> Result<(), StoreError> {
        let wishes = wishes.into_iter().map(|wish| (wish.topic, wish.joins));
        let wishes = wishes.collect();
        self.device.update(|state| state.wishes = wishes)
    }

    pub(super) fn told(&self) -> Option<Told> {
        let registered = self.device.state().registered.clone()?;
        let Registered { hash, at } = registered;
        Some(Told { digest: hash, at })
    }

    pub(super) fn wishes(&self) -> Vec<Wish> {
        let wishes = self.device.state().wishes.iter().cloned();
        wishes.map(|(topic, joins)| Wish { topic, joins }).collect()
    }
}

fn new_logout(note: LogoutNote) -> Option<NewLogout> {
    match note {
        LogoutNote::Pending {
            generation,
            user,
            refresh,
        } => Some(NewLogout {
            generation: generation.get(),
            user,
            token: secret(&refresh),
        }),
        LogoutNote::Tried { .. } | LogoutNote::Done { .. } => None,
    }
}

fn secret(token: &Secret) -> SecretString {
    SecretString::from(token.expose())
}
