//! Installations, their refresh tokens, their connections.

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId, InstallationState, PushAddress, UserId};
use vestnik_rules::{
    app_version::Build,
    log::Place,
    session::{Family, Known},
};

use crate::sessions::Login;

/// An installation. Its row outlives its session, so that its id stays bound to its secret.
#[derive(Debug, Clone)]
pub(crate) struct InstallationRow {
    pub(crate) secret_hash: [u8; 32],
    pub(crate) generation: u64,
    pub(crate) user: Option<UserId>,
    /// Who had it before.
    pub(crate) former: Option<UserId>,
    pub(crate) state: Option<InstallationState>,
    /// The last place of its user's log that it is known to have reached.
    pub(crate) confirmed: Option<Place>,
    /// When the app was last brought to the front while its user was logged in.
    pub(crate) opened_at: Option<Timestamp>,
    /// When its address was imported; absent of an installation that has logged in.
    pub(crate) imported_at: Option<Timestamp>,
    pub(crate) last_seen: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl InstallationRow {
    /// The row after a login. What it reported stays; where it stood in a log stays only if the log is
    /// the same.
    pub(crate) fn logged_in(former: Option<&Self>, login: &Login, generation: u64) -> Self {
        let is_same_user = former.is_some_and(|row| row.user.as_ref() == Some(&login.user));
        Self {
            secret_hash: login.secret_hash,
            generation,
            user: Some(login.user.clone()),
            former: former.and_then(|row| {
                let last = row.user.clone().filter(|_| !is_same_user);
                last.or_else(|| row.former.clone())
            }),
            state: former.and_then(|row| row.state.clone()),
            confirmed: former
                .filter(|_| is_same_user)
                .and_then(|row| row.confirmed),
            opened_at: former
                .filter(|_| is_same_user)
                .and_then(|row| row.opened_at),
            imported_at: None,
            last_seen: login.now,
            created_at: former.map_or(login.now, |row| row.created_at),
            updated_at: login.now,
        }
    }

    /// Nobody is logged in any more.
    pub(crate) fn end_session(&mut self, now: Timestamp) {
        self.former = self.user.take().or_else(|| self.former.take());
        self.state = None;
        self.confirmed = None;
        self.opened_at = None;
        self.generation = self.generation.saturating_add(1);
        self.updated_at = now;
    }

    /// What it tells of its app.
    pub(crate) fn build(&self) -> Build {
        let state = self.state.as_ref();
        let version = state.and_then(|state| state.app_version.as_deref());
        Build::of(state.and_then(|state| state.platform.known()), version)
    }

    pub(crate) fn known(&self) -> Known {
        Known {
            secret_hash: self.secret_hash,
            generation: self.generation,
            user: self.user.clone(),
        }
    }
}

/// An address of an installation at a push service.
#[derive(Debug, Clone)]
pub(crate) struct AddressRow {
    pub(crate) hash: [u8; 32],
    /// Absent when it is dead.
    pub(crate) address: Option<PushAddress>,
    pub(crate) refreshed_at: Timestamp,
    pub(crate) died_at: Option<Timestamp>,
}

/// Names a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PresenceKey {
    pub(crate) app: AppId,
    pub(crate) installation: InstallationId,
    pub(crate) node: String,
    pub(crate) connection: String,
}

/// A connection.
#[derive(Debug, Clone)]
pub(crate) struct PresenceRow {
    pub(crate) lease_until: Timestamp,
    pub(crate) last_seen: Timestamp,
}

/// A family with the installation that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct FamilyRow {
    pub(crate) app: AppId,
    pub(crate) installation: InstallationId,
    pub(crate) family: Family,
}
