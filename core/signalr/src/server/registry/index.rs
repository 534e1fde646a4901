use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use crate::server::connection::{Connection, ConnectionId};

/// Connections by names; a name without connections is forgotten.
#[derive(Default)]
pub(super) struct Index(HashMap<Arc<str>, BTreeMap<ConnectionId, Connection>>);

impl Index {
    /// Puts a connection under a name, and returns the one copy of that name.
    pub(super) fn insert(&mut self, name: &str, connection: &Connection) -> Arc<str> {
        let name = match self.0.get_key_value(name) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::from(name),
        };
        self.0
            .entry(Arc::clone(&name))
            .or_default()
            .insert(connection.id().clone(), connection.clone());
        name
    }

    /// Takes a connection out from under a name; says whether it was there.
    pub(super) fn remove(&mut self, name: &str, id: &ConnectionId) -> bool {
        let Some(members) = self.0.get_mut(name) else {
            return false;
        };
        let was_there = members.remove(id).is_some();
        if members.is_empty() {
            self.0.remove(name);
        }
        was_there
    }

    /// Counts the names.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Counts the connections under a name.
    pub(super) fn count(&self, name: &str) -> usize {
        self.0.get(name).map_or(0, BTreeMap::len)
    }

    /// Returns the connections under a name.
    pub(super) fn members(&self, name: &str) -> impl Iterator<Item = &Connection> {
        self.0.get(name).into_iter().flat_map(BTreeMap::values)
    }

    /// Returns the connections under any of the names, each once.
    pub(super) fn union<'a>(
        &'a self,
        names: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a Connection> {
        let mut seen = BTreeSet::new();
        let is_one = names.len() == 1;
        names
            .iter()
            .flat_map(|name| self.members(name))
            .filter(move |connection| is_one || seen.insert(connection.id()))
    }
}
