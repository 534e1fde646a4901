//! From publishing to deletion.

use jiff::Timestamp;
use vestnik_model::{
    Claim, DeliveryStatus, Entry, FactId, FactOutcome, Flag, NotificationId, NotificationStatus,
    ParsedFact, ReceiptKind, Warning,
};
use vestnik_rules::{session::Session, work::WorkKind};
use vestnik_store::{
    Audiences as _, Ledger as _, Publishing as _,
    ledger::{Confirmed, FactReport, HandOver, HandOvers, WatchQuery},
    logs::StretchEntry,
};

use super::world::{World, after, start, to_topic, to_users, user};

fn fact(id: &str, claim: Claim) -> ParsedFact {
    ParsedFact {
        id: FactId::parse(id).unwrap(),
        at: start(),
        claim,
    }
}

fn receipt(id: &str, notification: NotificationId, kind: ReceiptKind) -> ParsedFact {
    fact(
        id,
        Claim::Receipt {
            notification,
            kind,
            action: None,
        },
    )
}

async fn report(world: &World, session: &Session, facts: Vec<ParsedFact>) -> Vec<FactOutcome> {
    let report = FactReport {
        session: session.clone(),
        facts,
        cursor: None,
        seed: [3; 32],
        now: after(60),
    };
    let results = world.store.report(report).await.unwrap().unwrap();
    results
        .into_iter()
        .map(|result| result.outcome.known().unwrap())
        .collect()
}

fn arrival(entry: &StretchEntry) -> Option<vestnik_model::DeliveryId> {
    match entry.entry.as_ref()? {
        Entry::Notification(arrival) => Some(arrival.delivery_id),
        Entry::Recall(_) | Entry::State(_) | Entry::Unknown(_) => None,
    }
}

async fn hand_over(world: &World, session: &Session, name: &str, at: Timestamp) {
    let stretch = world.log(name, None).await;
    let batch = stretch
        .entries
        .iter()
        .filter_map(arrival)
        .map(|delivery| HandOver {
            app: world.app.clone(),
            user: user(name),
            delivery,
            installation: session.installation,
            at,
        });
    let handed = HandOvers {
        batch: batch.collect(),
        seed: [6; 32],
        now: at,
    };
    world.store.hand_over(handed).await.unwrap();
}

async fn status(world: &World, id: NotificationId) -> NotificationStatus {
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap();
    view.unwrap().status
}

