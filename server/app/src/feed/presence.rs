//! Where devices are connected: a row each, with a lease that is renewed while the connection stands.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::Clock;
use vestnik_store::{Store, installations::PresenceNote};

use super::{Connections, LiveDevice, Notes};

/// For how long a connection is taken to stand without a renewal.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often a share of the leases is renewed.
const RENEW: Duration = Duration::from_secs(1);
/// In how many shares: each connection is renewed once in so many ticks.
const SHARES: usize = 20;

/// Notes where devices are connected.
#[derive(Debug)]
pub(crate) struct PresenceBoard {
    pub(crate) node: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) notes: Arc<Notes>,
}

impl PresenceBoard {
    /// Notes that a device's connection stands, before anything is written to it: it is known when this is
    /// over. If it cannot be stored now, it is noted as a renewal is.
    pub(crate) async fn begins(&self, device: &LiveDevice, store: &dyn Store) {
        if let Err(error) = store.note_connected(self.standing(device)).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "that a device is connected was not stored, will retry"
            );
            self.stands(device);
        }
    }

    /// Notes that a device's connection still stands.
    fn stands(&self, device: &LiveDevice) {
        self.notes.presence(self.standing(device));
    }

    /// Notes that a device's connection has ended.
    pub(crate) fn ended(&self, device: &LiveDevice) {
        self.notes
            .presence(self.note(device, None, self.clock.now()));
    }

    fn standing(&self, device: &LiveDevice) -> PresenceNote {
        let now = self.clock.now();
        let lease = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        self.note(device, Some(lease), now)
    }

    fn note(
        &self,
        device: &LiveDevice,
        lease_until: Option<Timestamp>,
        now: Timestamp,
    ) -> PresenceNote {
        let silent = device.connection.last_received_at().elapsed();
        let silent = SignedDuration::try_from(silent).unwrap_or(SignedDuration::ZERO);
        PresenceNote {
            session: device.session.clone(),
            node: self.node.clone(),
            connection: device.connection.id().to_string(),
            lease_until,
            last_seen: now.checked_sub(silent).unwrap_or(now),
        }
    }
}

/// Renews the leases of all connections, until it is dropped.
pub(crate) async fn renew_presence(board: Arc<PresenceBoard>, connections: Arc<Connections>) {
    for tick in (0..SHARES).cycle() {
        tokio::time::sleep(RENEW).await;
        renew_share(&board, &connections, tick).await;
    }
}

async fn renew_share(board: &PresenceBoard, connections: &Connections, tick: usize) {
    let mut part = connections.devices(None);
    loop {
        for device in part.items {
            if share(&device) == tick && device.is_greeted() {
                board.stands(&device);
            }
        }
        let Some(last) = part.behind else { return };
        // Others get the thread and the lock between two parts.
        tokio::task::yield_now().await;
        part = connections.devices(Some(&last));
    }
}

/// The share of a device's connection: by its random id, so that shares are about equal.
fn share(device: &LiveDevice) -> usize {
    let id = device.connection.id().to_string();
    id.bytes().map(usize::from).sum::<usize>() % SHARES
}
