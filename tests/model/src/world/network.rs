//! Calls, answers and events on their way.

use std::time::Duration;

use vestnik_core::{
    machine::{
        CallFailure, ConnectionNumber, ForeignBody,
        engine::{Event, Input},
        session::Standing,
    },
    transport::HubEvent,
};
use vestnik_model::{Open, ProblemCode};

use super::{Item, Wire, World};
use crate::{
    device::{Mode, Number, Pending, Reply, Request},
    server::{Effect, user_of},
    time::{At, SECOND},
};

/// How long an end of a connection believes in it when nothing comes.
const KEEP_ALIVE: At = 30 * SECOND;

/// More refusals of one token than this cannot be because their answers were lost.
const REFUSALS: u32 = 8;

impl World {
    /// Makes a call. It ends by an answer, by its time, or with its connection.
    pub(super) fn send(
        &mut self,
        number: Number,
        pending: Pending,
        (request, wire): (Request, Option<u64>),
        within: At,
    ) {
        self.serial += 1;
        let call = self.serial;
        let device = &mut self.devices[number];
        let (life, mode, loss) = (device.life, device.network.mode, device.network.loss);
        device.was_asked_to_wait |= matches!(
            mode,
            Mode::Busy {
                retry_after: Some(_)
            }
        );
        let Some(process) = &mut device.process else {
            return;
        };
        let needs_wire = pending.connection().is_some();
        process.calls.insert(call, pending);
        self.after(within, Item::Over(number, life, call));
        if needs_wire && wire.is_none() {
            self.answer_after(
                20,
                (number, life, call),
                None,
                Reply::Failed(CallFailure::NoAnswer),
            );
            return;
        }
        // A connection that stands is past whatever stands before the server.
        let mode = if needs_wire { Mode::Up } else { mode };
        match answered_before(mode) {
            Way::Through => {}
            Way::Nowhere => return,
            Way::Answered(failure) => {
                let pause = 20 + self.some(2 * SECOND);
                self.answer_after(pause, (number, life, call), None, Reply::Failed(failure));
                return;
            }
        }
        if self.is_lost(loss) {
            return;
        }
        let pause = self.latency();
        let request = Box::new(request);
        let arrival = Item::Arrival {
            device: number,
            life,
            call,
            wire,
            request,
        };
        self.after(pause, arrival);
    }

    fn is_lost(&mut self, loss: u64) -> bool {
        !self.is_calm && self.random.percent(loss)
    }

    /// Mostly some milliseconds, sometimes seconds.
    fn latency(&mut self) -> At {
        let slow = !self.is_calm && self.random.percent(8);
        5 + self.some(if slow { 8 * SECOND } else { 200 })
    }

    fn answer_after(&mut self, pause: At, to: (Number, u64, u64), wire: Option<u64>, reply: Reply) {
        let (device, life, call) = to;
        let reply = Box::new(reply);
        let answer = Item::Answer {
            device,
            life,
            call,
            wire,
            reply,
        };
        self.after(pause, answer);
    }

    pub(super) fn on_arrival(
        &mut self,
        to: (Number, u64, u64),
        wire: Option<u64>,
        request: &Request,
    ) {
        let is_cut = |wire| self.wires.get(&wire).is_none_or(|wire: &Wire| wire.is_cut);
        if wire.is_some_and(is_cut) {
            return;
        }
        let now = self.now;
        self.trace.add(now, || format!("{} => {request:?}", to.0));
        let reply = self.serve(to, wire, request);
        self.note_reply(to.0, request, &reply);
        if let (Request::Put(_, id, report), Reply::Done) = (request, &reply)
            && let Some(key) = &report.state.envelope_key
        {
            self.check_told_key((to.0, to.1), (*id, key));
        }
        self.carry_out_effects();
        if let (Reply::Page(page), Some(wire)) = (&reply, wire)
            && self.devices[to.0]
                .network
                .narrow
                .is_some_and(|most| page.entries.len() > most)
        {
            self.cut(wire, (Some(500), Some(500)));
            return;
        }
        let network = &mut self.devices[to.0].network;
        if wire.is_none() && network.lost_answers > 0 {
            network.lost_answers -= 1;
            return;
        }
        let loss = network.loss;
        if self.is_lost(loss) {
            return;
        }
        let pause = self.latency();
        let is_slow = matches!(request, Request::Hello(_)) && self.is_lost(30);
        let slowness = if is_slow { self.some(6 * SECOND) } else { 0 };
        self.answer_after(pause + slowness, to, wire, reply);
    }

