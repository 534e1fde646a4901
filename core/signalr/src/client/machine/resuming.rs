//! What the machine does at a cut: it keeps what the server may not have, and goes on.

use std::time::Instant;

use super::{ClientMachine, Event, Output, Reach, State};
use crate::{
    client::close::CloseReason,
    framing::Deframer,
    handshake::HandshakeRequest,
    message::Message,
    resume::{ReceiveWindow, ResumeError, SendWindow, is_counted},
};

/// What a stateful connection keeps.
#[derive(Debug)]
pub(super) struct Resume {
    sent: SendWindow,
    received: ReceiveWindow,
    /// How far the transport came.
    reach: Reach,
    /// Why the last transport was lost. The application knows of it, and not yet of another one.
    loss: Option<CloseReason>,
}

impl ClientMachine {
    /// Keeps what the server has not confirmed, about so many bytes, so that the connection
    /// outlives its transport. For WebSockets, when negotiate granted stateful reconnect; it goes
    /// before anything else.
    #[must_use]
    pub fn stateful(mut self, buffer: usize) -> Self {
        self.resume = Some(Box::new(Resume {
            sent: SendWindow::new(buffer),
            received: ReceiveWindow::default(),
            reach: Reach::Progress,
            loss: None,
        }));
        let request = HandshakeRequest::stateful(self.config.protocol);
        self.outputs = [Output::Send(request.encode())].into();
        self
    }

    /// Says whether more may be called now. Otherwise the server has to confirm something first:
    /// callers have to wait, as what they call after this is kept all the same.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let resume = self.resume.as_ref();
        resume.is_none_or(|resume| !resume.sent.is_full())
    }

    /// Another transport is open in place of the one that was lost: says where this side goes on,
    /// and repeats what the server has not confirmed. The server must be heard within the probe
    /// timeout.
    pub fn handle_reopened(&mut self, now: Instant) {
        let (State::Resuming, Some(resume)) = (self.state, &mut self.resume) else {
            return;
        };
        self.state = State::Open;
        self.last_heard = now;
        self.last_sent = now;
        self.probed_until = Some(now + self.config.probe_timeout);
        resume.reach = Reach::Nothing;
        let sequence = Message::Sequence(resume.sent.sequence());
        let repeated: Vec<_> = resume.sent.unconfirmed().cloned().collect();
        self.write(now, &sequence);
        // Behind all that is repeated it might be lost with the next transport, and ever again.
        self.confirm_due(now);
        self.outputs.extend(repeated.into_iter().map(Output::Send));
    }

    /// No other transport can be opened in place of the one that was lost.
    pub fn handle_given_up(&mut self) {
        if self.state == State::Resuming {
            let loss = self.resume.as_mut().and_then(|resume| resume.loss.take());
            self.end(loss.unwrap_or(CloseReason::Lost));
        }
    }

    /// Goes on without a transport, if the connection is one that can. What was not written to it,
    /// and what came of a message, is of no use on another one.
    pub(super) fn lose(&mut self, reason: CloseReason) {
        let resume = match (self.state, &mut self.resume) {
            (State::Open, Some(resume)) => resume,
            (State::Resuming, _) => return,
            (State::Shaking | State::Open | State::Closed, _) => return self.end(reason),
        };
        self.state = State::Resuming;
        self.probed_until = None;
        self.deframer = Deframer::new(self.config.max_message_bytes);
        self.deframer.set_framing(self.config.protocol.framing());
        self.outputs
            .retain(|output| matches!(output, Output::Event(_)));
        resume.received.on_cut();
        let reach = resume.reach;
        if resume.loss.replace(reason).is_none() {
            self.tell(Event::Resuming);
        }
        self.outputs.push_back(Output::Reopen(reach));
    }

    /// Something came.
    pub(super) fn note_heard(&mut self) {
        let Some(resume) = &mut self.resume else {
            return;
        };
        resume.reach = resume.reach.max(Reach::Greeting);
        if resume.loss.take().is_some() {
            self.tell(Event::Resumed);
        }
    }

    /// Keeps a counted message until the server confirms it.
    pub(super) fn keep(&mut self, message: &Message, frame: &bytes::Bytes) {
        if let Some(resume) = &mut self.resume
            && is_counted(message)
        {
            resume.sent.push(frame.clone());
        }
    }

    /// Takes a message's place in the count; says whether it is new.
    pub(super) fn admit(&mut self, now: Instant, message: &Message) -> Result<bool, ResumeError> {
        let Some(resume) = &mut self.resume else {
            return Ok(true);
        };
        let is_new = match message {
            Message::Sequence(sequence) => {
                resume.received.on_sequence(*sequence)?;
                return Ok(true);
            }
            Message::Ack(ack) => {
                resume.sent.on_ack(*ack)?;
                true
            }
            Message::Ping | Message::Close(_) => true,
            Message::Invocation(_)
            | Message::StreamItem(_)
            | Message::Completion(_)
            | Message::StreamInvocation(_)
            | Message::CancelInvocation(_) => resume.received.admit(now),
        };
        if is_new {
            resume.reach = Reach::Progress;
        }
        Ok(is_new)
    }

    pub(super) fn ack_is_due(&self) -> Option<Instant> {
        self.resume.as_ref()?.received.deadline()
    }

    /// Confirms what was received since the last time, if that is due.
    pub(super) fn confirm_due(&mut self, now: Instant) {
        let ack = self
            .resume
            .as_mut()
            .and_then(|resume| resume.received.take_ack(now));
        if let Some(ack) = ack {
            self.write(now, &Message::Ack(ack));
        }
    }
}
