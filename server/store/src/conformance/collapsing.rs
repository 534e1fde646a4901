//! Notifications that take the place of earlier ones with the same collapse key.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::json;
use vestnik_model::{AppId, Counts, DeliveryStatus, NotificationStatus, Reason, ReceiptKind};
use vestnik_rules::{attempt::Outcome, session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::receipt,
    name::{at, bank, new, notification, scheduled, shop, users},
    pushing::{accepted, begin, dispatch_of, provide, settle, to_anna, token, tried},
    timed::{second, timed},
    withdrawing::has_key,
    world::{World, changed},
};
use crate::{
    dispatch::{Begun, Sends},
    publishing::{NewNotification, PublishOutcome, Retry, RetryOutcome},
};

const KEY: &str = "order-8812";
const GAVE_WAY: (DeliveryStatus, Option<Reason>) = (
    DeliveryStatus::Suppressed,
    Some(Reason::SuppressedSuperseded),
);

fn about(key: &str, mut new: NewNotification) -> NewNotification {
    new.publication.collapse_key = Some(key.to_owned());
    new
}

async fn publish(world: &World, new: NewNotification) {
    let outcome = world.store.publish(new).await.unwrap();
    assert!(
        matches!(outcome, PublishOutcome::Accepted(_)),
        "{outcome:?}"
    );
}

/// Publishes to people of the shop at once.
async fn say(world: &World, number: u32, key: &str, to: &[&str]) {
    publish(world, about(key, new(&shop(), number, users(to)))).await;
}

async fn ended(world: &World, number: u32, who: &str) -> (DeliveryStatus, Option<Reason>) {
    let view = world.delivery(number, who).await;
    let reason = view.reason.and_then(|reason| reason.known());
    (view.status, reason)
}

/// Everything that the work of sending begins at a second.
async fn begun(world: &World, second: i64) -> Vec<Begun> {
    let mut begun = Vec::new();
    loop {
        let claims = world.claim(WorkKind::Dispatch, second).await;
        if claims.is_empty() {
            return begun;
        }
        for claim in claims {
            begun.extend(dispatch_of(world, &claim, second).await.begun);
        }
    }
}

/// A delivery that had ended is on no device as far as is known: a hand-over that is noted later says more.
pub async fn what_gave_way_unnoticed_is_withdrawn_later(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    say(&world, 1, KEY, &["anna"]).await;
    let session = world.login("anna", 1).await;
    say(&world, 2, KEY, &["anna"]).await;
    assert_eq!(world.log("anna").await, ["-@1", "2@2"]);
    for second in [50, 51] {
        world.hand_over(&session, 1, second).await;
        let log = ["-@1", "2@2", "1 recalled@3"];
        assert_eq!(world.log("anna").await, log);
    }
    world.is_sound().await;
}

pub async fn a_newer_one_takes_the_place_of_what_waits(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    say(&world, 1, KEY, &["anna"]).await;
    world.taken();
    say(&world, 2, KEY, &["anna"]).await;
    assert_eq!(world.log("anna").await, ["-@1", "2@2", "1 recalled@3"]);
    assert_eq!(ended(&world, 1, "anna").await, GAVE_WAY);
    let counts = Counts {
        suppressed: 1,
        ..Counts::default()
    };
    assert_eq!(world.counts(1).await, counts);
    // What was suppressed is excluded and not lost.
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    assert_eq!(world.counts(2).await.pending, 1);
    // The sender is told which delivery it was.
    let told = changed(&world.taken(), 1);
    let told: Vec<_> = told
        .iter()
        .flatten()
        .map(|one| one.summary.status)
        .collect();
    assert_eq!(told, [DeliveryStatus::Suppressed]);
    say(&world, 3, KEY, &["anna"]).await;
    let log = ["-@1", "-@2", "1 recalled@3", "3@4", "2 recalled@5"];
    assert_eq!(world.log("anna").await, log);
    world.is_sound().await;
}

pub async fn a_key_is_one_recipients_and_one_apps(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (who, number) in [("anna", 1), ("bert", 2)] {
        world.login(who, number).await;
    }
    world.login_to(&bank(), "anna", 3).await;
    say(&world, 1, KEY, &["anna", "bert"]).await;
    say(&world, 2, "order-8813", &["anna"]).await;
    world.publish(3, users(&["anna"])).await;
    let elsewhere: AppId = bank();
    publish(&world, about(KEY, new(&elsewhere, 4, users(&["anna"])))).await;
    assert_eq!(world.log("anna").await, ["1@1", "2@2", "3@3"]);
    say(&world, 5, KEY, &["anna"]).await;
    let log = ["-@1", "2@2", "3@3", "5@4", "1 recalled@5"];
    assert_eq!(world.log("anna").await, log);
    assert_eq!(world.log("bert").await, ["1@1"]);
    assert_eq!(world.view(5).await.collapse_key.as_deref(), Some(KEY));
    assert_eq!(world.view(3).await.collapse_key, None);
    world.is_sound().await;
}

