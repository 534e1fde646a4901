use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio_util::task::TaskTracker;

use super::{
    ask::InvokeError,
    connection::{Connection, ConnectionId},
    queue::SendError,
};
use crate::message::ToArguments;

/// All live connections of a hub, by id and by key. Cheap to clone.
///
/// A key stands for whatever the hub wants to reach together: a user, a group,
/// a topic. Connections leave their keys by ending; a new connection of the
/// same client joins anew.
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
    /// Keys without members are removed.
    keys: HashMap<Arc<str>, BTreeMap<ConnectionId, Connection>>,
    draining: Option<Draining>,
}

struct Entry {
    connection: Connection,
    keys: BTreeSet<Arc<str>>,
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
}

impl HubHandle {
    /// Finds a live connection.
    pub fn connection(&self, id: &ConnectionId) -> Option<Connection> {
        self.read()
            .connections
            .get(id)
            .map(|entry| entry.connection.clone())
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
        self.read().keys.get(key).map_or(0, BTreeMap::len)
    }

    /// Puts a live connection under a key; says whether the connection was there to be put.
    pub fn join(&self, key: &str, id: &ConnectionId) -> bool {
        let mut guard = self.write();
        let world = &mut *guard;
        let Some(entry) = world.connections.get_mut(id) else {
            return false;
        };
        let key = match world.keys.get_key_value(key) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::from(key),
        };
        entry.keys.insert(Arc::clone(&key));
        world
            .keys
            .entry(key)
            .or_default()
            .insert(id.clone(), entry.connection.clone());
        true
    }

    /// Takes a connection out from under a key; says whether it was there.
    pub fn leave(&self, key: &str, id: &ConnectionId) -> bool {
        let mut world = self.write();
        if let Some(entry) = world.connections.get_mut(id) {
            entry.keys.remove(key);
        }
        world.remove_member(key, id)
    }

    /// Queues one encoded frame for every connection under a key, waiting for none.
    pub fn broadcast(&self, key: &str, frame: &Bytes) -> Broadcast {
        let world = self.read();
        let members = world.keys.get(key).into_iter().flat_map(BTreeMap::values);
        Broadcast::to(members, frame)
    }

    /// Queues one encoded frame for every connection of the hub, waiting for none.
    pub fn broadcast_all(&self, frame: &Bytes) -> Broadcast {
        let world = self.read();
        Broadcast::to(
            world.connections.values().map(|entry| &entry.connection),
            frame,
        )
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
            world
                .connections
                .values()
                .map(|entry| entry.connection.clone())
                .collect()
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
            keys: BTreeSet::new(),
        };
        world.connections.insert(connection.id().clone(), entry);
        let draining = world.draining;
        drop(world);
        if let Some(Draining { allow_reconnect }) = draining {
            connection.close(allow_reconnect);
        }
    }

    /// Forgets a connection and its place under every key.
    pub(crate) fn exit(&self, id: &ConnectionId) {
        let mut world = self.write();
        let Some(entry) = world.connections.remove(id) else {
            return;
        };
        for key in &entry.keys {
            world.remove_member(key, id);
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
    fn remove_member(&mut self, key: &str, id: &ConnectionId) -> bool {
        let Some(members) = self.keys.get_mut(key) else {
            return false;
        };
        let was_there = members.remove(id).is_some();
        if members.is_empty() {
            self.keys.remove(key);
        }
        was_there
    }
}

impl Broadcast {
    fn to<'a>(members: impl Iterator<Item = &'a Connection>, frame: &Bytes) -> Self {
        let mut outcome = Self::default();
        for connection in members {
            match connection.try_send(frame.clone()) {
                Ok(()) => outcome.queued += 1,
                Err(SendError::Full) => outcome.full.push(connection.clone()),
                Err(SendError::Gone) => {}
            }
        }
        outcome
    }
}

impl fmt::Debug for HubHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.read();
        f.debug_struct("HubHandle")
            .field("connections", &world.connections.len())
            .field("keys", &world.keys.len())
            .field("draining", &world.draining)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::queue::QueueLimits;

    fn enter(hub: &HubHandle, id: &str) -> Connection {
        let limits = QueueLimits {
            frames: 1,
            bytes: 100,
        };
        let connection = Connection::new(ConnectionId::new(id), hub.clone(), limits);
        hub.enter(&connection);
        connection
    }

    #[test]
    fn reaches_those_under_a_key_until_they_leave_or_end() {
        let hub = HubHandle::default();
        let (ada, bob) = (enter(&hub, "ada"), enter(&hub, "bob"));
        let frame = Bytes::from_static(b"x");
        assert!(hub.join("room", ada.id()) && hub.join("room", ada.id()));
        assert!(hub.join("room", bob.id()) && hub.join("hall", bob.id()));
        assert_eq!(hub.broadcast("room", &frame).queued, 2);
        let outcome = hub.broadcast("room", &frame);
        assert_eq!((outcome.queued, outcome.full.len()), (0, 2));
        assert!(hub.leave("room", ada.id()) && !hub.leave("room", ada.id()));
        hub.exit(bob.id());
        assert_eq!((hub.key_count("room"), hub.key_count("hall")), (0, 0));
        assert!(hub.read().keys.is_empty(), "an empty key is forgotten");
        assert!(!hub.join("room", bob.id()));
        assert!(hub.connection(bob.id()).is_none() && hub.connection(ada.id()).is_some());
    }

    #[test]
    fn asks_late_comers_of_a_draining_hub_to_close() {
        let hub = HubHandle::default();
        hub.write().draining = Some(Draining {
            allow_reconnect: true,
        });
        let late = enter(&hub, "late");
        assert_eq!(
            late.try_send(Bytes::from_static(b"x")),
            Err(SendError::Gone)
        );
    }
}
