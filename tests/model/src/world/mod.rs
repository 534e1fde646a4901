//! A server, three devices, two users and what lies between them, in virtual time and in one thread.
//!
//! Everything that happens is an [`Item`] of one queue, in the order of its time. Whatever is left to
//! chance follows from the seed, so a world happens again in the same way.

mod act;
mod app;
mod carry;
mod heal;
mod jobs;
mod life;
mod network;
mod push;
mod show;
mod trace;

pub(crate) use heal::Ending;
pub(crate) use trace::Trace;

use std::collections::BTreeMap;

use vestnik_clock::{Clock as _, ManualClock, Now};
use vestnik_core::{
    FormerHistory,
    machine::{
        ConnectionNumber,
        engine::{Input, Output},
    },
    transport::HubEvent,
};
use vestnik_inbox::{HistoryItem, StoreError};
use vestnik_model::{NotificationId, UserId};

use crate::{
    device::{Device, Number, Reply, Request},
    disk,
    random::Random,
    server::Server,
    time::{At, SECOND, time_of_day},
};

/// How many devices there are.
pub(crate) const DEVICES: usize = 3;
/// More inputs than this within a second mean that an engine never rests.
const RESTLESS: u32 = 600;

/// A server, devices, and what lies between them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: At,
    queue: BTreeMap<(At, u64), Item>,
    serial: u64,
    random: Random,
    pub(crate) server: Server,
    pub(crate) devices: Vec<Device>,
    pub(crate) users: [UserId; 2],
    wires: BTreeMap<u64, Wire>,
    /// The notifications, in the order in which they were accepted.
    pub(crate) published: Vec<NotificationId>,
    pub(crate) trace: Trace,
    /// What was wrong.
    pub(crate) failures: Vec<String>,
    serial_of_strange: u128,
    /// What is published as soon as a device of its user says hello.
    surprises: Vec<(usize, At)>,
    /// The devices that were started again while the world came to rest.
    restarted: std::collections::BTreeSet<Number>,
    /// Whether nothing is left to chance any more.
    pub(crate) is_calm: bool,
}

/// A live connection, as the network sees it.
#[derive(Debug)]
struct Wire {
    device: Number,
    life: u64,
    connection: ConnectionNumber,
    /// Nothing passes any more, whatever the ends believe.
    is_cut: bool,
    /// When the last event is to arrive: events keep their order.
    last_at: At,
}

/// Something that happens at some time.
#[derive(Debug)]
enum Item {
    /// The storage of a process does its next job.
    Job(Number, u64),
    /// The next outcome of the storage reaches the engine.
    Outcome(Number, u64),
    /// The engine's deadline.
    Tick(Number, u64),
    /// A call reaches the server.
    Arrival {
        device: Number,
        life: u64,
        call: u64,
        wire: Option<u64>,
        request: Box<Request>,
    },
    /// An answer reaches the process, or its time is over.
    Answer {
        device: Number,
        life: u64,
        call: u64,
        wire: Option<u64>,
        reply: Box<Reply>,
    },
    /// A call is over at the latest.
    Over(Number, u64, u64),
    /// The server's call reaches the process.
    Event(u64, HubEvent),
    /// The server tells a connection that there is something to read.
    Behind(u64),
    /// The process notices that a connection is over.
    DeviceLost(u64),
    /// The server notices that a connection is over.
    ServerLost(u64),
    /// The shell asks what is to be drawn.
    Ask(Number, u64),
    Draw(Number, u64, u64),
    Settle(Number, u64, u64),
    /// The app is started.
    Start(Number),
    /// The app vouches for its user again.
    LogIn(Number),
    /// The machine wakes up; with the app's hook or without.
    Wake(Number, bool),
    /// A parcel reaches a device.
    Parcel(Number, Box<push::Flight>),
    /// A notification is withdrawn.
    Recall(NotificationId),
    /// The extension says that it has drawn.
    Extension(Number, Box<vestnik_inbox::spool::Ticket>),
}

