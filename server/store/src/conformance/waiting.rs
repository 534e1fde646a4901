//! Deliveries that wait for their own time.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestnik_model::{
    Counts, DeliveryStatus, NotificationStatus, Reason, ReceiptKind,
    publish::{Patch, ZoneName},
};
use vestnik_rules::work::{Progress, WorkKind};

use super::{
    Fixture, fact,
    name::{at, notification, shop, users},
    timed::second,
    world::{World, due, grown},
};
use crate::publishing::{Edit, EditOutcome};

const TTL: SignedDuration = SignedDuration::from_secs(1_000);
const BERLIN: &str = "2027-01-20T08:00:00Z";
const NEW_YORK: &str = "2027-01-20T14:00:00Z";

/// Nine in the morning, by the clock of each recipient.
fn nine() -> Value {
    json!({"send_at": "2027-01-20T09:00:00", "time_zone": "recipient"})
}

/// Anna in Berlin and Bert in New York, and a notification at nine that is expanded.
async fn nine_o_clock(fixture: &impl Fixture) -> World {
    let world = World::begin(fixture).await;
    world.login_in("anna", 1, "Europe/Berlin").await;
    world.login("bert", 2).await;
    let zone = json!({"time_zone": "America/New_York"});
    world.attributes("bert", zone, 3).await;
    world
        .publish_timed(1, users(&["anna", "bert"]), nine(), TTL)
        .await;
    world
        .work(WorkKind::Expand, 10, second("2027-01-19T19:00:00Z"))
        .await;
    world
}

/// The zone of a number counts behind what the App says of the user, and before its default.
pub async fn a_telephone_number_tells_the_clock_where_nothing_else_does(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let default = world
        .store
        .put_default_zone(shop(), ZoneName::parse("Asia/Tokyo"), at(1));
    default.await.unwrap();
    for (who, number) in [("anna", 1), ("bert", 2), ("carl", 3)] {
        world.login(who, number).await;
    }
    let german = "+4930123456";
    world.attributes("anna", json!({"phone": german}), 3).await;
    let both = json!({"phone": german, "time_zone": "America/New_York"});
    world.attributes("bert", both, 3).await;
    // A mobile number of Russia may be in any of its zones.
    world
        .attributes("carl", json!({"phone": "+79161234567"}), 3)
        .await;
    let everybody = ["anna", "bert", "carl"];
    world.publish_timed(1, users(&everybody), nine(), TTL).await;
    let early = second("2027-01-19T19:00:00Z");
    world.work(WorkKind::Expand, 10, early).await;
    let got = world.play(1, &everybody, 10, second(NEW_YORK)).await;
    let starts = got.into_iter().map(|(who, (start, _))| (who, start));
    let expected = [
        ("anna", BERLIN),
        ("bert", NEW_YORK),
        ("carl", "2027-01-20T00:00:00Z"),
    ];
    let expected = expected.map(|(who, start)| (who.to_owned(), at(second(start))));
    assert_eq!(starts.collect::<Vec<_>>(), expected);
    world.is_sound().await;
}

pub async fn a_delivery_waits_for_the_clock_of_its_recipient(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    let effects = world.taken();
    assert_eq!(grown(&effects), [].into());
    assert!(due(&effects).contains(&(WorkKind::Release, second(BERLIN))));
    let waiting = Counts {
        scheduled: 2,
        ..Counts::default()
    };
    assert_eq!(world.counts(1).await, waiting);
    assert_eq!(world.status(1).await, NotificationStatus::Queued);
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Scheduled
    );
    assert_eq!(world.log("anna").await, [""; 0]);
    assert_eq!(
        world.work(WorkKind::Release, 10, second(BERLIN) - 1).await,
        0
    );
    let got = world.play(1, &["anna", "bert"], 10, second(NEW_YORK)).await;
    let life = |start: &str| (at(second(start)), at(second(start)) + TTL);
    let expected = [("anna", life(BERLIN)), ("bert", life(NEW_YORK))];
    assert_eq!(
        got,
        expected.map(|(who, life)| (who.to_owned(), life)).into()
    );
    // Bert's has not expired, Anna's has: nobody took it within its own time to live.
    assert_eq!(
        world.delivery(1, "bert").await.status,
        DeliveryStatus::Pending
    );
    let annas = world.delivery(1, "anna").await;
    assert_eq!(annas.status, DeliveryStatus::Expired);
    assert_eq!(annas.reason, Some(Reason::ExpiredTtl.into()));
    world.is_sound().await;
}

