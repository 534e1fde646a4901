use vestnik_model::{
    Channel, Evidence, InstallationId, ReceiptKind,
    publish::{Goal, OnUnproven, StepRequest, Steps},
};

use super::*;
use crate::{
    attempt::{Bounds, Outcome, begin, settle},
    cascade::{Address, Course, Device, Looked, Target, View, look},
    delivery::{Event, Reported, advance},
    device::{Addressed, Wanted},
    schedule::Hours,
};

const REASON: Reason = Reason::DecryptUnknownKey;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn mark(key: u32) -> KeyMark {
    KeyMark::of(&format!("key {key}"))
}

fn target() -> Target {
    let installation: InstallationId = "ins_00000000000000000000000000000001".parse().unwrap();
    Target::Device {
        installation,
        channel: Channel::Fcm,
    }
}

/// One delivery to one phone in virtual time, driven as a store drives it.
struct World {
    steps: Steps,
    course: Course,
    state: DeliveryState,
    attempt: Option<Attempt>,
    is_stopped: bool,
    is_delivered: bool,
    key: Option<KeyMark>,
    now: Timestamp,
    /// The keys that pushes were sealed for, and the letters, in the order in which they went out.
    sent: Vec<Option<KeyMark>>,
}

impl World {
    fn new(steps: Steps) -> Self {
        Self {
            steps,
            course: Course::new(at(100)),
            state: DeliveryState::pending(),
            attempt: None,
            is_stopped: false,
            is_delivered: false,
            key: Some(mark(1)),
            now: at(100),
            sent: Vec::new(),
        }
    }

    /// Push for a minute, then a letter.
    fn cascade() -> Self {
        let step = |channel, within_seconds| StepRequest {
            channel,
            wait_for: Some(Goal::Delivered),
            within_seconds,
            on_unproven: None,
        };
        Self::new(Steps::from_stored(vec![
            step(StepChannel::Push, Some(60)),
            step(StepChannel::Email, None),
        ]))
    }

    fn looked(&self) -> Looked {
        let address = Address {
            channel: Channel::Fcm,
            is_dead: false,
            has_provider: true,
            attempt: self.attempt.clone(),
        };
        let letter = self.sent.contains(&None).then_some(Attempt::HANDED);
        let mailbox = Address {
            channel: Channel::Email,
            attempt: letter,
            ..address
        };
        let installation = target().installation().unwrap();
        let device = Device {
            has_it: self.is_delivered,
            ..Device::new(installation, vec![address])
        };
        let attempts = self.attempt.iter().map(|attempt| (target(), attempt));
        let attempts: Vec<_> = attempts.collect();
        look(&View {
            steps: &self.steps,
            course: self.course,
            state: &self.state,
            attempts: &attempts,
            expires_at: at(10_000),
            is_stopped: self.is_stopped,
            is_deleted: false,
            hours: &Hours::Open,
            wanted: &Wanted::ALL,
            addressed: &Addressed::ALL,
            devices: &[device],
            mailbox: Some(&mailbox),
            backend: None,
            gateways: &[],
            reported: &Reported::NOTHING,
            now: self.now,
        })
    }

    /// Looks, and makes what is to be tried until nothing more is.
    fn run(&mut self) {
        for _ in 0..10 {
            let looked = self.looked();
            self.course = looked.course;
            assert_eq!(looked.end, None, "what was handed over has no such end");
            let Some(to) = looked.tries.first() else {
                return;
            };
            if *to == Target::Mailbox {
                self.sent.push(None);
                continue;
            }
            self.begin();
            self.settle();
        }
        panic!("tries without an end");
    }

    fn begin(&mut self) {
        let lease = self.now + SignedDuration::from_secs(30);
        let begun = begin(self.attempt.as_ref(), lease).sealed(self.key, self.now);
        self.attempt = Some(begun);
        self.sent.push(self.key);
    }

    fn settle(&mut self) {
        let bounds = Bounds {
            collapses: true,
            on_unproven: OnUnproven::Repeat,
            until: at(10_000),
            random: 0.5,
            now: self.now,
        };
        let begun = self.attempt.take().unwrap();
        self.attempt = Some(settle(&begun, &Outcome::Accepted, bounds));
        self.state = advance(
            self.state.clone(),
            Event::HandedOver(Channel::Fcm),
            self.now,
        )
        .state;
    }

