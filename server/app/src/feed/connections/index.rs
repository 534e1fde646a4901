//! Connections by what they may be ended for.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use vestnik_model::{
    AppId, InstallationId, UserId,
    contract::{InstallationReplaced, device},
};
use vestnik_rules::{log::Place, session::Session};
use vestnik_signalr::server::{Connection, ConnectionId, Frame};
use vestnik_store::effect::{Cause, Revocation};

use super::{live::LiveDevice, part::Part};

/// How many connections there may be. Too low and devices are turned away; too high and one principal
/// takes the memory and the descriptors of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caps {
    /// Of one installation; the newest win.
    pub(crate) installation: usize,
    /// Of all installations of a user.
    pub(crate) user: usize,
    /// Of one API key.
    pub(crate) key: usize,
    /// Of one App.
    pub(crate) app: usize,
    /// In all.
    pub(crate) total: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            installation: 2,
            user: 20,
            key: 1_000,
            app: 12_288,
            total: 16_384,
        }
    }
}

/// Who opened a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// A sender, by an API key.
    Key {
        /// The tenant.
        app: AppId,
        /// The key's id.
        id: String,
    },
    /// A device.
    Device(Session),
}

/// Whether a connection was admitted.
#[derive(Debug, Clone)]
pub(crate) enum Admission {
    /// It was; the installation's oldest connection was ended if it had one too many.
    Admitted(Option<Arc<LiveDevice>>),
    /// Its user, key or App, or the node, has as many as is allowed.
    Full(&'static str),
}

/// All connections of this node.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    caps: Caps,
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    entries: BTreeMap<ConnectionId, Entry>,
    by_key: BTreeMap<(AppId, String), BTreeSet<ConnectionId>>,
    by_user: BTreeMap<(AppId, UserId), BTreeSet<ConnectionId>>,
    /// Oldest first.
    by_installation: BTreeMap<(AppId, InstallationId), VecDeque<ConnectionId>>,
    by_app: BTreeMap<AppId, usize>,
}

#[derive(Debug, Clone)]
enum Entry {
    Sender {
        app: AppId,
        id: String,
        connection: Connection,
    },
    Device(Arc<LiveDevice>),
}

impl Connections {
    pub(crate) fn new(caps: Caps) -> Self {
        Self {
            caps,
            index: Mutex::default(),
        }
    }

    /// Admits a connection, or says which cap it meets. An installation's oldest connection is ended
    /// when it has one too many.
    pub(crate) fn admit(&self, principal: Principal, connection: Connection) -> Admission {
        let mut index = self.lock();
        if let Some(full) = index.full(&principal, self.caps) {
            return Admission::Full(full);
        }
        let oldest = match principal {
            Principal::Key { app, id } => {
                index.insert_sender(app, id, connection);
                None
            }
            Principal::Device(session) => {
                index.insert_device(session, connection, self.caps.installation)
            }
        };
        drop(index);
        if let Some(device) = &oldest {
            device.end(None);
        }
        Admission::Admitted(oldest)
    }

    /// Forgets a connection that has ended. A greeting that is under way finds it ended.
    pub(crate) fn remove(&self, id: &ConnectionId) {
        let removed = self.device(id);
        self.lock().remove(id);
        if let Some(device) = removed {
            device.gone();
        }
    }

    /// The device of a connection.
    pub(crate) fn device(&self, id: &ConnectionId) -> Option<Arc<LiveDevice>> {
        match self.lock().entries.get(id)? {
            Entry::Device(device) => Some(Arc::clone(device)),
            Entry::Sender { .. } => None,
        }
    }

    /// Whether some device of a user is connected here.
    pub(crate) fn has_user(&self, app: &AppId, user: &UserId) -> bool {
        self.lock()
            .by_user
            .contains_key(&(app.clone(), user.clone()))
    }

