//! What the tests of the store are written with.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;
use vestnik_model::{
    Arrival, Cursor, DeliveryId, Entry, FactKind, Flag, InstallationId, InstallationSecret,
    Notification, NotificationId, Priority, Recall, StateChange, TrafficType,
    text::{Body, Title},
};

use crate::{
    history::HistoryQuery,
    store::{InstallationIdentity, Opened, Stamp, Store, types::Applied},
};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A stamp whose seed no other stamp has.
pub(super) fn stamp(second: i64) -> Stamp {
    static STAMPS: AtomicU64 = AtomicU64::new(0);
    let number = STAMPS.fetch_add(1, Ordering::Relaxed);
    Stamp {
        now: at(second),
        seed: u128::from(number).to_le_bytes(),
    }
}

pub(super) fn identity(number: u8) -> InstallationIdentity {
    InstallationIdentity {
        id: InstallationId::from_uuid(Uuid::from_u128(number.into())),
        secret: InstallationSecret::from_bytes([number; 32]),
    }
}

pub(super) fn cursor(seq: u64) -> Cursor {
    Cursor::parse(format!("0000002a:{seq}:c0ffee00")).unwrap()
}

pub(super) fn id(number: u64) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(u128::from(number)))
}

pub(super) fn notification(number: u64) -> Entry {
    Entry::Notification(Box::new(Arrival {
        id: id(number),
        at: at(0),
        delivery_id: DeliveryId::from_uuid(Uuid::from_u128(u128::from(number))),
        read_at: None,
        notification: Notification {
            id: id(number),
            revision: 0,
            title: Title::parse(&format!("order {number}")).unwrap(),
            body: Body::default(),
            image: None,
            category: None,
            traffic_type: TrafficType::Transactional.into(),
            priority: Priority::Normal.into(),
            click: None,
            data: None,
            accepted_at: at(0),
            expires_at: at(1_000),
        },
    }))
}

pub(super) fn flag(number: u64, flag: Flag, value: bool, version: u64) -> Entry {
    Entry::State(StateChange {
        id: id(number),
        at: at(9),
        flag: flag.into(),
        value,
        version,
    })
}

pub(super) fn read(number: u64) -> Entry {
    flag(number, Flag::Read, true, 1)
}

pub(super) fn recall(number: u64) -> Entry {
    Entry::Recall(Recall {
        id: id(number),
        at: at(9),
    })
}

pub(super) fn later_kind(number: u64) -> Entry {
    let raw = json!({"kind": "liveCard", "id": id(number), "card": {"title": "secret"}});
    serde_json::from_value(raw).unwrap()
}

pub(super) async fn open(dir: &Path) -> Opened {
    Store::open(dir, at(0), identity(7)).await.unwrap()
}

pub(super) async fn fresh() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await.store;
    (dir, store)
}

pub(super) async fn shown(store: &Store) -> Vec<(NotificationId, bool)> {
    let shows = store.take_shows(100, at(1)).await.unwrap();
    shows
        .iter()
        .map(|show| (show.item.notification.id, show.again))
        .collect()
}

pub(super) async fn apply(store: &Store, entries: Vec<Entry>, end: u64) -> Applied {
    store.apply(entries, cursor(end), stamp(1)).await.unwrap()
}

pub(super) async fn facts(store: &Store) -> Vec<(NotificationId, FactKind)> {
    let waiting = store.outbox(1_000).await.unwrap();
    let fact = |one: &crate::reporting::WaitingFact| {
        let id = one.fact.notification_id.as_deref().unwrap();
        (id.parse().unwrap(), one.fact.kind.known().unwrap())
    };
    waiting.facts.iter().map(fact).collect()
}

pub(super) async fn history(store: &Store) -> Vec<NotificationId> {
    let page = store
        .history(HistoryQuery {
            limit: 200,
            ..HistoryQuery::default()
        })
        .await
        .unwrap();
    page.items.iter().map(|item| item.notification.id).collect()
}