pub async fn what_was_shown_is_withdrawn_from_phones_that_sleep(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    has_key(&world, &anna).await;
    say(&world, 1, KEY, &["anna"]).await;
    let first = begun(&world, 20).await;
    settle(&world, 21, tried(&first[0], 20, accepted())).await;
    say(&world, 2, KEY, &["anna"]).await;
    // A hand-over stays one, whatever took its place.
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    let tries = begun(&world, 60).await;
    let mut sends: Vec<_> = tries
        .iter()
        .map(|one| (one.notification.id, one.sends))
        .collect();
    sends.sort_by_key(|(id, _)| *id);
    let expected = [
        (notification(1), Sends::Withdrawal),
        (notification(2), Sends::Notification),
    ];
    assert_eq!(sends, expected);
    assert!(tries.iter().all(|one| token(one) == "token-1"));
    for one in &tries {
        settle(&world, 61, tried(one, 60, accepted())).await;
    }
    // A receipt that was on its way counts, and begins nothing.
    let late = vec![receipt(1, ReceiptKind::Delivered, 59)];
    assert_eq!(world.report(&anna, late).await, ["stored"]);
    assert_eq!(begun(&world, 200).await, []);
    world.is_sound().await;
}

pub async fn what_gave_way_is_not_sent_any_more(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    say(&world, 1, KEY, &["anna"]).await;
    let first = begun(&world, 20).await;
    say(&world, 2, KEY, &["anna"]).await;
    // The service was busy: the try would be repeated.
    let busy = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: None,
    };
    settle(&world, 21, tried(&first[0], 20, busy)).await;
    for moment in [22, 200, 400] {
        let tries = begun(&world, moment).await;
        let ids: Vec<_> = tries.iter().map(|one| one.notification.id).collect();
        assert!(!ids.contains(&notification(1)), "{ids:?}");
        for one in &tries {
            settle(&world, moment, tried(one, moment, accepted())).await;
        }
    }
    assert_eq!(ended(&world, 1, "anna").await, GAVE_WAY);
    assert_eq!(world.delivery(2, "anna").await.status, DeliveryStatus::Sent);
    world.is_sound().await;
}

pub async fn an_older_one_that_comes_later_enters_no_log(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    publish(&world, about(KEY, scheduled(1, to_anna(), 100))).await;
    say(&world, 2, KEY, &["anna"]).await;
    world.work(WorkKind::Expand, 10, 100).await;
    assert_eq!(ended(&world, 1, "anna").await, GAVE_WAY);
    assert_eq!(world.log("anna").await, ["2@1"]);
    world.is_sound().await;
}

pub async fn what_waits_for_its_time_gives_way_at_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    let berlin = json!({"time_zone": "Europe/Berlin"});
    world.attributes("anna", berlin, 3).await;
    let nine = json!({"send_at": "2027-01-20T09:00:00", "time_zone": "recipient"});
    let ttl = SignedDuration::from_hours(1);
    publish(&world, about(KEY, timed(1, to_anna(), nine, ttl))).await;
    let early = second("2027-01-19T19:00:00Z");
    world.work(WorkKind::Expand, 10, early).await;
    let waits = world.delivery(1, "anna").await.status;
    assert_eq!(waits, DeliveryStatus::Scheduled);
    say(&world, 2, KEY, &["anna"]).await;
    assert_eq!(ended(&world, 1, "anna").await, GAVE_WAY);
    let due = second("2027-01-20T08:00:00Z");
    world.work(WorkKind::Release, 10, due).await;
    assert_eq!(world.log("anna").await, ["2@1"]);
    world.is_sound().await;
}

pub async fn what_gave_way_is_not_tried_anew(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    for number in [1, 2] {
        say(&world, number, KEY, &["anna"]).await;
        begun(&world, 20).await;
        assert_eq!(world.status(number).await, NotificationStatus::Error);
    }
    let anna: Session = world.login("anna", 1).await;
    super::pushing::has_address(&world, &anna, "token-1", 30).await;
    for (number, retried) in [(1, 0), (2, 1)] {
        let asked = Retry {
            app: shop(),
            id: notification(number),
            now: at(40),
        };
        let begun = RetryOutcome::of(retried, true);
        assert_eq!(world.store.retry(asked).await.unwrap(), begun, "{number}");
    }
    // Nor does a device find it in the log.
    assert_eq!(world.log("anna").await, ["-@1", "2@2"]);
    world.is_sound().await;
}

/// Something that happens to the notifications of one key.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The next one is published to the first people, so many: at once, or to be sent in so many seconds.
    Publish { to: usize, after: Option<i64> },
    /// Time passes, and what is due is done.
    Pass(i64),
    /// Everything is written to the devices of a person.
    HandOver(usize),
}