pub async fn what_was_handed_over_ends_with_its_own_life(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    let session = world.login("anna", 3).await;
    world.work(WorkKind::Release, 10, second(BERLIN)).await;
    world.hand_over(&session, 1, second(BERLIN) + 1).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    let ends = second(BERLIN) + TTL.as_secs();
    world.work(WorkKind::Release, 10, ends - 1).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    world.work(WorkKind::Release, 10, ends).await;
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.reason, Some(Reason::DeliveryUnconfirmed.into()));
    world.is_sound().await;
}

pub async fn a_zone_that_changed_moves_a_delivery(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    let session = world.login("anna", 1).await;
    world.move_to(&session, "America/New_York", 500).await;
    world.work(WorkKind::Release, 10, second(BERLIN)).await;
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Scheduled
    );
    world.work(WorkKind::Release, 10, second(NEW_YORK)).await;
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    world.is_sound().await;
}

/// Who travels east is notified when their new clock says so, not when their old one would have.
pub async fn a_zone_that_changed_makes_a_delivery_due(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    let berlin = second(BERLIN);
    world
        .attributes("bert", json!({"time_zone": "Europe/Berlin"}), 500)
        .await;
    let session = world.login("anna", 1).await;
    world.move_to(&session, "Asia/Tokyo", 500).await;
    world.taken();
    let tokyo = second("2027-01-20T00:00:00Z");
    for due_at in [tokyo, berlin] {
        world.go_on(10, due_at - 1).await;
        let waits = world.counts(1).await.scheduled;
        world.go_on(10, due_at).await;
        assert_eq!(world.counts(1).await.scheduled, waits - 1);
    }
    world.is_sound().await;
}

/// Who has no zone of their own goes by the App's, also when that changes.
pub async fn a_default_zone_that_changed_moves_what_waits(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names = ["carl", "dora", "emil"];
    for (number, who) in (1..).zip(names) {
        world.login(who, number).await;
    }
    world.default_zone("Europe/Berlin").await;
    let mut schedule = nine();
    schedule["on_no_time_zone"] = json!("app_default");
    for number in [1, 2] {
        let schedule = schedule.clone();
        world
            .publish_timed(number, users(&names), schedule, TTL)
            .await;
    }
    world.go_on(10, second("2027-01-19T19:00:00Z")).await;
    world.taken();
    let changed = second("2027-01-19T20:00:00Z");
    world.default_zone_at("Asia/Kathmandu", changed).await;
    assert_eq!(due(&world.taken()), [(WorkKind::AskAnew, changed)]);
    // In parts, of which none is lost.
    let claim = world.claim_one(WorkKind::AskAnew, changed).await;
    assert_eq!(world.perform(&claim, 2, changed).await, Progress::More);
    let world = world.reopened(fixture, changed);
    assert!(world.work(WorkKind::AskAnew, 2, changed).await >= 2);
    world.go_on(10, changed).await;
    let kathmandu = second("2027-01-20T03:15:00Z");
    for (second, scheduled) in [(kathmandu - 1, 3), (kathmandu, 0)] {
        world.go_on(10, second).await;
        for number in [1, 2] {
            assert_eq!(world.counts(number).await.scheduled, scheduled);
        }
    }
    // The same zone once more is no change.
    world.taken();
    world.default_zone_at("Asia/Kathmandu", kathmandu).await;
    assert_eq!(due(&world.taken()), []);
    world.is_sound().await;
}

pub async fn a_change_begins_anew_what_another_began(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    let zone = |name: &str| json!({"time_zone": name});
    world.attributes("bert", zone("Europe/London"), 500).await;
    let former = world.claim_one(WorkKind::AskAnew, 500).await;
    world.attributes("bert", zone("Asia/Tokyo"), 501).await;
    assert_eq!(world.perform(&former, 10, 501).await, Progress::Lost);
    world.work(WorkKind::AskAnew, 10, 501).await;
    assert_eq!(world.claim(WorkKind::AskAnew, 600).await, []);
    // For nobody who waits there is nothing to ask.
    world.attributes("zoe", zone("Asia/Tokyo"), 501).await;
    assert_eq!(world.claim(WorkKind::AskAnew, 600).await, []);
    world.is_sound().await;
}

