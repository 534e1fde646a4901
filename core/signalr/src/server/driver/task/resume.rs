//! A connection between two sockets.

use super::{Driver, End, Socket};
use crate::server::{
    clock, driver::scope::Value, machine::Input, outgoing::Outgoing, queue::Popped,
    written::Receipt,
};

impl<S: Value, U: Value> Driver<S, U> {
    /// Lets the client come again, if the handshake said that it may.
    pub(super) fn open_lifeline(&mut self) {
        let is_resumable = self.machine.is_resumable();
        self.lifeline = self.lifeline.take().filter(|_| is_resumable);
        if let Some(lifeline) = &self.lifeline {
            lifeline.open(self.scope.connection.clone());
        }
    }

    pub(super) fn end_lifeline(&mut self) {
        if let Some(lifeline) = self.lifeline.take() {
            lifeline.end(self.config().close_timeout);
        }
    }

    /// Says whether the connection goes on after this, without a socket for now.
    pub(super) fn survives(&mut self, end: End) -> bool {
        let survives = end == End::Lost && self.machine.is_resumable();
        if survives {
            tracing::debug!(connection = %self.scope.connection.id(), "socket lost");
            self.change_socket(Socket::Gone, Input::Detached);
        }
        survives
    }

    /// Goes on with the socket that the client came again by, if it did.
    pub(super) fn take_next_socket(&mut self) {
        let next = self.lifeline.as_ref().and_then(|lifeline| lifeline.take());
        if let Some(socket) = next {
            tracing::debug!(connection = %self.scope.connection.id(), "socket resumed");
            self.change_socket(Socket::Web(socket), Input::Attached);
        }
    }

    fn change_socket(&mut self, socket: Socket, input: Input<'static>) {
        let mut unwritten = std::mem::take(&mut self.in_flight);
        unwritten.extend(self.outgoing.all_receipts());
        self.socket = socket;
        self.outgoing = Outgoing::default();
        self.machine.handle(clock::now(), input);
        self.obey();
        // What they track is repeated on the next socket, and is written when all of that is.
        self.outgoing.track(unwritten);
    }

    /// Takes from the queue what may go on its way now; all of it if `everything` is to.
    pub(super) fn pop_sendable(&self, everything: bool) -> (Popped, Vec<Receipt>) {
        let queue = self.scope.connection.queue();
        if everything || self.machine.takes_output() {
            return queue.pop();
        }
        let popped = match self.socket {
            // Nobody is there to wait for.
            Socket::Gone => queue.pop_close(),
            Socket::Web(_) | Socket::Events(_) | Socket::Poll(_) => Popped::Empty,
        };
        (popped, Vec::new())
    }

    /// Gives the machine what the client sent; afterwards there may be room for what waited.
    pub(super) fn on_received(&mut self, bytes: &[u8]) {
        let was_full = !self.machine.takes_output();
        let now = clock::now();
        self.scope.connection.note_received(now);
        self.machine.handle(now, Input::Received(bytes));
        if was_full {
            self.take_errands();
        }
    }
}
