//! What can happen in a course.

use std::collections::BTreeSet;

use proptest::{collection, option, prelude::*, sample::select};
use vestnik_model::{Flag, ReceiptKind};

/// The people of a course.
pub(super) const USERS: [&str; 3] = ["anna", "bert", "carla"];
/// The devices of a course, by number from 1.
pub(super) const DEVICES: u32 = 4;
/// How many things happen in a course.
const LENGTH: std::ops::Range<usize> = 1..40;

/// Something that happens. Notifications are named by how far they lie back.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Login { who: usize, device: u32 },
    Logout { device: u32 },
    Subscribe { who: usize },
    Publish(To),
    HandOver { device: u32, back: u32 },
    Receipt { device: u32, back: u32, told: Told },
    Flag { device: u32, back: u32, set: Set },
    ReadUpTo { device: u32, seq: u64 },
    Repeat { device: u32 },
    Stale { device: u32 },
    Confirm { device: u32, seq: u64 },
    Renew { device: u32 },
    Cancel { back: u32 },
    Recall { back: u32 },
    Wait { seconds: i64 },
}

/// Whom a notification is for.
#[derive(Debug, Clone)]
pub(super) struct To {
    pub(super) users: BTreeSet<usize>,
    pub(super) topic: bool,
    pub(super) device: Option<u32>,
    pub(super) excluded: BTreeSet<usize>,
}

/// A receipt, and how many seconds off the device's clock is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) kind: ReceiptKind,
    pub(super) off: i64,
}

/// A version of a flag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    pub(super) flag: Flag,
    pub(super) value: bool,
    pub(super) version: u64,
}

pub(super) fn actions() -> impl Strategy<Value = Vec<Action>> {
    collection::vec(action(), LENGTH)
}

fn action() -> impl Strategy<Value = Action> {
    let device = || 1..=DEVICES;
    let back = || 0..3_u32;
    let who = || 0..USERS.len();
    let told = || {
        let kinds = select(&ReceiptKind::ALL[..]);
        (kinds, -40..40_i64).prop_map(|(kind, off)| Told { kind, off })
    };
    let set = || {
        let flags = select(&Flag::ALL[..]);
        (flags, any::<bool>(), 1..5_u64).prop_map(|(flag, value, version)| Set {
            flag,
            value,
            version,
        })
    };
    prop_oneof![
        4 => (who(), device()).prop_map(|(who, device)| Action::Login { who, device }),
        1 => device().prop_map(|device| Action::Logout { device }),
        1 => who().prop_map(|who| Action::Subscribe { who }),
        4 => to().prop_map(Action::Publish),
        4 => (device(), back()).prop_map(|(device, back)| Action::HandOver { device, back }),
        6 => (device(), back(), told())
            .prop_map(|(device, back, told)| Action::Receipt { device, back, told }),
        4 => (device(), back(), set())
            .prop_map(|(device, back, set)| Action::Flag { device, back, set }),
        1 => (device(), 0..8_u64).prop_map(|(device, seq)| Action::ReadUpTo { device, seq }),
        1 => device().prop_map(|device| Action::Repeat { device }),
        1 => device().prop_map(|device| Action::Stale { device }),
        2 => (device(), 0..8_u64).prop_map(|(device, seq)| Action::Confirm { device, seq }),
        1 => device().prop_map(|device| Action::Renew { device }),
        1 => back().prop_map(|back| Action::Cancel { back }),
        1 => back().prop_map(|back| Action::Recall { back }),
        3 => prop_oneof![1..30_i64, 300..1_100_i64].prop_map(|seconds| Action::Wait { seconds }),
    ]
}

fn to() -> impl Strategy<Value = To> {
    let who = || 0..USERS.len();
    let parts = (
        collection::btree_set(who(), 0..3),
        any::<bool>(),
        option::of(1..=DEVICES),
        collection::btree_set(who(), 0..2),
    );
    parts.prop_map(|(users, topic, device, excluded)| To {
        users,
        topic,
        device,
        excluded,
    })
}
