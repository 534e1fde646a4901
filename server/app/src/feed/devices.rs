//! Where each live device stands in its user's log.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use vestnik_model::{AppId, Cursor, InstallationId, UserId};
use vestnik_signalr::server::{Connection, ConnectionId};
use vestnik_store::Session;

/// How far the live calls of a device may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// It reads on by itself first: nothing is called.
    Catching,
    /// It has everything up to here: what follows is called.
    Live(Cursor),
}

/// A device on a live connection.
#[derive(Debug)]
pub(crate) struct LiveDevice {
    pub(crate) session: Session,
    pub(crate) connection: Connection,
    position: Mutex<Position>,
}

impl LiveDevice {
    /// Where it stands, if it is told things live.
    pub(crate) fn live_at(&self) -> Option<Cursor> {
        match *lock(&self.position) {
            Position::Live(cursor) => Some(cursor),
            Position::Catching => None,
        }
    }

    /// Moves on from a place; not when it was moved elsewhere meanwhile.
    pub(crate) fn advance(&self, from: Cursor, to: Position) -> bool {
        let mut position = lock(&self.position);
        if *position != Position::Live(from) {
            return false;
        }
        *position = to;
        true
    }

    pub(crate) fn put(&self, position: Position) {
        *lock(&self.position) = position;
    }
}

/// All live devices, by connection and by user.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    by_connection: HashMap<ConnectionId, Arc<LiveDevice>>,
    by_user: HashMap<(AppId, UserId), BTreeMap<ConnectionId, Arc<LiveDevice>>>,
}

impl Devices {
    /// Takes a device in; a second greeting on a connection replaces the first.
    pub(crate) fn insert(&self, session: Session, connection: Connection, position: Position) {
        let (id, key) = (connection.id().clone(), key(&session));
        let device = Arc::new(LiveDevice {
            session,
            connection,
            position: Mutex::new(position),
        });
        let mut index = lock(&self.index);
        index.remove(&id);
        index
            .by_user
            .entry(key)
            .or_default()
            .insert(id.clone(), Arc::clone(&device));
        index.by_connection.insert(id, device);
    }

    pub(crate) fn remove(&self, id: &ConnectionId) {
        lock(&self.index).remove(id);
    }

    pub(crate) fn get(&self, id: &ConnectionId) -> Option<Arc<LiveDevice>> {
        lock(&self.index).by_connection.get(id).cloned()
    }

    pub(crate) fn of(&self, app: &AppId, user: &UserId) -> Vec<Arc<LiveDevice>> {
        let index = lock(&self.index);
        let devices = index.by_user.get(&(app.clone(), user.clone()));
        devices
            .map(|devices| devices.values().cloned().collect())
            .unwrap_or_default()
    }

    /// Whose devices are live.
    pub(crate) fn users(&self) -> Vec<(AppId, UserId)> {
        lock(&self.index).by_user.keys().cloned().collect()
    }

    /// Every live connection of a device.
    pub(crate) fn connections(&self) -> Vec<Connection> {
        let index = lock(&self.index);
        index
            .by_connection
            .values()
            .map(|device| device.connection.clone())
            .collect()
    }

    /// Ends the connections of an installation for good.
    pub(crate) fn close(&self, installation: InstallationId) {
        self.close_where(|session| session.installation == installation);
    }

    /// Ends the connections that an installation's former user left.
    pub(crate) fn close_others(&self, session: &Session) {
        self.close_where(|other| {
            other.app == session.app
                && other.installation == session.installation
                && other.user != session.user
        });
    }

    fn close_where(&self, is_meant: impl Fn(&Session) -> bool) {
        let index = lock(&self.index);
        for device in index
            .by_connection
            .values()
            .filter(|device| is_meant(&device.session))
        {
            device.connection.close(false);
        }
    }
}

impl Index {
    fn remove(&mut self, id: &ConnectionId) {
        let Some(device) = self.by_connection.remove(id) else {
            return;
        };
        let key = key(&device.session);
        if let Some(devices) = self.by_user.get_mut(&key) {
            devices.remove(id);
            if devices.is_empty() {
                self.by_user.remove(&key);
            }
        }
    }
}

fn key(session: &Session) -> (AppId, UserId) {
    (session.app.clone(), session.user.clone())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
