//! What people do not want.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestnik_model::{
    Audience, AudienceRequest, CategoryName, DeliveryStatus, Open, Reason,
    email::EmailAddress,
    preference::{OptOutChange, OptOuts},
    publish::Schedule,
};
use vestnik_rules::{attempt::Outcome, schedule::Hours, work::WorkKind};

use super::{
    Fixture,
    name::{accepted_at, at, new, notification, shop, topics, user, users},
    pushing::{self, dispatch, dispatch_of, settle, tried},
    withdrawing,
    world::World,
};
use crate::{
    audiences::{ReachOutcome, ReachQuery},
    dispatch::Sends,
    ledger::FindingsQuery,
    publishing::{NewNotification, PublishOutcome},
    recipients::{OptOutOutcome, Whose},
};

fn said(value: Value) -> OptOuts {
    serde_json::from_value(value).unwrap()
}

fn promotions() -> CategoryName {
    CategoryName::parse("promotions").unwrap()
}

/// A notification of the category `promotions`.
fn promotion(number: u32, to: AudienceRequest) -> NewNotification {
    let mut new = new(&shop(), number, to);
    new.publication.content.category = Some(promotions());
    let accepted_at = new.notification.accepted_at;
    new.notification = new.publication.accept(notification(number), accepted_at);
    new
}

impl World {
    /// A user does not want these things either.
    pub(super) async fn opts_out(&self, who: &str, value: Value, second: i64) {
        let OptOuts {
            all,
            categories,
            topics,
        } = said(value);
        let change = OptOutChange {
            all: all.then_some(true),
            categories: categories.into_iter().map(|name| (name, true)).collect(),
            topics: topics.into_iter().map(|name| (name, true)).collect(),
        };
        let whose = Whose::User(shop(), user(who));
        let changed = self.store.change_opt_outs(whose, change, at(second));
        assert!(matches!(changed.await, Ok(OptOutOutcome::Now(_))));
    }

    async fn publish_new(&self, new: NewNotification) {
        let outcome = self.store.publish(new).await.unwrap();
        assert!(
            matches!(outcome, PublishOutcome::Accepted(_)),
            "{outcome:?}"
        );
    }

