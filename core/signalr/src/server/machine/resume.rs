//! What a connection keeps that may lose its socket and go on with another; see
//! [`crate::resume`] for how the two ends count.
//!
//! While what was sent and is not confirmed fills its window, the machine wants
//! no more to send ([`ServerMachine::takes_output`]) and begins no call, whose
//! answer would be more of it. Acks are looked for behind the calls that wait
//! meanwhile. Waiting calls are not confirmed, so that a client which keeps to a
//! window of its own has no more of them than can be held. The official
//! JavaScript client does not where it does not await its sends; then calls go
//! on, and what they answer is kept beyond the window, up to [`OVERDRAFT`] times
//! of it.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{CLIENT_TIMEOUT, Output, ServerMachine, StatefulReconnect};
use crate::{
    framing::Deframer,
    message::{Ack, Message, Sequence},
    resume::{ReceiveWindow, ResumeError, SendWindow, is_counted},
};

/// How many times its size the window may grow by the answers of calls that hide an ack.
const OVERDRAFT: usize = 8;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Resume {
    terms: StatefulReconnect,
    sent: SendWindow,
    received: ReceiveWindow,
    /// Since when the window is full and no ack came; not while there is no socket.
    full_since: Option<Instant>,
    /// There while there is no socket: when the connection ends without one.
    until: Option<Instant>,
}

impl Resume {
    pub(super) fn new(terms: StatefulReconnect) -> Self {
        Self {
            sent: SendWindow::new(terms.buffer),
            received: ReceiveWindow::default(),
            full_since: None,
            until: None,
            terms,
        }
    }

    fn keep(&mut self, now: Instant, frame: Bytes) {
        self.sent.push(frame);
        if self.sent.is_full() && self.until.is_none() {
            self.full_since.get_or_insert(now);
        }
    }

    fn on_ack(&mut self, now: Instant, ack: Ack) -> Result<(), ResumeError> {
        self.sent.on_ack(ack)?;
        self.full_since = self.sent.is_full().then_some(now);
        Ok(())
    }

    fn detach(&mut self, now: Instant) {
        self.full_since = None;
        self.until.get_or_insert(now + self.terms.window);
    }

    fn attach(&mut self, now: Instant) {
        self.until = None;
        self.full_since = self.sent.is_full().then_some(now);
    }

    fn is_swamped(&self) -> bool {
        self.sent.bytes() > OVERDRAFT.saturating_mul(self.terms.buffer)
    }

    /// When to give a client up that confirms nothing of a full window.
    fn patience(&self, client_timeout: Duration) -> Option<Instant> {
        self.full_since.map(|since| since + client_timeout)
    }
}

impl ServerMachine {
    /// Says whether the connection can go on without its socket: see [`Input::Detached`].
    ///
    /// [`Input::Detached`]: super::Input::Detached
    pub fn is_resumable(&self) -> bool {
        self.is_open() && self.resume.is_some()
    }

    /// Says whether sends and the outcomes of calls are welcome now. What is given
    /// nevertheless is kept in its order.
    pub fn takes_output(&self) -> bool {
        let Some(resume) = &self.resume else {
            return true;
        };
        let may_hide_acks = self.held.bytes() >= self.read_ahead() && !self.is_detached();
        !resume.sent.is_full() || (may_hide_acks && !resume.is_swamped())
    }

    /// How many bytes of messages may be held while something is looked for behind them.
    pub(super) fn read_ahead(&self) -> usize {
        let config = &self.config;
        // A client's window is full once a message went beyond it, and its ack comes after that.
        let window = self
            .resume
            .as_ref()
            .map(|resume| resume.terms.buffer.saturating_add(config.max_message));
        window.unwrap_or_default().max(config.read_ahead)
    }

    pub(super) fn is_detached(&self) -> bool {
        let resume = self.resume.as_ref();
        resume.is_some_and(|resume| resume.until.is_some())
    }

    pub(super) fn awaits_ack(&self) -> bool {
        let resume = self.resume.as_ref();
        resume.is_some_and(|resume| resume.sent.is_full())
    }

    pub(super) fn on_detached(&mut self, now: Instant) {
        if !self.is_resumable() {
            return self.end();
        }
        self.drop_socket_state();
        if let Some(resume) = &mut self.resume {
            resume.detach(now);
        }
    }

    pub(super) fn on_attached(&mut self, now: Instant) {
        if !self.is_resumable() {
            return self.end();
        }
        self.drop_socket_state();
        let Some(resume) = &mut self.resume else {
            return;
        };
        resume.attach(now);
        let sequence = Message::Sequence(resume.sent.sequence());
        let unconfirmed: Vec<_> = resume.sent.unconfirmed().cloned().collect();
        self.last_received = now;
        self.send(now, &sequence);
        // Behind all that is repeated an ack might be lost with the next socket, and ever again.
        self.send_ack(now);
        self.outputs
            .extend(unconfirmed.into_iter().map(Output::Send));
    }

    /// Forgets what began on a socket and can only end there; the client repeats its part of it.
    fn drop_socket_state(&mut self) {
        self.outputs
            .retain(|output| !matches!(output, Output::Send(_)));
        self.deframer = Deframer::new(self.config.max_message);
        self.deframer.set_framing(self.protocol.framing());
    }

    /// Keeps a counted message until it is confirmed.
    pub(super) fn keep(&mut self, now: Instant, frame: &Bytes) {
        if let Some(resume) = &mut self.resume {
            resume.keep(now, frame.clone());
        }
    }

    /// Counts a message in; says whether it is new.
    pub(super) fn admit(&mut self, now: Instant, message: &Message) -> bool {
        match &mut self.resume {
            Some(resume) if is_counted(message) => resume.received.admit(now),
            Some(_) | None => true,
        }
    }

    pub(super) fn on_ack(&mut self, now: Instant, ack: Ack) {
        let Some(resume) = &mut self.resume else {
            return;
        };
        match resume.on_ack(now, ack) {
            Ok(()) => self.act_on_held(now),
            Err(error) => self.fail_resume(now, error),
        }
    }

    pub(super) fn on_sequence(&mut self, now: Instant, sequence: Sequence) {
        let Some(resume) = &mut self.resume else {
            return;
        };
        if let Err(error) = resume.received.on_sequence(sequence) {
            self.fail_resume(now, error);
        }
    }

    fn fail_resume(&mut self, now: Instant, error: ResumeError) {
        self.fail(now, &format!("InvalidOperationException: {error}"));
    }

    pub(super) fn resume_deadline(&self) -> Option<Instant> {
        let resume = self.resume.as_ref()?;
        resume.until.or_else(|| {
            let patience = resume.patience(self.config.client_timeout);
            let deadlines = [resume.received.deadline(), patience];
            deadlines.into_iter().flatten().min()
        })
    }

    pub(super) fn tick_resume(&mut self, now: Instant) {
        let is_open = self.is_open();
        let Some(resume) = self.resume.as_mut().filter(|_| is_open) else {
            return;
        };
        if let Some(until) = resume.until {
            if until <= now {
                self.end();
            }
            return;
        }
        let patience = resume.patience(self.config.client_timeout);
        if patience.is_some_and(|until| until <= now) {
            return self.fail(now, CLIENT_TIMEOUT);
        }
        self.send_ack(now);
    }

    /// Confirms what was acted on, if that is due.
    fn send_ack(&mut self, now: Instant) {
        let waiting = self.held.len() as u64;
        let resume = self.resume.as_mut();
        if let Some(ack) = resume.and_then(|resume| resume.received.take_ack_except(now, waiting)) {
            self.send(now, &Message::Ack(ack));
        }
    }
}
