//! The client's decisions about one connection, without a socket or a clock.

mod call;
mod config;
mod exchange;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Instant,
};

use bytes::Bytes;
use serde::Deserialize;

use self::call::Uploads;
pub use self::{
    call::{Begun, Call},
    config::MachineConfig,
    exchange::{Event, Output},
};
use super::close::CloseReason;
use crate::{
    carrier::Carrier,
    framing::{Deframer, FrameTooLarge},
    handshake::HandshakeRequest,
    message::{
        CancelInvocation, Close, Completion, CompletionOutcome, Headers, Invocation, InvocationId,
        Message, StreamInvocation, StreamItem,
    },
    payload::Payload,
};

/// The official text for a stream that its sender gave up.
const UPLOAD_CANCELED: &str = "Stream canceled by client.";

/// The official text for a call that nobody gives a result to.
pub(crate) const NO_RESULT: &str = "Client didn't provide a result.";
/// How many calls of the server may wait for their answers.
const MAX_ASKED: usize = 1_024;

/// One connection, from the moment its transport is open.
///
/// - **Input from the world**: [`handle_bytes`](Self::handle_bytes),
///   [`handle_lost`](Self::handle_lost), [`handle_oversized`](Self::handle_oversized),
///   [`handle_tick`](Self::handle_tick).
/// - **Application calls**: [`invoke`](Self::invoke), [`stream`](Self::stream),
///   [`send`](Self::send), [`cancel`](Self::cancel), [`upload`](Self::upload),
///   [`end_upload`](Self::end_upload), [`complete`](Self::complete), [`probe`](Self::probe),
///   [`close`](Self::close).
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
        if self.state == State::Closed {
            return;
        }
        self.last_heard = now;
        self.probed_until = None;
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
            State::Open if self.silence_ends().is_some_and(|end| end <= now) => {
                self.end(CloseReason::TimedOut);
            }
            State::Open if self.ping_is_due().is_some_and(|due| due <= now) => {
                self.write(now, &Message::Ping);
            }
            State::Shaking | State::Open => {}
        }
    }

    /// Calls a method that answers once.
    pub fn invoke(&mut self, now: Instant, call: Call) -> Begun {
        let uploads = self.names(call.uploads);
        let id = self.begin(&uploads);
        let message = invocation(Some(id.clone()), call, &uploads);
        self.write(now, &Message::Invocation(message));
        Begun { id, uploads }
    }

    /// Calls a method that answers with a stream.
    pub fn stream(&mut self, now: Instant, call: Call) -> Begun {
        let uploads = self.names(call.uploads);
        let id = self.begin(&uploads);
        let message = StreamInvocation {
            invocation_id: id.clone(),
            target: call.target,
            arguments: call.arguments,
            stream_ids: stream_ids(&uploads),
            headers: Headers::new(),
        };
        self.write(now, &Message::StreamInvocation(message));
        Begun { id, uploads }
    }

    /// Calls a method without asking for an answer, and gives the ids for the streams of this side.
    pub fn send(&mut self, now: Instant, call: Call) -> Vec<InvocationId> {
        let uploads = self.names(call.uploads);
        if self.state == State::Open {
            self.uploads.add(&uploads, None);
        }
        let message = invocation(None, call, &uploads);
        self.write(now, &Message::Invocation(message));
        uploads
    }

    /// Asks the server to end a call; items on their way are dropped. The streams that went along
    /// are ended as the official clients end theirs, lest the method waits for more.
    pub fn cancel(&mut self, now: Instant, id: &InvocationId) {
        if self.pending.remove(id) {
            let message = CancelInvocation {
                invocation_id: id.clone(),
                headers: Headers::new(),
            };
            self.write(now, &Message::CancelInvocation(message));
            for upload in self.uploads.remove_of(id) {
                let outcome = CompletionOutcome::Error(UPLOAD_CANCELED.to_owned());
                self.write_completion(now, upload.clone(), outcome);
                self.tell(Event::UploadOver(upload));
            }
        }
    }

    /// Sends an item of a stream of this side's, unless it is over.
    pub fn upload(&mut self, now: Instant, id: &InvocationId, item: Payload) {
        if self.uploads.contains(id) {
            let message = StreamItem {
                invocation_id: id.clone(),
                item,
                headers: Headers::new(),
            };
            self.write(now, &Message::StreamItem(message));
        }
    }

    /// Ends a stream of this side's, with an error text for the method or well.
    pub fn end_upload(&mut self, now: Instant, id: &InvocationId, error: Option<String>) {
        if self.uploads.remove(id) {
            let outcome = error.map_or(CompletionOutcome::Void, CompletionOutcome::Error);
            self.write_completion(now, id.clone(), outcome);
        }
    }

    /// Answers a call that the server made with an id, once.
    pub fn complete(&mut self, now: Instant, id: &InvocationId, outcome: CompletionOutcome) {
        if self.asked.remove(id) {
            self.write_completion(now, id.clone(), outcome);
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
    /// the transport is seen to live by itself.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Closed => None,
            State::Shaking => Some(self.last_sent + self.config.handshake_timeout),
            State::Open => {
                let deadlines = [self.silence_ends(), self.ping_is_due()];
                deadlines.into_iter().flatten().min()
            }
        }
    }

    fn handle_frame(&mut self, now: Instant, frame: &Bytes) {
        match self.state {
            State::Shaking => self.handle_handshake(now, frame),
            State::Open => match self.config.protocol.decode(frame) {
                Ok(Some(message)) => self.handle_message(now, message),
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
                if !self.carrier.keeps_alive {
                    self.write(now, &Message::Ping);
                }
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

    /// An application that answers nothing must not fill memory with questions.
    fn on_invocation(&mut self, now: Instant, invocation: Invocation) {
        match &invocation.invocation_id {
            Some(id) if self.asked.len() >= MAX_ASKED => {
                let outcome = CompletionOutcome::Error(NO_RESULT.to_owned());
                self.write_completion(now, id.clone(), outcome);
            }
            id => {
                self.asked.extend(id.clone());
                self.tell(Event::Invocation(invocation));
            }
        }
    }

    fn handle_message(&mut self, now: Instant, message: Message) {
        match message {
            Message::Invocation(invocation) => self.on_invocation(now, invocation),
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
                let over = self.uploads.remove_of(&id);
                self.tell(Event::Completed { id, outcome });
                over.into_iter()
                    .for_each(|upload| self.tell(Event::UploadOver(upload)));
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

    /// Begins a call that will be answered, along with these streams.
    fn begin(&mut self, uploads: &[InvocationId]) -> InvocationId {
        let id = self.name();
        if self.state == State::Open {
            self.pending.insert(id.clone());
            self.uploads.add(uploads, Some(&id));
        }
        id
    }

    fn names(&mut self, count: usize) -> Vec<InvocationId> {
        (0..count).map(|_| self.name()).collect()
    }

    fn name(&mut self) -> InvocationId {
        let id = InvocationId::new(self.next_id.to_string()).expect("a number has digits");
        self.next_id += 1;
        id
    }

    fn write_completion(&mut self, now: Instant, id: InvocationId, outcome: CompletionOutcome) {
        let message = Completion {
            invocation_id: id,
            outcome,
            headers: Headers::new(),
        };
        self.write(now, &Message::Completion(message));
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
            self.asked.clear();
            self.uploads.clear();
            self.tell(Event::Closed(reason));
        }
    }
}

fn invocation(id: Option<InvocationId>, call: Call, uploads: &[InvocationId]) -> Invocation {
    Invocation {
        invocation_id: id,
        target: call.target,
        arguments: call.arguments,
        stream_ids: stream_ids(uploads),
        headers: Headers::new(),
    }
}

fn stream_ids(uploads: &[InvocationId]) -> Vec<String> {
    uploads.iter().map(|id| id.as_str().to_owned()).collect()
}
