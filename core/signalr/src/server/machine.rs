//! The server's end of one hub connection, without sockets, tasks or a clock.
//!
//! Feed it with [`ServerMachine::handle`], then drain [`ServerMachine::poll`]
//! until `None`, then wait for more input, but at most until
//! [`ServerMachine::deadline`], which calls for [`Input::Tick`]. After
//! [`Output::Close`] nothing comes out any more.
//!
//! Plain calls run one at a time (or [`ServerConfig::parallel_calls`]) in the
//! order they came; streams run beside them. When a message cannot be acted on
//! yet, because too many plain calls run or because a method has not taken
//! enough of a stream that the client sends, the machine holds it and reads no
//! further: [`ServerMachine::wants_input`] tells the driver to leave bytes
//! where they are, so that a client that is faster than it is served is slowed
//! down and not stored. Only while an answer of that client is awaited does the
//! machine look for it further behind, up to [`ServerConfig::read_ahead`].

mod asking;
mod calls;
mod config;
mod exchange;
mod held;
mod result;
mod resume;
mod storage;
#[cfg(test)]
mod tests;
mod upload;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use bytes::Bytes;

pub(super) use self::storage::trim;
pub use self::{
    config::{ServerConfig, StatefulReconnect},
    exchange::{Ask, Call, CallKey, Input, NoResult, Output, ResultKey, UploadKey},
};
use self::{held::Held, result::Results, resume::Resume, upload::Uploads};
use crate::{
    carrier::Carrier,
    framing::Deframer,
    handshake::{HandshakeError, HandshakeRequest, HandshakeResponse},
    message::{Close, InvocationId, Message},
    protocol::Protocol,
    resume::is_counted,
};

/// The official detail of a client that fell silent.
const CLIENT_TIMEOUT: &str = "OperationCanceledException: Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";

/// See the [module](self).
#[derive(Debug)]
pub struct ServerMachine {
    config: ServerConfig,
    carrier: Carrier,
    protocol: Protocol,
    state: State,
    deframer: Deframer,
    outputs: VecDeque<Output>,
    last_key: u64,
    /// The plain calls that run; the id is absent when the call is never answered.
    running: BTreeMap<CallKey, Option<InvocationId>>,
    held: Held,
    uploads: Uploads,
    results: Results,
    streams: BTreeMap<CallKey, InvocationId>,
    last_sent: Instant,
    last_received: Instant,
    /// Only clients that ping may be missed.
    client_pings: bool,
    /// There when stateful reconnect was granted and the handshake did not decline it.
    resume: Option<Box<Resume>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Handshaking {
        until: Instant,
    },
    /// Open for sends; calls wait until the server has welcomed the connection.
    Welcoming,
    Open,
    Closed,
}

impl ServerMachine {
    /// Begins a connection whose transport has just opened.
    pub fn new(config: ServerConfig, now: Instant) -> Self {
        Self {
            config,
            carrier: Carrier::WEB_SOCKETS,
            protocol: Protocol::default(),
            state: State::Handshaking {
                until: now + config.handshake_timeout,
            },
            deframer: Deframer::new(config.max_message),
            outputs: VecDeque::new(),
            last_key: 0,
            running: BTreeMap::new(),
            held: Held::default(),
            uploads: Uploads::default(),
            results: Results::default(),
            streams: BTreeMap::new(),
            last_sent: now,
            last_received: now,
            client_pings: false,
            resume: None,
        }
    }

    /// Grants stateful reconnect, which the client's handshake may still decline.
    #[must_use]
    pub fn granting(mut self, terms: StatefulReconnect) -> Self {
        self.resume = Some(Box::new(Resume::new(terms)));
        self
    }

    /// Tells what carries the connection, before anything else; without it, a WebSocket does.
    #[must_use]
    pub fn over(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        if self.state == State::Closed {
            return;
        }
        match input {
            Input::Received(bytes) => {
                self.last_received = now;
                self.deframer.push(bytes);
                self.read(now);
            }
            Input::Oversized => self.on_too_large(now),
            Input::Tick => self.on_tick(now),
            Input::Welcomed => self.on_welcomed(now),
            Input::Send(frame) => self.on_send(now, frame),
            Input::SentPast => self.last_sent = self.last_sent.max(now),
            Input::Completed(key, outcome) => self.on_completed(now, key, outcome),
            Input::Item(key, item) => self.on_item(now, key, item),
            Input::StreamEnded(key, outcome) => self.on_stream_ended(now, key, outcome),
            Input::Ask(ask) => self.on_ask(now, ask),
            Input::Forget(key) => self.results.forget(key),
            Input::UploadTaken(key) => {
                self.uploads.take(key);
                self.advance(now);
            }
            Input::UploadDropped(key) => {
                self.uploads.forget(key);
                self.advance(now);
            }
            Input::Detached => self.on_detached(now),
            Input::Attached => self.on_attached(now),
            Input::Shutdown {
                error,
                allow_reconnect,
            } => self.shutdown(now, error, allow_reconnect),
        }
    }

