//! Networks, servers and stores in which everything always goes the same way, for a quarter of an hour
//! without anybody who does anything: no device may ask without end.

use proptest::prelude::*;
use vestnik_model::contract::Entries;

use super::{
    Command, Duration, Event, Output, ToNetwork, ToStorage, now,
    world::{How, World, place},
};

/// How long each world runs.
const RUN: Duration = Duration::from_secs(15 * 60);
/// What an answer takes.
const LATENCY: Duration = Duration::from_millis(10);
/// The most calls, and the most things asked of the store, in any minute.
const MINUTE: usize = 100;
/// The most in a minute on average, after the first three.
const LATER: usize = 25;

/// How each thing that may be asked for is answered.
#[derive(Debug, Clone)]
struct Ways {
    exchange: How,
    connect: How,
    greet: How,
    read: How,
    report: How,
    put: How,
    opt_outs: How,
    topic: How,
    store: How,
    apply: How,
    take: How,
    settle: How,
    probe: How,
    server: Habit,
}

/// What the server does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Quiet,
    /// It ends each connection at once, or after half a minute.
    Drops,
    DropsLater,
    Replaces,
    Drains,
    /// After each read it says again that there is something to read.
    Behind,
    /// After each read it sends an entry that follows nothing.
    Gap,
}

fn how() -> impl Strategy<Value = How> {
    prop::sample::select(vec![
        How::Well,
        How::Well,
        How::Well,
        How::Well,
        How::Well,
        How::NoAnswer,
        How::Auth,
        How::Portal,
        How::Refused,
        How::Busy(0),
        How::Fruitless,
        How::Fruitless,
    ])
}

fn habit() -> impl Strategy<Value = Habit> {
    prop::sample::select(vec![
        Habit::Quiet,
        Habit::Quiet,
        Habit::Drops,
        Habit::DropsLater,
        Habit::Replaces,
        Habit::Drains,
        Habit::Behind,
        Habit::Gap,
    ])
}

fn ways() -> impl Strategy<Value = Ways> {
    let network = (how(), how(), how(), how(), how(), how(), how(), how());
    let store = (how(), how(), how(), how(), how());
    (network, store, habit()).prop_map(|(network, store, server)| Ways {
        exchange: network.0,
        connect: network.1,
        greet: network.2,
        read: network.3,
        report: network.4,
        put: network.5,
        topic: network.6,
        opt_outs: network.7,
        store: store.0,
        apply: store.1,
        take: store.2,
        settle: store.3,
        probe: store.4,
        server,
    })
}

impl Ways {
    fn of(&self, output: &Output) -> How {
        match output {
            Output::Network(call) => match call {
                ToNetwork::Exchange { .. } | ToNetwork::Delete { .. } => self.exchange,
                ToNetwork::Connect { .. } => self.connect,
                ToNetwork::Greet { .. } => self.greet,
                ToNetwork::Read { .. } => self.read,
                ToNetwork::Report(_) => self.report,
                ToNetwork::Put { .. } => self.put,
                ToNetwork::AskOptOuts { .. } | ToNetwork::ChangeOptOuts { .. } => self.opt_outs,
                ToNetwork::Topic { .. } => self.topic,
                ToNetwork::Probe { .. } => self.probe,
                ToNetwork::Close(_) => How::Well,
            },
            Output::Storage(ToStorage::Apply { .. }) => self.apply,
            Output::Storage(ToStorage::Take { .. }) => self.take,
            Output::Storage(ToStorage::Settle { .. }) => self.settle,
            Output::Storage(_) | Output::App(_) => self.store,
        }
    }
}

/// A world that runs by itself.
struct Steady {
    world: World,
    ways: Ways,
}

impl Steady {
    fn new(ways: Ways, chance: u64) -> Self {
        let mut world = World::new(true, chance);
        world.device.waiting = 4;
        world.command(Command::GoOnline);
        Self { world, ways }
    }

    fn run(&mut self) {
        let end = self.world.now.monotonic + RUN;
        while self.world.now.monotonic < end {
            self.world.settle();
            if let Some(first) = self.world.pending.front().cloned() {
                let next = self.world.now.monotonic + LATENCY;
                let passed = next - self.world.now.monotonic;
                self.world.pass(passed);
                if self.world.pending.front() == Some(&first) {
                    self.answer(&first);
                }
            } else if let Some(at) = self.world.engine.deadline() {
                let passed = at - self.world.now.monotonic;
                self.world.pass(passed);
            } else {
                return;
            }
        }
    }

    fn answer(&mut self, output: &Output) {
        let how = self.ways.of(output);
        self.world.answer(0, how);
        match output {
            Output::Network(ToNetwork::Greet { .. }) => self.after_greeting(),
            Output::Network(ToNetwork::Read { .. }) => self.after_read(),
            Output::Network(_) | Output::Storage(_) | Output::App(_) => {}
        }
    }

    fn after_greeting(&mut self) {
        let event = match self.ways.server {
            Habit::Quiet | Habit::Behind | Habit::Gap => return,
            Habit::Drops => Event::Lost { may_return: true },
            Habit::DropsLater => {
                self.world.pass(Duration::from_secs(31));
                Event::Lost { may_return: true }
            }
            Habit::Replaces => Event::Replaced,
            Habit::Drains => Event::Drain(Duration::ZERO),
        };
        self.world.event(self.world.connection, event);
    }

    fn after_read(&mut self) {
        let event = match self.ways.server {
            Habit::Behind => Event::Behind(None),
            Habit::Gap => Event::Entries(Entries {
                after: place("anna", 400).unwrap(),
                cursor: place("anna", 401).unwrap(),
                entries: Vec::new(),
            }),
            Habit::Quiet | Habit::Drops | Habit::DropsLater | Habit::Replaces | Habit::Drains => {
                return;
            }
        };
        self.world.event(self.world.connection, event);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn a_world_that_never_changes_is_not_hammered(ways in ways(), chance: u64) {
        let mut steady = Steady::new(ways, chance);
        steady.world.topic(true);
        steady.world.opt_out(true);
        steady.run();
        let begin = now().monotonic;
        for times in [&steady.world.calls, &steady.world.stores] {
            let most = World::most_in_a_minute(times);
            prop_assert!(most < MINUTE, "{} in a minute", most);
            let later = begin + Duration::from_secs(180);
            let average = times.iter().filter(|at| **at >= later).count() / 12;
            prop_assert!(average < LATER, "{} in a minute on average", average);
        }
    }
}