impl World {
    pub(crate) fn new(seed: u64, is_traced: bool) -> std::io::Result<Self> {
        disk::install();
        disk::unmount_all();
        let mut random = Random::new(seed);
        let server = Server::new(random.fork());
        let mut devices = Vec::new();
        for number in 0..DEVICES {
            devices.push(device(number, &mut random)?);
        }
        let user = |name: &str| UserId::parse(name).expect("a short word");
        Ok(Self {
            now: 0,
            queue: BTreeMap::new(),
            serial: 0,
            random,
            server,
            devices,
            users: [user("anna"), user("bella")],
            wires: BTreeMap::new(),
            published: Vec::new(),
            trace: Trace::new(is_traced),
            failures: Vec::new(),
            serial_of_strange: 0,
            surprises: Vec::new(),
            restarted: std::collections::BTreeSet::new(),
            is_calm: false,
        })
    }

    /// Draws from a new seed from now on, so that what happens later does not hang on what was left out
    /// before.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// Lets time pass, and whatever happens in it.
    pub(crate) fn pass(&mut self, time: At) {
        self.run_until(self.now + time);
    }

    pub(crate) fn run_until(&mut self, until: At) {
        while let Some((&(at, serial), _)) = self.queue.first_key_value()
            && at <= until
            && self.failures.is_empty()
        {
            self.advance_to(at);
            if let Some(item) = self.queue.remove(&(at, serial)) {
                self.happen(item);
            }
        }
        self.advance_to(until);
    }

    pub(crate) fn fail(&mut self, what: String) {
        self.trace.add(self.now, || format!("FAILED: {what}"));
        self.failures.push(what);
    }

    /// What a history lists, as its app sees it.
    pub(crate) fn history(&mut self, number: Number) -> Result<Vec<HistoryItem>, StoreError> {
        match &mut self.devices[number].process {
            Some(process) => jobs::all_items(&mut process.files),
            None => Ok(Vec::new()),
        }
    }