    /// Who of the shop has a delivery, and why it ended if it did.
    pub(super) async fn ends(&self, number: u32) -> Vec<(String, Option<Reason>)> {
        let views = self.deliveries(number).await.into_iter();
        let ends = views.map(|view| {
            let reason = view.reason.as_ref().and_then(Open::known);
            (view.user.to_string(), reason)
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort();
        ends
    }
}

pub(super) fn end(who: &str, reason: impl Into<Option<Reason>>) -> (String, Option<Reason>) {
    (who.to_owned(), reason.into())
}

pub async fn opt_outs_go_with_their_user(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.opts_out("anna", json!({"all": true}), 1).await;
    assert!(world.erase("anna").await);
    world.login("anna", 2).await;
    let later = accepted_at(new(&shop(), 1, users(&["anna"])), 101);
    world.store.publish(later).await.unwrap();
    assert_eq!(world.ends(1).await, [end("anna", None)]);
    world.work(WorkKind::EraseUser, 10, 100).await;
    world.is_sound().await;
}

/// It ends with its reason and comes into no log; others get it.
pub async fn what_is_not_wanted_is_made_for_nobody(fixture: &impl Fixture) {
    let (world, _) = pushing::begin(fixture).await;
    world.login("bert", 2).await;
    world.login("carl", 3).await;
    world
        .opts_out("anna", json!({"categories": ["promotions"]}), 2)
        .await;
    world.opts_out("carl", json!({"all": true}), 2).await;
    let all = ["anna", "bert", "carl"];
    world.publish_new(promotion(1, users(&all))).await;
    world.publish(2, users(&all)).await;
    let (category, everything) = (Reason::OptoutCategory, Reason::OptoutAll);
    assert_eq!(
        world.ends(1).await,
        [
            end("anna", category),
            end("bert", None),
            end("carl", everything)
        ]
    );
    assert_eq!(
        world.ends(2).await,
        [
            end("anna", None),
            end("bert", None),
            end("carl", everything)
        ]
    );
    assert_eq!(world.log("anna").await.len(), 1);
    assert_eq!(world.log("carl").await.len(), 0);
    let counts = world.counts(1).await;
    assert_eq!((counts.suppressed, counts.pending), (2, 1));
    let status = world.delivery(1, "anna").await.status;
    assert_eq!(status, DeliveryStatus::Suppressed);
    world.is_sound().await;
}

/// A delivery that waits for its time, or for its next try, ends when somebody opts out; what was handed
/// over stays.
pub async fn an_opt_out_counts_until_the_hand_over(fixture: &impl Fixture) {
    let (world, _) = pushing::begin(fixture).await;
    let busy = || Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    world.publish_new(promotion(1, users(&["anna"]))).await;
    let begun = dispatch(&world, 20).await;
    settle(&world, 21, tried(&begun[0], 20, busy())).await;
    let days = SignedDuration::from_hours(72);
    let schedule = json!({"window": {"from": "08:10", "to": "08:15"}, "time_zone": "Etc/UTC"});
    world
        .publish_timed(2, users(&["anna"]), schedule, days)
        .await;
    assert_eq!(world.ends(2).await, [end("anna", None)]);
    world.publish_new(promotion(3, users(&["anna"]))).await;
    let begun = dispatch(&world, 22).await;
    let accepted = Outcome::Accepted;
    settle(&world, 23, tried(&begun[0], 22, accepted)).await;

    world.opts_out("anna", json!({"all": true}), 24).await;
    let asked = FindingsQuery {
        app: shop(),
        notification: notification(1),
        user: user("anna"),
        now: at(24),
    };
    let findings = world.store.findings(asked).await.unwrap().unwrap();
    let all = Reason::OptoutAll;
    assert_eq!(findings.hours, Hours::Over(all), "nothing is promised");
    // Opting out of what waits for its time ends it at once.
    world.go_on(10, 25).await;
    for claim in world.claim(WorkKind::Dispatch, 600).await {
        assert!(dispatch_of(&world, &claim, 600).await.begun.is_empty());
    }
    assert_eq!(world.ends(1).await, [end("anna", all)]);
    assert_eq!(world.ends(2).await, [end("anna", all)]);
    assert_eq!(world.ends(3).await, [end("anna", None)]);
    let status = world.delivery(3, "anna").await.status;
    assert_eq!(status, DeliveryStatus::Sent);
    world.is_sound().await;
}

/// What may have come to a phone before its user opted out is withdrawn from it.
pub async fn what_an_opt_out_ended_can_be_recalled(fixture: &impl Fixture) {
    let (world, anna) = pushing::begin(fixture).await;
    withdrawing::has_key(&world, &anna).await;
    world.publish(1, users(&["anna"])).await;
    let begun = dispatch(&world, 20).await;
    settle(&world, 21, tried(&begun[0], 20, Outcome::Unproven)).await;
    world.opts_out("anna", json!({"all": true}), 22).await;
    for claim in world.claim(WorkKind::Dispatch, 600).await {
        assert!(dispatch_of(&world, &claim, 600).await.begun.is_empty());
    }
    assert_eq!(world.ends(1).await, [end("anna", Reason::OptoutAll)]);
    let recalled = world.store.recall(shop(), notification(1), at(601));
    assert!(recalled.await.unwrap());
    world.work(WorkKind::Recall, 10, 602).await;
    let log = world.log("anna").await;
    assert_eq!(log.len(), 2, "the device is told: {log:?}");
    let begun = dispatch(&world, 700).await;
    let sends: Vec<_> = begun.iter().map(|begun| begun.sends).collect();
    assert_eq!(sends, [Sends::Withdrawal]);
    world.is_sound().await;
}

/// Who changes their mind between two parts has a delivery, by one topic or the other.
pub async fn nobody_is_lost_between_two_parts_of_an_audience(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (who, number) in [("anna", 1), ("bert", 2)] {
        world.login(who, number).await;
    }
    world.topic("news", &["anna", "bert"]).await;
    world.topic("sports", &["anna"]).await;
    world.opts_out("anna", json!({"topics": ["news"]}), 2).await;
    world.publish(1, topics(&["news", "sports"])).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    world.perform(&claim, 2, 20).await;
    assert_eq!(world.ends(1).await, [end("bert", None)], "sports is ahead");
    world
        .opts_out("anna", json!({"topics": ["sports"]}), 21)
        .await;
    world.work(WorkKind::Expand, 2, 600).await;
    let left = Reason::OptoutTopic;
    assert_eq!(world.ends(1).await, [end("anna", left), end("bert", None)]);
    world.is_sound().await;
}

/// A topic from which somebody opted out does not name them; another source may.
pub async fn a_topic_that_somebody_left_names_them_no_more(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (who, number) in [("anna", 1), ("bert", 2), ("carl", 3), ("dora", 4)] {
        world.login(who, number).await;
    }
    world.topic("news", &["anna", "bert", "carl", "dora"]).await;
    world.topic("sports", &["bert"]).await;
    world.email("carl", "carl@a.example", 2).await;
    for who in ["anna", "bert", "carl"] {
        world.opts_out(who, json!({"topics": ["news"]}), 2).await;
    }
    let to = AudienceRequest {
        emails: vec![EmailAddress::parse("carl@a.example").unwrap()],
        ..topics(&["news", "sports"])
    };
    world.publish(1, to.clone()).await;
    world.work(WorkKind::Expand, 1, 20).await;
    let left = Reason::OptoutTopic;
    assert_eq!(
        world.ends(1).await,
        [
            end("anna", left),
            end("bert", None),
            end("carl", None),
            end("dora", None)
        ]
    );
    assert_eq!(world.log("anna").await.len(), 0);
    // By name she is meant.
    world.publish(2, users(&["anna"])).await;
    assert_eq!(world.ends(2).await, [end("anna", None)]);
    // The same people are counted before anything is sent.
    let ReachOutcome::Reach { reach, .. } = world.store.reach(query(to)).await.unwrap() else {
        panic!("the topics are known");
    };
    assert_eq!((reach.users, reach.opted_out), (4, 1));
    world.is_sound().await;
}

pub async fn who_does_not_want_it_is_counted_apart(fixture: &impl Fixture) {
    let (world, _) = pushing::begin(fixture).await;
    world.login("bert", 2).await;
    world
        .opts_out("anna", json!({"categories": ["promotions"]}), 2)
        .await;
    let asked = ReachQuery {
        category: Some(promotions()),
        ..query(users(&["anna", "bert"]))
    };
    let ReachOutcome::Reach { reach, .. } = world.store.reach(asked).await.unwrap() else {
        panic!("no topic is asked for");
    };
    assert_eq!((reach.users, reach.opted_out, reach.blocked), (2, 1, 0));
    assert!(reach.by_channel.is_empty(), "{:?}", reach.by_channel);
    world.is_sound().await;
}

fn query(to: AudienceRequest) -> ReachQuery {
    ReachQuery {
        app: shop(),
        audience: Audience::parse(to).unwrap(),
        schedule: Schedule::default(),
        ttl: SignedDuration::from_hours(1),
        is_critical: false,
        category: None,
        limit: 10,
        now: at(50),
    }
}
