//! Which users' devices are due for delivery.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{broadcast, mpsc};
use tokio_util::task::TaskTracker;
use vestnik_model::{AppId, UserId};
use vestnik_store::{Hint, Session};

use super::{Devices, FanOut, run::Frames};
use crate::{bus::Bus, clock::Clock};

/// How many users are served at once.
const WORKERS: usize = 4;
/// How many users wait for each worker; beyond it hints are lost, and the re-check makes up for it.
const WAITING: usize = 4_096;

/// The workers, each with a share of the users, so that one user is served in order.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    workers: Arc<[mpsc::Sender<(AppId, UserId)>]>,
}

impl Feed {
    /// Starts the workers; they end when the feed is dropped.
    pub(crate) fn start(fan_out: &FanOut, tasks: &TaskTracker) -> Self {
        let start = |_| {
            let (sender, queue) = mpsc::channel(WAITING);
            tasks.spawn(work(fan_out.clone(), queue));
            sender
        };
        Self {
            workers: (0..WORKERS).map(start).collect(),
        }
    }

    /// Schedules a user's devices for delivery.
    pub(crate) fn schedule(&self, app: AppId, user: UserId) {
        let mut hasher = DefaultHasher::new();
        (&app, &user).hash(&mut hasher);
        let share = usize::try_from(hasher.finish() % WORKERS as u64).unwrap_or_default();
        // A full worker is busy with others; the re-check comes back to this user.
        drop(self.workers[share].try_send((app, user)));
    }

    /// Schedules the user of each hint, until the bus ends.
    pub(crate) async fn listen(self, bus: Arc<dyn Bus>) {
        let mut hints = bus.subscribe();
        loop {
            match hints.recv().await {
                Ok(Hint { app, user, .. }) => self.schedule(app, user),
                Err(broadcast::error::RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "hints were lost; the re-check makes up for it");
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}

/// Has the user of a session scheduled once more: an entry may have come between the read of the
/// log and the moment at which the device became live.
pub(crate) fn hint(bus: &dyn Bus, session: Session, seq: u64) {
    let Session { app, user, .. } = session;
    bus.publish(vec![Hint { app, user, seq }]);
}

/// Schedules every live user again and again, in case a hint was lost. The pause varies by a third,
/// so that nodes and restarts do not act in step.
pub(crate) async fn recheck(feed: Feed, devices: Arc<Devices>, clock: Arc<dyn Clock>, millis: u64) {
    loop {
        tokio::time::sleep(pause(millis, clock.random())).await;
        for (app, user) in devices.users() {
            feed.schedule(app, user);
        }
    }
}

fn pause(millis: u64, random: [u8; 32]) -> Duration {
    let share = u64::from(random[0]);
    Duration::from_millis(millis * 2 / 3 + millis * 2 / 3 * share / 255)
}

async fn work(fan_out: FanOut, mut queue: mpsc::Receiver<(AppId, UserId)>) {
    while let Some((app, user)) = queue.recv().await {
        let mut frames = Frames::default();
        for device in fan_out.devices.of(&app, &user) {
            if let Err(error) = fan_out.push_pending(&device, &mut frames).await {
                tracing::warn!(%error, "a log could not be read for a live device");
            }
        }
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
