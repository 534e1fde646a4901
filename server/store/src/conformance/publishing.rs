//! Publishing, writing audiences out, idempotency.

use std::collections::BTreeSet;

use vestnik_model::{AudienceRequest, Counts, NotificationStatus, Reason};

use super::{
    Fixture,
    world::{
        at, bank, begin, counts, delivery_of, first_page, hash, installations, is_sound, log,
        login, make_topic, new, notification, publish, shop, topic, topics, user, users,
    },
};
use crate::{
    HandOver, Hint, IdempotencyRecord, NewNotification, PublishOutcome, Store, StoreError,
};

fn hint(who: &str, seq: u64) -> Hint {
    Hint {
        app: shop(),
        user: user(who),
        seq,
    }
}

pub async fn a_user_is_reached_once_by_any_number_of_ways(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    let tablet = login(&*store, &shop(), "anna", 2).await;
    make_topic(&store, "news", &["anna".to_owned()]).await;
    make_topic(&store, "offers", &["anna".to_owned()]).await;
    let to = AudienceRequest {
        installations: installations(&[1]).installations,
        topics: topics(&["news", "offers"]).topics,
        ..users(&["anna"])
    };
    assert_eq!(publish(&*store, 1, to).await, [hint("anna", 1)]);
    let by_two = AudienceRequest {
        installations: installations(&[1]).installations,
        ..topics(&["news"])
    };
    assert_eq!(publish(&*store, 2, by_two).await, [hint("anna", 2)]);
    for session in [phone, tablet] {
        assert_eq!(log(&*store, &session).await, ["1@1", "2@2"]);
    }
    is_sound(&*store).await;
}