    /// What an onlooker makes of what the server answers.
    fn note_reply(&mut self, number: Number, request: &Request, reply: &Reply) {
        let is_refused = matches!(reply, Reply::Failed(failure) if failure.ends_session());
        let device = &mut self.devices[number];
        match request {
            // The answer may be lost, and the next exchange be refused again.
            Request::Exchange(_) => device.was_refused = is_refused,
            Request::Connect(token) if is_refused => {
                let count = device
                    .refusals
                    .entry(token.expose().to_owned())
                    .or_default();
                *count += 1;
                if *count > REFUSALS {
                    self.fail(format!(
                        "device {number}: a refused token is used again and again"
                    ));
                }
            }
            Request::Delete(token, _) if matches!(reply, Reply::Done) => {
                let standing = self.standing(number);
                // A backup of the server may have another user's session, which is a former one here.
                let ended = user_of(token.expose());
                let wanted = self.devices[number].wanted.as_ref();
                let wanted = wanted.filter(|wanted| Some(*wanted) == ended.as_ref());
                if matches!(&standing, Some(Standing::LoggedIn { user }) if Some(user) == wanted) {
                    self.fail(format!(
                        "device {number}: a logout ends the present session"
                    ));
                }
            }
            Request::Hello(_) if matches!(reply, Reply::Welcome(_)) => self.surprise(number),
            Request::Delete(..)
            | Request::Put(..)
            | Request::Connect(_)
            | Request::Hello(_)
            | Request::Probe
            | Request::Sync(_)
            | Request::Report(_)
            | Request::Topic => {}
        }
    }

    fn serve(
        &mut self,
        (number, life, call): (Number, u64, u64),
        wire: Option<u64>,
        request: &Request,
    ) -> Reply {
        let (now, server) = (self.now, &mut self.server);
        let on = wire.unwrap_or_default();
        let reply = match request {
            Request::Exchange(request) => server.exchange(now, request).map(Reply::Tokens),
            Request::Delete(token, id) => {
                let done = server.delete_installation(now, token.expose(), *id);
                done.map(|()| Reply::Done)
            }
            Request::Put(token, id, report) => {
                let done = server.put_installation(now, token.expose(), (*id, report));
                done.map(|()| Reply::Done)
            }
            Request::Connect(token) => {
                // The number of the call becomes that of the connection.
                let opened = server.connect(now, token.expose(), call);
                opened.map(|()| Reply::Opened(call))
            }
            Request::Hello(hello) => {
                let welcome = server.hello(now, on, hello);
                welcome.map(|welcome| Reply::Welcome(Box::new(welcome)))
            }
            Request::Probe => Ok(Reply::Done),
            Request::Sync(sync) => server.sync(now, on, sync).map(Reply::Page),
            Request::Report(report) => server.report(now, on, report).map(Reply::Reported),
            Request::Topic => server.topic(on).map(|()| Reply::Done),
        };
        if matches!(reply, Ok(Reply::Opened(_))) {
            let connection = ConnectionNumber::new(0);
            let wire = Wire {
                device: number,
                life,
                connection,
                is_cut: false,
                last_at: now,
            };
            self.wires.insert(call, wire);
        }
        reply.unwrap_or_else(Reply::Failed)
    }

    /// What the server does beside its answers goes its way.
    pub(super) fn carry_out_effects(&mut self) {
        for effect in self.server.take_effects() {
            match effect {
                Effect::Tell(wire, event) => self.tell(wire, event),
                Effect::End(wire) => {
                    let may_return = self.random.percent(70);
                    if self.random.percent(30) {
                        self.pass_on(wire, HubEvent::Replaced, 0);
                    }
                    self.pass_on(wire, HubEvent::Closed { may_return }, 0);
                }
            }
        }
    }

