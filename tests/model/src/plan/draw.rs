//! The steps that follow from a seed.

use vestnik_model::FactKind;

use super::step::{
    AtServer, ByPerson, Damage, InNetwork, InProcess, InSession, OnDisk, OnScreen, PushFirst, Step,
    Transition,
};
use crate::{
    device::{Habit, Mode, Number},
    random::Random,
    time::{DAY, HOUR, MINUTE, SECOND},
    world::DEVICES,
};

/// The steps of a seed.
pub(crate) fn steps(seed: u64) -> Vec<Step> {
    let mut random = Random::new(seed ^ 0x5EED);
    let count = 15 + random.index(35);
    let mut steps = vec![log_in(&mut random, 0, 0)];
    let second = random.index(2);
    steps.push(log_in(&mut random, 1, second));
    let third = random.index(2);
    steps.push(log_in(&mut random, 2, third));
    let focus = Focus::draw(&mut random);
    steps.extend((0..count).map(|_| step(&mut random, &focus)));
    steps
}

/// Most sequences are about a part of what may be done, so that faults that need some of it together are
/// met.
#[derive(Debug)]
struct Focus {
    weights: [u64; GROUPS],
}

const GROUPS: usize = 7;

impl Focus {
    fn draw(random: &mut Random) -> Self {
        let mut weights = [12, 5, 5, 5, 5, 5, 5];
        for weight in weights.iter_mut().skip(1) {
            *weight = random.pick(&[0, 1, 4, 12]);
        }
        weights[0] = random.pick(&[8, 16]);
        Self { weights }
    }

    fn group(&self, random: &mut Random) -> usize {
        let total = self.weights.iter().sum();
        let mut left = random.below(total);
        for (group, weight) in self.weights.iter().enumerate() {
            if left < *weight {
                return group;
            }
            left -= weight;
        }
        0
    }
}

fn log_in(random: &mut Random, device: Number, user: usize) -> Step {
    Step {
        what: Transition::Session(device, InSession::LogIn { user }),
        then: random.below(20 * SECOND),
        seed: random.bits(),
    }
}

fn step(random: &mut Random, focus: &Focus) -> Step {
    let device = random.index(DEVICES);
    let what = match focus.group(random) {
        0 => Transition::Server(publishing(random)),
        1 if random.percent(25) => Transition::Server(server(random)),
        1 => Transition::Session(device, session(random)),
        2 => Transition::Network(device, network(random)),
        3 => Transition::Process(device, process(random)),
        4 => Transition::Person(device, person(random)),
        5 => Transition::Disk(device, disk(random)),
        _ => Transition::Screen(device, screen(random)),
    };
    let then = match random.below(12) {
        0..=3 => random.below(SECOND),
        4..=7 => random.below(20 * SECOND),
        8..=9 => random.below(2 * MINUTE),
        10 => random.below(20 * MINUTE),
        _ => random.pick(&[0, 0, 2 * HOUR]),
    };
    Step {
        what,
        then,
        seed: random.bits(),
    }
}

/// Often one of the newest, with which something may still be under way.
fn last(random: &mut Random) -> usize {
    random.pick(&[0, 0, 1, 1, 2, 3, 4])
}

fn publishing(random: &mut Random) -> AtServer {
    let user = random.index(2);
    match random.below(20) {
        0 if random.percent(30) => AtServer::Refuse(random.pick(&[
            FactKind::Displayed,
            FactKind::Delivered,
            FactKind::Dismissed,
        ])),
        0 if random.percent(40) => AtServer::Widen {
            last: last(random),
            device: random.index(DEVICES),
        },
        0..=1 => AtServer::Replace { last: last(random) },
        2 => AtServer::Recall { last: last(random) },
        3 => AtServer::Strange { user },
        4..=5 => AtServer::Surprise {
            user,
            lasts: random.pick(&[7 * DAY, DAY, 2 * MINUTE]),
        },
        _ => AtServer::Publish {
            user,
            lasts: random.pick(&[
                7 * DAY,
                7 * DAY,
                7 * DAY,
                DAY,
                HOUR,
                2 * MINUTE,
                15 * SECOND,
            ]),
            only: random.percent(15).then(|| random.index(DEVICES)),
        },
    }
}

fn server(random: &mut Random) -> AtServer {
    match random.below(5) {
        0..=1 => AtServer::VoidAccess,
        2 => AtServer::BackUp,
        _ => AtServer::Restore {
            is_said: random.percent(60),
        },
    }
}

