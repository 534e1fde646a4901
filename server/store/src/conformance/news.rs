//! What the App's backend is told of deliveries that is no status.

use vestnik_model::{
    Engagement, Reason, ReceiptKind,
    publish::{Goal, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{cascade::Switch, work::WorkKind};

use super::{
    Fixture,
    events::told_since,
    fact::receipt,
    name::{at, installation, new, notification, shop, users},
    pushing::{accepted, dispatch, has_address, provide, settle, tried},
    world::World,
};
use crate::{
    effect::{News, Told},
    publishing::PublishOutcome,
};

/// What was told of the deliveries of the first notification, each with the names of the users.
async fn news(world: &World) -> Vec<(News, Vec<String>)> {
    let told = told_since(world, 0).await.into_iter();
    let of_deliveries = told.filter_map(|told| match told {
        Told::Deliveries {
            notification: of,
            news,
            whose,
        } if of == notification(1) => {
            let mut names: Vec<_> = whose.iter().map(|(_, user)| user.to_string()).collect();
            names.sort();
            Some((news, names))
        }
        Told::Deliveries { .. }
        | Told::Settled { .. }
        | Told::Provider { .. }
        | Told::Installation { .. }
        | Told::Preference { .. }
        | Told::WebhookDisabled { .. } => None,
    });
    of_deliveries.collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub async fn what_is_done_on_a_device_is_told_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let phone = world.login("anna", 1).await;
    let laptop = world.login("anna", 2).await;
    world.publish(1, users(&["anna"])).await;
    let all = || {
        let kinds = [
            ReceiptKind::Delivered,
            ReceiptKind::Displayed,
            ReceiptKind::Clicked,
            ReceiptKind::Read,
            ReceiptKind::Actioned,
        ];
        kinds.map(|kind| receipt(1, kind, 60)).to_vec()
    };
    world.report(&phone, all()).await;
    let engaged = |engagement, number| News::Engaged {
        engagement,
        installation: installation(number),
    };
    let mut expected = vec![
        (engaged(Engagement::Displayed, 1), names(&["anna"])),
        (engaged(Engagement::Clicked, 1), names(&["anna"])),
    ];
    assert_eq!(news(&world).await, expected);
    // Neither a repetition nor another device says anything new.
    world.report(&phone, all()).await;
    world.report(&laptop, all()).await;
    world
        .report(&phone, vec![receipt(1, ReceiptKind::Displayed, 61)])
        .await;
    assert_eq!(news(&world).await, expected);
    let dismissed = vec![receipt(1, ReceiptKind::Dismissed, 60)];
    world.report(&laptop, dismissed).await;
    expected.push((engaged(Engagement::Dismissed, 2), names(&["anna"])));
    assert_eq!(news(&world).await, expected);
    world.is_sound().await;
    // Nobody is named who was erased.
    assert!(world.erase("anna").await);
    assert!(news(&world).await.iter().all(|(_, whose)| whose.is_empty()));
    world.work(WorkKind::EraseUser, 10, 200).await;
    world.is_sound().await;
}

pub async fn a_step_that_gives_way_is_told(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 2).await;
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(Goal::Delivered),
        within_seconds,
        on_unproven: None,
    };
    let mut asked = new(&shop(), 1, users(&["anna", "bert", "carl"]));
    asked.publication.steps = Steps::from_stored(vec![
        step(StepChannel::Hub, Some(30)),
        step(StepChannel::Push, Some(60)),
        step(StepChannel::Email, None),
    ]);
    let outcome = world.store.publish(asked).await.unwrap();
    assert!(matches!(outcome, PublishOutcome::Accepted(_)));
    let begun = dispatch(&world, 20).await;
    let switched = |from, to, reason| News::Switched(Switch { from, to, reason });
    let (hub, push, email) = (StepChannel::Hub, StepChannel::Push, StepChannel::Email);
    // Who has no device is past both steps at once: each is told, for all of them together.
    let none = Reason::DeviceNoneActive;
    let nobodies = names(&["bert", "carl"]);
    let mut expected = vec![
        (switched(hub, push, none), nobodies.clone()),
        (switched(push, email, none), nobodies),
        (switched(hub, push, Reason::HubOffline), names(&["anna"])),
    ];
    let mut found = news(&world).await;
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    settle(&world, 21, tried(&begun[0], 20, accepted())).await;
    dispatch(&world, 80).await;
    let found = news(&world).await;
    let late = switched(push, email, Reason::FallbackSwitched);
    assert_eq!(found[3..], [(late, names(&["anna"]))]);
    world.is_sound().await;
}

pub async fn a_recall_is_told_of_who_may_have_it(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (number, who) in [(1, "anna"), (2, "bert")] {
        let session = world.login(who, number).await;
        world.publish(10 + number, users(&["nobody"])).await;
        if who == "anna" {
            world.publish(1, users(&["anna", "bert", "nobody"])).await;
            world.hand_over(&session, 1, 50).await;
        }
    }
    for second in [60, 61] {
        let recalled = world.store.recall(shop(), notification(1), at(second));
        assert!(recalled.await.unwrap());
        world.work(WorkKind::Recall, 10, second).await;
    }
    let told: Vec<_> = news(&world).await;
    let mut whose: Vec<_> = told.iter().flat_map(|(_, whose)| whose.clone()).collect();
    assert!(told.iter().all(|(news, _)| *news == News::Recalled));
    whose.sort();
    let mut logs = Vec::new();
    for who in ["anna", "bert", "nobody"] {
        let log = world.log(who).await;
        logs.extend(
            log.iter()
                .any(|entry| entry.starts_with("1 recalled"))
                .then_some(who),
        );
    }
    assert_eq!(whose, names(&logs));
    assert!(whose.contains(&"anna".to_owned()));
    world.is_sound().await;
}
