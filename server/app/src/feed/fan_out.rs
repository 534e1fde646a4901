//! Sends a live device what its user's log has gained.

use std::sync::Arc;

use vestnik_model::{
    Cursor,
    contract::{Behind, Page, device},
};
use vestnik_signalr::server::{Frame, SendError};
use vestnik_store::{LogSlice, Store, StoreError};

use super::{
    Devices, Position,
    devices::LiveDevice,
    hand_overs, record_hand_overs,
    run::{Frames, runs},
};
use crate::{bus::Changes, clock::Clock, metrics::Metrics};

/// The most entries of one read of a log.
const PAGE: u32 = 100;

/// What the fan-out works with.
#[derive(Debug, Clone)]
pub(crate) struct FanOut {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) devices: Arc<Devices>,
    pub(crate) changes: Changes,
    pub(crate) metrics: Arc<Metrics>,
}

impl FanOut {
    /// Sends a device everything from its cursor to the end of the log.
    pub(super) async fn push_pending(
        &self,
        device: &LiveDevice,
        frames: &mut Frames,
    ) -> Result<(), StoreError> {
        while let Some(at) = device.live_at() {
            let slice = LogSlice {
                session: device.session.clone(),
                after: Some(at),
                limit: PAGE,
                now: self.clock.now(),
            };
            let page = self.store.read_log(slice).await?;
            let more = page.more;
            if page.cursor == at || !self.send_page(device, at, page, frames).await || !more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends a page; `false` when the device takes no more now.
    async fn send_page(
        &self,
        device: &LiveDevice,
        from: Cursor,
        page: Page,
        frames: &mut Frames,
    ) -> bool {
        let mut at = from;
        for run in runs(page.entries) {
            match device.connection.try_send(&frames.of(&run)) {
                Ok(()) => {}
                Err(SendError::Gone | SendError::Unwritable) => return false,
                Err(SendError::Full) => {
                    self.fall_behind(device, at, page.cursor);
                    return false;
                }
            }
            self.metrics.hinted.inc_by(run.len());
            let to = run.cursor();
            let installation = device.session.installation;
            let batch = hand_overs(&run.into_entries(), installation, self.clock.now());
            record_hand_overs(&*self.store, &self.changes, batch).await;
            if !device.advance(at, Position::Live(to)) {
                return false;
            }
            at = to;
        }
        device.advance(at, Position::Live(page.cursor))
    }

    /// The device reads more slowly than its log grows: `Behind` is sent as soon as there is room,
    /// and the device reads on by itself.
    fn fall_behind(&self, device: &LiveDevice, at: Cursor, end: Cursor) {
        if !device.advance(at, Position::Catching) {
            return;
        }
        self.metrics.behind.inc();
        let connection = device.connection.clone();
        tokio::spawn(async move {
            let frame = Frame::new(device::BEHIND, (Behind { cursor: end },));
            if connection.send(&frame).await.is_err() {
                tracing::debug!("a device that fell behind is gone");
            }
        });
    }
}
