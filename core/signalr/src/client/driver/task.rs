//! The one task that owns a connection: it carries out what the machine decides.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    command::{Command, Control, Interest, Items, Queues, Wanted},
    error::{CallError, ConnectError},
    reopen::Reopening,
    stream::Incoming,
    transport::{Broken, Heard, Transport},
    unwritten::Unwritten,
    upload::{OpenUpload, Uploaded, Uploads},
};
use crate::{
    client::{
        clock,
        close::CloseReason,
        machine::{Begun, Call, ClientMachine, Event, MachineConfig, Output},
    },
    message::{CompletionOutcome, InvocationId},
    payload::Payload,
};

/// When to look again if there is nothing to wait for.
const FAR: Duration = Duration::from_secs(3_600);

/// Who waits for the end of a call.
#[derive(Debug)]
enum Waiting {
    Answer(oneshot::Sender<CompletionOutcome>),
    Items(Items),
}

pub(crate) struct Task {
    machine: ClientMachine,
    config: MachineConfig,
    queues: Queues,
    /// Absent while another one is opened in its place.
    transport: Option<Transport>,
    /// How a stateful connection comes to another transport.
    reopening: Option<Box<Reopening>>,
    /// What one socket message brought and the application has no room for yet.
    backlog: VecDeque<Incoming>,
    waiting: BTreeMap<InvocationId, Waiting>,
    uploads: Uploads,
    /// Each gives the id of a call when nobody wants its answer or its items any more.
    unwanted: FuturesUnordered<BoxFuture<'static, InvocationId>>,
    is_open: bool,
    ended: Option<CloseReason>,
}

impl Task {
    pub(crate) fn new(
        machine: ClientMachine,
        config: MachineConfig,
        queues: Queues,
        transport: Transport,
        reopening: Option<Box<Reopening>>,
    ) -> Self {
        Self {
            machine,
            config,
            queues,
            transport: Some(transport),
            reopening,
            backlog: VecDeque::new(),
            waiting: BTreeMap::new(),
            uploads: Uploads::default(),
            unwanted: FuturesUnordered::new(),
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

    /// Waits for one thing to happen. The socket is not read while the application is behind, and
    /// nothing is taken to be written while the server has to confirm something first.
    async fn step(&mut self) {
        let deadline = self.deadline();
        let has_room = self.backlog.is_empty();
        let may_write = self.machine.has_room();
        let incoming = self.queues.incoming.clone();
        tokio::select! {
            heard = hear(&mut self.transport), if has_room => self.on_heard(heard),
            reopened = reopened(&mut self.reopening) => self.on_reopened(reopened),
            Some(command) = self.queues.commands.recv(), if may_write => self.obey(command),
            control = self.queues.controls.recv() => self.on_control(control),
            Some(uploaded) = self.uploads.next(), if may_write => self.pass_on(uploaded),
            Some(id) = self.unwanted.next(), if may_write => self.give_up(&id),
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
            heard = hear(&mut self.transport) => self.on_heard(heard),
            () = clock::sleep_until(deadline, clock::now) => self.machine.handle_tick(clock::now()),
        }
    }

    fn deadline(&self) -> Instant {
        let reopening = self.reopening.as_ref().and_then(|it| it.deadline());
        let deadlines = [self.machine.deadline(), reopening];
        let deadline = deadlines.into_iter().flatten().min();
        deadline.unwrap_or_else(|| clock::now() + FAR)
    }

    /// A server is not silent while it is we who do not listen, nor while it is in the middle of
    /// something long.
    fn tick(&mut self, has_room: bool) {
        let now = clock::now();
        if !has_room || self.transport.as_mut().is_some_and(Transport::was_heard) {
            self.machine.handle_bytes(now, &[]);
        }
        self.machine.handle_tick(now);
    }

    fn on_heard(&mut self, heard: Heard) {
        // What came is counted now, and is no reason to wait longer later.
        self.transport.as_mut().map(Transport::was_heard);
        match heard {
            Heard::Bytes(bytes) => self.machine.handle_bytes(clock::now(), &bytes),
            Heard::Alive => self.machine.handle_bytes(clock::now(), &[]),
            Heard::Oversized => self.machine.handle_oversized(),
            Heard::Ended => self.machine.handle_ended(),
            Heard::Lost => self.machine.handle_lost(),
        }
    }

    /// The next attempt, or the end of all, is due at its deadline.
    fn on_reopened(&mut self, reopened: Result<Transport, ConnectError>) {
        if let Ok(transport) = reopened {
            self.transport = Some(transport);
            self.machine.handle_reopened(clock::now());
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Call {
                call,
                uploads,
                wanted,
            } => self.begin(call, uploads, wanted),
            Command::Complete { id, outcome } => {
                self.machine.complete(clock::now(), &id, outcome);
            }
        }
    }

    fn on_control(&mut self, control: Option<Control>) {
        match control {
            Some(Control::Probe) => {
                self.machine.probe(clock::now());
                if let Some(reopening) = &mut self.reopening {
                    reopening.network_changed();
                }
            }
            Some(Control::Close) | None => self.close(),
        }
    }

    /// What was called before goes out before, as far as there is room.
    fn close(&mut self) {
        while self.machine.has_room()
            && let Ok(command) = self.queues.commands.try_recv()
        {
            self.obey(command);
        }
        self.machine.close(clock::now());
    }

    fn begin(&mut self, call: Call, uploads: Vec<OpenUpload>, wanted: Wanted) {
        let now = clock::now();
        let ids = match wanted {
            Wanted::Nothing => self.machine.send(now, call),
            // Who waits no more needs no answer, and the server not the call.
            Wanted::Answer { answer, .. } if answer.is_closed() => return,
            Wanted::Answer { answer, caller } => {
                let begun = self.machine.invoke(now, call);
                self.await_end(begun, Waiting::Answer(answer), caller)
            }
            Wanted::Items { items, caller } => {
                let begun = self.machine.stream(now, call);
                self.await_end(begun, Waiting::Items(items), caller)
            }
        };
        for (id, upload) in ids.into_iter().zip(uploads) {
            self.uploads.add(id, upload);
        }
    }

    /// Waits for the end of a call: by the server, or because nobody wants it any more. Gives the
    /// ids of its uploads.
    fn await_end(&mut self, begun: Begun, waiting: Waiting, caller: Interest) -> Vec<InvocationId> {
        let id = begun.id.clone();
        self.unwanted.push(Box::pin(async move {
            drop(caller.await);
            id
        }));
        self.waiting.insert(begun.id, waiting);
        begun.uploads
    }

    fn pass_on(&mut self, uploaded: Uploaded) {
        let now = clock::now();
        match uploaded {
            Uploaded::Item(id, item) => self.machine.upload(now, &id, item),
            Uploaded::Ended(id, error) => self.machine.end_upload(now, &id, error),
        }
    }

    /// Does all that the machine and the attempts to reopen want done now.
    async fn carry_out(&mut self) {
        loop {
            let wanted = self.drain();
            if !self.write(wanted).await {
                self.machine.handle_lost();
                continue;
            }
            if !self.reopening.as_mut().is_some_and(|it| it.advance()) {
                return;
            }
            self.machine.handle_given_up();
        }
    }

    /// Drains the machine; what it wants written goes out as one, or in few.
    fn drain(&mut self) -> Unwritten {
        let mut unwritten = Unwritten::default();
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Send(bytes) => unwritten.add(&bytes),
                Output::Probe => unwritten.is_in_doubt = true,
                Output::Reopen(reach) => {
                    self.transport = None;
                    if let Some(reopening) = &mut self.reopening {
                        reopening.lost(reach);
                    }
                }
                Output::Event(event) => self.on_event(event),
            }
        }
        unwritten
    }

