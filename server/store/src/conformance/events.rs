//! What happened to an App's notifications, for its backend.

use vestnik_model::{
    Channel, Claim, DeliveryStatus, EventId, NotificationStatus, Open, Reason, ReceiptKind,
    Response,
};
use vestnik_rules::work::WorkKind;

use super::{
    Fixture,
    fact::{fact, receipt, reply},
    name::{at, bank, notification, shop, topics, users},
    pushing::{self, dead, dispatch, settle, tried},
    webhooks::last,
    world::{World, noted},
};
use crate::{
    effect::{ChangedDelivery, Summary, Told},
    events::{Asked, Happened, HappenedPage, What},
};

fn asked(from: u64) -> Asked {
    Asked {
        app: shop(),
        from,
        rows: 100,
        deliveries: 1_000,
    }
}

/// What happened to notifications.
async fn all(world: &World) -> Vec<Happened> {
    of_notifications(page(world, asked(0)).await.rows)
}

fn of_notifications(mut happened: Vec<Happened>) -> Vec<Happened> {
    happened.retain(|one| one.what.notification().is_some());
    happened
}

async fn page(world: &World, asked: Asked) -> HappenedPage {
    world.store.happened(asked).await.unwrap()
}

/// What a change says of the notification, and of each user.
fn told(happened: &Happened) -> (Option<NotificationStatus>, Vec<(&str, DeliveryStatus)>) {
    let What::Changed(changed) = &happened.what else {
        return (None, Vec::new());
    };
    let deliveries = changed.deliveries.iter();
    let deliveries = deliveries.map(|one| (one.user.as_str(), one.summary.status));
    (changed.became, deliveries.collect())
}

/// What the App's backend is told beside changes and responses, behind a number.
pub(super) async fn told_since(world: &World, number: u64) -> Vec<Told> {
    let rows = page(world, asked(number + 1)).await.rows;
    let told = rows.into_iter().filter_map(|one| match one.what {
        What::Told(told) => Some(told),
        What::Changed(_) | What::Responded { .. } => None,
    });
    told.collect()
}

/// The deliveries of a change.
fn deliveries(happened: Happened) -> Vec<ChangedDelivery> {
    match happened.what {
        What::Changed(changed) => changed.deliveries,
        What::Responded { .. } | What::Told(_) => Vec::new(),
    }
}

pub async fn a_notification_s_life_is_told(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(3, users(&["anna"])).await;
    world.hand_over(&session, 3, 50).await;
    let read = vec![receipt(3, ReceiptKind::Read, 60)];
    world.report(&session, read).await;
    let happened = all(&world).await;
    let expected = [
        (
            Some(NotificationStatus::Queued),
            vec![("anna", DeliveryStatus::Pending)],
        ),
        (
            Some(NotificationStatus::Sent),
            vec![("anna", DeliveryStatus::Sent)],
        ),
        // Whoever read it: the notification stays what it is.
        (None, vec![("anna", DeliveryStatus::Read)]),
    ];
    let is_named = |(happened, expected): (&Happened, &(_, Vec<_>))| {
        // A part of an audience may be told without names.
        let (became, deliveries) = told(happened);
        assert_eq!(became, expected.0);
        assert!(
            deliveries == expected.1 || deliveries.is_empty(),
            "{deliveries:?}"
        );
    };
    assert_eq!(happened.len(), expected.len());
    happened.iter().zip(&expected).for_each(is_named);
    assert_eq!(told(&happened[1]), expected[1]);
    assert_eq!(told(&happened[2]), expected[2]);
    assert!(
        happened
            .iter()
            .all(|one| one.names.external_id.as_deref() == Some("order-3"))
    );
    assert!(
        happened
            .iter()
            .all(|one| one.what.notification() == Some(notification(3)))
    );
    world.is_sound().await;
}

/// What the events say of a user's deliveries, oldest first.
pub(super) async fn summaries(world: &World, who: &str) -> Vec<Summary> {
    let deliveries = all(world).await.into_iter().flat_map(deliveries);
    let own = deliveries.filter(|one| one.user.as_str() == who);
    own.map(|one| one.summary).collect()
}

pub async fn a_change_says_why_as_of_its_commit(fixture: &impl Fixture) {
    let (world, anna) = pushing::begin(fixture).await;
    let boris = world.login("boris", 2).await;
    world.publish(1, users(&["anna", "boris"])).await;
    let begun = dispatch(&world, 20).await;
    settle(&world, 21, tried(&begun[0], 20, dead(None))).await;
    // One commit, in which one of the two is late.
    let batch = vec![
        world.handed(&anna, 1, 50).await,
        world.handed(&boris, 1, 50).await,
    ];
    world.store.hand_over(noted(batch)).await.unwrap();
    let read = vec![receipt(1, ReceiptKind::Read, 60)];
    world.report(&anna, read).await;
    let sent = Summary {
        status: DeliveryStatus::Sent,
        reason: None,
        channel: Some(Channel::Hub),
        late: false,
        double_contact: false,
    };
    let sent_late = Summary {
        late: true,
        ..sent.clone()
    };
    let read = Summary {
        status: DeliveryStatus::Read,
        ..sent_late.clone()
    };
    let lost = Summary {
        status: DeliveryStatus::Undelivered,
        reason: Some(Open::Known(Reason::TokenDead)),
        channel: None,
        ..sent.clone()
    };
    let of_anna = summaries(&world, "anna").await;
    let is_named = |one: &Summary| one.status != DeliveryStatus::Pending;
    let of_anna: Vec<_> = of_anna.into_iter().filter(is_named).collect();
    assert_eq!(of_anna, [lost, sent_late, read]);
    let of_boris = summaries(&world, "boris").await;
    assert_eq!(of_boris.last(), Some(&sent));
    world.is_sound().await;
}

