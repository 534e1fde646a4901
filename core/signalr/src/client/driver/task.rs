//! The one task that owns a connection: it carries out what the machine decides.

mod calls;
mod writing;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::timeout;

use self::calls::{Waiting, empty};
use super::{
    command::{Control, Queues},
    error::ConnectError,
    reopen::Reopening,
    stream::Incoming,
    transport::{Event as TransportEvent, Heard, Transport},
    unwritten::Unwritten,
    upload::Uploads,
};
use crate::{
    client::{
        clock::{self, Alarm},
        close::CloseReason,
        machine::{ClientMachine, Event, MachineConfig, Output},
    },
    message::InvocationId,
};

/// When to look again if there is nothing to wait for.
const FAR: Duration = Duration::from_secs(3_600);

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
    /// The streams with items that their readers have no room for yet.
    full: BTreeSet<InvocationId>,
    uploads: Uploads,
    unwritten: Unwritten,
    /// When the write that is under way has taken too long, unless the server is heard meanwhile.
    write_ends: Option<Instant>,
    alarm: Alarm,
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
        let repeated = reopening.as_ref().map_or(0, |it| it.buffer());
        Self {
            machine,
            config,
            queues,
            transport: Some(transport),
            reopening,
            backlog: VecDeque::new(),
            waiting: BTreeMap::new(),
            full: BTreeSet::new(),
            uploads: Uploads::default(),
            unwritten: Unwritten::new(repeated),
            write_ends: None,
            alarm: Alarm::default(),
            unwanted: FuturesUnordered::new(),
            is_open: false,
            ended: None,
        }
    }

    /// Runs until the handshake is done.
    pub(crate) async fn shake_hands(&mut self) -> Result<(), ConnectError> {
        loop {
            self.carry_out();
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
            self.carry_out();
            if let Some(reason) = self.ended.take() {
                return self.finish(reason).await;
            }
            self.step().await;
        }
    }

    /// Waits for one thing to happen. The server is heard also while something is being written:
    /// it may be waiting for us to read before it reads itself. Nothing is read while the
    /// application is behind, and nothing taken to be written while much waits or the server has to
    /// confirm something first.
    async fn step(&mut self) {
        let deadline = self.deadline();
        let has_room = self.backlog.is_empty();
        let listens = has_room && self.full.is_empty() && self.unwritten.may_grow();
        let may_write = self.machine.has_room() && self.unwritten.has_room();
        let incoming = self.queues.incoming.clone();
        tokio::select! {
            event = event(&mut self.transport, listens) => self.on_transport(event),
            reopened = reopened(&mut self.reopening) => self.on_reopened(reopened),
            Some(command) = self.queues.commands.recv(), if may_write => self.obey(command),
            control = self.queues.controls.recv() => self.on_control(control),
            Some(uploaded) = self.uploads.next(), if may_write => self.pass_on(uploaded),
            Some(id) = self.unwanted.next(), if may_write => self.give_up(&id),
            (id, is_empty) = empty(&mut self.waiting, &self.full) => self.on_emptied(&id, is_empty),
            permit = incoming.reserve(), if !has_room => match permit {
                Ok(permit) => {
                    if let Some(next) = self.backlog.pop_front() {
                        permit.send(next);
                    }
                }
                Err(_) => self.machine.close(clock::now()),
            },
            () = self.alarm.ring(deadline) => self.tick(listens),
        }
    }

    async fn hear_or_tick(&mut self) {
        let deadline = self.deadline();
        tokio::select! {
            event = event(&mut self.transport, true) => self.on_transport(event),
            () = self.alarm.ring(deadline) => self.tick(true),
        }
    }

    fn deadline(&self) -> Instant {
        let reopening = self.reopening.as_ref().and_then(|it| it.deadline());
        let deadlines = [self.machine.deadline(), reopening, self.write_ends];
        let deadline = deadlines.into_iter().flatten().min();
        deadline.unwrap_or_else(|| clock::now() + FAR)
    }

    /// A server is not silent while it is we who do not listen, nor while it is in the middle of
    /// something long.
    fn tick(&mut self, listens: bool) {
        let now = clock::now();
        if !listens || self.transport.as_mut().is_some_and(Transport::was_heard) {
            self.machine.handle_bytes(now, &[]);
        }
        self.machine.handle_tick(now);
        if self.write_ends.is_some_and(|end| end <= now) {
            self.machine.handle_lost();
        }
    }

    fn on_transport(&mut self, event: TransportEvent) {
        match event {
            TransportEvent::Heard(heard) => self.on_heard(heard),
            TransportEvent::Written => self.write_ends = None,
            TransportEvent::Broken => self.machine.handle_lost(),
        }
    }

    fn on_heard(&mut self, heard: Heard) {
        if self.write_ends.is_some() {
            self.write_ends = Some(self.end_of_write());
        }
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

    /// Does all that the machine and the attempts to reopen want done now.
    fn carry_out(&mut self) {
        loop {
            self.drain();
            if self.feed().is_err() {
                self.machine.handle_lost();
                continue;
            }
            if !self.reopening.as_mut().is_some_and(|it| it.advance()) {
                return;
            }
            self.machine.handle_given_up();
        }
    }

    /// Drains the machine.
    fn drain(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Send(bytes) => self.unwritten.add(&bytes),
                Output::Probe => self.unwritten.doubt(),
                Output::Reopen(reach) => {
                    self.transport = None;
                    // The machine repeats on the next transport what the server has not confirmed.
                    self.unwritten.clear();
                    self.write_ends = None;
                    if let Some(reopening) = &mut self.reopening {
                        reopening.lost(reach);
                    }
                }
                Output::Event(event) => self.on_event(event),
            }
        }
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

    /// Fails what waits, ends a socket that still works, and tells the application last. Callers
    /// whose commands still wait learn of it when the queue is dropped with the task.
    async fn finish(mut self, reason: CloseReason) {
        self.fail_calls();
        if reason.leaves_a_line() {
            let limit = self.config.handshake_timeout;
            if timeout(limit, self.say_goodbye()).await.is_err() {
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

/// Waits for the transport; forever without one.
async fn event(transport: &mut Option<Transport>, read: bool) -> TransportEvent {
    match transport {
        Some(transport) => transport.event(read).await,
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
