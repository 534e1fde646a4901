//! Stateful reconnect: what each end keeps so that a cut socket loses nothing and repeats nothing
//! (`HubProtocol.md`, Stateful Reconnect).
//!
//! Calls, items, completions and cancels are counted 1, 2, 3 … in each direction from the
//! handshake on, without a number on the wire; pings, closes, acks, sequences and the handshake
//! are not counted. Each end keeps what it sent until an [`Ack`] confirms it. After a cut each end
//! first sends a [`Sequence`] and then what is not confirmed, and the other end passes over what
//! it had already.
//!
//! The specification says that a Sequence carries the number of the next new message. The official
//! server and client send the number of the first message that is repeated, or of the next one when
//! none is; with the specification's reading messages arrive twice. We do as the official code.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::message::{Ack, Message, Sequence};

/// How much each official end keeps before sends wait, in bytes.
pub const OFFICIAL_LIMIT: usize = 100_000;

/// How long received messages wait for company before they are confirmed. Officially a second.
pub const ACK_DELAY: Duration = Duration::from_secs(1);

/// The peer's numbers cannot be right: the connection is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// The peer goes on after messages that never came. The text is the official one.
    #[error("Sequence ID greater than amount of messages we've received.")]
    Gap,
    /// Messages are counted from 1.
    #[error("Sequence ID must be at least 1.")]
    Zero,
    /// The peer confirms what was never sent.
    #[error("Acknowledged more messages than we've sent.")]
    NeverSent,
    /// The peer wants ever more answers while it confirms none.
    #[error("Asked on without acknowledging the answers.")]
    Unconfirmed,
}

/// Says whether a message is counted.
pub fn is_counted(message: &Message) -> bool {
    match message {
        Message::Invocation(_)
        | Message::StreamItem(_)
        | Message::Completion(_)
        | Message::StreamInvocation(_)
        | Message::CancelInvocation(_) => true,
        Message::Ping | Message::Close(_) | Message::Ack(_) | Message::Sequence(_) => false,
    }
}

/// What was sent and is not confirmed.
#[derive(Debug)]
pub struct SendWindow {
    limit: usize,
    /// The number of the last message that is confirmed.
    confirmed: u64,
    frames: VecDeque<Bytes>,
    bytes: usize,
}

impl SendWindow {
    /// An empty window; beyond `limit` bytes it is full.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            confirmed: 0,
            frames: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Keeps a counted message that is being sent, or would be if there were a socket.
    pub fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Says whether further sends have to wait for an ack. Nothing is ever dropped instead.
    pub fn is_full(&self) -> bool {
        self.bytes > self.limit
    }

    /// Counts the bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets go of what the peer confirms. An older ack than the last one changes nothing.
    ///
    /// # Errors
    /// [`ResumeError::NeverSent`].
    pub fn on_ack(&mut self, ack: Ack) -> Result<(), ResumeError> {
        let sent = self.confirmed + self.frames.len() as u64;
        if ack.sequence_id > sent {
            return Err(ResumeError::NeverSent);
        }
        while self.confirmed < ack.sequence_id {
            let Some(frame) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= frame.len();
            self.confirmed += 1;
        }
        if self.frames.is_empty() {
            // Idle connections keep no storage.
            self.frames = VecDeque::new();
        }
        Ok(())
    }

    /// What a new socket begins with, before [`unconfirmed`](Self::unconfirmed).
    pub fn sequence(&self) -> Sequence {
        Sequence {
            sequence_id: self.confirmed + 1,
        }
    }

    /// What a new socket repeats, in order.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &Bytes> {
        self.frames.iter()
    }
}

/// What was received.
#[derive(Debug)]
pub struct ReceiveWindow {
    /// The number of the next counted message on this socket.
    next: u64,
    /// The highest number that was taken.
    taken: u64,
    /// The highest number that was confirmed.
    confirmed: u64,
    ack_at: Option<Instant>,
}

impl Default for ReceiveWindow {
    fn default() -> Self {
        Self {
            next: 1,
            taken: 0,
            confirmed: 0,
            ack_at: None,
        }
    }
}

impl ReceiveWindow {
    /// Counts a message; says whether it is new. One that is not must be passed over.
    pub fn admit(&mut self, now: Instant) -> bool {
        let number = self.next;
        self.next += 1;
        self.ack_at.get_or_insert(now + ACK_DELAY);
        if number <= self.taken {
            // The peer did not hear of it: it is confirmed anew.
            self.confirmed = self.confirmed.min(number - 1);
            return false;
        }
        self.taken = number;
        true
    }

    /// Takes the peer's place after a cut.
    ///
    /// # Errors
    /// [`ResumeError::Gap`], [`ResumeError::Zero`].
    pub fn on_sequence(&mut self, sequence: Sequence) -> Result<(), ResumeError> {
        match sequence.sequence_id {
            0 => Err(ResumeError::Zero),
            id if id > self.taken + 1 => Err(ResumeError::Gap),
            id => {
                self.next = id;
                Ok(())
            }
        }
    }

    /// The socket is gone. What comes on the next one before the peer's [`Sequence`] is new, as
    /// nobody repeats anything before saying from where.
    pub fn on_cut(&mut self) {
        self.next = self.taken + 1;
    }

    /// When to ask for an ack at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.ack_at
    }

    /// The ack to send, once it is due and there is something to confirm.
    pub fn take_ack(&mut self, now: Instant) -> Option<Ack> {
        self.take_ack_except(now, 0)
    }

    /// As [`take_ack`](Self::take_ack), but the last `waiting` messages are left to a later ack, so
    /// that the peer sends no more than is acted on.
    pub fn take_ack_except(&mut self, now: Instant, waiting: u64) -> Option<Ack> {
        if self.ack_at.is_none_or(|at| now < at) {
            return None;
        }
        self.ack_at = (waiting > 0).then(|| now + ACK_DELAY);
        let done = self.taken.saturating_sub(waiting);
        if self.confirmed >= done {
            return None;
        }
        self.confirmed = done;
        Some(Ack { sequence_id: done })
    }
}
