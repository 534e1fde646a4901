//! The one task that owns a connection: it carries out what the machine decides.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    error::{CallError, ConnectError},
    stream::Incoming,
    transport::{Heard, Transport},
    upload::{OpenUpload, Uploaded, Uploads},
};
use crate::{
    client::{
        clock,
        close::CloseReason,
        machine::{Call, ClientMachine, Event, MachineConfig, Output},
    },
    message::{CompletionOutcome, Invocation, InvocationId},
    payload::Payload,
};

/// When to look again if there is nothing to wait for.
const FAR: Duration = Duration::from_secs(3_600);

/// What the application asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Call {
        call: Call,
        uploads: Vec<OpenUpload>,
        wanted: Wanted,
    },
    Complete {
        id: InvocationId,
        outcome: CompletionOutcome,
    },
    Probe,
    Close,
}

type Items = mpsc::Sender<Result<Payload, CallError>>;

/// What the application wants of a call.
#[derive(Debug)]
pub(crate) enum Wanted {
    Nothing,
    Answer(oneshot::Sender<CompletionOutcome>),
    Items {
        items: Items,
        /// Fails when nobody reads the items any more.
        reader: oneshot::Receiver<Infallible>,
    },
}

/// Who waits for the end of a call.
#[derive(Debug)]
enum Waiting {
    Answer(oneshot::Sender<CompletionOutcome>),
    Items(Items),
}

pub(crate) struct Task {
    transport: Transport,
    machine: ClientMachine,
    config: MachineConfig,
    commands: mpsc::Receiver<Command>,
    incoming: mpsc::Sender<Incoming>,
    /// What one socket message brought and the application has no room for yet.
    backlog: VecDeque<Incoming>,
    waiting: BTreeMap<InvocationId, Waiting>,
    uploads: Uploads,
    /// Each gives the id of a stream of the server's when its reader is gone.
    unread: FuturesUnordered<BoxFuture<'static, InvocationId>>,
    is_open: bool,
    ended: Option<CloseReason>,
}

impl Task {
    pub(crate) fn new(
        transport: Transport,
        config: MachineConfig,
        now: Instant,
        commands: mpsc::Receiver<Command>,
        incoming: mpsc::Sender<Incoming>,
    ) -> Self {
        Self {
            machine: ClientMachine::new(config, now).over(transport.carrier()),
            transport,
            config,
            commands,
            incoming,
            backlog: VecDeque::new(),
            waiting: BTreeMap::new(),
            uploads: Uploads::default(),
            unread: FuturesUnordered::new(),
            is_open: false,
            ended: None,
        }
    }

    /// Runs until the handshake is done.
    pub(crate) async fn shake_hands(&mut self) -> Result<(), ConnectError> {
        loop {
            self.carry_out().await;
            if let Some(reason) = self.ended.take() {
                return Err(ConnectError::Closed(reason));
            }
            if self.is_open {
                return Ok(());
            }
            self.hear_or_tick().await;
        }
    }

    /// Runs until the connection is over, and tells why.
    pub(crate) async fn run(mut self) {
        loop {
            self.carry_out().await;
            if let Some(reason) = self.ended.take() {
                return self.finish(reason).await;
            }
            self.step().await;
        }
    }

    /// Waits for one thing to happen. The socket is not read while the application is behind.
    async fn step(&mut self) {
        let deadline = self.deadline();
        let has_room = self.backlog.is_empty();
        let incoming = self.incoming.clone();
        tokio::select! {
            heard = self.transport.hear(), if has_room => self.on_heard(heard),
            command = self.commands.recv() => self.obey(command),
            Some(uploaded) = self.uploads.next() => self.pass_on(uploaded),
            Some(id) = self.unread.next() => self.give_up(&id),
            permit = incoming.reserve(), if !has_room => match permit {
                Ok(permit) => {
                    if let Some(next) = self.backlog.pop_front() {
                        permit.send(next);
                    }
                }
                Err(_) => self.machine.close(clock::now()),
            },
            () = clock::sleep_until(deadline, clock::now) => self.tick(has_room),
        }
    }

    async fn hear_or_tick(&mut self) {
        let deadline = self.deadline();
        tokio::select! {
            heard = self.transport.hear() => self.on_heard(heard),
            () = clock::sleep_until(deadline, clock::now) => self.machine.handle_tick(clock::now()),
        }
    }

    fn deadline(&self) -> Instant {
        let deadline = self.machine.deadline();
        deadline.unwrap_or_else(|| clock::now() + FAR)
    }

    /// A server is not silent while it is we who do not listen, nor while it is in the middle of
    /// something long.
    fn tick(&mut self, has_room: bool) {
        let now = clock::now();
        if !has_room || self.transport.was_heard() {
            self.machine.handle_bytes(now, &[]);
        }
        self.machine.handle_tick(now);
    }

    fn on_heard(&mut self, heard: Heard) {
        // What came is counted now, and is no reason to wait longer later.
        self.transport.was_heard();
        match heard {
            Heard::Bytes(bytes) => self.machine.handle_bytes(clock::now(), &bytes),
            Heard::Alive => self.machine.handle_bytes(clock::now(), &[]),
            Heard::Oversized => self.machine.handle_oversized(),
            Heard::Lost => self.machine.handle_lost(),
        }
    }

