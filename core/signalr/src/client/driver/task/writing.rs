//! What is written, while the server is heard.

use std::time::Instant;

use super::Task;
use crate::client::{
    clock,
    driver::{
        transport::{Broken, Event},
        unwritten::Next,
    },
};

impl Task {
    /// Writes as much of what waits as the transport takes now. The failure of one that ended
    /// already is no news.
    pub(super) fn feed(&mut self) -> Result<(), Broken> {
        let format = self.config.protocol.transfer_format();
        while let Some(transport) = &mut self.transport
            && !transport.is_writing()
            && let Some(next) = self.unwritten.take_next()
        {
            let begun = match next {
                Next::Batch(batch) => transport.write(batch, format),
                Next::Probe => transport.probe(),
            };
            if transport.is_writing() {
                self.write_ends = Some(self.end_of_write());
            }
            if self.ended.is_none() {
                begun?;
            }
        }
        Ok(())
    }

    pub(super) fn end_of_write(&self) -> Instant {
        clock::now() + self.config.server_timeout
    }

    /// Writes what waits, and ends the transport.
    pub(super) async fn say_goodbye(&mut self) {
        while self.feed().is_ok()
            && let Some(transport) = &mut self.transport
        {
            if !transport.is_writing() {
                return transport.close().await;
            }
            if transport.event(false).await == Event::Broken {
                return;
            }
        }
    }
}