fn rows(world: &World, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    world
        .connection()
        .query_row(&count, [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_notification_is_handed_over_read_and_deleted() {
    let world = World::new().await;
    let session = world.login("anna").await;
    let id = world.publish(to_users(&["anna"])).await;
    assert_eq!(status(&world, id).await, NotificationStatus::Queued);
    hand_over(&world, &session, "anna", start()).await;
    assert_eq!(status(&world, id).await, NotificationStatus::Sent);
    let facts = vec![
        receipt("1", id, ReceiptKind::Delivered),
        receipt("2", id, ReceiptKind::Read),
    ];
    let stored = [FactOutcome::Stored; 2];
    assert_eq!(report(&world, &session, facts.clone()).await, stored);
    assert_eq!(
        report(&world, &session, facts).await,
        [FactOutcome::Duplicate; 2]
    );
    // The user's other devices are told.
    let stretch = world.log("anna", None).await;
    let Some(Entry::State(change)) = &stretch.entries[1].entry else {
        panic!("not a change of state: {:?}", stretch.entries);
    };
    assert_eq!(
        (change.flag.known(), change.value),
        (Some(Flag::Read), true)
    );
    world.check().await;
    world.work(WorkKind::Expire, 100, after(3_601)).await;
    world.work(WorkKind::Retain, 100, after(7_201)).await;
    for table in [
        "notification",
        "delivery",
        "log",
        "fact",
        "attempt",
        "flag",
        "notification_count",
    ] {
        assert_eq!(rows(&world, table), 0, "{table}");
    }
    world.check().await;
}

#[tokio::test]
async fn a_watch_goes_on_behind_a_version() {
    let world = World::new().await;
    let (anna, boris) = (world.login("anna").await, world.login("boris").await);
    let id = world.publish(to_users(&["anna", "boris"])).await;
    let watched = async |after| {
        let query = WatchQuery {
            app: world.app.clone(),
            id,
            after,
            limit: 10,
            now: start(),
        };
        world.store.watched(query).await.unwrap().unwrap()
    };
    let first = watched(None).await;
    assert!(first.deliveries.is_empty());
    hand_over(&world, &anna, "anna", start()).await;
    hand_over(&world, &boris, "boris", start()).await;
    report(&world, &boris, vec![receipt("1", id, ReceiptKind::Read)]).await;
    let second = watched(Some(first.version)).await;
    assert!(second.version > first.version);
    let changed: Vec<_> = second
        .deliveries
        .iter()
        .map(|change| (change.user.as_str(), change.status))
        .collect();
    assert_eq!(
        changed,
        [
            ("anna", DeliveryStatus::Sent),
            ("boris", DeliveryStatus::Read)
        ]
    );
    assert!(watched(Some(second.version)).await.deliveries.is_empty());
    assert!(!second.is_over);
}

#[tokio::test]
async fn what_nobody_confirmed_ends_as_unconfirmed() {
    let world = World::new().await;
    let (anna, boris) = (world.login("anna").await, world.login("boris").await);
    world.login("clara").await;
    let id = world
        .publish(to_users(&["anna", "boris", "clara", "nobody"]))
        .await;
    hand_over(&world, &anna, "anna", start()).await;
    hand_over(&world, &boris, "boris", start()).await;
    // A device that reads on from a later place has what lies before it.
    let place = world.log("boris", None).await.head;
    world
        .store
        .confirm(vec![Confirmed {
            session: boris,
            place,
        }])
        .await
        .unwrap();
    world.work(WorkKind::Expire, 2, after(3_601)).await;
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    let counts = view.counts;
    assert_eq!(
        (
            counts.unconfirmed,
            counts.delivered,
            counts.expired,
            counts.undelivered
        ),
        (1, 1, 1, 1)
    );
    world.check().await;
}

#[tokio::test]
async fn a_cancelled_notification_is_given_to_nobody_else() {
    let world = World::new().await;
    let anna = world.login("anna").await;
    world.login("boris").await;
    let id = world.publish(to_users(&["anna", "boris"])).await;
    hand_over(&world, &anna, "anna", start()).await;
    assert!(
        world
            .store
            .cancel(world.app.clone(), id, start())
            .await
            .unwrap()
    );
    assert_eq!(status(&world, id).await, NotificationStatus::Cancelled);
    assert!(world.log("anna", None).await.entries[0].entry.is_some());
    assert!(world.log("boris", None).await.entries[0].entry.is_none());
    world.check().await;
}

#[tokio::test]
async fn a_big_cancellation_ends_in_parts() {
    let world = World::new().await;
    let names: Vec<String> = (0..1_200).map(|number| format!("user{number}")).collect();
    for name in &names {
        world.login(name).await;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.topic("news", &names).await;
    let id = world.publish(to_topic("news")).await;
    let claim = world.claim(WorkKind::Expand, start()).await.remove(0);
    world.perform(claim, 1_100, start()).await;
    world
        .store
        .cancel(world.app.clone(), id, start())
        .await
        .unwrap();
    world.work(WorkKind::Expire, 100, start()).await;
    world.work(WorkKind::Expand, 100, start()).await;
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((view.counts.cancelled, view.counts.pending), (1_100, 0));
    assert_eq!(view.status, NotificationStatus::Cancelled);
    world.check().await;
}

#[tokio::test]
async fn a_recall_is_an_entry_for_each_who_may_have_it() {
    let world = World::new().await;
    let anna = world.login("anna").await;
    let id = world.publish(to_users(&["anna", "nobody"])).await;
    hand_over(&world, &anna, "anna", start()).await;
    assert!(
        world
            .store
            .recall(world.app.clone(), id, start())
            .await
            .unwrap()
    );
    world.work(WorkKind::Recall, 1, start()).await;
    let entries = world.log("anna", None).await.entries;
    assert!(entries[0].entry.is_none());
    assert!(matches!(&entries[1].entry, Some(Entry::Recall(recall)) if recall.id == id));
    assert_eq!(world.log("nobody", None).await.entries.len(), 1);
    world.work(WorkKind::Expire, 100, after(3_601)).await;
    world.work(WorkKind::Retain, 1, after(7_201)).await;
    assert_eq!(rows(&world, "log"), 0);
    world.check().await;
}

#[tokio::test]
async fn an_erased_user_leaves_nothing() {
    let world = World::new().await;
    let anna = world.login("anna").await;
    world.login("boris").await;
    world.topic("news", &["anna", "boris"]).await;
    let id = world.publish(to_users(&["anna", "boris"])).await;
    hand_over(&world, &anna, "anna", start()).await;
    let archived = Claim::Flag {
        notification: id,
        flag: Flag::Archived,
        value: true,
        version: 1,
    };
    report(&world, &anna, vec![fact("1", archived)]).await;
    assert!(
        world
            .store
            .erase_user(world.app.clone(), user("anna"), start())
            .await
            .unwrap()
    );
    world.work(WorkKind::EraseUser, 1, start()).await;
    for (table, left) in [
        ("delivery", 1),
        ("log", 1),
        ("fact", 0),
        ("flag", 0),
        ("attempt", 0),
    ] {
        assert_eq!(rows(&world, table), left, "{table}");
    }
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.counts.total(), 1);
    world.check().await;
}

#[tokio::test]
async fn a_flag_has_one_entry_and_the_higher_version_wins() {
    let world = World::new().await;
    let anna = world.login("anna").await;
    let id = world.publish(to_users(&["anna"])).await;
    let set = |version, value| Claim::Flag {
        notification: id,
        flag: Flag::Deleted,
        value,
        version,
    };
    report(
        &world,
        &anna,
        vec![fact("1", set(5, true)), fact("2", set(4, false))],
    )
    .await;
    report(&world, &anna, vec![fact("3", set(6, false))]).await;
    let entries = world.log("anna", None).await.entries;
    let states: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry.entry.as_ref()? {
            Entry::State(change) => Some((entry.candidate.place.seq, change.version, change.value)),
            Entry::Notification(_) | Entry::Recall(_) | Entry::Unknown(_) => None,
        })
        .collect();
    assert_eq!(states, [(3, 6, false)]);
}

#[tokio::test]
async fn reading_up_to_a_place_marks_the_rest_as_work() {
    let world = World::new().await;
    let anna = world.login("anna").await;
    for _ in 0..1_050 {
        world.publish(to_users(&["anna"])).await;
    }
    let cursor = world.log("anna", None).await.head.cursor();
    let facts = vec![fact("1", Claim::ReadUpTo(cursor))];
    assert_eq!(report(&world, &anna, facts).await, [FactOutcome::Stored]);
    let read = "delivery WHERE status = 'read'";
    assert_eq!(rows(&world, read), 1_000);
    world.work(WorkKind::MarkRead, 20, after(61)).await;
    assert_eq!(rows(&world, read), 1_050);
    world.check().await;
}

#[tokio::test]
async fn an_empty_audience_is_sent_with_a_warning() {
    let world = World::new().await;
    world.topic("news", &[]).await;
    let id = world.publish(to_topic("news")).await;
    world.work(WorkKind::Expand, 100, start()).await;
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.status, NotificationStatus::Sent);
    assert_eq!(view.warnings, [Warning::AudienceEmpty]);
}
