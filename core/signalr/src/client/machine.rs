//! The client's decisions about one connection, without a socket or a clock.

mod call;
mod config;
mod exchange;
mod incoming;
mod outgoing;
mod resuming;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Instant,
};

use self::{call::Uploads, resuming::Resume};
pub use self::{
    call::{Begun, Call},
    config::MachineConfig,
    exchange::{Event, Output, Reach},
};
use super::close::CloseReason;
use crate::{
    carrier::Carrier,
    framing::{Deframer, FrameTooLarge},
    handshake::HandshakeRequest,
    message::{Close, InvocationId, Message},
};

/// The official text for a call that nobody gives a result to.
pub(crate) const NO_RESULT: &str = "Client didn't provide a result.";

/// One connection, from the moment its transport is open.
///
/// - **Input from the world**: [`handle_bytes`](Self::handle_bytes),
///   [`handle_lost`](Self::handle_lost), [`handle_ended`](Self::handle_ended),
///   [`handle_oversized`](Self::handle_oversized), [`handle_tick`](Self::handle_tick); of a
///   [stateful](Self::stateful) connection also [`handle_reopened`](Self::handle_reopened) and
///   [`handle_given_up`](Self::handle_given_up).
/// - **Application calls**: [`invoke`](Self::invoke), [`stream`](Self::stream),
///   [`send`](Self::send), [`cancel`](Self::cancel), [`upload`](Self::upload),
///   [`end_upload`](Self::end_upload), [`complete`](Self::complete), [`probe`](Self::probe),
///   [`close`](Self::close); as long as it [`has_room`](Self::has_room).
/// - **Output to the world**: [`poll`](Self::poll) until it gives nothing, then
///   [`deadline`](Self::deadline): call `handle_tick` no later.
///
/// After each input or call, drain `poll`. After [`Event::Closed`] every call is ignored.
#[derive(Debug)]
pub struct ClientMachine {
    config: MachineConfig,
    carrier: Carrier,
    state: State,
    deframer: Deframer,
    last_heard: Instant,
    last_sent: Instant,
    next_id: u64,
    /// Calls and streams that the server has not ended.
    pending: BTreeSet<InvocationId>,
    /// Calls of the server that wait for our answer. It chooses their ids, so they may be ours too.
    asked: BTreeSet<InvocationId>,
    uploads: Uploads,
    /// When to hear something at the latest, as the connection is in doubt.
    probed_until: Option<Instant>,
    /// What a stateful connection keeps.
    resume: Option<Box<Resume>>,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Shaking,
    Open,
    /// Open, but without a transport at the moment.
    Resuming,
    Closed,
}

impl ClientMachine {
    /// Begins a connection whose transport is open now; the handshake is the first output.
    #[must_use]
    pub fn new(config: MachineConfig, now: Instant) -> Self {
        let mut machine = Self {
            config,
            carrier: Carrier::WEB_SOCKETS,
            state: State::Shaking,
            deframer: Deframer::new(config.max_message_bytes),
            last_heard: now,
            last_sent: now,
            next_id: 0,
            pending: BTreeSet::new(),
            asked: BTreeSet::new(),
            uploads: Uploads::default(),
            probed_until: None,
            resume: None,
            outputs: VecDeque::new(),
        };
        machine.outputs.push_back(Output::Send(
            HandshakeRequest::new(config.protocol).encode(),
        ));
        machine
    }

