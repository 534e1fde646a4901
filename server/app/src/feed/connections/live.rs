//! A device on a live connection.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vestnik_model::{Feature, Open};
use vestnik_rules::{log::Place, session::Session};
use vestnik_signalr::server::{Connection, Frame, SendError, Written};

/// How far the live calls of a device may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// It reads on by itself first: nothing is sent.
    Catching,
    /// It was sent everything up to here: what follows is sent.
    Live(Place),
}

/// What a device said when it greeted.
#[derive(Debug, Clone)]
pub(crate) struct Greeted {
    /// What it has beyond the contract's core.
    pub(crate) features: Vec<Open<Feature>>,
    /// Where its live calls stand.
    pub(crate) position: Position,
}

/// A device on a live connection.
#[derive(Debug)]
pub(crate) struct LiveDevice {
    pub(crate) session: Session,
    pub(crate) connection: Connection,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    greeted: Option<Greeted>,
    is_ended: bool,
}

/// What became of a frame.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It is on its way; the future says when it was written.
    Yes(Written),
    /// The connection takes no more now.
    Full,
    /// The device is elsewhere, or its connection ends: nothing was sent.
    No,
}

impl LiveDevice {
    pub(super) fn new(session: Session, connection: Connection) -> Self {
        Self {
            session,
            connection,
            state: Mutex::default(),
        }
    }

    /// Takes the greeting; a second one replaces the first. `false` when the connection is ended.
    pub(crate) fn greet(&self, greeted: Greeted) -> bool {
        let mut state = self.lock();
        if !state.is_ended {
            state.greeted = Some(greeted);
        }
        !state.is_ended
    }

    /// Whether it has greeted and its connection is not ended.
    pub(crate) fn is_greeted(&self) -> bool {
        let state = self.lock();
        state.greeted.is_some() && !state.is_ended
    }

    /// What it said when it greeted, if its connection is not ended.
    pub(crate) fn greeted(&self) -> Option<Greeted> {
        let state = self.lock();
        state.greeted.clone().filter(|_| !state.is_ended)
    }

    /// Where its live calls stand, if it receives them.
    pub(crate) fn live_at(&self) -> Option<Place> {
        let state = self.lock();
        match state.greeted.as_ref()?.position {
            Position::Live(place) if !state.is_ended => Some(place),
            Position::Live(_) | Position::Catching => None,
        }
    }

    /// Sets where its live calls stand.
    pub(crate) fn put(&self, position: Position) {
        if let Some(greeted) = &mut self.lock().greeted {
            greeted.position = position;
        }
    }

    /// Moves on from a place without sending; not when it was moved elsewhere meanwhile.
    pub(crate) fn advance(&self, from: Place, to: Position) -> bool {
        let mut state = self.lock();
        if state.is_ended {
            return false;
        }
        let Some(greeted) = &mut state.greeted else {
            return false;
        };
        let is_there = greeted.position == Position::Live(from);
        if is_there {
            greeted.position = to;
        }
        is_there
    }

    /// Sends entries that lead from one place to another, if the device stands at the first.
    pub(crate) fn send(&self, from: Place, to: Place, frame: &Frame) -> Sent {
        let mut state = self.lock();
        if state.is_ended {
            return Sent::No;
        }
        let Some(greeted) = &mut state.greeted else {
            return Sent::No;
        };
        if greeted.position != Position::Live(from) {
            return Sent::No;
        }
        match self.connection.try_send_tracked(frame) {
            Ok(written) => {
                greeted.position = Position::Live(to);
                Sent::Yes(written)
            }
            Err(SendError::Full) => {
                greeted.position = Position::Catching;
                Sent::Full
            }
            Err(SendError::Gone | SendError::Unwritable) => Sent::No,
        }
    }

    /// Marks the connection as ended, which it is already.
    pub(super) fn gone(&self) {
        self.lock().is_ended = true;
    }

    /// Marks the connection as ended and closes it, perhaps after a last frame.
    pub(super) fn end(&self, last: Option<&Frame>) {
        let mut state = self.lock();
        if std::mem::replace(&mut state.is_ended, true) {
            return;
        }
        if let Some(frame) = last
            && self.connection.try_send(frame).is_err()
        {
            tracing::debug!("a notice was not sent; the device will see the connection close");
        }
        self.connection.close(false);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
