use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use crate::server::{connection::Connection, connection_id::ConnectionId};

/// Connections by names; a name without connections is forgotten.
#[derive(Default)]
pub(super) struct Index(HashMap<Arc<str>, Members>);

/// The connections under a name. Most users have one, and a map of one costs as much as of eleven.
enum Members {
    One(Connection),
    Many(BTreeMap<ConnectionId, Connection>),
}

impl Index {
    /// Puts a connection under a name, and returns the one copy of that name.
    pub(super) fn insert(&mut self, name: &str, connection: &Connection) -> Arc<str> {
        if let Some((known, _)) = self.0.get_key_value(name) {
            let known = Arc::clone(known);
            let members = self.0.get_mut(name);
            members
                .into_iter()
                .for_each(|members| members.insert(connection));
            return known;
        }
        let name: Arc<str> = Arc::from(name);
        let alone = Members::One(connection.clone());
        self.0.insert(Arc::clone(&name), alone);
        name
    }

    /// Takes a connection out from under a name; says whether it was there.
    pub(super) fn remove(&mut self, name: &str, id: &ConnectionId) -> bool {
        let Some(members) = self.0.get_mut(name) else {
            return false;
        };
        let (was_there, is_empty) = match members {
            Members::One(only) => (only.id() == id, only.id() == id),
            Members::Many(many) => (many.remove(id).is_some(), many.is_empty()),
        };
        if is_empty {
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
        match self.0.get(name) {
            None => 0,
            Some(Members::One(_)) => 1,
            Some(Members::Many(many)) => many.len(),
        }
    }

    /// Returns the connections under a name.
    pub(super) fn members(&self, name: &str) -> impl Iterator<Item = &Connection> {
        let (one, many) = match self.0.get(name) {
            None => (None, None),
            Some(Members::One(only)) => (Some(only), None),
            Some(Members::Many(many)) => (None, Some(many)),
        };
        one.into_iter()
            .chain(many.into_iter().flat_map(BTreeMap::values))
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

impl Members {
    fn insert(&mut self, connection: &Connection) {
        let entry = |connection: &Connection| (connection.id().clone(), connection.clone());
        match self {
            Self::One(only) if only.id() == connection.id() => {}
            Self::One(only) => {
                *self = Self::Many(BTreeMap::from([entry(only), entry(connection)]));
            }
            Self::Many(many) => {
                many.extend([entry(connection)]);
            }
        }
    }
}