pub async fn who_has_no_zone_follows_the_senders_policy(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("carl", 1).await;
    let opens = second("2027-01-19T19:00:00Z");
    for (number, policy) in [(1, "drop"), (2, "send_now"), (3, "app_default")] {
        let mut schedule = nine();
        schedule["on_no_time_zone"] = json!(policy);
        world
            .publish_timed(number, users(&["carl"]), schedule, TTL)
            .await;
    }
    world.default_zone("Asia/Kathmandu").await;
    world.go_on(10, opens).await;
    let dropped = world.delivery(1, "carl").await;
    assert_eq!(dropped.status, DeliveryStatus::Suppressed);
    assert_eq!(dropped.reason, Some(Reason::SuppressedNoTimeZone.into()));
    assert_eq!(
        world.delivery(2, "carl").await.status,
        DeliveryStatus::Pending
    );
    let kathmandu = second("2027-01-20T03:15:00Z");
    world.work(WorkKind::Release, 10, kathmandu - 1).await;
    assert_eq!(
        world.delivery(3, "carl").await.status,
        DeliveryStatus::Scheduled
    );
    world.work(WorkKind::Release, 10, kathmandu).await;
    assert_eq!(
        world.delivery(3, "carl").await.status,
        DeliveryStatus::Pending
    );
    world.is_sound().await;
}

pub async fn a_window_that_was_missed_is_the_end(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    let window = |on_missed: &str| {
        json!({"window": {"from": "09:00", "to": "10:00"}, "time_zone": "Etc/UTC",
               "on_missed_window": on_missed})
    };
    let day = SignedDuration::from_hours(48);
    world
        .publish_timed(1, users(&["anna"]), window("drop"), day)
        .await;
    world
        .publish_timed(2, users(&["anna"]), window("next_allowed"), day)
        .await;
    world
        .go_on(10, second("2027-01-15T09:59:59Z") - 3_600)
        .await;
    assert_eq!(world.counts(1).await.scheduled, 1);
    // The server was down while the window was open.
    world.go_on(10, second("2027-01-15T10:00:00Z")).await;
    let missed = world.delivery(1, "anna").await;
    assert_eq!(missed.status, DeliveryStatus::Expired);
    assert_eq!(missed.reason, Some(Reason::ExpiredWindow.into()));
    let next = second("2027-01-16T09:00:00Z");
    world.go_on(10, next - 1).await;
    assert_eq!(world.log("anna").await, [""; 0]);
    world.go_on(10, next).await;
    assert_eq!(
        world.delivery(2, "anna").await.status,
        DeliveryStatus::Pending
    );
    world.is_sound().await;
}

pub async fn quiet_hours_hold_what_is_not_critical(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login_in("anna", 1, "Europe/Berlin").await;
    let quiet = json!({"quiet_hours": {"from": "08:00", "to": "12:00"}});
    world.attributes("anna", quiet, 3).await;
    let day = SignedDuration::from_hours(24);
    world
        .publish_timed(1, users(&["anna"]), json!({}), day)
        .await;
    let loud = json!({"respect_quiet_hours": false});
    world.publish_timed(2, users(&["anna"]), loud, day).await;
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Scheduled
    );
    assert_eq!(world.log("anna").await, ["2@1"]);
    let noon = second("2027-01-15T11:00:00Z");
    world.go_on(10, noon - 1).await;
    assert_eq!(world.log("anna").await, ["2@1"]);
    // She wants more quiet by now.
    let longer = json!({"quiet_hours": {"from": "08:00", "to": "13:00"}});
    world.attributes("anna", longer, noon - 1).await;
    world.go_on(10, noon).await;
    assert_eq!(world.log("anna").await, ["2@1"]);
    world.go_on(10, noon + 3_600).await;
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    world.is_sound().await;
}

pub async fn what_waits_is_cancelled_and_recalled(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    world
        .publish_timed(2, users(&["anna", "bert"]), nine(), TTL)
        .await;
    world
        .work(WorkKind::Expand, 10, second("2027-01-19T19:00:00Z"))
        .await;
    let now = second(BERLIN);
    world.work(WorkKind::Release, 10, now).await;
    assert_eq!(
        world.store.cancel(shop(), notification(1), at(now)).await,
        Ok(true)
    );
    assert_eq!(
        world.store.recall(shop(), notification(2), at(now)).await,
        Ok(true)
    );
    world.work(WorkKind::Recall, 10, now).await;
    world.work(WorkKind::Release, 10, second(NEW_YORK)).await;
    for number in [1, 2] {
        assert_eq!(world.counts(number).await.cancelled, 2);
        assert_eq!(world.status(number).await, NotificationStatus::Cancelled);
    }
    // Bert's device never hears of either.
    assert_eq!(world.log("bert").await, [""; 0]);
    assert_eq!(world.log("anna").await, ["-@1", "-@2", "2 recalled@3"]);
    world.is_sound().await;
}