    /// A live call: it may be lost, and then the connection is told later that there is something to read.
    fn tell(&mut self, wire: u64, event: HubEvent) {
        let pause = self.latency();
        if self.is_lost(12) {
            let later = SECOND + self.some(20 * SECOND);
            self.after(later, Item::Behind(wire));
            return;
        }
        if self.is_lost(5) {
            self.pass_on(wire, event.clone(), pause);
        }
        self.pass_on(wire, event, pause);
    }

    /// Events of a connection arrive in their order.
    pub(super) fn pass_on(&mut self, number: u64, event: HubEvent, pause: At) {
        let now = self.now;
        let Some(wire) = self.wires.get_mut(&number) else {
            return;
        };
        wire.last_at = wire.last_at.max(now + pause);
        let pause = wire.last_at - now;
        self.after(pause, Item::Event(number, event));
    }

    pub(super) fn on_behind(&mut self, wire: u64) {
        if let Some(event) = self.server.behind(wire) {
            self.pass_on(wire, event, 0);
        }
    }

    pub(super) fn on_event(&mut self, number: u64, event: HubEvent) {
        let Some(wire) = self.wires.get(&number).filter(|wire| !wire.is_cut) else {
            return;
        };
        let (device, connection) = (wire.device, wire.connection);
        let is_open = self.is_open(number);
        let is_known = connection.get() > 0;
        let event = match event {
            HubEvent::Closed { may_return } => {
                self.on_device_lost(number, may_return);
                return;
            }
            _ if !is_open && !is_known => {
                // The process has not heard yet that it is connected; what comes waits for it.
                self.after(50, Item::Event(number, event));
                return;
            }
            _ if !is_open => return,
            HubEvent::Entries(entries) => Event::Entries(entries),
            HubEvent::Behind(end) => Event::Behind(end),
            HubEvent::Replaced => Event::Replaced,
            HubEvent::Drain(after) => Event::Drain(after),
        };
        self.feed(device, Input::Connection { connection, event });
    }

    /// Whether a process has a connection open.
    fn is_open(&self, number: u64) -> bool {
        let Some(wire) = self.wires.get(&number) else {
            return false;
        };
        let device = &self.devices[wire.device];
        let process = device.process.as_ref().filter(|_| device.life == wire.life);
        process.is_some_and(|process| process.links.get(&wire.connection) == Some(&number))
    }

    pub(super) fn on_answer(&mut self, to: (Number, u64, u64), wire: Option<u64>, reply: Reply) {
        let (number, life, call) = to;
        let device = &mut self.devices[number];
        let is_failure = matches!(reply, Reply::Failed(_));
        let is_cut = wire.is_some_and(|wire| self.wires.get(&wire).is_none_or(|wire| wire.is_cut));
        let is_silent = matches!(device.network.mode, Mode::Down | Mode::Silent) && !is_failure;
        if is_cut || is_silent {
            return;
        }
        if let Reply::Opened(wire) = reply {
            self.on_opened((number, life, call), wire);
            return;
        }
        self.end_call(number, life, call, reply);
    }

    fn on_opened(&mut self, (number, life, call): (Number, u64, u64), wire: u64) {
        let device = &mut self.devices[number];
        let is_living = device.is_living(life);
        let process = device.process.as_mut().filter(|_| is_living);
        let pending = process
            .as_ref()
            .and_then(|process| process.calls.get(&call));
        let Some(Pending::Connect(connection)) = pending.cloned() else {
            // The attempt was given up.
            self.cut(wire, (None, Some(SECOND)));
            return;
        };
        if let Some(open) = self.wires.get_mut(&wire) {
            open.connection = connection;
        }
        if let Some(process) = process {
            process.links.insert(connection, wire);
        }
        self.end_call(number, life, call, Reply::Opened(wire));
    }

    pub(super) fn on_over(&mut self, number: Number, life: u64, call: u64) {
        self.end_call(number, life, call, Reply::Failed(CallFailure::NoAnswer));
    }

    /// The call ends, if it has not.
    fn end_call(&mut self, number: Number, life: u64, call: u64, reply: Reply) {
        let device = &mut self.devices[number];
        if !device.is_living(life) {
            return;
        }
        let Some(process) = &mut device.process else {
            return;
        };
        if let Some(pending) = process.calls.remove(&call) {
            let input = pending.input(reply, &process.round);
            self.feed(number, input);
        }
    }

