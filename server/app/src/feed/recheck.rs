//! Compares places with the heads of logs, in case a hint was lost.

use std::{sync::Arc, time::Duration};

use vestnik_clock::Clock;
use vestnik_model::{AppId, UserId};
use vestnik_rules::log::Place;
use vestnik_store::{Store, StoreError};

use super::{Connections, Dirty, Everything, Watchers, watchers::Subject};

/// How many watched notifications are read again at once.
const WATCHES: usize = 32;
/// How long there is between two such groups.
const BETWEEN: Duration = Duration::from_millis(20);

/// What a re-check compares.
#[derive(Debug, Clone)]
pub(crate) struct Recheck {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) dirty: Arc<Dirty>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) events: Arc<Watchers<Everything>>,
    pub(crate) millis: u64,
}

/// Marks every user whose devices stand elsewhere than at the head of the log, again and again. Heads
/// are read in bulk, and a user whose devices are where they should be costs no more than that.
pub(crate) async fn recheck(with: Recheck) {
    loop {
        tokio::time::sleep(pause(with.millis, with.clock.random())).await;
        if let Err(error) = with.compare().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "logs were not compared, will retry"
            );
        }
        wake(&with.watchers).await;
        wake(&with.events).await;
    }
}

impl Recheck {
    async fn compare(&self) -> Result<(), StoreError> {
        let mut part = self.connections.places(None);
        loop {
            let users = part.items;
            let asked = users
                .iter()
                .map(|(app, user, _)| (app.clone(), user.clone()));
            let heads = self.store.heads(asked.collect()).await?;
            for (app, user) in behind(&users, &heads) {
                self.dirty.mark(app, user);
            }
            let Some(last) = part.behind else {
                return Ok(());
            };
            part = self.connections.places(Some(&last));
        }
    }
}

fn behind<'a>(
    users: &'a [(AppId, UserId, Option<Place>)],
    heads: &'a [Place],
) -> impl Iterator<Item = (&'a AppId, &'a UserId)> {
    let pairs = users.iter().zip(heads);
    pairs
        .filter(|((_, _, place), head)| *place != Some(**head))
        .map(|((app, user, _), _)| (app, user))
}

/// Has every watch read its state again, a few at a time: all at once would crowd out others.
async fn wake<S: Subject>(watchers: &Watchers<S>) {
    for keys in watchers.keys().chunks(WATCHES) {
        for key in keys {
            watchers.recheck(key);
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// The pause varies by a third, so that nodes and restarts do not act in step.
fn pause(millis: u64, random: [u8; 32]) -> Duration {
    let share = u64::from(random[0]);
    Duration::from_millis(millis.saturating_mul(2) / 3 + millis.saturating_mul(2) / 3 * share / 255)
}

#[cfg(test)]
mod tests {
    use vestnik_rules::log::{Epoch, Tag};

    use super::*;

    #[test]
    fn the_pause_varies_around_its_setting() {
        assert_eq!(pause(30_000, [0; 32]), Duration::from_secs(20));
        assert_eq!(pause(30_000, [255; 32]), Duration::from_secs(40));
    }

    #[test]
    fn only_users_whose_devices_are_elsewhere_are_due() {
        let place = |seq| Place {
            epoch: Epoch(1),
            seq,
            tag: Tag(7),
        };
        let user = |name: &str, at| {
            let (app, user) = (AppId::parse("shop").unwrap(), UserId::parse(name).unwrap());
            (app, user, at)
        };
        let users = [
            user("there", Some(place(3))),
            user("behind", Some(place(2))),
            user("scattered", None),
        ];
        let heads = [place(3), place(3), place(3)];
        let due: Vec<_> = behind(&users, &heads)
            .map(|(_, user)| user.as_str())
            .collect();
        assert_eq!(due, ["behind", "scattered"]);
    }
}
