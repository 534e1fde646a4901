use std::{borrow::Borrow, collections::BTreeSet};

use super::{Broadcast, HubHandle, World, fan_out::FanOut};
use crate::server::{clock, connection::Connection, connection_id::ConnectionId, frame::Frame};

/// Connections that are addressed together; who they are is found out at each send.
///
/// Each of them gets a frame once, however many of the names it is under.
/// Sending waits for nobody: see [`Broadcast`].
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `send`"]
pub struct Clients<'a> {
    hub: &'a HubHandle,
    whom: Whom,
    except: BTreeSet<ConnectionId>,
}

#[derive(Debug, Clone)]
enum Whom {
    All,
    Connections(BTreeSet<ConnectionId>),
    Groups(BTreeSet<String>),
    Users(BTreeSet<String>),
}

impl HubHandle {
    /// Addresses every connection.
    pub fn all(&self) -> Clients<'_> {
        Clients::new(self, Whom::All)
    }

    /// Addresses several connections.
    pub fn connections(
        &self,
        ids: impl IntoIterator<Item = impl Borrow<ConnectionId>>,
    ) -> Clients<'_> {
        Clients::new(self, Whom::Connections(owned(ids)))
    }

    /// Addresses a group: the connections that joined a key.
    pub fn group(&self, key: impl Into<String>) -> Clients<'_> {
        self.groups([key])
    }

    /// Addresses several groups.
    pub fn groups(&self, keys: impl IntoIterator<Item = impl Into<String>>) -> Clients<'_> {
        let keys = keys.into_iter().map(Into::into).collect();
        Clients::new(self, Whom::Groups(keys))
    }

    /// Addresses all connections of a user, as [`HubBuilder::user`](crate::server::HubBuilder::user) names users.
    pub fn user(&self, id: impl Into<String>) -> Clients<'_> {
        self.users([id])
    }

    /// Addresses all connections of several users.
    pub fn users(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> Clients<'_> {
        let ids = ids.into_iter().map(Into::into).collect();
        Clients::new(self, Whom::Users(ids))
    }
}

impl Connection {
    /// Addresses every connection but this one.
    pub fn others(&self) -> Clients<'_> {
        self.hub().all().except([self.id()])
    }

    /// Addresses a group without this connection.
    pub fn others_in(&self, key: impl Into<String>) -> Clients<'_> {
        self.hub().group(key).except([self.id()])
    }
}

impl<'a> Clients<'a> {
    fn new(hub: &'a HubHandle, whom: Whom) -> Self {
        Self {
            hub,
            whom,
            except: BTreeSet::new(),
        }
    }

    /// Leaves these connections out.
    pub fn except(mut self, ids: impl IntoIterator<Item = impl Borrow<ConnectionId>>) -> Self {
        self.except.extend(owned(ids));
        self
    }

    /// Queues one frame for each of them, waiting for none.
    ///
    /// A few are written to at once, as far as their sockets take it; for a large audience the
    /// runtime's threads do that afterwards, in shares, and frames that follow meanwhile go along.
    pub fn send(&self, frame: &Frame) -> Broadcast {
        let mut fan_out = FanOut::new(clock::now(), frame);
        self.visit(&self.hub.read(), |connection| fan_out.offer(connection));
        fan_out.finish()
    }

    /// Lists them, to be asked or sent to one by one.
    pub fn connections(&self) -> Vec<Connection> {
        let mut connections = Vec::new();
        self.visit(&self.hub.read(), |connection| {
            connections.push(connection.clone());
        });
        connections
    }

    /// Counts them.
    pub fn count(&self) -> usize {
        let mut count = 0;
        self.visit(&self.hub.read(), |_| count += 1);
        count
    }

    fn visit(&self, world: &World, mut visit: impl FnMut(&Connection)) {
        let visit = |connection: &Connection| {
            if !self.except.contains(connection.id()) {
                visit(connection);
            }
        };
        match &self.whom {
            Whom::All => world.all().for_each(visit),
            Whom::Connections(ids) => ids.iter().filter_map(|id| world.one(id)).for_each(visit),
            Whom::Groups(keys) => world.groups.union(keys).for_each(visit),
            Whom::Users(ids) => world.users.union(ids).for_each(visit),
        }
    }
}

fn owned(ids: impl IntoIterator<Item = impl Borrow<ConnectionId>>) -> BTreeSet<ConnectionId> {
    ids.into_iter().map(|id| id.borrow().clone()).collect()
}