    /// The devices of a user that have greeted.
    pub(crate) fn of_user(&self, app: &AppId, user: &UserId) -> Vec<Arc<LiveDevice>> {
        let index = self.lock();
        let ids = index.by_user.get(&(app.clone(), user.clone()));
        ids.into_iter()
            .flatten()
            .filter_map(|id| index.device(id))
            .filter(|device| device.is_greeted())
            .collect()
    }

    /// Where the live calls of each user's devices stand: one place when all stand at the same, which
    /// is nearly always so, and none when they differ. A part of the users, so that those who commit
    /// or connect do not wait for all of them.
    pub(crate) fn places(
        &self,
        behind: Option<&(AppId, UserId)>,
    ) -> Part<(AppId, UserId), (AppId, UserId, Option<Place>)> {
        let index = self.lock();
        let place = |ids: &BTreeSet<ConnectionId>| {
            let mut places = ids
                .iter()
                .filter_map(|id| index.device(id)?.live_at())
                .peekable();
            let first = *places.peek()?;
            Some(places.all(|place| place == first).then_some(first))
        };
        Part::of(&index.by_user, behind, |(app, user), ids| {
            Some((app.clone(), user.clone(), place(ids)?))
        })
    }

    /// Every device, in parts.
    pub(crate) fn devices(
        &self,
        behind: Option<&ConnectionId>,
    ) -> Part<ConnectionId, Arc<LiveDevice>> {
        Part::of(&self.lock().entries, behind, |_, entry| match entry {
            Entry::Device(device) => Some(Arc::clone(device)),
            Entry::Sender { .. } => None,
        })
    }

