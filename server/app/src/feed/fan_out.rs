//! Sends live devices what their users' logs have gained.

use std::sync::Arc;

use futures_util::FutureExt as _;
use vestnik_clock::Clock;
use vestnik_model::{
    AppId, Entry, UserId,
    contract::{Behind, device},
};
use vestnik_rules::{
    limit::Budget,
    log::{Candidate, PageBound, Place, Reader, cut},
};
use vestnik_signalr::server::{ConnectionId, Frame};
use vestnik_store::{
    Store, StoreError,
    ledger::HandOver,
    logs::{LogSlice, Stretch},
};

use super::{
    Connections, Dirty, Due, Notes, Position,
    connections::{LiveDevice, Sent},
    frames::{Frames, Share},
    written::Unconfirmed,
};
use crate::metrics::Metrics;

/// Pages of one user's turn. Higher and a user with a long backlog delays the others; lower and
/// catching up takes more turns.
const TURN_PAGES: u32 = 4;

/// What a page may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageBounds {
    /// Entries.
    pub(crate) entries: u32,
    /// Bytes of entries.
    pub(crate) bytes: usize,
}

/// What the fan-out works with.
#[derive(Debug, Clone)]
pub(crate) struct FanOut {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) dirty: Arc<Dirty>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) unconfirmed: Unconfirmed,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) bounds: PageBounds,
}

impl FanOut {
    /// Serves dirty users, one after another, until it is dropped.
    pub(crate) async fn work(self) {
        loop {
            let Due { app, user, gained } = self.dirty.next().await;
            let turn = Turn {
                dirty: &self.dirty,
                app: &app,
                user: &user,
                more: false,
            };
            if !gained.is_some_and(|gained| self.push_gained(turn.app, turn.user, &gained)) {
                self.serve(turn).await;
            }
            // Turns that read nothing would hold the thread for as long as users are due.
            tokio::task::consume_budget().await;
        }
    }

