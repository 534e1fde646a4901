use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;
use vestnik_model::{
    Cursor, DeliveryId, Epoch, InstallationId, Notification, NotificationId, Priority, ReceiptKind,
    TrafficType, UserId,
    contract::{Entry, Envelope, HistoryState, StateChange},
    text::{Body, Title},
};

use super::{OpenError, Opened, Store};
use crate::history::HistoryQuery;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn cursor(seq: u64) -> Cursor {
    Cursor {
        epoch: Epoch(1),
        seq,
    }
}

fn id(number: u64) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn notification(number: u64) -> Entry {
    Entry::Notification(Box::new(Envelope {
        cursor: cursor(number),
        delivery_id: DeliveryId::from_uuid(Uuid::from_u128(u128::from(number))),
        read_at: None,
        notification: Notification {
            id: id(number),
            title: Title::parse(&format!("order {number}")).unwrap(),
            body: Body::default(),
            image: None,
            category: None,
            traffic_type: TrafficType::Transactional,
            priority: Priority::Normal,
            click: None,
            data: None,
            accepted_at: at(0),
            expires_at: at(1_000),
        },
    }))
}

fn read(seq: u64, number: u64) -> Entry {
    Entry::State(StateChange {
        cursor: cursor(seq),
        id: id(number),
        state: HistoryState::Read,
        at: at(9),
    })
}

async fn open(dir: &Path) -> Opened {
    let fresh = InstallationId::from_uuid(Uuid::from_u128(7));
    Store::open(dir, at(0), fresh).await.unwrap()
}

async fn fresh() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await.store;
    (dir, store)
}

async fn shown(store: &Store) -> Vec<(NotificationId, bool)> {
    let shows = store.take_shows(100, at(1)).await.unwrap();
    shows
        .iter()
        .map(|show| (show.item.notification.id, show.again))
        .collect()
}

async fn receipts(store: &Store) -> Vec<(NotificationId, ReceiptKind)> {
    let waiting = store.outbox(1_000).await.unwrap();
    waiting
        .iter()
        .map(|one| (one.receipt.notification_id, one.receipt.kind))
        .collect()
}

async fn history(store: &Store) -> Vec<NotificationId> {
    let page = store
        .history(HistoryQuery {
            limit: 200,
            ..HistoryQuery::default()
        })
        .await
        .unwrap();
    page.items.iter().map(|item| item.notification.id).collect()
}

#[tokio::test]
async fn what_comes_is_stored_with_its_place_and_its_receipt() {
    let (_dir, store) = fresh().await;
    let applied = store
        .apply(vec![notification(1), notification(2)], cursor(2), at(1))
        .await
        .unwrap();
    assert_eq!(applied.inserted, [id(1), id(2)]);
    assert_eq!(store.cursor().await.unwrap(), Some(cursor(2)));
    assert_eq!(store.unread().await.unwrap(), 2);
    assert_eq!(history(&store).await, [id(2), id(1)]);
    let delivered = [
        (id(1), ReceiptKind::Delivered),
        (id(2), ReceiptKind::Delivered),
    ];
    assert_eq!(receipts(&store).await, delivered);
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let (_dir, store) = fresh().await;
    for _ in 0..3 {
        store
            .apply(vec![notification(1), read(2, 1)], cursor(2), at(1))
            .await
            .unwrap();
    }
    assert_eq!(store.unread().await.unwrap(), 0);
    assert_eq!(receipts(&store).await, [(id(1), ReceiptKind::Delivered)]);
    assert!(
        shown(&store).await.is_empty(),
        "it was read elsewhere before it could be shown"
    );
}

#[tokio::test]
async fn it_is_shown_once_and_again_only_after_a_crash() {
    let (dir, store) = fresh().await;
    store
        .apply(vec![notification(1), notification(2)], cursor(2), at(1))
        .await
        .unwrap();
    assert_eq!(shown(&store).await, [(id(1), false), (id(2), false)]);
    assert!(shown(&store).await.is_empty());
    store.mark_shown(id(1), at(2)).await.unwrap();
    store.close().await;

    let store = open(dir.path()).await.store;
    store.reshow_interrupted().await.unwrap();
    assert_eq!(shown(&store).await, [(id(2), true)]);
}

#[tokio::test]
async fn what_expired_meanwhile_is_kept_and_not_shown() {
    let (_dir, store) = fresh().await;
    store
        .apply(vec![notification(1)], cursor(1), at(1))
        .await
        .unwrap();
    assert!(store.take_shows(10, at(1_000)).await.unwrap().is_empty());
    assert_eq!(history(&store).await, [id(1)]);
}

#[tokio::test]
async fn reading_is_counted_and_reported_once() {
    let (_dir, store) = fresh().await;
    store
        .apply(vec![notification(1), notification(2)], cursor(2), at(1))
        .await
        .unwrap();
    assert_eq!(
        store
            .mark_read(vec![id(1), id(99)], true, at(3))
            .await
            .unwrap(),
        [id(1)]
    );
    assert!(
        store
            .mark_read(vec![id(1)], false, at(4))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.unread().await.unwrap(), 1);
    let told = receipts(&store).await;
    assert_eq!(
        told.iter()
            .filter(|(_, kind)| *kind == ReceiptKind::Read)
            .count(),
        1
    );
    assert!(told.contains(&(id(1), ReceiptKind::Clicked)));
    assert_eq!(store.mark_all_read(at(5)).await.unwrap(), [id(2)]);
    assert_eq!(store.unread().await.unwrap(), 0);
}

