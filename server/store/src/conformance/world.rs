//! Names and small doings that the cases share.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;
use vestnik_model::{
    AppId, AudienceRequest, Counts, Cursor, DeliveryId, InstallationId, NotificationId,
    Publication, PublishRequest, Receipt, ReceiptKind, TopicName, UserId,
    contract::{Entry, Page},
    publish::ContentRequest,
    subscription::TopicSettings,
};

use super::Fixture;
use crate::{
    Hint, LogSlice, Login, NewNotification, PageQuery, PublishOutcome, ReportOutcome, Session,
    Store,
};

/// For how long the notifications of the cases are worth delivering.
pub(super) const TTL_SECONDS: i64 = 1_000;

/// A store with the app that most cases use.
pub(super) async fn begin(fixture: &impl Fixture) -> Arc<dyn Store> {
    let store = fixture.open();
    store.create_app(shop(), at(0)).await.unwrap();
    store
}

/// Nothing is wrong inside.
pub(super) async fn is_sound(store: &dyn Store) {
    assert_eq!(store.check_integrity().await, Ok(Vec::new()));
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn shop() -> AppId {
    AppId::parse("shop").unwrap()
}

pub(super) fn bank() -> AppId {
    AppId::parse("bank").unwrap()
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(super) fn topic(name: &str) -> TopicName {
    TopicName::parse(name).unwrap()
}

pub(super) fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

pub(super) fn notification(number: u128) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(number))
}

/// A hash that nothing else has.
pub(super) fn hash(seed: u32) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&seed.to_be_bytes());
    hash
}

/// Logs in; the refresh token's hash is made of the installation's number.
pub(super) async fn login(store: &dyn Store, app: &AppId, who: &str, number: u32) -> Session {
    let login = Login {
        session: Session {
            app: app.clone(),
            user: user(who),
            installation: installation(u128::from(number)),
        },
        refresh_hash: hash(number),
        refresh_expires: at(100_000),
        now: at(1),
    };
    store.login(login).await.unwrap()
}

/// Makes a topic with these subscribers.
pub(super) async fn make_topic(store: &Arc<dyn Store>, name: &str, subscribers: &[String]) {
    let settings = TopicSettings {
        self_subscribe: false,
    };
    store
        .put_topic(shop(), topic(name), settings)
        .await
        .unwrap();
    let joining = subscribers
        .iter()
        .map(|who| store.subscribe(shop(), topic(name), user(who), false));
    for joined in futures_util::future::join_all(joining).await {
        joined.unwrap();
    }
}

pub(super) fn users(names: &[&str]) -> AudienceRequest {
    AudienceRequest {
        users: names.iter().copied().map(user).collect(),
        ..AudienceRequest::default()
    }
}

pub(super) fn topics(names: &[&str]) -> AudienceRequest {
    AudienceRequest {
        topics: names.iter().copied().map(topic).collect(),
        ..AudienceRequest::default()
    }
}

pub(super) fn installations(numbers: &[u128]) -> AudienceRequest {
    AudienceRequest {
        installations: numbers.iter().copied().map(installation).collect(),
        ..AudienceRequest::default()
    }
}

/// A notification with this number, accepted at that second.
pub(super) fn new(app: &AppId, number: u128, to: AudienceRequest) -> NewNotification {
    let request = PublishRequest {
        to,
        notification: ContentRequest {
            title: format!("Order {number}"),
            ..ContentRequest::default()
        },
        ttl_seconds: u32::try_from(TTL_SECONDS).ok(),
        external_id: Some(format!("order-{number}")),
        correlation_id: None,
        idempotency_key: None,
    };
    let publication = Publication::parse(request).unwrap();
    let second = i64::try_from(number).unwrap();
    NewNotification {
        app: app.clone(),
        notification: publication.accept(notification(number), at(second)),
        publication,
        idempotency: None,
    }
}

/// Publishes to the shop and gives the hints.
pub(super) async fn publish(store: &dyn Store, number: u128, to: AudienceRequest) -> Vec<Hint> {
    let outcome = store.publish(new(&shop(), number, to)).await.unwrap();
    let PublishOutcome::Accepted { hints, .. } = outcome else {
        panic!("not accepted: {outcome:?}");
    };
    hints
}

/// Reads a stretch of a session's log at an early second.
pub(super) async fn read(
    store: &dyn Store,
    session: &Session,
    after: Option<Cursor>,
    limit: u32,
) -> Page {
    read_at(store, session, (after, limit), at(0)).await
}

pub(super) async fn read_at(
    store: &dyn Store,
    session: &Session,
    (after, limit): (Option<Cursor>, u32),
    now: Timestamp,
) -> Page {
    let slice = LogSlice {
        session: session.clone(),
        after,
        limit,
        now,
    };
    store.read_log(slice).await.unwrap()
}

/// The whole log as `number@seq`, states as `number read@seq`.
pub(super) async fn log(store: &dyn Store, session: &Session) -> Vec<String> {
    let page = read(store, session, None, 10_000).await;
    assert!(!page.more);
    page.entries.iter().map(spelled).collect()
}

pub(super) fn spelled(entry: &Entry) -> String {
    match entry {
        Entry::Notification(envelope) => format!(
            "{}@{}",
            envelope.notification.id.uuid().as_u128(),
            envelope.cursor.seq
        ),
        Entry::State(change) => {
            format!("{} read@{}", change.id.uuid().as_u128(), change.cursor.seq)
        }
    }
}

/// Reports one fact.
pub(super) async fn report(
    store: &dyn Store,
    session: &Session,
    number: u128,
    (kind, second): (ReceiptKind, i64),
) -> ReportOutcome {
    let receipts = vec![receipt(number, kind, second)];
    store
        .report(session.clone(), receipts, at(50_000))
        .await
        .unwrap()
}

pub(super) fn receipt(number: u128, kind: ReceiptKind, second: i64) -> Receipt {
    Receipt {
        notification_id: notification(number),
        kind,
        at: at(second),
    }
}

/// The counters of one of the shop's notifications.
pub(super) async fn counts(store: &dyn Store, number: u128) -> Counts {
    let watched = store.watched(shop(), notification(number)).await.unwrap();
    watched.unwrap().counts
}

/// The delivery of one of the shop's notifications to a user, out of his log.
pub(super) async fn delivery_of(store: &dyn Store, session: &Session, number: u128) -> DeliveryId {
    let page = read(store, session, None, 10_000).await;
    let found = page.entries.into_iter().find_map(|entry| match entry {
        Entry::Notification(envelope) if envelope.notification.id == notification(number) => {
            Some(envelope.delivery_id)
        }
        Entry::Notification(_) | Entry::State(_) => None,
    });
    found.unwrap()
}

pub(super) const fn first_page(limit: u32) -> PageQuery {
    PageQuery { after: None, limit }
}
