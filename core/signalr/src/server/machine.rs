//! The server's end of one hub connection, without sockets, tasks or a clock.
//!
//! Feed it with [`ServerMachine::handle`], then drain [`ServerMachine::poll`]
//! until `None`, then wait for more input, but at most until
//! [`ServerMachine::deadline`], which calls for [`Input::Tick`]. After
//! [`Output::Close`] nothing comes out any more.
//!
//! Plain calls run one at a time in the order they came; streams run beside
//! them. While a plain call runs and another one waits, the machine reads no
//! further: [`ServerMachine::wants_input`] tells the driver to leave bytes
//! where they are, so that a client that calls faster than it is served is
//! slowed down and not stored.

mod config;
mod exchange;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use bytes::Bytes;
use serde_json::value::RawValue;

pub use self::{
    config::ServerConfig,
    exchange::{Call, CallKey, Input, Output},
};
use crate::{
    framing::Deframer,
    handshake::{HandshakeError, HandshakeRequest, HandshakeResponse},
    json,
    message::{
        Close, Completion, CompletionOutcome, Headers, Invocation, InvocationId, Message,
        StreamInvocation, StreamItem,
    },
};

/// The official detail of a client that fell silent.
const CLIENT_TIMEOUT: &str = "OperationCanceledException: Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";

/// See the [module](self).
#[derive(Debug)]
pub struct ServerMachine {
    config: ServerConfig,
    state: State,
    deframer: Deframer,
    outputs: VecDeque<Output>,
    last_key: u64,
    /// The plain call that runs; its id is absent when it is never answered.
    running: Option<(CallKey, Option<InvocationId>)>,
    /// The plain call that came while another ran.
    waiting: Option<Invocation>,
    streams: BTreeMap<CallKey, InvocationId>,
    last_sent: Instant,
    last_received: Instant,
    /// Only clients that ping may be missed.
    client_pings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Handshaking { until: Instant },
    Open,
    Closed,
}

