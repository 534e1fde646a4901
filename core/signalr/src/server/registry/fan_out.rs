use std::time::Instant;

use tokio::{runtime::Handle, task::yield_now};

use super::Broadcast;
use crate::server::{
    connection::Connection,
    frame::Frame,
    queue::{Carriage, SendError},
};

/// To so many connections a frame is written before the sender goes on; to more of them others
/// would wait too long for the sender's thread.
const AT_ONCE: usize = 32;

/// How many connections one task writes to: the runtime's threads share a large audience.
const SHARE: usize = 1_024;

/// One frame on its way to many connections: queued for each under the registry's lock, written
/// after it.
pub(super) struct FanOut<'a> {
    now: Instant,
    frame: &'a Frame,
    outcome: Broadcast,
    owed: Vec<Connection>,
}

impl<'a> FanOut<'a> {
    pub(super) fn new(now: Instant, frame: &'a Frame) -> Self {
        Self {
            now,
            frame,
            outcome: Broadcast::default(),
            owed: Vec::new(),
        }
    }

    pub(super) fn offer(&mut self, connection: &Connection) {
        match connection.enqueue(self.now, self.frame) {
            Ok(carriage) => {
                self.outcome.queued += 1;
                if carriage == Carriage::Owed {
                    self.owed.push(connection.clone());
                }
            }
            Err(SendError::Full) => self.outcome.full.push(connection.clone()),
            Err(SendError::Unwritable) => self.outcome.unwritable += 1,
            Err(SendError::Gone) => {}
        }
    }

    pub(super) fn finish(self) -> Broadcast {
        let mut owed = self.owed;
        if owed.len() > AT_ONCE
            && let Ok(runtime) = Handle::try_current()
        {
            while !owed.is_empty() {
                let share = owed.split_off(owed.len().saturating_sub(SHARE));
                runtime.spawn(flush_all(share));
            }
        }
        owed.iter().for_each(Connection::flush);
        self.outcome
    }
}

/// Writes to each, and lets others run in between.
async fn flush_all(connections: Vec<Connection>) {
    for (number, connection) in connections.iter().enumerate() {
        connection.flush();
        if number % AT_ONCE == AT_ONCE - 1 {
            yield_now().await;
        }
    }
}