    fn ask(&mut self, rule: impl Fn(&Case<'_>) -> Option<Attempt>) -> bool {
        let step = self.steps.get(self.course.step);
        let attempt = self.attempt.clone().unwrap_or(Attempt::HANDED);
        let changed = rule(&Case {
            state: &self.state,
            is_stopped: self.is_stopped,
            expires_at: at(10_000),
            step: step.map(|step| step.channel),
            attempt: &attempt,
            is_delivered: self.is_delivered,
            key: self.key,
            now: self.now,
        });
        let is_changed = changed.is_some();
        self.attempt = changed.or_else(|| self.attempt.take());
        is_changed
    }

    /// The device reports at a second, of a push that it got at another.
    fn reports(&mut self, second: i64, of: i64) -> bool {
        self.now = at(second);
        let follows = self.ask(|case| reported(case, REASON, at(of)));
        self.run();
        follows
    }

    fn tells(&mut self, second: i64, key: u32) -> bool {
        self.now = at(second);
        self.key = Some(mark(key));
        let follows = self.ask(uploaded);
        self.run();
        follows
    }

    fn passes(&mut self, second: i64) {
        self.now = at(second);
        self.run();
    }

    #[track_caller]
    fn has_sent(&self, sent: &[Option<u32>]) {
        let expected: Vec<_> = sent.iter().map(|key| key.map(mark)).collect();
        assert_eq!(self.sent, expected);
    }
}

/// Both orders of the report and the key, with a cascade and without.
#[test]
fn the_push_is_sent_anew_once_in_either_order() {
    for mut world in [World::new(Steps::default()), World::cascade()] {
        world.run();
        world.has_sent(&[Some(1)]);
        assert!(!world.tells(110, 2), "nothing was reported");
        assert!(world.reports(110, 109));
        world.has_sent(&[Some(1), Some(2)]);
        world.passes(150);
        world.has_sent(&[Some(1), Some(2)]);
    }
    for mut world in [World::new(Steps::default()), World::cascade()] {
        world.run();
        assert!(world.reports(110, 109));
        world.has_sent(&[Some(1)]);
        assert!(world.tells(114, 2));
        world.has_sent(&[Some(1), Some(2)]);
        let attempt = world.attempt.clone().unwrap();
        assert_eq!(
            (attempt.state, attempt.tries, attempt.undecrypted),
            (State::Sent, 2, 1)
        );
        world.passes(150);
        world.has_sent(&[Some(1), Some(2)]);
    }
}

#[test]
fn without_another_key_the_cascade_goes_on() {
    // The device tells the same key once more: nothing is to be waited for.
    let mut world = World::cascade();
    world.run();
    world.reports(110, 109);
    assert_eq!(world.course.due_at, Some(at(115)));
    assert!(world.tells(111, 1));
    world.has_sent(&[Some(1), None]);
    assert_eq!(world.course.switched, Some(REASON));
    // It tells nothing: the window ends.
    let mut world = World::cascade();
    world.run();
    world.reports(110, 109);
    world.passes(114);
    world.has_sent(&[Some(1)]);
    world.passes(115);
    world.has_sent(&[Some(1), None]);
    // What comes behind that changes nothing.
    assert!(!world.tells(120, 2));
    assert!(!world.reports(121, 120));
    world.has_sent(&[Some(1), None]);
}

/// There is no next step: the notification waits in the log, and for a key, as long as it lasts.
#[test]
fn the_last_step_waits_for_a_key() {
    let mut world = World::new(Steps::default());
    world.run();
    world.reports(110, 109);
    world.passes(200);
    assert_eq!(world.state.status, DeliveryStatus::Sent);
    assert!(world.tells(3_000, 2));
    world.has_sent(&[Some(1), Some(2)]);
}

#[test]
fn a_repeated_report_changes_nothing() {
    let mut world = World::cascade();
    world.run();
    assert!(world.reports(110, 109));
    assert!(!world.reports(111, 110));
    assert_eq!(
        world.course.due_at,
        Some(at(115)),
        "the window is not longer"
    );
    world.tells(112, 2);
    // The service brought the first push twice.
    assert!(!world.reports(113, 111));
    world.has_sent(&[Some(1), Some(2)]);
    // The second one does not open either.
    assert!(world.reports(114, 113));
    world.tells(115, 2);
    world.has_sent(&[Some(1), Some(2), None]);
}

/// A device that reports for ever has its push repeated for a few keys, and for each once.
#[test]
fn a_device_that_reports_for_ever_is_left_alone() {
    let mut world = World::new(Steps::default());
    world.run();
    for round in 0..20_u32 {
        let second = 110 + i64::from(round) * 10;
        world.tells(second, 2 + round % 2);
        world.reports(second + 1, second + 1);
    }
    world.has_sent(&[Some(1), Some(2), Some(3)]);
    for round in 0..20_u32 {
        let second = 1_110 + i64::from(round) * 10;
        world.tells(second, 100 + round);
        world.reports(second + 1, second + 1);
    }
    assert_eq!(world.sent.len(), MAX_SEALS);
}

#[test]
fn what_does_not_matter_any_more_is_not_sent_anew() {
    #[track_caller]
    fn check(end: impl Fn(&mut World)) {
        let mut world = World::cascade();
        world.run();
        end(&mut world);
        world.key = Some(mark(2));
        assert!(!world.reports(110, 109));
        world.has_sent(&[Some(1)]);
        // Nor when it ends between the report and the key.
        let mut world = World::cascade();
        world.run();
        assert!(world.reports(110, 109));
        end(&mut world);
        assert!(!world.tells(111, 2));
        world.has_sent(&[Some(1)]);
    }
    check(|world| world.is_stopped = true);
    check(|world| world.is_delivered = true);
    check(|world| {
        world
            .state
            .merge(Evidence::Receipt(ReceiptKind::Read), at(105));
    });
    let mut world = World::new(Steps::default());
    world.run();
    world.key = Some(mark(2));
    world.now = at(10_000);
    assert!(!world.ask(|case| reported(case, REASON, case.now)));
}

/// What another user's device dropped was the push before: the one that replaced it is good.
#[test]
fn what_was_dropped_says_nothing_of_the_push_that_replaced_it() {
    let mut world = World::new(Steps::default());
    world.run();
    world.key = Some(mark(2));
    assert!(world.reports(110, 109));
    world.has_sent(&[Some(1), Some(2)]);
    let why = Reason::OwnerMismatchDropped;
    assert!(!world.ask(|case| reported(case, why, at(109))));
    assert_eq!(world.attempt.clone().unwrap().state, State::Sent);
    assert!(world.ask(|case| reported(case, why, at(110))));
    assert_eq!(world.attempt.unwrap().reason, Some(why));
}

/// Nothing is decrypted of what was not encrypted.
#[test]
fn a_report_about_a_hint_is_not_believed() {
    let mut world = World::cascade();
    world.key = None;
    world.run();
    world.key = Some(mark(1));
    assert!(!world.reports(110, 109));
    world.has_sent(&[None]);
}

#[test]
fn a_report_during_the_try_proves_that_it_arrived() {
    let mut world = World::new(Steps::default());
    world.begin();
    let lease = world.attempt.clone().unwrap().until.unwrap();
    world.key = Some(mark(2));
    assert!(world.ask(|case| reported(case, REASON, case.now)));
    let attempt = world.attempt.clone().unwrap();
    assert_eq!((attempt.state, attempt.tries), (State::Retrying, 1));
    assert!(!attempt.is_try_of(lease), "its answer comes too late");
    world.run();
    world.has_sent(&[Some(1), Some(2)]);
}

/// Its sender wanted no other try of a push without an answer: the report says what had become of it.
#[test]
fn a_report_about_what_was_given_up_sends_it_anew() {
    let mut world = World::new(Steps::default());
    world.begin();
    world.attempt = world.attempt.clone().map(Attempt::given_up);
    world.key = Some(mark(2));
    assert!(world.ask(|case| reported(case, REASON, case.now)));
    assert_eq!(world.attempt.clone().unwrap().state, State::Retrying);
    world.run();
    world.has_sent(&[Some(1), Some(2)]);
}

/// A try that waits because its service is busy keeps the time that the service asked for.
#[test]
fn a_try_that_waits_keeps_its_time_and_takes_the_new_key() {
    let mut world = World::cascade();
    world.begin();
    let busy = Attempt {
        state: State::Retrying,
        reason: Some(Reason::ProviderThrottled),
        until: Some(at(130)),
        ..world.attempt.clone().unwrap()
    };
    world.attempt = Some(busy.clone());
    world.key = Some(mark(2));
    assert!(!world.reports(110, 109));
    world.has_sent(&[Some(1)]);
    world.passes(130);
    world.has_sent(&[Some(1), Some(2)]);
    // With the same key it is in vain.
    world.attempt = Some(busy);
    world.key = Some(mark(1));
    assert!(world.reports(131, 131));
    assert_eq!(world.attempt.unwrap().state, State::Failed);
}

#[test]
fn seals_read_back_and_are_bounded() {
    let mut seals = Seals::NONE;
    for key in 0..10 {
        seals = seals.with(mark(key), at(i64::from(key)));
        assert!(seals.has(mark(key)), "the latest is always known");
        let bytes = seals.to_bytes();
        assert!(bytes.len() <= MAX_SEALS * 16);
        assert_eq!(Seals::parse(&bytes), Some(seals.clone()));
    }
    assert_eq!(Seals::parse(&[]), Some(Seals::NONE));
    for wrong in [
        &[0; 15][..],
        &[0; 17],
        &[0; 16 * (MAX_SEALS + 1)],
        &[0xff; 16][..8],
    ] {
        assert_eq!(Seals::parse(wrong), None);
    }
}