pub async fn what_is_expanded_cannot_be_changed(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login_in("anna", 1, "Europe/Berlin").await;
    world.publish_timed(1, users(&["anna"]), nine(), TTL).await;
    let patch = |value: Value| Edit {
        app: shop(),
        id: notification(1),
        patch: Patch::parse(serde_json::from_value(value).unwrap()).unwrap(),
        now: at(20),
    };
    let mut later = nine();
    later["send_at"] = json!("2027-01-21T09:00:00");
    let later = world.store.edit(patch(json!({"schedule": later}))).await;
    assert_eq!(later, Ok(EditOutcome::Edited));
    world.go_on(10, second("2027-01-20T19:00:00Z")).await;
    assert_eq!(world.counts(1).await.scheduled, 1);
    let refused = world.store.edit(patch(json!({"ttl_seconds": 60}))).await;
    assert_eq!(refused, Ok(EditOutcome::NotEditable));
    world.go_on(10, second("2027-01-21T08:00:00Z")).await;
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    world.is_sound().await;
}

pub async fn what_waits_goes_with_its_user(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    assert!(world.erase("anna").await);
    world.login("anna", 9).await;
    world.work(WorkKind::Release, 10, second(BERLIN)).await;
    world.work(WorkKind::EraseUser, 1, second(BERLIN)).await;
    assert_eq!(world.log("anna").await, [""; 0]);
    let left: Vec<_> = world
        .deliveries(1)
        .await
        .into_iter()
        .map(|of| of.user)
        .collect();
    assert_eq!(left, [super::name::user("bert")]);
    assert_eq!(world.counts(1).await.scheduled, 1);
    world.is_sound().await;
}

pub async fn what_waits_expires_with_its_notification(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login_in("anna", 1, "Europe/Berlin").await;
    let quiet = json!({"quiet_hours": {"from": "08:00", "to": "12:00"}});
    world.attributes("anna", quiet, 3).await;
    world
        .publish_timed(1, users(&["anna"]), json!({}), TTL)
        .await;
    let ends = 10 + TTL.as_secs();
    world.go_on(10, ends - 1).await;
    assert_eq!(world.counts(1).await.scheduled, 1);
    world.go_on(10, ends).await;
    world.work(WorkKind::Expire, 10, ends).await;
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.reason, Some(Reason::ExpiredTtl.into()));
    assert_eq!(world.log("anna").await, [""; 0]);
    world.is_sound().await;
}

pub async fn nobody_is_released_twice(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    let claim = world.claim_one(WorkKind::Release, second(BERLIN)).await;
    // Its server was slow: another one did the part meanwhile.
    let late = second(BERLIN) + 60;
    assert!(world.work(WorkKind::Release, 10, late).await > 0);
    assert_eq!(world.perform(&claim, 10, late).await, Progress::Lost);
    assert_eq!(world.log("anna").await, ["1@1"]);
    world.is_sound().await;
}

pub async fn nobody_confirms_what_is_in_no_log(fixture: &impl Fixture) {
    let world = nine_o_clock(fixture).await;
    let session = world.login("anna", 1).await;
    let read = fact::receipt(1, ReceiptKind::Read, 100);
    let answers = world.report(&session, vec![read]).await;
    assert_eq!(answers, [fact::UNKNOWN]);
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Scheduled
    );
    world.is_sound().await;
}

pub async fn who_logs_in_before_the_time_is_reached(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for who in ["anna", "bert"] {
        let zone = json!({"time_zone": "Europe/Berlin"});
        world.attributes(who, zone, 3).await;
    }
    world
        .publish_timed(1, users(&["anna", "bert"]), nine(), TTL)
        .await;
    world.go_on(10, second("2027-01-19T19:00:00Z")).await;
    assert_eq!(world.counts(1).await.scheduled, 2);
    world.login("anna", 1).await;
    world.go_on(10, second(BERLIN)).await;
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    let berts = world.delivery(1, "bert").await;
    assert_eq!(berts.reason, Some(Reason::DeviceNoneActive.into()));
    world.is_sound().await;
}
