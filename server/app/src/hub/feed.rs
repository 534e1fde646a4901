//! Tells devices live what their users' logs have gained.
//!
//! A hint says whose log has grown; what is told is read from the log, from where the device
//! stands. So a lost hint costs time and never an entry, and nothing is told out of order.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{broadcast, mpsc};
use vestnik_model::{
    AppId, Cursor, InstallationId, UserId,
    contract::{Behind, Entry, Page, device},
};
use vestnik_signalr::server::{Frame, SendError};
use vestnik_store::{HandOver, Hint, LogSlice, StoreError};

use super::{
    devices::{LiveDevice, Position},
    run::{Frames, runs},
};
use crate::app::App;

/// How many users are told things at once.
const WORKERS: usize = 4;
/// How many users wait for each worker; beyond it hints are lost, and the re-check makes up for it.
const WAITING: usize = 4_096;
/// The most entries of one look at a log.
const PAGE: u32 = 100;

/// The workers, each with a share of the users, so that one user is told things in order.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    workers: Arc<[mpsc::Sender<(AppId, UserId)>]>,
}

impl Feed {
    /// Starts the workers; they end when the feed is dropped.
    pub(crate) fn start(app: &App, tasks: &tokio_util::task::TaskTracker) -> Self {
        let start = |_| {
            let (sender, queue) = mpsc::channel(WAITING);
            tasks.spawn(work(app.clone(), queue));
            sender
        };
        Self {
            workers: (0..WORKERS).map(start).collect(),
        }
    }

    /// Has a user's devices looked at.
    pub(crate) fn look(&self, app: AppId, user: UserId) {
        let mut hasher = DefaultHasher::new();
        (&app, &user).hash(&mut hasher);
        let share = usize::try_from(hasher.finish() % WORKERS as u64).unwrap_or_default();
        // A full worker is busy with others; the re-check comes back to this one.
        drop(self.workers[share].try_send((app, user)));
    }

    /// Hears hints until the bus ends.
    pub(crate) async fn hear(self, app: App) {
        let mut hints = app.bus.subscribe();
        loop {
            match hints.recv().await {
                Ok(Hint { app, user, .. }) => self.look(app, user),
                Err(broadcast::error::RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "hints were lost; the re-check makes up for it");
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}

/// Looks at every live user again and again, for the case that a hint was lost. The pause varies by
/// a third, so that nodes and restarts do not march in step.
pub(crate) async fn recheck(app: App, feed: Feed) {
    loop {
        tokio::time::sleep(pause(
            app.config.delivery.recheck_millis,
            app.clock.random(),
        ))
        .await;
        for (tenant, user) in app.devices.users() {
            feed.look(tenant, user);
        }
    }
}

fn pause(millis: u64, random: [u8; 32]) -> Duration {
    let share = u64::from(random[0]);
    Duration::from_millis(millis * 2 / 3 + millis * 2 / 3 * share / 255)
}

async fn work(app: App, mut queue: mpsc::Receiver<(AppId, UserId)>) {
    while let Some((tenant, user)) = queue.recv().await {
        let mut frames = Frames::default();
        for device in app.devices.of(&tenant, &user) {
            if let Err(error) = tell(&app, &device, &mut frames).await {
                tracing::warn!(%error, "a log could not be read for a live device");
            }
        }
    }
}

/// Tells one device everything from where it stands to the end of the log.
async fn tell(app: &App, device: &Arc<LiveDevice>, frames: &mut Frames) -> Result<(), StoreError> {
    while let Some(at) = device.live_at() {
        let session = device.session.clone();
        let now = app.clock.now();
        let slice = LogSlice {
            session,
            after: Some(at),
            limit: PAGE,
            now,
        };
        let page = app.store.read_log(slice).await?;
        if page.cursor == at || !tell_page(app, device, (at, page.clone()), frames).await {
            return Ok(());
        }
        if !page.more {
            return Ok(());
        }
    }
    Ok(())
}

/// Tells a page; `false` when the device takes no more now.
async fn tell_page(
    app: &App,
    device: &Arc<LiveDevice>,
    (from, page): (Cursor, Page),
    frames: &mut Frames,
) -> bool {
    let mut at = from;
    for run in runs(page.entries) {
        match device.connection.try_send(&frames.of(&run)) {
            Ok(()) => {}
            Err(SendError::Gone | SendError::Unwritable) => return false,
            Err(SendError::Full) => {
                fall_behind(app, device, at, page.cursor);
                return false;
            }
        }
        app.metrics.hinted.inc_by(run.len());
        let to = run.cursor();
        note_hand_over(app, device.session.installation, &run.into_entries()).await;
        if !device.advance(at, Position::Live(to)) {
            return false;
        }
        at = to;
    }
    device.advance(at, Position::Live(page.cursor))
}

/// The device reads more slowly than its log grows: it is told so as soon as there is room, and
/// reads on by itself.
fn fall_behind(app: &App, device: &Arc<LiveDevice>, at: Cursor, end: Cursor) {
    if !device.advance(at, Position::Catching) {
        return;
    }
    app.metrics.behind.inc();
    let connection = device.connection.clone();
    tokio::spawn(async move {
        let frame = Frame::new(device::BEHIND, (Behind { cursor: end },));
        if connection.send(&frame).await.is_err() {
            tracing::debug!("a device that fell behind is gone");
        }
    });
}

/// Notes that notifications were handed to a device. It is evidence, not a condition: when it
/// cannot be written now, the device's own receipt will say more.
pub(super) async fn note_hand_over(app: &App, installation: InstallationId, entries: &[Entry]) {
    let at = app.clock.now();
    let batch: Vec<HandOver> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Notification(envelope) => Some(HandOver {
                delivery: envelope.delivery_id,
                installation,
                at,
            }),
            Entry::State(_) => None,
        })
        .collect();
    if batch.is_empty() {
        return;
    }
    match app.store.hand_over(batch).await {
        Ok(changes) => app.tell(changes),
        Err(error) => tracing::warn!(%error, "a hand-over could not be noted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_varies_around_its_setting() {
        assert_eq!(pause(30_000, [0; 32]), Duration::from_secs(20));
        assert_eq!(pause(30_000, [255; 32]), Duration::from_secs(40));
    }
}
