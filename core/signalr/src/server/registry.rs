mod clients;
mod fan_out;
mod index;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio_util::task::TaskTracker;

pub use self::clients::Clients;
use self::index::Index;
use super::{ask::InvokeError, connection::Connection, connection_id::ConnectionId};
use crate::message::ToArguments;

/// All live connections of a hub, by id, by key and by user. Cheap to clone.
///
/// A key stands for whatever the hub wants to reach together, a group or a
/// topic. Connections leave their keys by ending; a new connection of the same
/// client joins anew. Users are not keys: a hub that names its callers has each
/// connection under its user from the welcome to the end.
#[derive(Clone, Default)]
pub struct HubHandle(Arc<Shared>);

#[derive(Default)]
struct Shared {
    world: RwLock<World>,
    /// Counts what must finish before the hub is drained: connections and the calls they left.
    tasks: TaskTracker,
}

#[derive(Default)]
struct World {
    connections: HashMap<ConnectionId, Entry>,
    groups: Index,
    users: Index,
    draining: Option<Draining>,
}

struct Entry {
    connection: Connection,
    /// In order.
    keys: Vec<Arc<str>>,
    user: Option<Arc<str>>,
}

/// How the hub is being emptied.
#[derive(Debug, Clone, Copy)]
struct Draining {
    allow_reconnect: bool,
}

/// What became of one frame for many connections.
#[derive(Debug, Default)]
pub struct Broadcast {
    /// How many connections took the frame.
    pub queued: usize,
    /// The connections that are too far behind to take it.
    pub full: Vec<Connection>,
    /// How many connections speak a protocol that cannot hold the frame.
    pub unwritable: usize,
}

impl HubHandle {
    /// Finds a live connection.
    pub fn connection(&self, id: &ConnectionId) -> Option<Connection> {
        self.read().one(id).cloned()
    }

    /// Calls one client's handler and awaits its result: see [`Connection::invoke`].
    ///
    /// # Errors
    /// [`InvokeError`] says why there is no result.
    pub async fn invoke<A: ToArguments, R: DeserializeOwned>(
        &self,
        id: &ConnectionId,
        target: &str,
        arguments: &A,
        patience: Duration,
    ) -> Result<R, InvokeError> {
        let Some(connection) = self.connection(id) else {
            return Err(InvokeError::DoesNotExist(id.clone()));
        };
        connection.invoke(target, arguments, patience).await
    }

    /// Counts the live connections.
    pub fn connection_count(&self) -> usize {
        self.read().connections.len()
    }

    /// Counts the connections under a key.
    pub fn key_count(&self, key: &str) -> usize {
        self.read().groups.count(key)
    }

    /// Puts a live connection under a key; says whether the connection was there to be put.
    pub fn join(&self, key: &str, id: &ConnectionId) -> bool {
        let mut guard = self.write();
        let world = &mut *guard;
        let Some(entry) = world.connections.get_mut(id) else {
            return false;
        };
        let key = world.groups.insert(key, &entry.connection);
        if let Err(place) = entry.keys.binary_search(&key) {
            entry.keys.insert(place, key);
        }
        true
    }

    /// Takes a connection out from under a key; says whether it was there.
    pub fn leave(&self, key: &str, id: &ConnectionId) -> bool {
        let mut world = self.write();
        if let Some(entry) = world.connections.get_mut(id)
            && let Ok(place) = entry.keys.binary_search_by(|known| (**known).cmp(key))
        {
            entry.keys.remove(place);
        }
        world.groups.remove(key, id)
    }

    /// Closes all connections and waits until each is gone and its last calls have finished.
    ///
    /// From the first moment on, negotiate and connect are answered 503. With
    /// `allow_reconnect` official clients reconnect, elsewhere or later. A hub
    /// stays drained.
    pub async fn drain(&self, allow_reconnect: bool) {
        let connections: Vec<Connection> = {
            let mut world = self.write();
            world.draining = Some(Draining { allow_reconnect });
            world.all().cloned().collect()
        };
        for connection in connections {
            connection.close(allow_reconnect);
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Says whether [`drain`](Self::drain) has begun.
    pub fn is_draining(&self) -> bool {
        self.read().draining.is_some()
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Makes a connection reachable. One that comes while the hub drains is asked to close at once.
    pub(crate) fn enter(&self, connection: &Connection) {
        let mut world = self.write();
        let entry = Entry {
            connection: connection.clone(),
            keys: Vec::new(),
            user: None,
        };
        world.connections.insert(connection.id().clone(), entry);
        let draining = world.draining;
        drop(world);
        if let Some(Draining { allow_reconnect }) = draining {
            connection.close(allow_reconnect);
        }
    }

    /// Puts a live connection under its user, unless that has as many as it may.
    pub(crate) fn name(&self, user: &str, most: usize, id: &ConnectionId) -> bool {
        let mut guard = self.write();
        let world = &mut *guard;
        let is_full = world.users.count(user) >= most;
        if let Some(entry) = world.connections.get_mut(id).filter(|_| !is_full) {
            entry.user = Some(world.users.insert(user, &entry.connection));
        }
        !is_full
    }

    /// Forgets a connection and its place under every name.
    pub(crate) fn exit(&self, id: &ConnectionId) {
        let mut world = self.write();
        let Some(entry) = world.connections.remove(id) else {
            return;
        };
        for key in &entry.keys {
            world.groups.remove(key, id);
        }
        if let Some(user) = &entry.user {
            world.users.remove(user, id);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, World> {
        self.0.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, World> {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    fn one(&self, id: &ConnectionId) -> Option<&Connection> {
        self.connections.get(id).map(|entry| &entry.connection)
    }

    fn all(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values().map(|entry| &entry.connection)
    }
}

impl fmt::Debug for HubHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.read();
        f.debug_struct("HubHandle")
            .field("connections", &world.connections.len())
            .field("keys", &world.groups.len())
            .field("users", &world.users.len())
            .field("draining", &world.draining)
            .finish()
    }
}
