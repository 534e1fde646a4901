//! What is noted beside the work: hand-overs, places read, presence, uses of keys and tokens.
//!
//! Notes are evidence, not conditions: nothing waits for them. They are kept in bounded buffers and
//! written in batches, so that a slow disk delays no device. What does not fit is dropped and counted;
//! a device's own receipts say more than its hand-over.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use vestnik_clock::Clock;
use vestnik_model::{AppId, InstallationId};
use vestnik_store::{
    Store, StoreError,
    installations::PresenceNote,
    ledger::{Confirmed, HandOver, HandOvers},
    sessions::Seen,
    tenants::KeyUse,
};

/// The most notes of a kind that wait.
const WAITING: usize = 65_536;
/// The most notes of one write.
const BATCH: usize = 500;
/// How long notes gather before they are written. Longer and a sender sees later that something was
/// sent; shorter and the notes of a broadcast are written in the middle of it, between the parts of its
/// expansion, which wait for them.
const GATHER: Duration = Duration::from_millis(200);
/// How long the writer waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Notes that wait to be written.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    waiting: Mutex<Waiting>,
    due: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    hand_overs: Vec<HandOver>,
    confirmed: HashMap<(AppId, InstallationId), Confirmed>,
    presence: HashMap<String, PresenceNote>,
    key_uses: HashMap<(AppId, String), KeyUse>,
    seen: HashSet<Seen>,
    /// Uses and sightings that were written lately, so that a busy key is not written at each use.
    noted_uses: HashMap<(AppId, String), KeyUse>,
    noted_seen: HashSet<Seen>,
    dropped: u64,
}

impl Notes {
    /// Notes what was written to devices.
    pub(crate) fn hand_over(&self, batch: Vec<HandOver>) {
        let mut waiting = self.lock();
        let room = WAITING.saturating_sub(waiting.hand_overs.len());
        waiting.dropped += batch.len().saturating_sub(room) as u64;
        waiting.hand_overs.extend(batch.into_iter().take(room));
        self.due.notify_one();
    }

    /// Notes how far an installation has read; the latest counts.
    pub(crate) fn confirm(&self, confirmed: Confirmed) {
        let key = (
            confirmed.session.app.clone(),
            confirmed.session.installation,
        );
        let mut waiting = self.lock();
        if waiting.confirmed.len() < WAITING || waiting.confirmed.contains_key(&key) {
            waiting.confirmed.insert(key, confirmed);
            self.due.notify_one();
        }
    }

    /// Notes that a connection stands, or that it has ended; the latest counts.
    pub(crate) fn presence(&self, note: PresenceNote) {
        let connection = note.connection.clone();
        let mut waiting = self.lock();
        if waiting.presence.len() < WAITING || waiting.presence.contains_key(&connection) {
            waiting.presence.insert(connection, note);
            self.due.notify_one();
        }
    }

    /// Notes the use of a key, at most once for each hour.
    pub(crate) fn key_use(&self, key: KeyUse) {
        let name = (key.app.clone(), key.id.clone());
        let mut waiting = self.lock();
        if waiting
            .noted_uses
            .get(&name)
            .is_some_and(|noted| noted.at >= key.at)
        {
            return;
        }
        if waiting.noted_uses.len() >= WAITING {
            waiting.noted_uses.clear();
        }
        waiting.noted_uses.insert(name.clone(), key.clone());
        waiting.key_uses.insert(name, key);
        self.due.notify_one();
    }

    /// Notes that an access token was seen, once.
    pub(crate) fn seen(&self, seen: Seen) {
        let mut waiting = self.lock();
        if waiting.noted_seen.contains(&seen) {
            return;
        }
        if waiting.noted_seen.len() >= WAITING {
            waiting.noted_seen.clear();
        }
        waiting.noted_seen.insert(seen);
        waiting.seen.insert(seen);
        self.due.notify_one();
    }

    /// How many notes were dropped because too many waited.
    pub(crate) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Writes what waits now, kind by kind and in batches, and stops at the first failure: what was
    /// not written waits again.
    pub(crate) async fn write(
        &self,
        store: &dyn Store,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        self.write_hand_overs(store, clock).await?;
        self.write_confirmed(store).await?;
        self.write_presence(store).await?;
        self.write_key_uses(store).await?;
        self.write_seen(store).await
    }

    async fn write_hand_overs(
        &self,
        store: &dyn Store,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        loop {
            let batch = self.take_hand_overs();
            if batch.is_empty() {
                return Ok(());
            }
            let mut taken = Taken::new(self, batch, Self::put_back);
            let handed = HandOvers {
                batch: taken.batch(),
                seed: clock.random(),
                now: clock.now(),
            };
            store.hand_over(handed).await?;
            taken.is_written = true;
        }
    }