    async fn serve(&self, mut turn: Turn<'_>) {
        let mut budget = Budget {
            pages: TURN_PAGES,
            bytes: self.bounds.bytes.saturating_mul(TURN_PAGES as usize),
        };
        match self.push(turn.app, turn.user, &mut budget).await {
            Ok(more) => turn.more = more,
            // The re-check marks the user again.
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a log could not be read for live devices"
            ),
        }
    }

    /// Sends a user's devices what their log has gained; tells whether there is more than the budget
    /// allows.
    async fn push(
        &self,
        app: &AppId,
        user: &UserId,
        budget: &mut Budget,
    ) -> Result<bool, StoreError> {
        // Devices that take nothing now: they are left to the re-check, and delay no other.
        let mut stuck = Vec::new();
        loop {
            let mut devices = self.connections.of_user(app, user);
            devices.retain(|device| !stuck.contains(device.connection.id()));
            let Some(lowest) = lowest(&devices) else {
                return Ok(false);
            };
            let stretch = self.read(app, user, lowest).await?;
            let Some(end) = stretch.entries.last().map(|entry| entry.candidate.place) else {
                return Ok(false);
            };
            // Where nothing can be sent now, reading on would find the same again.
            if !self.offer(&devices, lowest, &stretch) {
                stuck.extend(standing_at(&devices, lowest));
                continue;
            }
            if end == stretch.head {
                return Ok(false);
            }
            let sizes = stretch.entries.iter().map(|entry| entry.candidate.bytes);
            if !budget.spend(sizes.sum()) {
                return Ok(true);
            }
        }
    }

    async fn read(&self, app: &AppId, user: &UserId, from: Place) -> Result<Stretch, StoreError> {
        let slice = LogSlice {
            app: app.clone(),
            user: user.clone(),
            after: Some(from),
            entries: self.bounds.entries,
            bytes: self.bounds.bytes,
            now: self.clock.now(),
        };
        self.store.read_log(slice).await
    }

    /// Sends each device its share of a stretch; tells whether some device stands elsewhere now.
    pub(super) fn offer(
        &self,
        devices: &[Arc<LiveDevice>],
        lowest: Place,
        stretch: &Stretch,
    ) -> bool {
        let entries = stretch.entries.iter();
        let candidates: Vec<_> = entries.map(|entry| entry.candidate.clone()).collect();
        let page = PageOf {
            stretch,
            candidates: &candidates,
            lowest,
        };
        let mut frames = Frames::default();
        let mut has_moved = false;
        for device in devices {
            has_moved |= self.send(device, &page, &mut frames);
        }
        has_moved
    }

    /// Sends one device its share of a stretch; tells whether the device stands elsewhere now.
    fn send(&self, device: &Arc<LiveDevice>, page: &PageOf<'_>, frames: &mut Frames) -> bool {
        let Some(at) = device.live_at() else {
            return false;
        };
        let session = &device.session;
        if !page
            .stretch
            .sessions
            .contains(&(session.installation, session.generation))
        {
            // Its session has ended; the revocation closes the connection.
            return false;
        }
        if at.epoch != page.stretch.head.epoch {
            return self.fall_behind(device, at, page.stretch.head);
        }
        let Some(share) = self.share(device, at, page) else {
            return false;
        };
        let frame = frames.of(&share, &page.stretch.entries);
        match device.send(at, share.to, &frame) {
            Sent::Yes(written) => {
                self.metrics.hinted.inc_by(share.given.len() as u64);
                let batch = self.hand_overs(device, &share, page.stretch);
                match written.now_or_never_or_wait() {
                    Ok(true) => self.notes.hand_over(batch),
                    Ok(false) => {}
                    Err(written) => self.unconfirmed.wait(written, batch),
                }
                true
            }
            Sent::Full => {
                self.metrics.behind.inc();
                notify_behind(device, page.stretch.head);
                true
            }
            Sent::No => false,
        }
    }

    /// What a device at a place is sent of a stretch; `None` when there is nothing behind its place.
    fn share(&self, device: &LiveDevice, at: Place, page: &PageOf<'_>) -> Option<Share> {
        let greeted = device.greeted()?;
        let first = page
            .candidates
            .partition_point(|candidate| candidate.place.seq <= at.seq);
        let rest = page
            .candidates
            .get(first..)
            .filter(|rest| !rest.is_empty())?;
        // A device that stands before the stretch began misses something: it is served at its turn.
        if at.seq < page.lowest.seq {
            return None;
        }
        let reader = Reader {
            installation: device.session.installation,
            features: &greeted.features,
            now: self.clock.now(),
        };
        let bound = PageBound {
            entries: self.bounds.entries,
            bytes: self.bounds.bytes,
        };
        let cut = cut(rest, &reader, bound);
        let last = rest.get(cut.covered.checked_sub(1)?)?;
        Some(Share {
            after: at,
            to: last.place,
            given: cut.given.into_iter().map(|index| first + index).collect(),
        })
    }

    fn hand_overs(&self, device: &LiveDevice, share: &Share, stretch: &Stretch) -> Vec<HandOver> {
        let at = self.clock.now();
        let entries = share
            .given
            .iter()
            .filter_map(|index| stretch.entries.get(*index));
        let deliveries = entries.filter_map(|entry| match &entry.entry {
            Some(Entry::Notification(arrival)) => Some(arrival.delivery_id),
            Some(Entry::Recall(_) | Entry::State(_) | Entry::Unknown(_)) | None => None,
        });
        deliveries
            .map(|delivery| HandOver {
                app: device.session.app.clone(),
                user: device.session.user.clone(),
                delivery,
                installation: device.session.installation,
                at,
            })
            .collect()
    }

    /// The log has another epoch: the device reads on by itself.
    fn fall_behind(&self, device: &Arc<LiveDevice>, at: Place, head: Place) -> bool {
        let is_moved = device.advance(at, Position::Catching);
        if is_moved {
            self.metrics.behind.inc();
            notify_behind(device, head);
        }
        is_moved
    }
}

/// Ends a user's turn, also when the worker panics.
struct Turn<'a> {
    dirty: &'a Dirty,
    app: &'a AppId,
    user: &'a UserId,
    more: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.dirty.done(self.app, self.user, self.more);
    }
}

struct PageOf<'a> {
    stretch: &'a Stretch,
    candidates: &'a [Candidate],
    lowest: Place,
}

/// The place that is read from: the lowest of the devices.
fn lowest(devices: &[Arc<LiveDevice>]) -> Option<Place> {
    devices
        .iter()
        .filter_map(|device| device.live_at())
        .min_by_key(|place| place.seq)
}

/// The connections of the devices that stand at a place, or that are not live any more.
fn standing_at(devices: &[Arc<LiveDevice>], place: Place) -> impl Iterator<Item = ConnectionId> {
    devices
        .iter()
        .filter(move |device| device.live_at().is_none_or(|at| at == place))
        .map(|device| device.connection.id().clone())
}

/// Sends `Behind` as soon as there is room: the device reads on by itself.
fn notify_behind(device: &Arc<LiveDevice>, head: Place) {
    let connection = device.connection.clone();
    let cursor = head.cursor();
    // One task a device at the most: it is catching up until it has read.
    tokio::spawn(async move {
        let frame = Frame::new(device::BEHIND, (Behind { cursor },));
        if connection.send(&frame).await.is_err() {
            tracing::debug!("a device that fell behind is gone");
        }
    });
}

/// Tells at once whether a frame was written, or gives the future back.
trait NowOrWait: Sized {
    fn now_or_never_or_wait(self) -> Result<bool, Self>;
}

impl NowOrWait for vestnik_signalr::server::Written {
    fn now_or_never_or_wait(mut self) -> Result<bool, Self> {
        match (&mut self).now_or_never() {
            Some(outcome) => Ok(outcome.is_ok()),
            None => Err(self),
        }
    }
}