    fn obey(&mut self, command: Option<Command>) {
        let now = clock::now();
        match command {
            Some(Command::Call {
                call,
                uploads,
                wanted,
            }) => self.begin(call, uploads, wanted),
            Some(Command::Complete { id, outcome }) => self.machine.complete(now, &id, outcome),
            Some(Command::Probe) => self.machine.probe(now),
            Some(Command::Close) | None => self.machine.close(now),
        }
    }

    fn begin(&mut self, call: Call, uploads: Vec<OpenUpload>, wanted: Wanted) {
        let now = clock::now();
        let ids = match wanted {
            Wanted::Nothing => self.machine.send(now, call),
            Wanted::Answer(answer) => {
                let begun = self.machine.invoke(now, call);
                self.waiting.insert(begun.id, Waiting::Answer(answer));
                begun.uploads
            }
            Wanted::Items { items, reader } => {
                let begun = self.machine.stream(now, call);
                let id = begun.id.clone();
                self.unread.push(Box::pin(async move {
                    drop(reader.await);
                    id
                }));
                self.waiting.insert(begun.id, Waiting::Items(items));
                begun.uploads
            }
        };
        for (id, upload) in ids.into_iter().zip(uploads) {
            self.uploads.add(id, upload);
        }
    }

    fn pass_on(&mut self, uploaded: Uploaded) {
        let now = clock::now();
        match uploaded {
            Uploaded::Item(id, item) => self.machine.upload(now, &id, item),
            Uploaded::Ended(id, error) => self.machine.end_upload(now, &id, error),
        }
    }

    /// Drains the machine; everything it wants written goes out as one.
    async fn carry_out(&mut self) {
        let mut batch = Vec::new();
        let mut is_in_doubt = false;
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Send(bytes) => batch.extend_from_slice(&bytes),
                Output::Probe => is_in_doubt = true,
                Output::Event(event) => self.on_event(event),
            }
        }
        let limit = self.config.server_timeout;
        let format = self.config.protocol.transfer_format();
        if !batch.is_empty() {
            let sent = timeout(limit, self.transport.send(batch, format)).await;
            self.check(matches!(sent, Ok(Ok(()))));
        }
        if is_in_doubt {
            let sent = timeout(limit, self.transport.probe()).await;
            self.check(matches!(sent, Ok(Ok(()))));
        }
    }

    /// Gives the connection up after a write that failed.
    fn check(&mut self, is_written: bool) {
        if is_written || self.ended.is_some() {
            return;
        }
        self.machine.handle_lost();
        while let Some(output) = self.machine.poll() {
            if let Output::Event(event) = output {
                self.on_event(event);
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Opened => self.is_open = true,
            Event::Invocation(invocation) => self.on_invocation(invocation),
            Event::Item { id, item } => self.on_item(&id, item),
            Event::Completed { id, outcome } => self.on_completed(&id, outcome),
            Event::UploadOver(id) => self.uploads.remove(&id),
            Event::Closed(reason) => self.ended = Some(reason),
        }
    }

    fn on_invocation(&mut self, invocation: Invocation) {
        self.backlog.push_back(Incoming::Invocation(invocation));
        while let Ok(permit) = self.incoming.try_reserve() {
            let Some(incoming) = self.backlog.pop_front() else {
                return;
            };
            permit.send(incoming);
        }
    }

    /// A stream that the application dropped is ended; one it does not read is given up.
    fn on_item(&mut self, id: &InvocationId, item: Payload) {
        let Some(Waiting::Items(items)) = self.waiting.get(id) else {
            return;
        };
        let is_given_up = match items.try_send(Ok(item)) {
            Ok(()) => false,
            Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                let items = items.clone();
                tokio::spawn(async move { items.send(Err(CallError::Lagged)).await });
                true
            }
        };
        if is_given_up {
            self.give_up(id);
        }
    }

    /// Ends a stream of the server's that nobody reads; one that ended already is let be.
    fn give_up(&mut self, id: &InvocationId) {
        self.waiting.remove(id);
        self.machine.cancel(clock::now(), id);
    }

    fn on_completed(&mut self, id: &InvocationId, outcome: CompletionOutcome) {
        match self.waiting.remove(id) {
            Some(Waiting::Answer(answer)) => drop(answer.send(outcome)),
            Some(Waiting::Items(items)) => {
                if let CompletionOutcome::Error(error) = outcome {
                    tokio::spawn(async move { items.send(Err(CallError::Failed(error))).await });
                }
            }
            None => {}
        }
    }

    /// Fails what waits, ends a socket that still works, and tells the application last. Callers
    /// whose commands still wait learn of it when the queue is dropped with the task.
    async fn finish(mut self, reason: CloseReason) {
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            match waiting {
                Waiting::Answer(answer) => drop(answer),
                Waiting::Items(items) => {
                    tokio::spawn(async move { items.send(Err(CallError::Disconnected)).await });
                }
            }
        }
        if reason.leaves_a_line() {
            let closing = self.transport.close();
            if timeout(self.config.handshake_timeout, closing)
                .await
                .is_err()
            {
                tracing::debug!("the end of the connection could not be written");
            }
        }
        self.backlog.push_back(Incoming::Closed(reason));
        for incoming in std::mem::take(&mut self.backlog) {
            if self.incoming.send(incoming).await.is_err() {
                return;
            }
        }
    }
}
