//! Mailings by the clocks of their recipients, in virtual time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Time};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use tokio::{runtime::Handle, task::block_in_place};
use vestnik_model::{DeliveryStatus, publish::Schedule};
use vestnik_rules::{
    schedule::{Attributes, Due, Known, Moment, QuietHours, due, life, span},
    work::WorkKind,
};

use super::{
    Fixture,
    name::{ACCEPTED, at, topics, users},
    timed::second,
    world::World,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Users with the zones of their installations; the last has none.
const RECIPIENTS: [(&str, Option<&str>); 5] = [
    ("anna", Some("Europe/Berlin")),
    ("bert", Some("America/New_York")),
    ("carl", Some("Australia/Lord_Howe")),
    ("dora", Some("Asia/Kathmandu")),
    ("emil", None),
];
const NAMES: [&str; 5] = ["anna", "bert", "carl", "dora", "emil"];

async fn with_recipients(fixture: &impl Fixture) -> World {
    let world = World::begin(fixture).await;
    for (number, (who, zone)) in (1..).zip(RECIPIENTS) {
        match zone {
            Some(zone) => drop(world.login_in(who, number, zone).await),
            None => drop(world.login(who, number).await),
        }
    }
    world
}

/// When each user got a notification.
async fn got(world: &World, number: u32, until: &str) -> BTreeMap<String, String> {
    let got = world.play(number, &NAMES, 2, second(until)).await;
    let got = got.into_iter();
    got.map(|(who, (at, _))| (who, at.to_string())).collect()
}

fn expected(times: &[(&str, &str)]) -> BTreeMap<String, String> {
    let times = times.iter();
    times
        .map(|(who, at)| ((*who).to_owned(), (*at).to_owned()))
        .collect()
}

pub async fn a_mailing_crosses_the_night_in_which_clocks_go_forward(fixture: &impl Fixture) {
    let world = with_recipients(fixture).await;
    let at_half_past_two = |policy: &str| json!({"send_at": "2027-03-28T02:30:00", "time_zone": "recipient", "on_no_time_zone": policy});
    let all = [
        ("carl", "2027-03-27T15:30:00Z"),
        ("dora", "2027-03-27T20:45:00Z"),
        // Berlin skips half past two, and reads half past three then.
        ("anna", "2027-03-28T01:30:00Z"),
        ("bert", "2027-03-28T06:30:00Z"),
    ];
    let opening = "2027-03-27T12:30:00Z";
    for (number, policy, emils) in [
        (1, "app_default", Some("2027-03-28T02:30:00Z")),
        (2, "send_now", Some(opening)),
        (3, "drop", None),
    ] {
        let schedule = at_half_past_two(policy);
        world
            .publish_timed(number, users(&NAMES), schedule, HOUR * 48)
            .await;
        let mut times = expected(&all);
        times.extend(emils.map(|at| ("emil".to_owned(), at.to_owned())));
        assert_eq!(
            got(&world, number, "2027-03-29T00:00:00Z").await,
            times,
            "{policy}"
        );
    }
    world.is_sound().await;
}

pub async fn a_mailing_crosses_the_night_in_which_clocks_go_back(fixture: &impl Fixture) {
    let world = with_recipients(fixture).await;
    world.default_zone("Europe/London").await;
    // Dora wants quiet until ten, by her own clock.
    let quiet = json!({"quiet_hours": {"from": "22:00", "to": "10:00"}});
    world.attributes("dora", quiet, 3).await;
    let schedule = json!({
        "send_at": "2027-10-31T02:30:00", "time_zone": "recipient",
        "window": {"from": "02:00", "to": "12:00", "weekdays": [7]},
    });
    world
        .publish_timed(1, users(&NAMES), schedule, HOUR * 48)
        .await;
    let times = [
        ("carl", "2027-10-30T15:30:00Z"),
        ("dora", "2027-10-31T04:15:00Z"),
        // Berlin's clock shows half past two twice: the first time counts.
        ("anna", "2027-10-31T00:30:00Z"),
        ("emil", "2027-10-31T02:30:00Z"),
        ("bert", "2027-10-31T06:30:00Z"),
    ];
    assert_eq!(
        got(&world, 1, "2027-11-02T00:00:00Z").await,
        expected(&times)
    );
    world.is_sound().await;
}

pub async fn a_mailing_keeps_its_pace_after_a_crash(fixture: &impl Fixture) {
    const PACE: usize = 10;
    let mut world = World::begin(fixture).await;
    let names: Vec<_> = (0..60).map(|number| format!("user-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.topic("orders", &names).await;
    for (number, who) in (1..).zip(&names) {
        world.login(who, number).await;
    }
    let schedule = json!({"throttle_per_minute": PACE});
    world
        .publish_timed(1, topics(&["orders"]), schedule, HOUR)
        .await;
    let mut released: Vec<Timestamp> = Vec::new();
    let mut now = at(ACCEPTED);
    let mut wakes = 0;
    while let Some(next) = world.next_turn().await {
        now = now.max(next);
        wakes += 1;
        // The server wakes late now and then, and was down for five minutes once.
        now += SignedDuration::from_millis(if wakes == 20 {
            300_000
        } else {
            wakes * 37 % 900
        });
        if wakes % 13 == 0 {
            world = world.reopened(fixture, now.as_second() - at(0).as_second());
        }
        let before = world.counts(1).await.pending;
        release_at(&world, now).await;
        let count = world.counts(1).await.pending - before;
        released.extend((0..count).map(|_| now));
        assert!(wakes < 1_000, "it comes to an end");
    }
    assert_eq!(released.len(), names.len());
    for (first, last) in released.iter().zip(released.iter().skip(PACE)) {
        assert!(last.duration_since(*first) >= SignedDuration::from_mins(1));
    }
    let took = released[released.len() - 1].duration_since(released[0]);
    assert!(took < SignedDuration::from_mins(13), "{took:?}");
    world.is_sound().await;
}

/// Kathmandu's morning is a quarter of an hour before that of Kolkata, whose recipients then wait for their turn.
pub async fn what_expires_does_not_wait_for_a_pace(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login_in("anna", 100, "Asia/Kathmandu").await;
    let names: Vec<String> = (1..=9).map(|number| format!("u{number}")).collect();
    let mut everybody: Vec<&str> = names.iter().map(String::as_str).collect();
    for (number, who) in (1..).zip(&everybody) {
        world.login_in(who, number, "Asia/Kolkata").await;
    }
    everybody.push("anna");
    let schedule = json!({
        "send_at": "2027-03-01T09:00:00", "time_zone": "recipient", "throttle_per_minute": 1,
    });
    let ttl = SignedDuration::from_mins(20);
    world
        .publish_timed(1, users(&everybody), schedule, ttl)
        .await;
    let got = world
        .play(1, &everybody, 3, second("2027-03-01T03:34:50Z"))
        .await;
    assert_eq!(got["anna"].0, at(second("2027-03-01T03:15:00Z")));
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    world
        .play(1, &everybody, 3, second("2027-03-01T03:35:00Z"))
        .await;
    let annas = world.delivery(1, "anna").await;
    assert_eq!(annas.status, DeliveryStatus::Expired);
    // The others still wait for their turn, and get it.
    let waits = world.counts(1).await.scheduled;
    assert!((1..9).contains(&waits), "{waits}");
    world
        .play(1, &everybody, 3, second("2027-03-01T03:45:00Z"))
        .await;
    assert_eq!(world.counts(1).await.scheduled, 0);
    world.is_sound().await;
}

/// Does what is due at a time that is no whole second.
async fn release_at(world: &World, now: Timestamp) {
    for kind in [WorkKind::Expand, WorkKind::Release] {
        let asked = crate::work::ClaimQuery {
            kind,
            behind: None,
            except: Vec::new(),
            limit: 10,
            lease_until: now + SignedDuration::from_secs(30),
            now,
        };
        for claim in world.store.claim(asked).await.unwrap().claims {
            let part = crate::work::Part {
                claim,
                rows: 7,
                seed: super::name::hash(u32::try_from(now.as_millisecond() % 1_000_000).unwrap()),
                now,
            };
            world.store.perform(part).await.unwrap();
        }
    }
}

/// A schedule, and the recipients with their quiet hours in hours of the day.
#[derive(Debug, Clone)]
struct Case {
    schedule: Value,
    zones: Vec<Option<&'static str>>,
    quiet: Vec<Option<(i8, i8)>>,
    hours: i64,
    rows: u32,
}

const ZONES: [&str; 5] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
];

fn schedules() -> impl Strategy<Value = Value> {
    let start = prop_oneof![
        Just(json!({})),
        Just(json!({"send_at": "2027-01-16T20:00:00Z"})),
        (1_i8..29, 0_i8..24).prop_map(|(day, hour)| {
            json!({"send_at": format!("2027-03-{day:02}T{hour:02}:30:00"), "time_zone": "recipient"})
        }),
    ];
    let window = proptest::option::of((0_i8..24, 1_i8..12, any::<bool>()));
    let policy = prop::sample::select(vec!["app_default", "send_now", "drop"]);
    (start, window, policy).prop_map(|(mut schedule, window, policy)| {
        if let Some((from, hours, is_drop)) = window {
            let to = (from + hours) % 24;
            schedule["window"] =
                json!({"from": format!("{from:02}:00"), "to": format!("{to:02}:00")});
            schedule["on_missed_window"] = json!(if is_drop { "drop" } else { "next_allowed" });
        }
        let is_local = schedule.get("time_zone").is_some() || schedule.get("window").is_some();
        if is_local {
            schedule["on_no_time_zone"] = json!(policy);
        }
        schedule
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let zone = proptest::option::of(prop::sample::select(ZONES.to_vec()));
    let quiet = proptest::option::of((0_i8..24, 0_i8..24));
    let people = (
        prop::collection::vec(zone, 5),
        prop::collection::vec(quiet, 5),
    );
    (schedules(), people, 1_i64..60, 1_u32..4).prop_map(
        |(schedule, (zones, quiet), hours, rows)| Case {
            schedule,
            zones,
            quiet,
            hours,
            rows,
        },
    )
}

/// Of any schedule and any recipients, each gets the notification when the rules say, asked without a
/// store and step by step, and with their own expiry; or never.
pub async fn any_schedule_goes_out_as_the_rules_say(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (handle, number) = (Handle::current(), std::cell::Cell::new(1));
    let run = |case: Case| {
        handle.block_on(agrees(&world, number.get(), &case));
        number.set(number.get() + 1);
        Ok(())
    };
    block_in_place(|| runner.run(&cases(), run)).unwrap();
    world.is_sound().await;
}

async fn agrees(world: &World, number: u32, case: &Case) {
    let names: Vec<_> = (0..5).map(|index| format!("{number}-{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (index, who) in (0_u32..).zip(&names) {
        let installation = number * 10 + index;
        match case.zones[index as usize] {
            Some(zone) => drop(world.login_in(who, installation, zone).await),
            None => drop(world.login(who, installation).await),
        }
        if let Some((from, to)) = case.quiet[index as usize].filter(|(from, to)| from != to) {
            let text = |hour: i8| format!("{hour:02}:00");
            let quiet = json!({"quiet_hours": {"from": text(from), "to": text(to)}});
            world.attributes(who, quiet, 3).await;
        }
    }
    let ttl = HOUR * i32::try_from(case.hours).unwrap();
    let to = users(&names);
    world
        .publish_timed(number, to, case.schedule.clone(), ttl)
        .await;
    let end = second("2027-05-01T00:00:00Z");
    let mut got = world.play(number, &names, case.rows, end).await;
    // What came at once is in the log already.
    got.extend(world.at_once(number, &names).await);
    for (index, who) in names.iter().enumerate() {
        let expected = by_the_rules(case, index, ttl);
        assert_eq!(got.get(*who).copied(), expected, "{who} of {case:?}");
    }
}

/// When a recipient gets the notification and when it expires for them, by the rules alone.
fn by_the_rules(case: &Case, index: usize, ttl: SignedDuration) -> Option<(Timestamp, Timestamp)> {
    let schedule =
        Schedule::parse(&serde_json::from_value(case.schedule.clone()).unwrap()).unwrap();
    let quiet = case.quiet[index].and_then(|(from, to)| {
        let time = |hour| Time::new(hour, 0, 0, 0).unwrap();
        QuietHours::new(time(from), time(to))
    });
    let known = Known {
        installation: case.zones[index].map(str::to_owned),
        attributes: Attributes {
            quiet,
            ..Attributes::default()
        },
        ..Known::default()
    };
    let accepted_at = at(ACCEPTED);
    let mut now = span(&schedule, accepted_at, ttl).starts_at;
    let life = life(&schedule, &known.recipient(), accepted_at, ttl)?;
    loop {
        let moment = Moment { accepted_at, now };
        match due(&schedule, &known.recipient(), moment) {
            Due::Missed(_) => return None,
            Due::Now => return (now < life.expires_at).then_some((now, life.expires_at)),
            Due::At { at, .. } => now = at,
        }
    }
}
