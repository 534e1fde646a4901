//! Our core, which stores what it reads.

use std::collections::BTreeSet;

use tempfile::TempDir;
use vestnik_core::{HistoryQuery, Start};
use vestnik_testkit::CoreDevice;

use crate::{reader::Owner, reading::Reading};

/// How many items of the history are read at once.
const ITEMS: u32 = 100;

/// A device that runs the core.
#[derive(Debug)]
pub(crate) struct CoreReader {
    device: CoreDevice,
    given: BTreeSet<vestnik_model::NotificationId>,
    _folder: TempDir,
}

impl CoreReader {
    pub(crate) async fn start(owner: Owner<'_>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let backend = &owner.server.backend;
        let device = CoreDevice::of(backend, owner.user, folder.path(), "core").await?;
        device.online().await?;
        Ok(Self {
            device,
            given: BTreeSet::new(),
            _folder: folder,
        })
    }

    /// What is new in its history. What was published before the login is not shown, so the history
    /// is waited for.
    pub(crate) async fn read(&mut self, total: usize) -> anyhow::Result<Reading> {
        let total_unread = u64::try_from(total)?;
        self.device
            .is("everything in the history", |snapshot| {
                snapshot.unread >= total_unread
            })
            .await?;
        let mut reading = Reading {
            is_ordered: false,
            ..Reading::default()
        };
        let mut query = HistoryQuery {
            limit: ITEMS,
            ..HistoryQuery::default()
        };
        loop {
            let page = self.device.client.history(query.clone()).await?;
            for item in page.items {
                if self.given.insert(item.notification.id) {
                    reading
                        .notifications
                        .push(serde_json::to_value(item.notification)?);
                }
            }
            match page.end.filter(|_| page.has_more) {
                Some(end) => query.start = Start::Before(end),
                None => return Ok(reading),
            }
        }
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let screen = self.device.stop().await?;
        let twice = screen.shows.values().filter(|count| **count > 1).count();
        anyhow::ensure!(twice == 0, "{twice} were shown twice");
        Ok(())
    }
}