#[tokio::test]
async fn confirmed_receipts_are_gone_and_others_wait() {
    let (dir, store) = fresh().await;
    store
        .apply(vec![notification(1), notification(2)], cursor(2), at(1))
        .await
        .unwrap();
    let first = store.outbox(1).await.unwrap();
    assert_eq!(store.confirm(vec![first[0].row]).await.unwrap(), 1);
    store.close().await;
    let store = open(dir.path()).await.store;
    assert_eq!(receipts(&store).await, [(id(2), ReceiptKind::Delivered)]);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_more_comes() {
    let (_dir, store) = fresh().await;
    store
        .apply((1..=5).map(notification).collect(), cursor(5), at(1))
        .await
        .unwrap();
    let mut query = HistoryQuery {
        limit: 2,
        ..HistoryQuery::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = store.history(query).await.unwrap();
        seen.extend(page.items.iter().map(|item| item.notification.id));
        store
            .apply(vec![notification(100)], cursor(100), at(2))
            .await
            .unwrap();
        let Some(next) = page.next else { break };
        query.before = Some(next);
    }
    assert_eq!(seen, (1..=5).rev().map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn another_user_never_sees_what_was_the_formers() {
    let (_dir, store) = fresh().await;
    let user = |name: &str| UserId::parse(name).unwrap();
    store
        .put_session(user("anna"), "a".to_owned())
        .await
        .unwrap();
    store
        .apply(vec![notification(1)], cursor(1), at(1))
        .await
        .unwrap();
    store
        .put_session(user("anna"), "b".to_owned())
        .await
        .unwrap();
    assert_eq!(history(&store).await, [id(1)]);
    store
        .put_session(user("boris"), "c".to_owned())
        .await
        .unwrap();
    assert!(history(&store).await.is_empty() && shown(&store).await.is_empty());
    assert_eq!(
        (store.cursor().await.unwrap(), store.unread().await.unwrap()),
        (None, 0)
    );
    assert_eq!(store.session().await.unwrap().unwrap().refresh_token, "c");
}

#[tokio::test]
async fn what_left_the_history_is_not_shown_again() {
    let (_dir, store) = fresh().await;
    store
        .apply((1..=5).map(notification).collect(), cursor(5), at(1))
        .await
        .unwrap();
    let seen_until = at(0) - SignedDuration::from_hours(1);
    assert_eq!(store.prune(2, seen_until, at(2)).await.unwrap(), 3);
    assert_eq!(store.unread().await.unwrap(), 2);
    store
        .apply((1..=5).map(notification).collect(), cursor(5), at(3))
        .await
        .unwrap();
    assert_eq!(history(&store).await, [id(5), id(4)]);
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_begun_anew() {
    let (dir, store) = fresh().await;
    store
        .apply(vec![notification(1)], cursor(1), at(1))
        .await
        .unwrap();
    store.close().await;
    std::fs::write(dir.path().join("history.sqlite"), b"not a database at all").unwrap();
    let opened = open(dir.path()).await;
    let aside = opened.quarantined.unwrap();
    assert_eq!(std::fs::read(aside).unwrap(), b"not a database at all");
    assert_eq!(opened.store.cursor().await.unwrap(), None);
}

#[tokio::test]
async fn a_newer_file_is_left_alone() {
    let (dir, store) = fresh().await;
    store.close().await;
    let file = dir.path().join("history.sqlite");
    rusqlite::Connection::open(&file)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let fresh = InstallationId::from_uuid(Uuid::nil());
    let refused = Store::open(dir.path(), at(0), fresh).await.unwrap_err();
    assert!(matches!(
        refused,
        OpenError::TooNew {
            found: 99,
            known: 1,
            ..
        }
    ));
}

#[tokio::test]
async fn one_process_at_a_time_has_it() {
    let (dir, _store) = fresh().await;
    let fresh = InstallationId::from_uuid(Uuid::nil());
    let refused = Store::open(dir.path(), at(0), fresh).await.unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }));
}

#[tokio::test]
async fn the_installation_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).await;
    first.store.close().await;
    let other = InstallationId::from_uuid(Uuid::from_u128(8));
    let again = Store::open(dir.path(), at(0), other).await.unwrap();
    assert_eq!(again.installation, first.installation);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, _store) = fresh().await;
    let mode = std::fs::metadata(dir.path().join("history.sqlite"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0);
}

#[tokio::test]
async fn the_schema_is_what_it_was() {
    let (dir, store) = fresh().await;
    store.close().await;
    let file = rusqlite::Connection::open(dir.path().join("history.sqlite")).unwrap();
    let mut schema = file
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    let statements: Vec<String> = schema
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    insta::assert_snapshot!(statements.join(";\n\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Pages that come twice, overlap or are cut short leave what they leave once.
    #[test]
    fn repeated_and_cut_pages_leave_the_same(cuts in prop::collection::vec((0..12_u64, 0..12_u64), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_dir, store) = fresh().await;
            let page = |from: u64, to: u64| (from + 1..=to).map(notification).collect::<Vec<_>>();
            for (from, length) in cuts {
                let to = (from + length).min(12);
                store.apply(page(from.min(to), to), cursor(to), at(1)).await.unwrap();
            }
            store.apply(page(0, 12), cursor(12), at(1)).await.unwrap();
            assert_eq!(store.unread().await.unwrap(), 12);
            assert_eq!(receipts(&store).await.len(), 12);
            assert_eq!(shown(&store).await.len(), 12);
        });
    }
}