    /// The engine closes a connection or gives an attempt up.
    pub(super) fn close(&mut self, number: Number, connection: ConnectionNumber) {
        let Some(process) = &mut self.devices[number].process else {
            return;
        };
        process.calls.retain(
            |_, pending| !matches!(pending, Pending::Connect(attempt) if *attempt == connection),
        );
        if let Some(wire) = process.links.remove(&connection) {
            self.cut(wire, (None, Some(SECOND)));
            self.end_calls_on(number, connection);
        }
    }

    /// Nothing passes on a connection any more. Each end notices within a time, or when nothing has come
    /// for long.
    pub(super) fn cut(&mut self, number: u64, (device, server): (Option<At>, Option<At>)) {
        if let Some(wire) = self.wires.get_mut(&number) {
            wire.is_cut = true;
        }
        let pause = self.some(server.unwrap_or(KEEP_ALIVE) + 1);
        self.after(pause, Item::ServerLost(number));
        if let Some(device) = device {
            let pause = self.some(device + 1);
            self.after(pause, Item::DeviceLost(number));
        }
    }

    /// The connections of a device.
    pub(super) fn wires_of(&self, number: Number) -> Vec<u64> {
        let links = self.devices[number]
            .process
            .as_ref()
            .map(|process| &process.links);
        links
            .into_iter()
            .flat_map(|links| links.values().copied())
            .collect()
    }

    /// A connection breaks; the device notices at once or when nothing has come for long.
    pub(super) fn cut_device(&mut self, number: Number, is_noticed: bool) {
        let time = if is_noticed { 500 } else { KEEP_ALIVE };
        for wire in self.wires_of(number) {
            self.cut(wire, (Some(time), Some(time)));
        }
    }

    pub(super) fn on_device_lost(&mut self, number: u64, may_return: bool) {
        if !self.is_open(number) {
            if let Some(wire) = self.wires.get_mut(&number) {
                wire.is_cut = true;
            }
            return;
        }
        let Some(wire) = self.wires.get_mut(&number) else {
            return;
        };
        wire.is_cut = true;
        let (device, connection) = (wire.device, wire.connection);
        self.after(0, Item::ServerLost(number));
        self.end_calls_on(device, connection);
        let event = Event::Lost { may_return };
        self.feed(device, Input::Connection { connection, event });
    }

    /// Calls on a connection that is over have no answer. They say so before or after the connection does.
    fn end_calls_on(&mut self, number: Number, connection: ConnectionNumber) {
        let device = &self.devices[number];
        let (life, process) = (device.life, device.process.as_ref());
        let calls = process.into_iter().flat_map(|process| &process.calls);
        let calls = calls.filter(|(_, pending)| pending.connection() == Some(connection));
        let calls: Vec<_> = calls.map(|(call, _)| *call).collect();
        for call in calls {
            let pause = self.some(20);
            let reply = Reply::Failed(CallFailure::NoAnswer);
            self.answer_after(pause, (number, life, call), None, reply);
        }
    }
}

/// What becomes of a call before it reaches the server.
enum Way {
    Through,
    Nowhere,
    Answered(CallFailure),
}

fn answered_before(mode: Mode) -> Way {
    let foreign = |status, body| {
        Way::Answered(CallFailure::Foreign {
            status,
            body,
            retry_after: None,
        })
    };
    match mode {
        Mode::Up => Way::Through,
        Mode::Down => Way::Answered(CallFailure::NoAnswer),
        Mode::Silent => Way::Nowhere,
        Mode::Portal { redirects: true } => {
            foreign(302, ForeignBody::Redirect { leaves_host: true })
        }
        Mode::Portal { redirects: false } => foreign(200, ForeignBody::Html),
        Mode::Busy { retry_after } => Way::Answered(CallFailure::Problem {
            code: Open::Known(ProblemCode::Unavailable),
            status: 503,
            retry_after: retry_after.map(Duration::from_secs),
        }),
        Mode::Unauthorized => foreign(401, ForeignBody::Html),
    }
}