impl ServerMachine {
    /// Begins a connection whose transport has just opened.
    pub fn new(config: ServerConfig, now: Instant) -> Self {
        Self {
            config,
            state: State::Handshaking {
                until: now + config.handshake_timeout,
            },
            deframer: Deframer::new(config.max_message),
            outputs: VecDeque::new(),
            last_key: 0,
            running: None,
            waiting: None,
            streams: BTreeMap::new(),
            last_sent: now,
            last_received: now,
            client_pings: false,
        }
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
            Input::Send(frame) => self.on_send(now, frame),
            Input::Completed(key, outcome) => self.on_completed(now, key, outcome),
            Input::Item(key, item) => self.on_item(now, key, item),
            Input::StreamEnded(key, outcome) => {
                if let Some(id) = self.streams.remove(&key) {
                    self.complete(now, id, outcome);
                }
            }
            Input::Shutdown {
                error,
                allow_reconnect,
            } => self.shutdown(now, error, allow_reconnect),
        }
    }

    /// Gives the next thing to do. An emptied queue gives its storage back.
    pub fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() {
            self.outputs = VecDeque::new();
        }
        output
    }

    /// Says when to come back with a tick, if nothing else happens.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Handshaking { until } => Some(until),
            State::Open => {
                let ping = self.last_sent + self.config.keep_alive;
                Some(
                    self.client_deadline()
                        .map_or(ping, |missed| missed.min(ping)),
                )
            }
            State::Closed => None,
        }
    }

    /// Says whether received bytes are welcome now.
    pub fn wants_input(&self) -> bool {
        self.waiting.is_none()
    }

    /// The client is not missed while the server itself keeps it waiting.
    fn client_deadline(&self) -> Option<Instant> {
        let missed = self.client_pings && self.running.is_none();
        missed.then(|| self.last_received + self.config.client_timeout)
    }

    fn on_tick(&mut self, now: Instant) {
        match self.state {
            State::Handshaking { until } if until <= now => {
                self.refuse(now, &HandshakeError::Canceled);
            }
            State::Open if self.client_deadline().is_some_and(|missed| missed <= now) => {
                self.fail(now, CLIENT_TIMEOUT);
            }
            State::Open if self.last_sent + self.config.keep_alive <= now => {
                self.send(now, &Message::Ping);
            }
            State::Handshaking { .. } | State::Open | State::Closed => {}
        }
    }

    fn on_send(&mut self, now: Instant, frame: Bytes) {
        if self.state == State::Open {
            self.send_encoded(now, frame);
        }
    }

    fn on_completed(&mut self, now: Instant, key: CallKey, outcome: CompletionOutcome) {
        let Some((_, id)) = self.running.take_if(|(running, _)| *running == key) else {
            return;
        };
        // The time that the call took does not count against the client.
        self.last_received = now;
        if let Some(id) = id {
            self.complete(now, id, outcome);
        }
        if let Some(next) = self.waiting.take() {
            self.dispatch(next);
        }
        self.read(now);
    }

    fn on_item(&mut self, now: Instant, key: CallKey, item: Box<RawValue>) {
        if let Some(id) = self.streams.get(&key) {
            let invocation_id = id.clone();
            let item = StreamItem {
                invocation_id,
                item,
                headers: Headers::new(),
            };
            self.send(now, &Message::StreamItem(item));
        }
    }

    /// Handles whole messages until there is none, or no room for the next call.
    fn read(&mut self, now: Instant) {
        while self.state != State::Closed && self.wants_input() {
            match self.deframer.next() {
                None => return,
                Some(Err(_)) => self.on_too_large(now),
                Some(Ok(frame)) if self.state == State::Open => self.on_frame(now, &frame),
                Some(Ok(frame)) => self.on_handshake(now, &frame),
            }
        }
    }

    fn on_too_large(&mut self, now: Instant) {
        if self.state != State::Open {
            return self.refuse(now, &HandshakeError::Canceled);
        }
        let limit = self.config.max_message;
        let detail = format!(
            "InvalidDataException: The maximum message size of {limit}B was exceeded. The message size can be configured in AddHubOptions."
        );
        self.fail(now, &detail);
    }

    fn on_handshake(&mut self, now: Instant, frame: &[u8]) {
        if let Err(error) = HandshakeRequest::decode(frame) {
            return self.refuse(now, &error);
        }
        self.state = State::Open;
        self.send_encoded(now, HandshakeResponse::default().encode());
        self.outputs.push_back(Output::Opened);
    }

    fn on_frame(&mut self, now: Instant, frame: &[u8]) {
        match json::decode(frame) {
            Ok(Some(message)) => self.on_message(now, message),
            Ok(None) => {}
            Err(error) => self.fail(now, &format!("InvalidDataException: {error}")),
        }
    }

    fn on_message(&mut self, now: Instant, message: Message) {
        match message {
            Message::Invocation(call) if self.running.is_some() => self.waiting = Some(call),
            Message::Invocation(call) => self.dispatch(call),
            Message::StreamInvocation(call) => self.dispatch_stream(now, call),
            Message::CancelInvocation(cancel) => self.cancel(now, &cancel.invocation_id),
            Message::Ping => self.client_pings = true,
            Message::Close(_) => self.end(),
            // They answer what this server never asks: uploads, client results, resumption.
            Message::StreamItem(_)
            | Message::Completion(_)
            | Message::Ack(_)
            | Message::Sequence(_) => {}
        }
    }

    fn dispatch(&mut self, call: Invocation) {
        let key = self.next_key();
        self.running = Some((key, call.invocation_id));
        self.outputs.push_back(Output::Dispatch(Call {
            key,
            target: call.target,
            arguments: call.arguments,
            streaming: false,
            sent_streams: call.stream_ids.len(),
        }));
    }

    fn dispatch_stream(&mut self, now: Instant, call: StreamInvocation) {
        let id = call.invocation_id;
        if self.streams.values().any(|live| *live == id) {
            let text = format!("Invocation ID '{id}' is already in use.");
            return self.complete(now, id, CompletionOutcome::Error(text));
        }
        let key = self.next_key();
        self.streams.insert(key, id);
        self.outputs.push_back(Output::Dispatch(Call {
            key,
            target: call.target,
            arguments: call.arguments,
            streaming: true,
            sent_streams: call.stream_ids.len(),
        }));
    }

    /// Ends a stream without an error; a plain call cannot be cancelled.
    fn cancel(&mut self, now: Instant, id: &InvocationId) {
        let Some(key) = self
            .streams
            .iter()
            .find(|(_, live)| *live == id)
            .map(|(key, _)| *key)
        else {
            return;
        };
        self.outputs.push_back(Output::Cancel(key));
        if let Some(id) = self.streams.remove(&key) {
            self.complete(now, id, CompletionOutcome::Void);
        }
    }

    fn complete(&mut self, now: Instant, invocation_id: InvocationId, outcome: CompletionOutcome) {
        let completion = Completion {
            invocation_id,
            outcome,
            headers: Headers::new(),
        };
        self.send(now, &Message::Completion(completion));
    }

    fn send(&mut self, now: Instant, message: &Message) {
        self.send_encoded(now, json::encode(message));
    }

    fn send_encoded(&mut self, now: Instant, frame: Bytes) {
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
        if self.state == State::Open {
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
        self.waiting = None;
        self.outputs.push_back(Output::Close);
    }

    fn next_key(&mut self) -> CallKey {
        self.last_key += 1;
        CallKey(self.last_key)
    }
}
