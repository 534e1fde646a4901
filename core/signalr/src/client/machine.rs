//! The client's decisions about one connection, without a socket or a clock.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Deserialize;

use super::close::CloseReason;
use crate::{
    framing::{Deframer, FrameTooLarge},
    handshake::HandshakeRequest,
    message::{
        Arguments, CancelInvocation, Close, Completion, CompletionOutcome, Headers, Invocation,
        InvocationId, Message, StreamInvocation,
    },
    payload::Payload,
    protocol::Protocol,
};

/// Times and sizes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineConfig {
    /// After so long without sending anything a Ping is sent. Higher than the server's client
    /// timeout and the server gives us up; very low and the radio never sleeps. 15 s officially.
    pub keep_alive: Duration,
    /// After so long without hearing anything the server counts as gone. Lower than its keep-alive
    /// and idle connections are dropped; higher and a dead one is noticed late. 30 s officially.
    pub server_timeout: Duration,
    /// How long the server may take to answer the handshake. 15 s officially.
    pub handshake_timeout: Duration,
    /// The largest hub message taken, in bytes. Lower than the server's pages and they cannot be
    /// read; higher and a broken server can fill memory.
    pub max_message_bytes: usize,
    /// The encoding to ask for. The payloads of all calls must be in it.
    pub protocol: Protocol,
}

impl Default for MachineConfig {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(15),
            server_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(15),
            max_message_bytes: 1 << 20,
            protocol: Protocol::default(),
        }
    }
}

/// What the driver must do next.
#[derive(Debug)]
pub enum Output {
    /// Write these bytes: one or more whole hub messages.
    Send(Bytes),
    /// Tell the application.
    Event(Event),
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The handshake is done: calls may be made.
    Opened,
    /// The server calls a method here.
    Invocation(Invocation),
    /// An item of a stream came.
    Item {
        /// The stream.
        id: InvocationId,
        /// The item.
        item: Payload,
    },
    /// A call or a stream ended.
    Completed {
        /// Which.
        id: InvocationId,
        /// How.
        outcome: CompletionOutcome,
    },
    /// The connection is over; nothing follows.
    Closed(CloseReason),
}

/// One connection, from the moment its transport is open.
///
/// - **Input from the world**: [`handle_bytes`](Self::handle_bytes),
///   [`handle_lost`](Self::handle_lost), [`handle_oversized`](Self::handle_oversized),
///   [`handle_tick`](Self::handle_tick).
/// - **Application calls**: [`invoke`](Self::invoke), [`stream`](Self::stream),
///   [`send`](Self::send), [`cancel`](Self::cancel), [`complete`](Self::complete),
///   [`close`](Self::close).
/// - **Output to the world**: [`poll`](Self::poll) until it gives nothing, then
///   [`deadline`](Self::deadline): call `handle_tick` no later.
///
/// After each input or call, drain `poll`. After [`Event::Closed`] every call is ignored.
#[derive(Debug)]
pub struct ClientMachine {
    config: MachineConfig,
    state: State,
    deframer: Deframer,
    last_heard: Instant,
    last_sent: Instant,
    next_id: u64,
    /// Calls and streams that the server has not ended.
    pending: BTreeSet<InvocationId>,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Shaking,
    Open,
    Closed,
}

/// The answer to a handshake. Only a hub message has a type: then the server skipped the handshake.
#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
}

impl ClientMachine {
    /// Begins a connection whose transport is open now; the handshake is the first output.
    #[must_use]
    pub fn new(config: MachineConfig, now: Instant) -> Self {
        let mut machine = Self {
            config,
            state: State::Shaking,
            deframer: Deframer::new(config.max_message_bytes),
            last_heard: now,
            last_sent: now,
            next_id: 0,
            pending: BTreeSet::new(),
            outputs: VecDeque::new(),
        };
        machine.outputs.push_back(Output::Send(
            HandshakeRequest::new(config.protocol).encode(),
        ));
        machine
    }

