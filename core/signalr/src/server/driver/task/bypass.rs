//! Others write past the task while it rests.

use std::sync::Arc;

use super::{Driver, Phase, Value};
use crate::{protocol::Protocol, server::machine::Input};

impl<S: Value, U: Value> Driver<S, U> {
    /// Lets senders write past this task. A machine that counts messages has to see each of them.
    pub(super) fn open_bypass(&self, protocol: Protocol) {
        if let Some(wire) = self.socket.wire()
            && !self.machine.is_resumable()
        {
            let queue = self.scope.connection.queue();
            queue.open_bypass(Arc::clone(wire), protocol.transfer_format());
        }
    }

    /// Rests, after all that was to be written is; says whether it may.
    pub(super) fn rest(&self) -> bool {
        match self.phase {
            // What is in the queue then may have to wait for the client.
            Phase::Welcoming | Phase::Serving if self.machine.is_resumable() => true,
            Phase::Welcoming | Phase::Serving => self.scope.connection.queue().rest(),
            Phase::Handshaking | Phase::Closing { .. } => true,
        }
    }

    /// Writes alone from here on, knowing what others wrote.
    pub(super) fn take_over(&mut self) {
        let past = self.scope.connection.queue().take_over();
        if let Some(written) = past.last {
            self.machine.handle(written, Input::SentPast);
            self.socket.take_on_rest();
            self.in_flight.extend(past.begun);
        }
    }
}