pub async fn whoever_has_no_installation_has_it_in_the_log(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    assert_eq!(
        publish(&*store, 1, users(&["anna"])).await,
        [hint("anna", 1)]
    );
    let page = store.deliveries(shop(), notification(1), first_page(10));
    let delivery = page.await.unwrap().unwrap().data.remove(0);
    assert_eq!(delivery.reason, Some(Reason::DeviceNoneActive));
    let watched = store
        .watched(shop(), notification(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(watched.status, NotificationStatus::Error);
    assert_eq!(store.head(shop(), user("anna")).await.unwrap().seq, 1);
}

pub async fn a_first_login_heals_what_could_not_be_delivered(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    publish(&*store, 1, users(&["anna"])).await;
    let session = login(&*store, &shop(), "anna", 1).await;
    assert_eq!(log(&*store, &session).await, ["1@1"]);
    let hand_over = HandOver {
        delivery: delivery_of(&*store, &session, 1).await,
        installation: session.installation,
        at: at(9),
    };
    let changes = store.hand_over(vec![hand_over]).await.unwrap();
    assert_eq!(changes.len(), 1);
    let expected = Counts {
        sent: 1,
        ..Counts::default()
    };
    assert_eq!(changes[0].state.counts, expected);
    assert_eq!(changes[0].state.status, NotificationStatus::Sent);
    is_sound(&*store).await;
}

pub async fn single_installations_are_meant_alone(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    let tablet = login(&*store, &shop(), "anna", 2).await;
    let watch = login(&*store, &shop(), "anna", 3).await;
    let hints = publish(&*store, 1, installations(&[1, 2, 99])).await;
    assert_eq!(hints, [hint("anna", 1)]);
    assert_eq!(log(&*store, &phone).await, ["1@1"]);
    assert_eq!(log(&*store, &tablet).await, ["1@1"]);
    assert!(log(&*store, &watch).await.is_empty());
    assert_eq!(counts(&*store, 1).await.total(), 1);
}

pub async fn whoever_is_excluded_gets_nothing(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    make_topic(&store, "news", &["anna".to_owned(), "boris".to_owned()]).await;
    let to = AudienceRequest {
        users: vec![user("anna"), user("clara")],
        installations: installations(&[1]).installations,
        exclude_users: vec![user("anna"), user("nobody")],
        ..topics(&["news"])
    };
    let reached: BTreeSet<_> = publish(&*store, 1, to)
        .await
        .into_iter()
        .map(|hint| hint.user)
        .collect();
    assert_eq!(reached, BTreeSet::from([user("boris"), user("clara")]));
}

pub async fn an_audience_of_nobody_is_sent(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    assert!(publish(&*store, 1, installations(&[99])).await.is_empty());
    let watched = store
        .watched(shop(), notification(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(watched.status, NotificationStatus::Sent);
    assert_eq!(watched.counts, Counts::default());
}

pub async fn a_large_topic_is_written_out_in_parts(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let names: Vec<String> = (0..1_203).map(|n| format!("user-{n}")).collect();
    make_topic(&store, "news", &names).await;
    let mut hints = publish(&*store, 1, topics(&["news"])).await;
    assert_eq!(hints.len(), 1_000);
    // Who comes later is not meant; who goes later is.
    let news = || topic("news");
    store
        .subscribe(shop(), news(), user("late"), false)
        .await
        .unwrap();
    for name in &names {
        store.unsubscribe(shop(), news(), user(name)).await.unwrap();
    }
    while let Some(expanded) = store.expand_next(100, at(5)).await.unwrap() {
        assert!(expanded.hints.len() <= 100);
        assert_eq!(expanded.changes.len(), 1);
        hints.extend(expanded.hints);
    }
    assert!(hints.iter().all(|hint| hint.seq == 1));
    let reached: BTreeSet<_> = hints.iter().map(|hint| hint.user.clone()).collect();
    assert_eq!((hints.len(), reached.len()), (1_203, 1_203));
    assert_eq!(counts(&*store, 1).await.total(), 1_203);
    is_sound(&*store).await;
}

fn keyed(number: u128, body: u32, expires: i64) -> NewNotification {
    NewNotification {
        idempotency: Some(IdempotencyRecord {
            key: "order".to_owned(),
            body_hash: hash(body),
            expires: at(expires),
        }),
        ..new(&shop(), number, users(&["anna"]))
    }
}

async fn answer(store: &dyn Store, new: NewNotification) -> (u128, bool) {
    match store.publish(new).await.unwrap() {
        PublishOutcome::Accepted { accepted, .. } => {
            assert!(!accepted.replayed);
            (accepted.id.uuid().as_u128(), false)
        }
        PublishOutcome::Replayed(accepted) => {
            assert!(accepted.replayed);
            (accepted.id.uuid().as_u128(), true)
        }
        PublishOutcome::Mismatch => panic!("another request"),
    }
}

pub async fn a_repeated_request_is_answered_as_before(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_app(bank(), at(0)).await.unwrap();
    assert_eq!(answer(&*store, keyed(1, 7, 500)).await, (1, false));
    assert_eq!(answer(&*store, keyed(2, 7, 500)).await, (1, true));
    assert_eq!(store.notification(shop(), notification(2)).await, Ok(None));
    assert_eq!(store.head(shop(), user("anna")).await.unwrap().seq, 1);
    let elsewhere = NewNotification {
        app: bank(),
        ..keyed(3, 8, 500)
    };
    assert_eq!(answer(&*store, elsewhere).await, (3, false));
}

pub async fn another_request_is_no_repetition(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    answer(&*store, keyed(1, 7, 500)).await;
    let other = store.publish(keyed(2, 8, 500)).await;
    assert_eq!(other, Ok(PublishOutcome::Mismatch));
    assert_eq!(store.notification(shop(), notification(2)).await, Ok(None));
    assert_eq!(store.head(shop(), user("anna")).await.unwrap().seq, 1);
}

pub async fn a_key_is_forgotten_in_time(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    assert_eq!(answer(&*store, keyed(1, 7, 10)).await, (1, false));
    assert_eq!(answer(&*store, keyed(10, 8, 20)).await, (10, false));
    assert_eq!(answer(&*store, keyed(11, 8, 20)).await, (10, true));
}

pub async fn racing_repetitions_publish_once(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let racing = (1..=100).map(|number| answer(&*store, keyed(number, 7, 500)));
    let answers = futures_util::future::join_all(racing).await;
    let ids: BTreeSet<_> = answers.iter().map(|(id, _)| id).collect();
    let fresh = answers.iter().filter(|(_, replayed)| !replayed).count();
    assert_eq!((ids.len(), fresh), (1, 1));
    assert_eq!(store.head(shop(), user("anna")).await.unwrap().seq, 1);
}

pub async fn a_failure_changes_nothing(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    publish(&*store, 1, users(&["anna"])).await;
    let same_id = NewNotification {
        idempotency: keyed(1, 7, 500).idempotency,
        ..new(&shop(), 1, users(&["boris"]))
    };
    let no_app = new(&bank(), 2, users(&["anna"]));
    let (first, second, third) = tokio::join!(
        store.publish(same_id),
        store.publish(new(&shop(), 3, users(&["anna"]))),
        store.publish(no_app),
    );
    assert!(matches!(first, Err(StoreError::Failed(_))));
    assert!(second.is_ok());
    assert!(matches!(third, Err(StoreError::Failed(_))));
    assert_eq!(store.head(shop(), user("boris")).await.unwrap().seq, 0);
    assert_eq!(counts(&*store, 1).await.total(), 1);
    assert_eq!(answer(&*store, keyed(4, 7, 500)).await, (4, false));
    is_sound(&*store).await;
}
