//! Notes which notifications were handed to a device.

use jiff::Timestamp;
use vestnik_model::{InstallationId, contract::Entry};
use vestnik_store::{HandOver, Store};

use crate::bus::Changes;

/// The hand-overs of a page: its notifications, without its changes of state.
pub(crate) fn hand_overs(
    entries: &[Entry],
    installation: InstallationId,
    at: Timestamp,
) -> Vec<HandOver> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Notification(envelope) => Some(HandOver {
                delivery: envelope.delivery_id,
                installation,
                at,
            }),
            Entry::State(_) => None,
        })
        .collect()
}

/// Stores hand-overs. They are evidence, not a condition: if they cannot be stored now, the
/// device's own receipts say more later.
pub(crate) async fn record_hand_overs(store: &dyn Store, changes: &Changes, batch: Vec<HandOver>) {
    if batch.is_empty() {
        return;
    }
    match store.hand_over(batch).await {
        Ok(changed) => changes.announce(changed),
        Err(error) => tracing::warn!(%error, "a hand-over could not be stored"),
    }
}