    /// Takes bytes that came, in any chunks.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        if self.state == State::Closed {
            return;
        }
        self.last_heard = now;
        self.deframer.push(bytes);
        while self.state != State::Closed {
            match self.deframer.next() {
                None => return,
                Some(Ok(frame)) => self.handle_frame(now, &frame),
                Some(Err(error)) => self.end(CloseReason::TooLarge(error)),
            }
        }
    }

    /// The transport ended.
    pub fn handle_lost(&mut self) {
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
            State::Closed => {}
            State::Shaking if now >= self.last_sent + self.config.handshake_timeout => {
                self.end(CloseReason::TimedOut);
            }
            State::Open if now >= self.last_heard + self.config.server_timeout => {
                self.end(CloseReason::TimedOut);
            }
            State::Open if now >= self.last_sent + self.config.keep_alive => {
                self.write(now, &Message::Ping);
            }
            State::Shaking | State::Open => {}
        }
    }

    /// Calls a method that answers once, and gives the id its answer will have.
    pub fn invoke(&mut self, now: Instant, target: &str, arguments: Arguments) -> InvocationId {
        let id = self.begin();
        let invocation_id = Some(id.clone());
        self.write(
            now,
            &Message::Invocation(call(invocation_id, target, arguments)),
        );
        id
    }

    /// Calls a method that answers with a stream, and gives the id its items will have.
    pub fn stream(&mut self, now: Instant, target: &str, arguments: Arguments) -> InvocationId {
        let id = self.begin();
        let message = StreamInvocation {
            invocation_id: id.clone(),
            target: target.to_owned(),
            arguments,
            stream_ids: Vec::new(),
            headers: Headers::new(),
        };
        self.write(now, &Message::StreamInvocation(message));
        id
    }

    /// Calls a method without asking for an answer.
    pub fn send(&mut self, now: Instant, target: &str, arguments: Arguments) {
        self.write(now, &Message::Invocation(call(None, target, arguments)));
    }

    /// Asks the server to end a stream; items on their way are dropped.
    pub fn cancel(&mut self, now: Instant, id: &InvocationId) {
        if self.pending.remove(id) {
            let message = CancelInvocation {
                invocation_id: id.clone(),
                headers: Headers::new(),
            };
            self.write(now, &Message::CancelInvocation(message));
        }
    }

    /// Answers a call that the server made with an id.
    pub fn complete(&mut self, now: Instant, id: InvocationId, outcome: CompletionOutcome) {
        let message = Completion {
            invocation_id: id,
            outcome,
            headers: Headers::new(),
        };
        self.write(now, &Message::Completion(message));
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

    /// When to call [`handle_tick`](Self::handle_tick) at the latest; `None` once it is over.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Closed => None,
            State::Shaking => Some(self.last_sent + self.config.handshake_timeout),
            State::Open => {
                let silence = self.last_heard + self.config.server_timeout;
                Some(silence.min(self.last_sent + self.config.keep_alive))
            }
        }
    }

    fn handle_frame(&mut self, now: Instant, frame: &Bytes) {
        match self.state {
            State::Shaking => self.handle_handshake(now, frame),
            State::Open => match self.config.protocol.decode(frame) {
                Ok(Some(message)) => self.handle_message(message),
                Ok(None) => {}
                Err(error) => self.end(CloseReason::Protocol(error)),
            },
            State::Closed => {}
        }
    }

    /// The official clients ping right after the handshake: it arms the server's client timeout.
    fn handle_handshake(&mut self, now: Instant, frame: &[u8]) {
        match serde_json::from_slice(frame) {
            Ok(Answer {
                error: None,
                kind: None,
            }) => {
                self.state = State::Open;
                self.deframer.set_framing(self.config.protocol.framing());
                self.outputs.push_back(Output::Event(Event::Opened));
                self.write(now, &Message::Ping);
            }
            Ok(Answer {
                error: Some(error), ..
            }) => self.end(CloseReason::Handshake(error)),
            Ok(Answer { kind: Some(_), .. }) => {
                let text = "expected a handshake response from the server";
                self.end(CloseReason::Handshake(text.to_owned()));
            }
            Err(error) => self.end(CloseReason::Handshake(error.to_string())),
        }
    }

    fn handle_message(&mut self, message: Message) {
        match message {
            Message::Invocation(invocation) => self.tell(Event::Invocation(invocation)),
            Message::StreamItem(item) if self.pending.contains(&item.invocation_id) => {
                self.tell(Event::Item {
                    id: item.invocation_id,
                    item: item.item,
                });
            }
            Message::Completion(completion) if self.pending.remove(&completion.invocation_id) => {
                let Completion {
                    invocation_id: id,
                    outcome,
                    ..
                } = completion;
                self.tell(Event::Completed { id, outcome });
            }
            Message::Close(Close {
                error,
                allow_reconnect,
            }) => {
                self.end(CloseReason::Server {
                    error,
                    allow_reconnect,
                });
            }
            // Late items and completions, streams that a server cannot ask for, and messages of a
            // stateful connection that was never agreed on: the official clients ignore them too.
            Message::StreamItem(_)
            | Message::Completion(_)
            | Message::StreamInvocation(_)
            | Message::CancelInvocation(_)
            | Message::Ping
            | Message::Ack(_)
            | Message::Sequence(_) => {}
        }
    }

    fn begin(&mut self) -> InvocationId {
        let id = InvocationId::new(self.next_id.to_string()).expect("a number has digits");
        self.next_id += 1;
        self.pending.insert(id.clone());
        id
    }

    fn write(&mut self, now: Instant, message: &Message) {
        if self.state == State::Open {
            self.last_sent = now;
            let frame = self.config.protocol.encode(message);
            self.outputs.push_back(Output::Send(frame));
        }
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn end(&mut self, reason: CloseReason) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.pending.clear();
            self.tell(Event::Closed(reason));
        }
    }
}

fn call(invocation_id: Option<InvocationId>, target: &str, arguments: Arguments) -> Invocation {
    Invocation {
        invocation_id,
        target: target.to_owned(),
        arguments,
        ..Invocation::default()
    }
}

#[cfg(test)]
mod tests;
