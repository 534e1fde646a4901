//! What one thread of a pool reads now.

use std::sync::{Arc, Mutex};

use vestnik_clock::Monotonic;

use super::ticket::Ticket;
use crate::mutex::lock;

/// What one thread of a pool reads now.
#[derive(Default)]
pub(super) struct Current(Mutex<State>);

#[derive(Default)]
struct State {
    ticket: Option<Arc<Ticket>>,
    is_closing: bool,
}

impl Current {
    /// A read begins. If the pool is closing, it is cancelled at once.
    pub(super) fn begin(&self, ticket: &Arc<Ticket>) {
        let mut state = lock(&self.0);
        if state.is_closing {
            ticket.cancel();
        }
        state.ticket = Some(Arc::clone(ticket));
    }

    pub(super) fn end(&self) {
        lock(&self.0).ticket = None;
    }

    /// Cancels the read and each later one.
    pub(super) fn close(&self) {
        let mut state = lock(&self.0);
        state.is_closing = true;
        if let Some(ticket) = &state.ticket {
            ticket.cancel();
        }
    }

    /// Whether the statement that runs must end.
    pub(super) fn must_stop(&self, now: Monotonic) -> bool {
        let state = lock(&self.0);
        let ticket = state.ticket.as_ref();
        ticket.is_some_and(|ticket| ticket.stop_reason(now).is_some())
    }
}
