mod bypass;
mod resume;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use tokio::sync::oneshot;

use super::{
    calls::{Calls, Done},
    lifeline::Lifeline,
    scope::{Scope, Value},
    socket::{Event as SocketEvent, Socket},
};
use crate::{
    message::CompletionOutcome,
    server::{
        HubConfig, HubError,
        ask::{Answer, Errand},
        clock::{self, Alarm},
        hub::{Taken, UploadPart},
        machine::{Ask, CallKey, Input, Output, ResultKey, ServerMachine, trim},
        outgoing::Outgoing,
        queue::Popped,
        text,
        written::Receipt,
    },
};

/// One connection at work, in rounds: [`settle`](Self::settle) does what the
/// machine asks, [`wait`](Self::wait) waits for the next event,
/// [`on_event`](Self::on_event) takes it to the machine.
pub(super) struct Driver<S, U> {
    scope: Scope<S, U>,
    machine: ServerMachine,
    socket: Socket,
    /// How many bytes of whole messages one write may put together.
    batch: usize,
    outgoing: Outgoing,
    /// The receipts of what is being written.
    in_flight: Vec<Receipt>,
    calls: Calls,
    phase: Phase,
    alarm: Alarm,
    /// Whether the handshake was done and the connection welcomed.
    was_opened: bool,
    /// Those who await an answer of the client.
    asking: BTreeMap<ResultKey, oneshot::Sender<Answer>>,
    /// There when negotiate granted stateful reconnect and the handshake did not decline it.
    lifeline: Option<Arc<Lifeline>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Handshaking,
    /// The handler of new connections runs.
    Welcoming,
    Serving,
    /// The machine is done; what it said last is on its way.
    Closing {
        until: Instant,
    },
}

/// What a driver waits for.
#[derive(Debug)]
enum Event {
    Socket(SocketEvent),
    Queue,
    Call(Done),
    Deadline,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By us: all was written, the goodbye is left.
    Ours,
    /// By the client's goodbye.
    Theirs,
    /// By a broken or stuck socket.
    Lost,
    /// By a message that no socket may be given.
    TooLarge,
}

impl<S: Value, U: Value> Driver<S, U> {
    pub(super) fn new(scope: Scope<S, U>, socket: Socket, lifeline: Option<Arc<Lifeline>>) -> Self {
        let config = &scope.shared.config;
        let machine = ServerMachine::new(config.protocol, clock::now()).over(socket.carrier());
        let machine = match config.stateful_reconnect {
            Some(terms) if lifeline.is_some() => machine.granting(terms),
            Some(_) | None => machine,
        };
        Self {
            machine,
            batch: socket.batch(config),
            socket,
            outgoing: Outgoing::default(),
            in_flight: Vec::new(),
            calls: Calls::new(),
            phase: Phase::Handshaking,
            alarm: Alarm::new(clock::now()),
            was_opened: false,
            asking: BTreeMap::new(),
            lifeline,
            scope,
        }
    }

    /// Runs to the end; says whether the hub ever took notice of the connection.
    ///
    /// It is boxed, and so is what only happens at the end: a task is as large as the largest of
    /// its moments, and idle connections are many.
    pub(super) async fn run(mut self: Box<Self>) -> bool {
        let end = loop {
            let end = match self.settle() {
                Some(end) => Some(end),
                None => {
                    let event = self.wait().await;
                    self.on_event(event)
                }
            };
            if let Some(end) = end
                && !self.survives(end)
            {
                break end;
            }
        };
        tracing::debug!(connection = %self.scope.connection.id(), ?end, "connection ends");
        Box::pin(self.part(end)).await
    }

    /// Does what the machine asks until it asks nothing, and feeds the socket as long as it takes
    /// what it is given.
    fn settle(&mut self) -> Option<End> {
        loop {
            self.obey();
            if self.socket.is_writing() {
                return None;
            }
            if self.socket.is_ready() {
                self.confirm_written();
            }
            self.take_queued(self.batch);
            if self.outgoing.is_empty() {
                if self.is_closing() {
                    return Some(End::Ours);
                }
                if !self.rest() {
                    continue;
                }
                return None;
            }
            if !self.socket.is_ready() {
                return None;
            }
            let batch = self.outgoing.take_batch(self.batch)?;
            self.in_flight.extend(self.outgoing.passed());
            if batch.len() > self.config().max_write_buffer {
                return Some(End::TooLarge);
            }
            let format = self.scope.connection.protocol().transfer_format();
            if self.socket.write(batch, format).is_err() {
                return Some(End::Lost);
            }
        }
    }

