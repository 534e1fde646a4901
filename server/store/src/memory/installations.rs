//! What installations report of themselves, and where they are connected.

use jiff::Timestamp;
use vestnik_model::{
    AppId, InstallationId, InstallationState, Open, UserId, contract::UpdateState,
    view::InstallationView,
};
use vestnik_rules::{
    log::Place,
    session::{Known, Session},
};

use super::{MemoryStore, world::World};
use crate::{
    Answer, Installations,
    installations::{Presence, PresenceNote},
    sessions::Login,
};

/// An installation. Its row outlives its session, so that its id stays bound to its secret.
#[derive(Debug, Clone)]
pub(super) struct InstallationRow {
    pub(super) secret_hash: [u8; 32],
    pub(super) generation: u64,
    pub(super) user: Option<UserId>,
    state: Option<InstallationState>,
    /// The last place of its user's log that it is known to have reached.
    pub(super) confirmed: Option<Place>,
    pub(super) last_seen: Timestamp,
    created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl InstallationRow {
    /// The row after a login. What it reported stays; where it stood in a log stays only if the log is
    /// the same.
    pub(super) fn logged_in(former: Option<&Self>, login: &Login, generation: u64) -> Self {
        let is_same_user = former.is_some_and(|row| row.user.as_ref() == Some(&login.user));
        Self {
            secret_hash: login.secret_hash,
            generation,
            user: Some(login.user.clone()),
            state: former.and_then(|row| row.state.clone()),
            confirmed: former
                .filter(|_| is_same_user)
                .and_then(|row| row.confirmed),
            last_seen: login.now,
            created_at: former.map_or(login.now, |row| row.created_at),
            updated_at: login.now,
        }
    }

    /// Nobody is logged in any more.
    pub(super) fn end_session(&mut self, now: Timestamp) {
        self.user = None;
        self.state = None;
        self.confirmed = None;
        self.generation = self.generation.saturating_add(1);
        self.updated_at = now;
    }

    pub(super) fn known(&self) -> Known {
        Known {
            secret_hash: self.secret_hash,
            generation: self.generation,
            user: self.user.clone(),
        }
    }
}

/// Names a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PresenceKey {
    pub(super) app: AppId,
    pub(super) installation: InstallationId,
    node: String,
    connection: String,
}

/// A connection.
#[derive(Debug, Clone)]
pub(super) struct PresenceRow {
    pub(super) lease_until: Timestamp,
    last_seen: Timestamp,
}

impl Installations for MemoryStore {
    fn put_state(
        &self,
        session: Session,
        state: InstallationState,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let Some(row) = present(&mut txn.world, &session) else {
                return Ok(false);
            };
            row.state = Some(state);
            row.updated_at = now;
            Ok(true)
        })
    }

    fn update_state(
        &self,
        session: Session,
        update: UpdateState,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let Some(row) = present(&mut txn.world, &session) else {
                return Ok(false);
            };
            let updated = updated(row.state.clone(), update);
            if row.state != updated {
                row.state = updated;
                row.updated_at = now;
            }
            Ok(true)
        })
    }

    fn installation(
        &self,
        app: AppId,
        installation: InstallationId,
    ) -> Answer<'_, Option<InstallationView>> {
        self.read(move |world| {
            let row = world.installations.get(&(app, installation))?;
            Some(InstallationView {
                id: installation,
                user: row.user.clone()?,
                state: row.state.clone(),
                created_at: row.created_at,
                updated_at: row.updated_at.max(row.last_seen),
            })
        })
    }

    fn note_presence(&self, notes: Vec<PresenceNote>) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            for note in notes {
                note_one(&mut txn.world, note);
            }
            Ok(())
        })
    }

    fn presence(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, Vec<Presence>> {
        self.read(move |world| {
            let sessions = world.sessions_of(&app, &user);
            let standing = world.presence.iter().filter(|(key, row)| {
                let is_of_user = key.app == app && sessions.contains_key(&key.installation);
                is_of_user && row.lease_until > now
            });
            standing
                .map(|(key, row)| Presence {
                    installation: key.installation,
                    node: key.node.clone(),
                    last_seen: row.last_seen,
                })
                .collect()
        })
    }

    fn clear_presence(&self, node: String) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            txn.world.presence.retain(|key, _| key.node != node);
            Ok(())
        })
    }
}

/// The row of a session's installation, if the session is the present one.
pub(super) fn present<'a>(
    world: &'a mut World,
    session: &Session,
) -> Option<&'a mut InstallationRow> {
    let name = (session.app.clone(), session.installation);
    let row = world.installations.get_mut(&name)?;
    row.known().is_present(session).then_some(row)
}

fn updated(state: Option<InstallationState>, update: UpdateState) -> Option<InstallationState> {
    if state.is_none() && update == UpdateState::default() {
        return None;
    }
    let UpdateState {
        permission,
        time_zone,
        locale,
        app_version,
    } = update;
    let state = state.unwrap_or_else(unknown_device);
    Some(InstallationState {
        permission: permission.unwrap_or_else(|| state.permission.clone()),
        time_zone: time_zone.or_else(|| state.time_zone.clone()),
        locale: locale.or_else(|| state.locale.clone()),
        app_version: app_version.or_else(|| state.app_version.clone()),
        ..state
    })
}

/// A device that reported parts of its state and never the whole.
fn unknown_device() -> InstallationState {
    InstallationState {
        platform: Open::read("unknown"),
        model: None,
        os_version: None,
        app_version: None,
        locale: None,
        time_zone: None,
        permission: Open::default(),
        push_addresses: Vec::new(),
    }
}

/// A note of a session that has ended meanwhile is dropped: ending it took its presence away.
fn note_one(world: &mut World, note: PresenceNote) {
    let PresenceNote {
        session,
        node,
        connection,
        lease_until,
        last_seen,
    } = note;
    let Some(row) = present(world, &session) else {
        return;
    };
    row.last_seen = row.last_seen.max(last_seen);
    let key = PresenceKey {
        app: session.app,
        installation: session.installation,
        node,
        connection,
    };
    match lease_until {
        Some(lease_until) => {
            let row = PresenceRow {
                lease_until,
                last_seen,
            };
            world.presence.insert(key, row);
        }
        None => {
            world.presence.remove(&key);
        }
    }
}