    /// Gives the next thing to do. Then what is empty gives its storage back.
    pub fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() {
            self.outputs = VecDeque::new();
            trim(&mut self.running);
            trim(&mut self.streams);
            self.uploads.trim();
            self.results.trim();
        }
        output
    }

    /// Says when to come back with a tick, if nothing else happens.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Handshaking { until } => Some(until),
            State::Welcoming | State::Open => {
                let deadlines = [
                    self.ping_deadline(),
                    self.client_deadline(),
                    self.results.deadline(),
                    self.resume_deadline(),
                ];
                deadlines.into_iter().flatten().min()
            }
            State::Closed => None,
        }
    }

    /// Says whether received bytes are welcome now.
    pub fn wants_input(&self) -> bool {
        let room = self.held.bytes() < self.read_ahead();
        let looks_ahead = room && (self.results.is_awaiting() || self.awaits_ack());
        match self.state {
            State::Welcoming => looks_ahead,
            State::Handshaking { .. } | State::Open | State::Closed => {
                self.held.is_empty() || looks_ahead
            }
        }
    }

    fn is_open(&self) -> bool {
        match self.state {
            State::Welcoming | State::Open => true,
            State::Handshaking { .. } | State::Closed => false,
        }
    }

    fn ping_deadline(&self) -> Option<Instant> {
        let pings = !self.carrier.keeps_alive && !self.is_detached();
        pings.then(|| self.last_sent + self.config.keep_alive)
    }

    /// The client is not missed while the server itself keeps it waiting.
    fn client_deadline(&self) -> Option<Instant> {
        let is_served = self.running.is_empty() && self.held.is_empty();
        let is_heard = self.state == State::Open && !self.is_detached();
        let missed = self.client_pings && is_served && is_heard;
        missed.then(|| self.last_received + self.config.client_timeout)
    }

    fn on_tick(&mut self, now: Instant) {
        self.expire_results(now);
        self.tick_resume(now);
        match self.state {
            State::Handshaking { until } if until <= now => {
                self.refuse(now, &HandshakeError::Canceled);
            }
            State::Open if self.client_deadline().is_some_and(|missed| missed <= now) => {
                self.fail(now, CLIENT_TIMEOUT);
            }
            State::Welcoming | State::Open
                if self.ping_deadline().is_some_and(|due| due <= now) =>
            {
                self.send(now, &Message::Ping);
            }
            State::Handshaking { .. } | State::Welcoming | State::Open | State::Closed => {}
        }
    }

    fn on_welcomed(&mut self, now: Instant) {
        if self.state == State::Welcoming {
            self.state = State::Open;
            self.last_received = now;
            self.send_held_asks(now);
            self.advance(now);
        }
    }

    fn on_send(&mut self, now: Instant, frame: Bytes) {
        if self.is_open() {
            self.keep(now, &frame);
            self.send_encoded(now, frame);
        }
    }

    /// Acts on what was held, as far as that is possible now, then reads on.
    fn advance(&mut self, now: Instant) {
        self.act_on_held(now);
        self.read(now);
    }

    fn act_on_held(&mut self, now: Instant) {
        while self.state == State::Open
            && self.held.front().is_some_and(|next| !self.must_wait(next))
            && let Some(message) = self.held.pop()
        {
            // The time that the server kept the client waiting does not count against it.
            self.last_received = now;
            self.act(now, message);
        }
    }

    /// Handles whole messages until there is none, or one has to wait.
    fn read(&mut self, now: Instant) {
        while self.state != State::Closed && self.wants_input() {
            match self.deframer.next() {
                None => return,
                Some(Err(_)) => self.on_too_large(now),
                Some(Ok(frame)) if self.is_open() => self.on_frame(now, &frame),
                Some(Ok(frame)) => self.on_handshake(now, &frame),
            }
        }
    }

    fn on_too_large(&mut self, now: Instant) {
        if !self.is_open() {
            return self.refuse(now, &HandshakeError::Canceled);
        }
        let limit = self.config.max_message;
        let detail = format!(
            "InvalidDataException: The maximum message size of {limit}B was exceeded. The message size can be configured in AddHubOptions."
        );
        self.fail(now, &detail);
    }

    fn on_handshake(&mut self, now: Instant, frame: &[u8]) {
        let request = match self.agree(frame) {
            Ok(request) => request,
            Err(error) => return self.refuse(now, &error),
        };
        self.protocol = request.protocol;
        if !request.is_stateful() {
            self.resume = None;
        }
        self.deframer.set_framing(self.protocol.framing());
        self.state = State::Welcoming;
        self.send_encoded(now, HandshakeResponse::default().encode());
        self.outputs.push_back(Output::Opened(self.protocol));
    }

    fn agree(&self, handshake: &[u8]) -> Result<HandshakeRequest, HandshakeError> {
        let request = HandshakeRequest::decode(handshake)?;
        let format = request.protocol.transfer_format();
        if self.carrier.carries(format) {
            return Ok(request);
        }
        let protocol = request.protocol.name();
        Err(HandshakeError::Transport { protocol, format })
    }

    fn on_frame(&mut self, now: Instant, frame: &Bytes) {
        match self.protocol.decode(frame) {
            Ok(Some(message)) if self.admit(now, &message) => {
                self.on_message(now, message, frame.len());
            }
            Ok(Some(_) | None) => {}
            Err(error) => self.fail(now, &format!("InvalidDataException: {error}")),
        }
    }

    fn on_message(&mut self, now: Instant, message: Message, size: usize) {
        let is_next =
            self.state == State::Open && self.held.is_empty() && !self.must_wait(&message);
        if !is_next && !self.passes(&message) {
            self.held.push(message, size);
            if self.awaits_ack() {
                // What is held may have become enough to hide the ack.
                self.act_on_held(now);
            }
        } else {
            self.act(now, message);
        }
    }

    fn act(&mut self, now: Instant, message: Message) {
        match message {
            Message::Invocation(call) => self.dispatch(now, call),
            Message::StreamInvocation(call) => self.dispatch_stream(now, call),
            Message::StreamItem(item) => self.on_upload_item(item),
            Message::Completion(completion) => self.on_completion(completion),
            Message::CancelInvocation(cancel) => self.cancel(now, &cancel.invocation_id),
            Message::Ping => self.client_pings = true,
            Message::Close(_) => self.end(),
            Message::Ack(ack) => self.on_ack(now, ack),
            Message::Sequence(sequence) => self.on_sequence(now, sequence),
        }
    }

    fn send(&mut self, now: Instant, message: &Message) {
        let frame = self.protocol.encode(message);
        if is_counted(message) {
            self.keep(now, &frame);
        }
        self.send_encoded(now, frame);
    }

    fn send_encoded(&mut self, now: Instant, frame: Bytes) {
        if self.is_detached() {
            return;
        }
        self.last_sent = now;
        self.outputs.push_back(Output::Send(frame));
    }

    fn refuse(&mut self, now: Instant, error: &HandshakeError) {
        self.send_encoded(now, HandshakeResponse::refusal(error).encode());
        self.end();
    }

    /// Ends the connection by a fault that a new connection may not have.
    fn fail(&mut self, now: Instant, detail: &str) {
        let mut error = "Connection closed with an error.".to_owned();
        if self.config.detailed_errors {
            error.push(' ');
            error.push_str(detail);
        }
        self.shutdown(now, Some(error), true);
    }

    fn shutdown(&mut self, now: Instant, error: Option<String>, allow_reconnect: bool) {
        if self.is_open() {
            self.send(
                now,
                &Message::Close(Close {
                    error,
                    allow_reconnect,
                }),
            );
        }
        self.end();
    }

    fn end(&mut self) {
        self.state = State::Closed;
        self.held = Held::default();
        let unanswered = self.results.end();
        self.fail_results(unanswered, NoResult::Disconnected);
        self.outputs.push_back(Output::Close);
    }

    fn next_key(&mut self) -> CallKey {
        CallKey(self.next_number())
    }

    fn next_number(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }
}