    /// Ends what a revocation concerns. When it returns, nothing more is sent to them.
    pub(crate) fn revoke(&self, app: &AppId, what: &Revocation) {
        let (devices, senders) = self.lock().concerned(app, what);
        let notice = notice(what);
        for device in devices {
            device.end(notice.as_ref());
        }
        for connection in senders {
            connection.close(false);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn device(&self, id: &ConnectionId) -> Option<Arc<LiveDevice>> {
        match self.entries.get(id)? {
            Entry::Device(device) => Some(Arc::clone(device)),
            Entry::Sender { .. } => None,
        }
    }

    /// Whether a connection takes the place of another one of its installation: it adds to nothing.
    fn replaces(&self, principal: &Principal, caps: Caps) -> bool {
        let Principal::Device(session) = principal else {
            return false;
        };
        let own = (session.app.clone(), session.installation);
        let ids = self.by_installation.get(&own);
        ids.is_some_and(|ids| ids.len() >= caps.installation.max(1))
    }

    fn full(&self, principal: &Principal, caps: Caps) -> Option<&'static str> {
        if self.replaces(principal, caps) {
            return None;
        }
        let (app, is_full, whose) = match principal {
            Principal::Key { app, id } => {
                let count = self
                    .by_key
                    .get(&(app.clone(), id.clone()))
                    .map_or(0, BTreeSet::len);
                (
                    app,
                    count >= caps.key,
                    "the API key has too many connections",
                )
            }
            Principal::Device(session) => {
                let user = (session.app.clone(), session.user.clone());
                let count = self.by_user.get(&user).map_or(0, BTreeSet::len);
                let is_full = count >= caps.user;
                (&session.app, is_full, "the user has too many connections")
            }
        };
        if is_full {
            Some(whose)
        } else if self.by_app.get(app).is_some_and(|count| *count >= caps.app) {
            Some("the App has too many connections")
        } else if self.entries.len() >= caps.total {
            Some("the server has too many connections")
        } else {
            None
        }
    }

    fn insert_sender(&mut self, app: AppId, id: String, connection: Connection) {
        let connection_id = connection.id().clone();
        *self.by_app.entry(app.clone()).or_default() += 1;
        let key = (app.clone(), id.clone());
        self.by_key
            .entry(key)
            .or_default()
            .insert(connection_id.clone());
        let entry = Entry::Sender {
            app,
            id,
            connection,
        };
        self.entries.insert(connection_id, entry);
    }

    /// Inserts a device, and takes out the installation's oldest connection when it has too many.
    fn insert_device(
        &mut self,
        session: Session,
        connection: Connection,
        most: usize,
    ) -> Option<Arc<LiveDevice>> {
        let id = connection.id().clone();
        let own = (session.app.clone(), session.installation);
        *self.by_app.entry(session.app.clone()).or_default() += 1;
        let user = (session.app.clone(), session.user.clone());
        self.by_user.entry(user).or_default().insert(id.clone());
        let device = Arc::new(LiveDevice::new(session, connection));
        self.entries.insert(id.clone(), Entry::Device(device));
        let ids = self.by_installation.entry(own).or_default();
        ids.push_back(id);
        let oldest = if ids.len() > most.max(1) {
            ids.front().cloned()
        } else {
            None
        }?;
        let device = self.device(&oldest);
        self.remove(&oldest);
        device
    }

    fn remove(&mut self, id: &ConnectionId) {
        let app = match self.entries.remove(id) {
            None => return,
            Some(Entry::Sender { app, id: key, .. }) => {
                take_out(&mut self.by_key, &(app.clone(), key), |ids| {
                    ids.remove(id);
                    ids.is_empty()
                });
                app
            }
            Some(Entry::Device(device)) => {
                let Session {
                    app,
                    user,
                    installation,
                    generation: _,
                } = device.session.clone();
                take_out(&mut self.by_user, &(app.clone(), user), |ids| {
                    ids.remove(id);
                    ids.is_empty()
                });
                take_out(
                    &mut self.by_installation,
                    &(app.clone(), installation),
                    |ids| {
                        ids.retain(|other| other != id);
                        ids.is_empty()
                    },
                );
                app
            }
        };
        take_out(&mut self.by_app, &app, |count| {
            *count = count.saturating_sub(1);
            *count == 0
        });
    }

    /// The devices and the senders that a revocation concerns.
    fn concerned(&self, app: &AppId, what: &Revocation) -> (Vec<Arc<LiveDevice>>, Vec<Connection>) {
        match what {
            Revocation::Key { id } => {
                let ids = self.by_key.get(&(app.clone(), id.clone()));
                let senders = ids.into_iter().flatten().filter_map(|id| self.sender(id));
                (Vec::new(), senders.collect())
            }
            Revocation::Session {
                installation,
                generation,
                ..
            } => {
                let ids = self.by_installation.get(&(app.clone(), *installation));
                let devices = ids.into_iter().flatten().filter_map(|id| self.device(id));
                let void = devices.filter(|device| device.session.generation <= *generation);
                (void.collect(), Vec::new())
            }
            // The session of the family is revoked by an effect of its own; nobody connects by credentials at a
            // service.
            Revocation::Family { .. } | Revocation::Provider { .. } => (Vec::new(), Vec::new()),
            Revocation::User { user } => {
                let ids = self.by_user.get(&(app.clone(), user.clone()));
                let devices = ids.into_iter().flatten().filter_map(|id| self.device(id));
                (devices.collect(), Vec::new())
            }
        }
    }

    fn sender(&self, id: &ConnectionId) -> Option<Connection> {
        match self.entries.get(id)? {
            Entry::Sender { connection, .. } => Some(connection.clone()),
            Entry::Device(_) => None,
        }
    }
}

fn take_out<K: Ord, V>(map: &mut BTreeMap<K, V>, key: &K, shrink: impl FnOnce(&mut V) -> bool) {
    if map.get_mut(key).is_some_and(shrink) {
        map.remove(key);
    }
}

/// What a device is sent before its connection is closed.
fn notice(what: &Revocation) -> Option<Frame> {
    let Revocation::Session { cause, .. } = what else {
        return None;
    };
    let reason = match cause {
        Cause::TakenOver => "taken_over",
        Cause::Retired => "limit",
        Cause::LoggedOut | Cause::LoggedInAgain | Cause::Reused | Cause::UserRevoked => {
            return None;
        }
    };
    let reason = reason.to_owned();
    Some(Frame::new(
        device::INSTALLATION_REPLACED,
        (InstallationReplaced { reason },),
    ))
}
