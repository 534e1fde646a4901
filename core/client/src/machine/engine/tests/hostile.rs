//! Anything at any moment: answers that are late, doubled or missing, failures of the network and of the
//! store, clocks that step, sleep, logins and logouts. The [world](super::world) checks what must hold
//! meanwhile; in the end, when everything works again, the device becomes what its person asked for.

use proptest::prelude::*;
use vestnik_model::contract::Entries;

use super::{
    Command, Duration, Event, Input, Permission,
    world::{How, World, place},
};
use crate::machine::{connection::Nudge, registration::Change};

/// The longest time until everything is well: a server may have asked for a quarter of an hour before.
const HEALED: Duration = Duration::from_secs(45 * 60);

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Login(&'static str),
    Logout,
    GoOnline,
    GoOffline,
    Suspend,
    Resume,
    Nudge(Nudge),
    Flush,
    Permission(Permission),
    Topic(bool),
    OptOut(bool),
    AskOptOuts,
    /// What was asked for at this place is answered.
    Answer(usize, How),
    Lose(usize),
    /// An answer comes once more.
    Again(usize),
    /// The log of the connection's user grows, and the server says so or not.
    Publish {
        is_told: bool,
        is_repeated: bool,
    },
    /// Something happens on the present connection, or on an older one.
    Event(Live, u64),
    /// The server ends the session of the installation.
    Revoke,
    Fact,
    Rebuilt,
    /// The program ends and begins again.
    Restart,
    Clock(i64),
    Pass(u64),
    PassToDeadline,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Live {
    Behind,
    Lost,
    Refused,
    Drain(u64),
    Replaced,
    OpenedAgain,
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        12 => Just(How::Well),
        3 => Just(How::NoAnswer),
        1 => Just(How::Auth),
        1 => Just(How::Portal),
        1 => Just(How::Refused),
        1 => prop::sample::select(vec![0, 5, 86_400, u64::MAX]).prop_map(How::Busy),
        1 => Just(How::Fruitless),
    ]
}

fn app() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::sample::select(vec!["anna", "bella"]).prop_map(Step::Login),
        2 => Just(Step::Logout),
        2 => Just(Step::GoOnline),
        1 => Just(Step::GoOffline),
        1 => Just(Step::Suspend),
        2 => Just(Step::Resume),
        1 => Just(Step::Nudge(Nudge::NetworkChanged)),
        1 => Just(Step::Nudge(Nudge::Foreground)),
        1 => Just(Step::Flush),
        1 => prop::sample::select(vec![Permission::Granted, Permission::Denied])
            .prop_map(Step::Permission),
        1 => any::<bool>().prop_map(Step::Topic),
        1 => any::<bool>().prop_map(Step::OptOut),
        1 => Just(Step::AskOptOuts),
        2 => Just(Step::Fact),
    ]
}

fn live() -> impl Strategy<Value = Step> {
    let live = prop_oneof![
        Just(Live::Behind),
        Just(Live::Lost),
        Just(Live::Refused),
        prop::sample::select(vec![0, 4_000, u64::MAX]).prop_map(Live::Drain),
        Just(Live::Replaced),
        Just(Live::OpenedAgain),
    ];
    prop_oneof![
        3 => (any::<bool>(), any::<bool>())
            .prop_map(|(is_told, is_repeated)| Step::Publish { is_told, is_repeated }),
        2 => (live, prop::sample::select(vec![0, 0, 0, 1, 2])).prop_map(|(live, age)| Step::Event(live, age)),
        1 => Just(Step::Revoke),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => app(),
        14 => (0..4_usize, how()).prop_map(|(index, how)| Step::Answer(index, how)),
        1 => (0..4_usize).prop_map(Step::Lose),
        2 => (0..24_usize).prop_map(Step::Again),
        3 => live(),
        1 => Just(Step::Rebuilt),
        1 => Just(Step::Restart),
        1 => prop::sample::select(vec![-86_400, -7, 7, 86_400]).prop_map(Step::Clock),
        2 => prop::sample::select(vec![1, 60, 2_000, 70_000, 3_600_000]).prop_map(Step::Pass),
        3 => Just(Step::PassToDeadline),
    ]
}

impl World {
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Login(name) => self.login(name),
            Step::Logout => self.logout(),
            Step::GoOnline => self.command(Command::GoOnline),
            Step::GoOffline => self.command(Command::GoOffline),
            Step::Suspend => self.command(Command::Suspend),
            Step::Resume => self.command(Command::Resume),
            Step::Nudge(nudge) => self.nudge(nudge),
            Step::Flush => self.command(Command::Flush),
            Step::Permission(permission) => self.command(Command::Change(Change {
                permission: Some(permission),
                ..Change::default()
            })),
            Step::Topic(joins) => self.topic(joins),
            Step::OptOut(is_out) => self.opt_out(is_out),
            Step::AskOptOuts => self.command(Command::AskOptOuts),
            Step::Answer(index, how) => self.answer(index, how),
            Step::Lose(index) => self.lose(index),
            Step::Again(index) => {
                if let Some(input) = self.given.get(index).cloned() {
                    self.on(input);
                }
            }
            Step::Publish {
                is_told,
                is_repeated,
            } => self.publish(is_told, is_repeated),
            Step::Event(live, age) => self.live(live, age),
            Step::Revoke => self.server.live = None,
            Step::Fact => {
                if let Some((generation, result)) = self.device.add_fact() {
                    self.on(Input::Session { generation, result });
                }
            }
            Step::Rebuilt => {
                let (generation, result) = self.device.rebuild();
                self.on(Input::Session { generation, result });
            }
            Step::Restart => self.restart(),
            Step::Clock(seconds) => self.step_clock(seconds),
            Step::Pass(millis) => self.pass(Duration::from_millis(millis)),
            Step::PassToDeadline => {
                if let Some(at) = self.engine.deadline() {
                    let time = at - self.now.monotonic;
                    self.pass(time);
                }
            }
        }
        self.settle();
    }

    fn publish(&mut self, is_told: bool, is_repeated: bool) {
        let Some(name) = self.server.of(self.connection) else {
            return;
        };
        let head = if is_repeated {
            self.server.head(&name)
        } else {
            self.server.publish(&name)
        };
        if is_told && head > 1 {
            let entries = Entries {
                after: place(&name, head - 1).unwrap(),
                cursor: place(&name, head).unwrap(),
                entries: Vec::new(),
            };
            self.event(self.connection, Event::Entries(entries));
        }
    }

    fn live(&mut self, live: Live, age: u64) {
        let event = match live {
            Live::Behind => Event::Behind(None),
            Live::Lost => Event::Lost { may_return: true },
            Live::Refused => Event::Lost { may_return: false },
            Live::Drain(millis) => Event::Drain(Duration::from_millis(millis)),
            Live::Replaced => Event::Replaced,
            Live::OpenedAgain => Event::Opened(Ok(())),
        };
        self.event(self.connection.saturating_sub(age), event);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_device_comes_back(
        steps in prop::collection::vec(step(), 1..150),
        is_logged_in: bool,
        falls_asleep: bool,
        chance: u64,
    ) {
        let mut world = World::new(is_logged_in, chance);
        world.command(Command::GoOnline);
        for step in steps {
            world.step(step);
        }
        if falls_asleep {
            world.fall_asleep();
        }
        let before = world.calls.len();
        let took = world.heal();
        prop_assert!(took < HEALED, "{:?}", took);
        let most = World::most_in_a_minute(&world.calls[before..]);
        prop_assert!(most < 120, "{} calls in a minute", most);
    }
}