    /// What happened.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.trace.into_lines()
    }

    fn advance_to(&mut self, at: At) {
        let passed = std::time::Duration::from_millis(at.saturating_sub(self.now));
        self.now = self.now.max(at);
        for device in &self.devices {
            device.clock.advance(passed);
        }
    }

    fn after(&mut self, pause: At, item: Item) {
        self.serial += 1;
        self.queue.insert((self.now + pause, self.serial), item);
    }

    /// A pause below a bound, at random.
    fn some(&mut self, below: At) -> At {
        self.random.below(below)
    }

    fn happen(&mut self, item: Item) {
        if let Some(until) = self.asleep(&item) {
            let pause = until - self.now;
            self.after(pause, item);
            return;
        }
        match item {
            Item::Job(device, life) => self.on_job(device, life),
            Item::Outcome(device, life) => self.on_outcome(device, life),
            Item::Tick(device, life) => self.on_tick(device, life),
            Item::Arrival {
                device,
                life,
                call,
                wire,
                request,
            } => self.on_arrival((device, life, call), wire, &request),
            Item::Answer {
                device,
                life,
                call,
                wire,
                reply,
            } => self.on_answer((device, life, call), wire, *reply),
            Item::Over(device, life, call) => self.on_over(device, life, call),
            Item::Event(wire, event) => self.on_event(wire, event),
            Item::Behind(wire) => self.on_behind(wire),
            Item::DeviceLost(wire) => self.on_device_lost(wire, true),
            Item::ServerLost(wire) => self.server.lost(wire),
            Item::Ask(device, life) => self.on_ask(device, life),
            Item::Draw(device, life, show) => self.on_draw(device, life, show),
            Item::Settle(device, life, show) => self.on_settle(device, life, show),
            Item::Start(device) => self.start(device),
            Item::LogIn(device) => self.on_log_in(device),
            Item::Wake(device, has_hook) => self.on_wake(device, has_hook),
            Item::Recall(id) => self.recall(id),
            Item::Parcel(device, flight) => self.on_parcel(device, &flight),
            Item::Extension(device, ticket) => self.on_extension(device, *ticket),
        }
        self.carry_out_effects();
    }

    /// Until when the machine sleeps on which something was to happen.
    fn asleep(&self, item: &Item) -> Option<At> {
        let device = match item {
            Item::Job(device, _)
            | Item::Outcome(device, _)
            | Item::Tick(device, _)
            | Item::Answer { device, .. }
            | Item::Over(device, ..)
            | Item::Ask(device, _)
            | Item::Draw(device, ..)
            | Item::Settle(device, ..)
            | Item::Start(device)
            | Item::LogIn(device)
            | Item::Parcel(device, _)
            | Item::Extension(device, _) => *device,
            Item::Event(wire, _) | Item::DeviceLost(wire) => self.wires.get(wire)?.device,
            Item::Arrival { .. }
            | Item::Behind(_)
            | Item::ServerLost(_)
            | Item::Wake(..)
            | Item::Recall(_) => return None,
        };
        self.devices[device]
            .asleep_until
            .filter(|until| *until > self.now)
    }

    /// Hands an input to an engine and carries out what it decides.
    fn feed(&mut self, number: Number, input: Input) {
        let now = self.now;
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        self.trace.add(now, || format!("{number} <- {input:?}"));
        process.engine.handle(Now::read(&device.clock), input);
        let (since, count) = process.inputs;
        process.inputs = if now < since + SECOND {
            (since, count + 1)
        } else {
            (now, 1)
        };
        if process.inputs.1 > RESTLESS {
            self.fail(format!("device {number}: the engine never rests"));
            return;
        }
        self.carry_out(number);
    }

    /// Carries out what an engine has decided.
    fn carry_out(&mut self, number: Number) {
        loop {
            let process = self.devices[number].process.as_mut();
            let Some(output) = process.and_then(|process| process.engine.poll()) else {
                break;
            };
            let now = self.now;
            self.trace.add(now, || format!("{number} -> {output:?}"));
            match output {
                Output::Network(output) => self.carry_to_network(number, output),
                Output::Storage(output) => self.carry_to_storage(number, output),
                Output::App(output) => self.carry_to_app(number, output),
            }
        }
        self.await_tick(number);
    }

    fn await_tick(&mut self, number: Number) {
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        let Some(deadline) = process.engine.deadline() else {
            process.tick_at = None;
            return;
        };
        let left = deadline.saturating_since(device.clock.monotonic());
        let left = u64::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX / 4);
        let at = self.now.saturating_add(left.min(u64::MAX / 4));
        if process.tick_at != Some(at) {
            process.tick_at = Some(at);
            let life = device.life;
            self.after(at - self.now, Item::Tick(number, life));
        }
    }

    fn on_tick(&mut self, number: Number, life: u64) {
        let device = &mut self.devices[number];
        if !device.is_living(life) {
            return;
        }
        let Some(process) = &mut device.process else {
            return;
        };
        if process.tick_at.is_some_and(|at| at <= self.now) {
            process.tick_at = None;
            self.feed(number, Input::Tick);
        }
    }
}

fn device(number: Number, random: &mut Random) -> std::io::Result<Device> {
    let folder = folder()?;
    let disk = disk::mount(folder.path());
    let wrong = match random.below(4) {
        0 => -86_400 * 400,
        1 => 3_600 * 30,
        _ => 0,
    };
    let wall = time_of_day(0) + jiff::SignedDuration::from_secs(wrong);
    let clock = ManualClock::new(wall, random.bits() ^ number as u64);
    let former = if number == 2 && random.percent(50) {
        FormerHistory::Seal
    } else {
        FormerHistory::Wipe
    };
    let mut device = Device::new(folder, disk, clock, former);
    if wrong != 0 {
        device.diary.clock_steps.push(0);
    }
    Ok(device)
}

/// In memory where the system has a place for that: a world commits some hundred times.
fn folder() -> std::io::Result<tempfile::TempDir> {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    }
}