fn session(random: &mut Random) -> InSession {
    match random.below(10) {
        0..=3 => InSession::LogIn {
            user: random.index(2),
        },
        4..=5 => InSession::LogOut,
        6 => InSession::End,
        7..=8 => InSession::LoseAnswers {
            count: 1 + u32::try_from(random.below(3)).unwrap_or_default(),
        },
        _ => InSession::Flush,
    }
}

fn network(random: &mut Random) -> InNetwork {
    match random.below(14) {
        0..=2 => InNetwork::Mode(random.pick(&[
            Mode::Down,
            Mode::Silent,
            Mode::Portal { redirects: true },
            Mode::Portal { redirects: false },
            Mode::Busy { retry_after: None },
            Mode::Busy {
                retry_after: Some(0),
            },
            Mode::Busy {
                retry_after: Some(u64::MAX),
            },
            Mode::Unauthorized,
        ])),
        3..=5 => InNetwork::Mode(Mode::Up),
        6..=9 => InNetwork::Cut {
            is_noticed: random.percent(60),
        },
        10 => InNetwork::Loss {
            percent: random.pick(&[0, 10, 40]),
        },
        11 if random.percent(50) => InNetwork::Narrow {
            entries: 1 + random.index(3),
        },
        11 => InNetwork::Changed,
        12 => InNetwork::Foreground,
        _ => InNetwork::Online {
            is_online: random.percent(60),
        },
    }
}

fn process(random: &mut Random) -> InProcess {
    match random.below(10) {
        0..=2 => InProcess::Crash {
            loses_power: random.percent(50),
        },
        3..=4 => InProcess::Stop,
        5..=6 => InProcess::Sleep {
            time: random.pick(&[10 * SECOND, 2 * MINUTE, HOUR, 9 * HOUR]),
            has_hook: random.percent(50),
        },
        7..=8 => InProcess::SetClock {
            by: random.pick(&[3_600, -3_600, 86_400 * 500, -86_400 * 500, 5]),
        },
        _ => InProcess::Update,
    }
}

fn person(random: &mut Random) -> ByPerson {
    let last = last(random);
    let value = random.percent(70);
    match random.below(18) {
        0..=4 => ByPerson::Read { last },
        17 => ByPerson::ReadFirst,
        5..=6 => ByPerson::ReadAll,
        7 => ByPerson::Click { last },
        8 => ByPerson::Reply { last },
        9 => ByPerson::Dismiss { last },
        10 => ByPerson::Archive { last, value },
        11 => ByPerson::Delete { last, value },
        12..=13 => ByPerson::Look,
        14..=15 => ByPerson::Topic { joins: value },
        _ => ByPerson::Press { last },
    }
}

fn disk(random: &mut Random) -> OnDisk {
    match random.below(16) {
        0 => OnDisk::Full { is_full: true },
        1..=2 => OnDisk::Full { is_full: false },
        3 => OnDisk::Broken {
            is_broken: random.percent(40),
        },
        4..=6 => OnDisk::Fails {
            writes: random.below(60),
        },
        7..=9 => OnDisk::PowerFails {
            writes: random.below(60),
        },
        10 => OnDisk::Keystore {
            is_locked: random.percent(50),
        },
        11 => OnDisk::LoseSecrets,
        12 => OnDisk::BackUp,
        13 => OnDisk::SetBack,
        _ => OnDisk::Damage(random.pick(&Damage::ALL)),
    }
}

fn screen(random: &mut Random) -> OnScreen {
    match random.below(15) {
        0..=1 => OnScreen::Permission {
            is_granted: random.percent(55),
        },
        2..=3 => OnScreen::Habit(random.pick(&Habit::ALL)),
        // What waits to be shown may be read, recalled or replaced meanwhile.
        4 => OnScreen::Habit(random.pick(&[Habit::Fails, Habit::Dawdles])),
        5 => OnScreen::Rotate,
        6 => OnScreen::LoseKeys {
            is_closed: random.percent(60),
        },
        7..=9 => OnScreen::PushFirst(PushFirst {
            extension: random.percent(65),
            is_only: random.percent(30),
            recalled_after: random
                .percent(15)
                .then(|| random.pick(&[0, SECOND, 30 * SECOND, 5 * MINUTE])),
        }),
        _ => OnScreen::Push {
            last: random.index(2),
            extension: random.percent(60),
        },
    }
}