    /// Tells what carries the connection, before anything else; without it, a WebSocket does.
    #[must_use]
    pub fn over(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    /// Takes bytes that came, in any chunks.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        match self.state {
            State::Shaking | State::Open => {}
            State::Resuming | State::Closed => return,
        }
        self.last_heard = now;
        self.probed_until = None;
        if !bytes.is_empty() {
            self.note_heard();
        }
        self.deframer.push(bytes);
        self.handle_frames(now);
        if !bytes.is_empty() {
            self.ping_along(now);
        }
    }

    fn handle_frames(&mut self, now: Instant) {
        while self.state != State::Closed {
            match self.deframer.next() {
                None => return,
                Some(Ok(frame)) => self.handle_frame(now, &frame),
                Some(Err(error)) => self.end(CloseReason::TooLarge(error)),
            }
        }
    }

    /// The transport was lost.
    pub fn handle_lost(&mut self) {
        self.lose(CloseReason::Lost);
    }

    /// The server ended the transport in order.
    pub fn handle_ended(&mut self) {
        self.end(CloseReason::Lost);
    }

    /// The transport refused to hold what came, as it is too large.
    pub fn handle_oversized(&mut self) {
        let limit = self.config.max_message_bytes;
        self.end(CloseReason::TooLarge(FrameTooLarge { limit }));
    }

    /// A deadline may have passed.
    pub fn handle_tick(&mut self, now: Instant) {
        match self.state {
            State::Resuming | State::Closed => {}
            State::Shaking if now >= self.last_sent + self.config.handshake_timeout => {
                self.end(CloseReason::TimedOut);
            }
            State::Open if self.silence_ends().is_some_and(|end| end <= now) => {
                self.lose(CloseReason::TimedOut);
            }
            State::Open if self.ack_is_due().is_some_and(|due| due <= now) => self.confirm_due(now),
            State::Open if self.ping_is_due().is_some_and(|due| due <= now) => {
                self.write(now, &Message::Ping);
            }
            State::Shaking | State::Open => {}
        }
    }

    /// Puts the connection to the test: the peer must be heard within the probe timeout. For when
    /// the network changed, as a socket of the old one says nothing more, not even that it is dead.
    pub fn probe(&mut self, now: Instant) {
        if self.state == State::Open && self.probed_until.is_none() {
            self.probed_until = Some(now + self.config.probe_timeout);
            self.outputs.push_back(Output::Probe);
        }
    }

    /// Closes the connection from this side.
    pub fn close(&mut self, now: Instant) {
        if self.state == State::Open {
            self.write(now, &Message::Close(Close::default()));
        }
        self.end(CloseReason::Local);
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_tick`](Self::handle_tick) at the latest; `None` once it is over, or while
    /// the transport is seen to live by itself, or while there is none.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Resuming | State::Closed => None,
            State::Shaking => Some(self.last_sent + self.config.handshake_timeout),
            State::Open => {
                let deadlines = [self.silence_ends(), self.ping_is_due(), self.ack_is_due()];
                deadlines.into_iter().flatten().min()
            }
        }
    }

    /// When the server counts as gone.
    fn silence_ends(&self) -> Option<Instant> {
        let is_missed = !self.carrier.keeps_alive;
        let timeout = is_missed.then(|| self.last_heard + self.config.server_timeout);
        [timeout, self.probed_until].into_iter().flatten().min()
    }

    fn ping_is_due(&self) -> Option<Instant> {
        let pings = !self.carrier.keeps_alive;
        pings.then(|| self.last_sent + self.config.keep_alive)
    }

    /// Pings early if that is due soon: what was heard has woken the device and its radio already.
    fn ping_along(&mut self, now: Instant) {
        let early = self.config.keep_alive / 3;
        let is_due_soon = self.ping_is_due().is_some_and(|due| due <= now + early);
        if self.state == State::Open && is_due_soon {
            self.write(now, &Message::Ping);
        }
    }

    fn write(&mut self, now: Instant, message: &Message) {
        if !self.is_live() {
            return;
        }
        let frame = self.config.protocol.encode(message);
        self.keep(message, &frame);
        if self.state == State::Open {
            self.last_sent = now;
            self.outputs.push_back(Output::Send(frame));
        }
    }

    /// Says whether calls may be made, at once or later.
    fn is_live(&self) -> bool {
        matches!(self.state, State::Open | State::Resuming)
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn end(&mut self, reason: CloseReason) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.pending.clear();
            self.asked.clear();
            self.uploads.clear();
            self.resume = None;
            self.tell(Event::Closed(reason));
        }
    }
}