const PEOPLE: usize = 2;

fn step() -> impl Strategy<Value = Step> {
    let after = prop_oneof![Just(None), (1_i64..90).prop_map(Some)];
    prop_oneof![
        3 => (1..=PEOPLE, after).prop_map(|(to, after)| Step::Publish { to, after }),
        2 => (1_i64..40).prop_map(Step::Pass),
        1 => (0..PEOPLE).prop_map(Step::HandOver),
    ]
}

/// What each person should be left with.
#[derive(Debug, Default)]
struct Expected {
    people: Vec<String>,
    /// The number of the last that was published.
    published: u32,
    /// What is not due yet: the second with whom it is for.
    waiting: BTreeMap<u32, (i64, usize)>,
    /// What came to each person, and what of it a device was handed.
    came: BTreeMap<usize, BTreeSet<u32>>,
    handed: BTreeSet<(usize, u32)>,
}

impl Expected {
    fn comes(&mut self, number: u32, to: usize) {
        for person in 0..to {
            self.came.entry(person).or_default().insert(number);
        }
    }

    /// What a person is left with.
    fn left(&self, person: usize) -> Option<u32> {
        self.came.get(&person)?.last().copied()
    }

    async fn is_so(&self, world: &World, done: &[Step]) {
        for (person, who) in self.people.iter().enumerate() {
            let log = world.log(who).await;
            let readable = log.iter().filter_map(|entry| entry.split_once('@'));
            let readable = readable.filter_map(|(number, _)| number.parse().ok());
            let left: Vec<u32> = self.left(person).into_iter().collect();
            assert_eq!(
                readable.collect::<Vec<u32>>(),
                left,
                "{who}: {log:?} {done:?}"
            );
            for number in self.came.get(&person).into_iter().flatten() {
                let (status, reason) = ended(world, *number, who).await;
                let is_handed = self.handed.contains(&(person, *number));
                match (Some(*number) == self.left(person), is_handed) {
                    (true, false) => assert_eq!(status, DeliveryStatus::Pending, "{done:?}"),
                    (_, true) => assert_eq!(status, DeliveryStatus::Sent, "{done:?}"),
                    (false, false) => assert_eq!((status, reason), GAVE_WAY, "{done:?}"),
                }
                let is_withdrawn = log
                    .iter()
                    .any(|entry| entry.starts_with(&format!("{number} recalled@")));
                let has_given_way = Some(*number) != self.left(person);
                assert!(
                    !is_handed || is_withdrawn == has_given_way,
                    "{log:?} {done:?}"
                );
            }
        }
    }
}

async fn play(world: &World, case: u32, steps: &[Step]) {
    let (key, mut now) = (format!("order-{case}"), 10);
    let people = (0..PEOPLE).map(|person| format!("{case}-{person}"));
    let mut expected = Expected {
        people: people.collect(),
        published: case * 100,
        ..Expected::default()
    };
    let names: Vec<_> = expected.people.clone();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut sessions = Vec::new();
    for (number, who) in (case * 10..).zip(&names) {
        sessions.push(world.login(who, number).await);
    }
    for (index, step) in steps.iter().enumerate() {
        match *step {
            Step::Publish { to, after } => {
                expected.published += 1;
                let (number, audience) = (expected.published, users(&names[..to]));
                match after.map(|after| now + after) {
                    None => {
                        publish(world, about(&key, new(&shop(), number, audience))).await;
                        expected.comes(number, to);
                    }
                    Some(due) => {
                        publish(world, about(&key, scheduled(number, audience, due))).await;
                        expected.waiting.insert(number, (due, to));
                    }
                }
            }
            Step::Pass(seconds) => {
                now += seconds;
                world.work(WorkKind::Expand, 1, now).await;
                let due = expected.waiting.iter();
                let due = due.filter(|(_, (due, _))| *due <= now);
                let due: Vec<_> = due.map(|(number, (_, to))| (*number, *to)).collect();
                for (number, to) in due {
                    expected.waiting.remove(&number);
                    expected.comes(number, to);
                }
            }
            Step::HandOver(person) => {
                if let Some(number) = expected.left(person) {
                    world.hand_over(&sessions[person], number, now).await;
                    expected.handed.insert((person, number));
                }
            }
        }
        expected.is_so(world, &steps[..=index]).await;
    }
}

/// In whichever order notifications of one key are published, come due and are handed over, each person is left
/// with the one that was accepted last.
pub async fn whatever_the_order_the_latest_is_left(fixture: &impl Fixture) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let world = World::begin(fixture).await;
    for case in 1..=24 {
        let steps = proptest::collection::vec(step(), 1..14);
        let steps = steps.new_tree(&mut runner).unwrap().current();
        play(&world, case, &steps).await;
    }
    world.is_sound().await;
}
