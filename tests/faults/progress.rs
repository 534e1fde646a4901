//! What is still to be shown, kept while a trial runs, so that it ends when nothing is.
//!
//! The verdict is not made from this but from the ledgers.

use std::collections::BTreeSet;

use tokio::sync::watch;
use vestnik_model::NotificationId;

use vestnik_testkit::ledger::{Acknowledged, Shown};

type Toast = (String, NotificationId);

/// What was acknowledged and what was shown so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    shown: BTreeSet<Toast>,
    outstanding: BTreeSet<Toast>,
}

impl Progress {
    pub(crate) fn acknowledge(&mut self, publish: &Acknowledged) {
        for device in &publish.devices {
            let toast = (device.clone(), publish.notification);
            if !self.shown.contains(&toast) {
                self.outstanding.insert(toast);
            }
        }
    }

    pub(crate) fn show(&mut self, shown: Shown) {
        let toast = (shown.device, shown.notification);
        self.outstanding.remove(&toast);
        self.shown.insert(toast);
    }

    /// How many toasts are still to come.
    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding.len()
    }
}

/// The progress of a trial, watched.
pub(crate) fn watched() -> watch::Sender<Progress> {
    watch::Sender::new(Progress::default())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_toast_may_come_before_its_acknowledgement_is_known() {
        let notification = NotificationId::from_uuid(Uuid::from_u128(1));
        let publish = Acknowledged {
            notification,
            devices: vec!["a".to_owned(), "b".to_owned()],
        };
        let shown = |device: &str| Shown {
            device: device.to_owned(),
            notification,
            again: false,
        };
        let mut progress = Progress::default();
        progress.show(shown("a"));
        progress.acknowledge(&publish);
        assert_eq!(progress.outstanding(), 1);
        progress.show(shown("b"));
        assert_eq!(progress.outstanding(), 0);
    }
}