pub async fn an_app_reads_its_own_events(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    world.login_to(&bank(), "anna", 2).await;
    for number in 1..=4 {
        world.publish(number, users(&["anna"])).await;
        world
            .publish_to(&bank(), 100 + number, users(&["anna"]))
            .await;
    }
    let whole = all(&world).await;
    assert_eq!(whole.len(), 4);
    let mut from = 0;
    let mut parts = Vec::new();
    while let HappenedPage {
        rows,
        seen: Some(seen),
        swept: _,
    } = page(
        &world,
        Asked {
            rows: 3,
            ..asked(from)
        },
    )
    .await
    {
        assert!(rows.len() <= 3);
        parts.extend(rows);
        from = seen + 1;
    }
    assert_eq!(of_notifications(parts), whole);
    let from = whole[2].number;
    assert_eq!(page(&world, asked(from)).await.rows, whole[2..]);
    let of_bank = Asked {
        app: bank(),
        ..asked(0)
    };
    let of_bank = page(&world, of_bank).await.rows;
    assert_eq!(of_notifications(of_bank).len(), 4);
    world.is_sound().await;
}

pub async fn a_page_is_bounded_by_its_deliveries(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    for number in 1..=3 {
        world.publish(number, users(&["anna"])).await;
        world.hand_over(&session, number, 50).await;
    }
    let asked = |from| Asked {
        deliveries: 1,
        ..asked(from)
    };
    let mut from = 0;
    let mut named = 0;
    while let HappenedPage {
        rows,
        seen: Some(seen),
        swept: _,
    } = page(&world, asked(from)).await
    {
        let of_page: usize = rows.iter().map(Happened::named).sum();
        assert!(of_page <= 1, "{rows:?}");
        named += of_page;
        from = seen + 1;
    }
    assert!(named >= 3, "{named}");
    world.is_sound().await;
}

pub async fn what_was_deleted_is_passed_over(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["anna"]).await;
    world.publish(1, topics(&["news"])).await;
    world.publish(2, users(&["anna"])).await;
    let much_later = 40 * 86_400;
    for kind in [WorkKind::Expand, WorkKind::Expire, WorkKind::Retain] {
        world.work(kind, 100, much_later).await;
    }
    let last = world.store.last_event().await.unwrap();
    let page = page(&world, asked(0)).await;
    assert_eq!(of_notifications(page.rows), []);
    assert!(page.seen.is_some_and(|seen| seen <= last));
    world.store.ping(at(much_later)).await.unwrap();
    world.is_sound().await;
}

/// What the person did, by the events.
fn responses(happened: &[Happened]) -> Vec<(&str, &Response)> {
    let told = happened.iter().filter_map(|one| match &one.what {
        What::Responded { responded, .. } => Some(responded),
        What::Changed(_) | What::Told(_) => None,
    });
    told.map(|told| (told.user.as_str(), &told.response))
        .collect()
}

pub async fn what_a_person_did_is_told_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(3, users(&["anna", "boris"])).await;
    world.hand_over(&session, 3, 50).await;
    let pressed = Claim::Receipt {
        notification: notification(3),
        kind: ReceiptKind::Actioned,
        action: Some("home".to_owned()),
    };
    let facts = vec![
        fact("press", pressed, 60),
        reply("answer", 3),
        receipt(3, ReceiptKind::Read, 61),
    ];
    world.report(&session, facts.clone()).await;
    assert_eq!(
        world.report(&session, facts).await,
        ["duplicate", "duplicate", "duplicate"]
    );
    let happened = all(&world).await;
    let home = Response {
        action: Some("home".to_owned()),
        text: None,
    };
    let thanks = Response {
        action: None,
        text: Some("Thank you".to_owned()),
    };
    assert_eq!(responses(&happened), [("anna", &home), ("anna", &thanks)]);
    // Reading on from any event gives what is behind it.
    let numbers: Vec<_> = happened.iter().map(|one| one.number).collect();
    for (place, number) in numbers.iter().enumerate() {
        let rest = page(&world, asked(*number)).await.rows;
        assert_eq!(rest, happened[place..]);
    }
    world.erase("anna").await;
    assert_eq!(
        responses(&all(&world).await),
        [],
        "a text outlives its author"
    );
    world.work(WorkKind::EraseUser, 10, 200).await;
    assert_eq!(responses(&all(&world).await), []);
    world.is_sound().await;
}

pub async fn an_event_is_found_by_its_time(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let none = world.store.event_before(shop(), at(0)).await;
    assert_eq!(none, Ok(EventId::of(last(&world).await)));
    world.publish(1, users(&["anna"])).await;
    let first = last(&world).await;
    world.publish_to(&bank(), 2, users(&["bert"])).await;
    let cancelled = world.store.cancel(shop(), notification(1), at(50));
    assert_eq!(cancelled.await, Ok(true));
    let end = last(&world).await;
    let before = async |second| world.store.event_before(shop(), at(second)).await.unwrap();
    assert!(before(0).await.next_number() <= first);
    assert!(before(10).await.next_number() <= first);
    let behind = before(11).await.next_number();
    assert!(first < behind && behind <= end, "{behind}");
    assert!(before(50).await.next_number() <= end);
    assert_eq!(before(51).await, EventId::of(end));
    world.is_sound().await;
}