    async fn write_confirmed(&self, store: &dyn Store) -> Result<(), StoreError> {
        loop {
            let batch = take(&mut self.lock().confirmed);
            if batch.is_empty() {
                return Ok(());
            }
            let mut taken = Taken::new(self, batch, |notes, batch| {
                put(&mut notes.lock().confirmed, batch, |note: &Confirmed| {
                    (note.session.app.clone(), note.session.installation)
                });
            });
            store.confirm(taken.batch()).await?;
            taken.is_written = true;
        }
    }

    async fn write_presence(&self, store: &dyn Store) -> Result<(), StoreError> {
        loop {
            let batch = take(&mut self.lock().presence);
            if batch.is_empty() {
                return Ok(());
            }
            let mut taken = Taken::new(self, batch, |notes, batch| {
                put(&mut notes.lock().presence, batch, |note: &PresenceNote| {
                    note.connection.clone()
                });
            });
            store.note_presence(taken.batch()).await?;
            taken.is_written = true;
        }
    }

    async fn write_key_uses(&self, store: &dyn Store) -> Result<(), StoreError> {
        loop {
            let batch = take(&mut self.lock().key_uses);
            if batch.is_empty() {
                return Ok(());
            }
            let mut taken = Taken::new(self, batch, |notes, batch| {
                put(&mut notes.lock().key_uses, batch, |note: &KeyUse| {
                    (note.app.clone(), note.id.clone())
                });
            });
            store.note_key_use(taken.batch()).await?;
            taken.is_written = true;
        }
    }

    async fn write_seen(&self, store: &dyn Store) -> Result<(), StoreError> {
        loop {
            let batch: Vec<Seen> = self.lock().seen.iter().take(BATCH).copied().collect();
            if batch.is_empty() {
                return Ok(());
            }
            store.note_seen(batch.clone()).await?;
            let mut waiting = self.lock();
            for seen in batch {
                waiting.seen.remove(&seen);
            }
        }
    }

    fn take_hand_overs(&self) -> Vec<HandOver> {
        let mut waiting = self.lock();
        let count = waiting.hand_overs.len().min(BATCH);
        waiting.hand_overs.drain(..count).collect()
    }

    fn put_back(&self, batch: Vec<HandOver>) {
        let mut waiting = self.lock();
        let later = std::mem::replace(&mut waiting.hand_overs, batch);
        let room = WAITING.saturating_sub(waiting.hand_overs.len());
        waiting.dropped += later.len().saturating_sub(room) as u64;
        waiting.hand_overs.extend(later.into_iter().take(room));
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a batch out of a buffer.
fn take<K: Clone + Eq + Hash, V>(buffer: &mut HashMap<K, V>) -> Vec<V> {
    let keys: Vec<K> = buffer.keys().take(BATCH).cloned().collect();
    keys.iter().filter_map(|key| buffer.remove(key)).collect()
}

/// Puts a batch back that was not written, where nothing newer has come.
fn put<K: Eq + Hash, V>(buffer: &mut HashMap<K, V>, batch: Vec<V>, key: impl Fn(&V) -> K) {
    for note in batch {
        buffer.entry(key(&note)).or_insert(note);
    }
}

/// A batch that goes back unless it was written, also when its writing is given up.
struct Taken<'a, T> {
    notes: &'a Notes,
    batch: Vec<T>,
    put_back: fn(&Notes, Vec<T>),
    is_written: bool,
}

impl<'a, T: Clone> Taken<'a, T> {
    const fn new(notes: &'a Notes, batch: Vec<T>, put_back: fn(&Notes, Vec<T>)) -> Self {
        Self {
            notes,
            batch,
            put_back,
            is_written: false,
        }
    }

    fn batch(&self) -> Vec<T> {
        self.batch.clone()
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        if !self.is_written {
            (self.put_back)(self.notes, std::mem::take(&mut self.batch));
        }
    }
}

/// Writes notes as they come, until it is dropped; see [`Notes::write`] for the rest at the end.
pub(crate) async fn flush_notes(notes: Arc<Notes>, store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    loop {
        notes.due.notified().await;
        tokio::time::sleep(GATHER).await;
        if let Err(error) = notes.write(&*store, &*clock).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "notes were not stored, will retry"
            );
            tokio::time::sleep(AFTER_FAILURE).await;
            notes.due.notify_one();
        }
    }
}