    /// Says whether the transport took it. One that is absent, or that ended already, does.
    async fn write(&mut self, unwritten: Unwritten) -> bool {
        let Some(transport) = &mut self.transport else {
            return true;
        };
        let limit = self.config.server_timeout;
        let format = self.config.protocol.transfer_format();
        let writing = async {
            for batch in unwritten.batches {
                timeout(limit, transport.send(batch, format))
                    .await
                    .map_err(|_| Broken)??;
            }
            if unwritten.is_in_doubt {
                timeout(limit, transport.probe())
                    .await
                    .map_err(|_| Broken)??;
            }
            Ok::<_, Broken>(())
        };
        writing.await.is_ok() || self.ended.is_some()
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Opened => self.is_open = true,
            Event::Invocation(invocation) => self.tell(Incoming::Invocation(invocation)),
            Event::Item { id, item } => self.on_item(&id, item),
            Event::Completed { id, outcome } => self.on_completed(&id, outcome),
            Event::UploadOver(id) => self.uploads.remove(&id),
            Event::Resuming => self.tell(Incoming::Resuming),
            Event::Resumed => self.tell(Incoming::Resumed),
            Event::Closed(reason) => self.ended = Some(reason),
        }
    }

    fn tell(&mut self, incoming: Incoming) {
        self.backlog.push_back(incoming);
        while let Ok(permit) = self.queues.incoming.try_reserve() {
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

    /// Cancels a call that nobody wants; one that ended already is let be. Servers before .NET 11
    /// end only streams so, and ignore it otherwise.
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
        if reason.leaves_a_line()
            && let Some(transport) = &mut self.transport
        {
            let closing = transport.close();
            if timeout(self.config.handshake_timeout, closing)
                .await
                .is_err()
            {
                tracing::debug!("the end of the connection could not be written");
            }
        }
        self.backlog.push_back(Incoming::Closed(reason));
        for incoming in std::mem::take(&mut self.backlog) {
            if self.queues.incoming.send(incoming).await.is_err() {
                return;
            }
        }
    }
}

/// Waits for the server; forever without a transport.
async fn hear(transport: &mut Option<Transport>) -> Heard {
    match transport {
        Some(transport) => transport.hear().await,
        None => std::future::pending().await,
    }
}

/// Waits for an attempt to open another transport; forever when none runs.
async fn reopened(reopening: &mut Option<Box<Reopening>>) -> Result<Transport, ConnectError> {
    match reopening {
        Some(reopening) => reopening.attempted().await,
        None => std::future::pending().await,
    }
}
