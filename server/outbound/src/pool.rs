//! The connections of a client, by origin.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    lane::{Choice, Idle, Lane, LinkId},
    limits::Limits,
    link::{Protocol, Sender},
    place::Place,
};

/// What connections are shared by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) protocol: Protocol,
}

/// The connections of a client, by origin.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: Limits,
    cells: Mutex<Cells>,
}

#[derive(Debug, Default)]
struct Cells {
    by_key: HashMap<Key, Entry>,
    /// Counts uses, by which the one unused for longest is found.
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    cell: Arc<Cell>,
    last_use: u64,
}

/// The connections to one origin.
#[derive(Debug)]
pub(crate) struct Cell {
    inner: Mutex<Inner>,
    /// Something may be free now.
    pub(crate) changed: Notify,
}

struct Inner {
    lane: Lane,
    /// Those of HTTP/1.1 are taken out while in use.
    senders: BTreeMap<LinkId, Sender>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lane.fmt(f)
    }
}

impl Pool {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            cells: Mutex::default(),
        }
    }

    /// The connections to an origin; none if there are too many origins, all in use.
    pub(crate) fn cell(&self, key: &Key) -> Option<Arc<Cell>> {
        let mut cells = lock(&self.cells);
        cells.uses += 1;
        let last_use = cells.uses;
        if let Some(entry) = cells.by_key.get_mut(key) {
            entry.last_use = last_use;
            return Some(Arc::clone(&entry.cell));
        }
        if cells.by_key.len() >= self.limits.origins {
            cells.drop_unused()?;
        }
        let cell = Arc::new(Cell::new(&self.limits));
        let entry = Entry {
            cell: Arc::clone(&cell),
            last_use,
        };
        cells.by_key.insert(key.clone(), entry);
        Some(cell)
    }
}

#[cfg(test)]
impl Pool {
    /// Sums what a lane counts.
    pub(crate) fn count(&self, of: impl Fn(&Lane) -> usize) -> usize {
        let cells = lock(&self.cells);
        let lanes = cells.by_key.values();
        lanes.map(|entry| of(&lock(&entry.cell.inner).lane)).sum()
    }

    pub(crate) fn origins(&self) -> usize {
        lock(&self.cells).by_key.len()
    }
}

impl Cells {
    /// Closes the connections of the origin unused for longest, if there is one that nobody uses.
    fn drop_unused(&mut self) -> Option<()> {
        let unused = self.by_key.iter().filter(|(_, entry)| entry.is_unused());
        let oldest = unused.min_by_key(|(_, entry)| entry.last_use)?.0.clone();
        self.by_key.remove(&oldest);
        Some(())
    }
}

impl Entry {
    fn is_unused(&self) -> bool {
        // A request that is about to choose has the cell, too.
        Arc::strong_count(&self.cell) == 1 && lock(&self.cell.inner).lane.is_unused()
    }
}

impl Cell {
    fn new(limits: &Limits) -> Self {
        let inner = Inner {
            lane: Lane::new(limits),
            senders: BTreeMap::new(),
        };
        Self {
            inner: Mutex::new(inner),
            changed: Notify::new(),
        }
    }

    pub(crate) fn choose(&self) -> Choice {
        lock(&self.inner).lane.choose()
    }

    pub(crate) fn lost(&self, id: LinkId) {
        let mut inner = lock(&self.inner);
        inner.lane.lost(id);
        let sender = inner.senders.remove(&id);
        drop(inner);
        drop(sender);
        self.changed.notify_waiters();
    }

    pub(crate) fn idle(&self, id: LinkId, before: Option<u64>) -> Idle {
        let mut inner = lock(&self.inner);
        let idle = inner.lane.idle(id, before);
        if idle == Idle::Close {
            inner.senders.remove(&id);
        }
        idle
    }

    pub(crate) fn retire(&self, id: LinkId) {
        let mut inner = lock(&self.inner);
        if inner.lane.retire(id) {
            inner.senders.remove(&id);
        }
        drop(inner);
        self.changed.notify_waiters();
    }
}

/// A request's place on a connection; it is given back when dropped.
pub(crate) struct Lease {
    cell: Arc<Cell>,
    pub(crate) id: LinkId,
    /// Taken when the lease ends.
    sender: Option<Sender>,
    /// Whether the connection is good for another request.
    pub(crate) is_good: bool,
}

impl Lease {
    /// The place on a connection that was chosen; none if the connection ended since.
    pub(crate) fn take(cell: &Arc<Cell>, id: LinkId) -> Option<Self> {
        let mut inner = lock(&cell.inner);
        let sender = match inner.senders.remove(&id) {
            Some(Sender::Http2(sender)) => {
                inner.senders.insert(id, Sender::Http2(sender.clone()));
                Some(Sender::Http2(sender))
            }
            other => other,
        };
        if sender.is_none() {
            inner.lane.lost(id);
        }
        drop(inner);
        sender.map(|sender| Self::new(cell, id, sender))
    }

    /// The first place on a connection that was opened.
    pub(crate) fn first(cell: &Arc<Cell>, id: LinkId, sender: Sender, capacity: usize) -> Self {
        let mut inner = lock(&cell.inner);
        inner.lane.opened(id, capacity);
        if let Sender::Http2(sender) = &sender {
            inner.senders.insert(id, Sender::Http2(sender.clone()));
        }
        drop(inner);
        cell.changed.notify_waiters();
        Self::new(cell, id, sender)
    }

    fn new(cell: &Arc<Cell>, id: LinkId, sender: Sender) -> Self {
        Self {
            cell: Arc::clone(cell),
            id,
            // A request that is given up leaves a connection of HTTP/1.1 in the middle of an answer.
            is_good: matches!(sender, Sender::Http2(_)),
            sender: Some(sender),
        }
    }

    pub(crate) const fn sender(&mut self) -> Option<&mut Sender> {
        self.sender.as_mut()
    }

    pub(crate) const fn cell(&self) -> &Arc<Cell> {
        &self.cell
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let sender = self.sender.take().filter(|sender| !sender.is_closed());
        let mut inner = lock(&self.cell.inner);
        let is_good = self.is_good && sender.is_some();
        let is_closed = (!is_good && inner.lane.retire(self.id)) | inner.lane.release(self.id);
        if is_closed {
            inner.senders.remove(&self.id);
        } else if is_good && let Some(sender @ Sender::Http1(_)) = sender {
            inner.senders.insert(self.id, sender);
        }
        drop(inner);
        self.cell.changed.notify_waiters();
    }
}

/// A connection that is being opened; its number is given back if that fails or is given up.
pub(crate) struct Opening {
    pub(crate) cell: Arc<Cell>,
    pub(crate) id: LinkId,
    pub(crate) is_open: bool,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.is_open {
            self.cell.lost(self.id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