    /// Reports what was given to a socket that is ready for more: all of it was written. Over long
    /// polling the client has come for more, and does so once it has the last answer.
    fn confirm_written(&mut self) {
        let written = std::mem::take(&mut self.in_flight);
        written.into_iter().for_each(Receipt::confirm);
    }

    fn obey(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Opened(protocol) => {
                    self.scope.connection.speak(protocol);
                    self.open_bypass(protocol);
                    self.phase = Phase::Welcoming;
                    self.was_opened = true;
                    self.open_lifeline();
                    self.calls.welcome(&self.scope);
                }
                Output::Send(frame) => self.outgoing.push(frame),
                Output::Dispatch(call) if call.streaming => {
                    self.calls.start_stream(&self.scope, call);
                }
                Output::Dispatch(call) => self.calls.start(&self.scope, call),
                Output::Cancel(key) => {
                    self.calls.cancel(key);
                    self.calls.forget(key);
                }
                Output::CancelCall(key) => self.calls.cancel(key),
                Output::UploadItem(key, item) => {
                    self.calls.feeds.give(key, UploadPart::Item(item));
                }
                Output::UploadEnded(key, error) => {
                    self.calls.feeds.give(key, UploadPart::End(error));
                    self.calls.feeds.forget(key);
                }
                Output::DropUpload(key) => self.calls.feeds.forget(key),
                Output::Result(key, answer) => {
                    if let Some(asker) = self.asking.remove(&key) {
                        // Whoever gave up waiting does not miss the answer.
                        asker.send(answer).ok();
                    }
                    trim(&mut self.asking);
                }
                Output::Close => {
                    self.scope.connection.end();
                    self.end_lifeline();
                    let until = clock::now() + self.config().close_timeout;
                    self.phase = Phase::Closing { until };
                }
            }
        }
    }

    /// Moves frames from other parts of the server to the socket's side, until that holds `enough`.
    fn take_queued(&mut self, enough: usize) {
        while self.outgoing.bytes() < enough {
            let (popped, receipts) = match self.phase {
                Phase::Welcoming | Phase::Serving => self.pop_sendable(enough == usize::MAX),
                Phase::Handshaking => (self.scope.connection.queue().pop_close(), Vec::new()),
                Phase::Closing { .. } => return,
            };
            let input = match popped {
                Popped::Empty => return,
                Popped::Frame(frame) => Input::Send(frame),
                Popped::Close { allow_reconnect } => Input::Shutdown {
                    error: None,
                    allow_reconnect,
                },
                Popped::Expired => Input::Shutdown {
                    error: Some(text::EXPIRED.to_owned()),
                    allow_reconnect: true,
                },
            };
            self.machine.handle(clock::now(), input);
            self.obey();
            self.outgoing.track(receipts);
        }
    }

    async fn wait(&mut self) -> Event {
        let room = self.outgoing.bytes() < self.batch;
        let read = room && self.machine.wants_input();
        let room = room && self.machine.takes_output();
        let deadline = self.deadline();
        tokio::select! {
            event = self.socket.event(read) => Event::Socket(event),
            () = self.scope.connection.queue().changed() => Event::Queue,
            done = self.calls.next(), if room => Event::Call(done),
            () = self.alarm.ring(deadline) => Event::Deadline,
        }
    }

    /// When to look again if nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let close = match self.phase {
            Phase::Closing { until } => Some(until),
            Phase::Handshaking | Phase::Welcoming | Phase::Serving => None,
        };
        [self.machine.deadline(), self.socket.deadline(), close]
            .into_iter()
            .flatten()
            .min()
    }

    fn on_event(&mut self, event: Event) -> Option<End> {
        self.take_over();
        match event {
            Event::Socket(event) => self.on_socket(event),
            Event::Queue => {
                self.take_next_socket();
                self.take_errands();
                None
            }
            Event::Call(done) => {
                self.on_done(done);
                None
            }
            Event::Deadline => self.on_deadline(),
        }
    }

    /// Asks the client what somebody on the server wants to know.
    fn take_errands(&mut self) {
        if !self.machine.takes_output() {
            return;
        }
        for errand in self.scope.connection.asks().take() {
            // What the asker sent before it asked reaches the client before the question.
            self.take_queued(usize::MAX);
            if self.is_closing() {
                return;
            }
            let now = clock::now();
            let input = match errand {
                Errand::Forget(key) => {
                    self.asking.remove(&key);
                    Input::Forget(key)
                }
                Errand::Ask(asked) => {
                    self.asking.insert(asked.key, asked.answer);
                    Input::Ask(Ask {
                        key: asked.key,
                        target: asked.target,
                        arguments: asked.arguments,
                        until: now.checked_add(asked.patience),
                        from_welcome: asked.from_welcome,
                    })
                }
            };
            self.machine.handle(now, input);
            self.obey();
        }
    }

    fn on_socket(&mut self, event: SocketEvent) -> Option<End> {
        match event {
            SocketEvent::Received(bytes) => self.on_received(&bytes),
            SocketEvent::Ready if self.socket.is_polled() => {
                self.scope.connection.note_received(clock::now());
            }
            SocketEvent::Ready => {}
            SocketEvent::Oversized => self.machine.handle(clock::now(), Input::Oversized),
            SocketEvent::Closed => return Some(End::Theirs),
            SocketEvent::Lost => return Some(End::Lost),
        }
        None
    }

    fn on_done(&mut self, done: Done) {
        // What a handler sent before it answered reaches the client before the answer.
        self.take_queued(usize::MAX);
        let input = match done {
            Done::Welcomed(outcome) => return self.on_welcomed(outcome),
            Done::Completed(key, outcome, receipt) => {
                self.calls.forget(key);
                return self.on_completed(key, outcome, receipt);
            }
            Done::Item(key, item) => Input::Item(key, item),
            Done::StreamEnded(key, outcome) => {
                self.calls.forget(key);
                Input::StreamEnded(key, outcome)
            }
            Done::Taken(Taken::Item(key)) => Input::UploadTaken(key),
            Done::Taken(Taken::Whole(key)) => Input::UploadDropped(key),
        };
        self.machine.handle(clock::now(), input);
    }

    fn on_completed(&mut self, key: CallKey, outcome: CompletionOutcome, receipt: Option<Receipt>) {
        // A machine that has ended sends no completion.
        let receipt = receipt.filter(|_| !self.is_closing());
        self.machine
            .handle(clock::now(), Input::Completed(key, outcome));
        self.obey();
        self.outgoing.track(receipt);
    }

    fn on_welcomed(&mut self, outcome: Result<(), HubError>) {
        if self.is_closing() {
            return;
        }
        if let Err(error) = outcome {
            tracing::warn!(connection = %self.scope.connection.id(), %error, "on_connected failed");
            let error = Some(text::closed(&error, self.config().protocol.detailed_errors));
            let input = Input::Shutdown {
                error,
                allow_reconnect: false,
            };
            return self.machine.handle(clock::now(), input);
        }
        self.phase = Phase::Serving;
        self.machine.handle(clock::now(), Input::Welcomed);
    }

    fn on_deadline(&mut self) -> Option<End> {
        let now = clock::now();
        let stalled = self.socket.deadline().is_some_and(|until| until <= now);
        let overdue = matches!(self.phase, Phase::Closing { until } if until <= now);
        if stalled || overdue {
            return Some(End::Lost);
        }
        self.machine.handle(now, Input::Tick);
        None
    }

    /// Ends the socket in the way the end asks for.
    async fn part(mut self: Box<Self>, end: End) -> bool {
        self.end_lifeline();
        let Self {
            scope,
            socket,
            asking,
            calls,
            was_opened,
            outgoing,
            in_flight,
            ..
        } = *self;
        let patience = scope.shared.config.close_timeout;
        scope.connection.end();
        drop(asking);
        drop((outgoing, in_flight));
        calls.leave();
        let goodbye = async {
            match end {
                End::Ours => socket.close().await,
                End::Theirs => socket.answer_close().await,
                End::Lost | End::TooLarge => {}
            }
        };
        tokio::time::timeout(patience, goodbye)
            .await
            .unwrap_or_default();
        was_opened
    }

    fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. })
    }

    fn config(&self) -> &HubConfig {
        &self.scope.shared.config
    }
}
