mod world;

use jiff::SignedDuration;
use proptest::prelude::*;
use vestnik_model::{Entry, FactKind, Flag, Open, StateChange, UserId};

use super::{OpenError, Store, types::Applied};
use crate::history::HistoryQuery;
use world::{
    apply, at, cursor, facts, flag, fresh, history, id, identity, later_kind, notification, open,
    read, recall, shown, stamp,
};

#[tokio::test]
async fn what_comes_is_stored_with_its_cursor_and_its_fact() {
    let (_dir, store) = fresh().await;
    let applied = store
        .apply(vec![notification(1), notification(2)], cursor(2), stamp(1))
        .await
        .unwrap();
    assert_eq!(applied.inserted, [id(1), id(2)]);
    assert_eq!(store.cursor().await.unwrap(), Some(cursor(2)));
    assert_eq!(store.unread().await.unwrap(), 2);
    assert_eq!(history(&store).await, [id(2), id(1)]);
    let delivered = [(id(1), FactKind::Delivered), (id(2), FactKind::Delivered)];
    assert_eq!(facts(&store).await, delivered);
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let (_dir, store) = fresh().await;
    for _ in 0..3 {
        store
            .apply(vec![notification(1), read(1)], cursor(2), stamp(1))
            .await
            .unwrap();
    }
    assert_eq!(store.unread().await.unwrap(), 0);
    assert_eq!(facts(&store).await, [(id(1), FactKind::Delivered)]);
    assert!(
        shown(&store).await.is_empty(),
        "it was read elsewhere before it could be shown"
    );
}

#[tokio::test]
async fn it_is_shown_once_and_again_only_after_a_crash() {
    let (dir, store) = fresh().await;
    store
        .apply(vec![notification(1), notification(2)], cursor(2), stamp(1))
        .await
        .unwrap();
    assert_eq!(shown(&store).await, [(id(1), false), (id(2), false)]);
    assert!(shown(&store).await.is_empty());
    store.mark_shown(id(1), stamp(2)).await.unwrap();
    store.close().await;

    let store = open(dir.path()).await.store;
    store.reshow_interrupted().await.unwrap();
    assert_eq!(shown(&store).await, [(id(2), true)]);
}

#[tokio::test]
async fn what_expired_meanwhile_is_kept_and_not_shown() {
    let (_dir, store) = fresh().await;
    store
        .apply(vec![notification(1)], cursor(1), stamp(1))
        .await
        .unwrap();
    assert!(store.take_shows(10, at(1_000)).await.unwrap().is_empty());
    assert_eq!(history(&store).await, [id(1)]);
}

#[tokio::test]
async fn reading_is_counted_and_reported_once() {
    let (_dir, store) = fresh().await;
    store
        .apply(vec![notification(1), notification(2)], cursor(2), stamp(1))
        .await
        .unwrap();
    assert_eq!(
        store
            .mark_read(vec![id(1), id(99)], true, stamp(3))
            .await
            .unwrap(),
        [id(1)]
    );
    assert!(
        store
            .mark_read(vec![id(1)], false, stamp(4))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.unread().await.unwrap(), 1);
    let told = facts(&store).await;
    assert_eq!(
        told.iter()
            .filter(|(_, kind)| *kind == FactKind::Read)
            .count(),
        1
    );
    assert!(told.contains(&(id(1), FactKind::Clicked)));
    assert_eq!(store.mark_all_read(stamp(5)).await.unwrap(), [id(2)]);
    assert_eq!(store.unread().await.unwrap(), 0);
}

#[tokio::test]
async fn confirmed_facts_are_gone_and_others_wait() {
    let (dir, store) = fresh().await;
    store
        .apply(vec![notification(1), notification(2)], cursor(2), stamp(1))
        .await
        .unwrap();
    let first = store.outbox(1).await.unwrap();
    assert_eq!(store.confirm(vec![first.facts[0].row]).await.unwrap(), 1);
    store.close().await;
    let store = open(dir.path()).await.store;
    assert_eq!(facts(&store).await, [(id(2), FactKind::Delivered)]);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_more_comes() {
    let (_dir, store) = fresh().await;
    store
        .apply((1..=5).map(notification).collect(), cursor(5), stamp(1))
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
            .apply(vec![notification(100)], cursor(100), stamp(2))
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
        .apply(vec![notification(1)], cursor(1), stamp(1))
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
        .apply((1..=5).map(notification).collect(), cursor(5), stamp(1))
        .await
        .unwrap();
    let seen_until = at(0) - SignedDuration::from_hours(1);
    assert_eq!(store.prune(2, seen_until, at(2)).await.unwrap(), 3);
    assert_eq!(store.unread().await.unwrap(), 2);
    store
        .apply((1..=5).map(notification).collect(), cursor(5), stamp(3))
        .await
        .unwrap();
    assert_eq!(history(&store).await, [id(5), id(4)]);
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_begun_anew() {
    let (dir, store) = fresh().await;
    store
        .apply(vec![notification(1)], cursor(1), stamp(1))
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
    let refused = Store::open(dir.path(), at(0), identity(0))
        .await
        .unwrap_err();
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
    let refused = Store::open(dir.path(), at(0), identity(0))
        .await
        .unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }));
}

#[tokio::test]
async fn the_installation_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).await;
    first.store.close().await;
    let again = Store::open(dir.path(), at(0), identity(8)).await.unwrap();
    assert_eq!(first.identity, identity(7));
    assert_eq!(again.identity, identity(7));
    assert!(!format!("{:?}", again.identity).contains(&identity(7).secret.expose()));
}

#[tokio::test]
async fn every_fact_has_an_id_of_its_own_and_keeps_it() {
    let (dir, store) = fresh().await;
    apply(&store, vec![notification(1), notification(2)], 2).await;
    store.mark_read(vec![id(1)], true, stamp(3)).await.unwrap();
    let before = store.outbox(100).await.unwrap();
    assert_eq!(before.cursor, Some(cursor(2)));
    let ids: std::collections::BTreeSet<_> = before.facts.iter().map(|one| &one.fact.id).collect();
    assert_eq!(ids.len(), 4);
    assert!(before.facts.iter().all(|one| one.fact.parse().is_ok()));
    store.close().await;
    let again = open(dir.path()).await.store.outbox(100).await.unwrap();
    assert_eq!(again, before);
}

#[tokio::test]
async fn a_recalled_notification_leaves_and_never_comes_back() {
    let (_dir, store) = fresh().await;
    apply(&store, vec![notification(1), notification(2)], 2).await;
    let applied = apply(&store, vec![recall(1), recall(3)], 4).await;
    assert_eq!(applied.withdrawn, [id(1)]);
    assert_eq!(store.unread().await.unwrap(), 1);
    apply(&store, vec![notification(1), notification(3)], 6).await;
    assert_eq!(history(&store).await, [id(2)]);
    assert_eq!(shown(&store).await, [(id(2), false)]);
}

#[tokio::test]
async fn what_is_deleted_elsewhere_is_hidden_until_that_is_taken_back() {
    let (_dir, store) = fresh().await;
    apply(&store, vec![notification(1), notification(2)], 2).await;
    let applied = apply(&store, vec![flag(1, Flag::Deleted, true, 5)], 3).await;
    assert_eq!(applied.withdrawn, [id(1)]);
    assert_eq!(history(&store).await, [id(2)]);
    assert_eq!(store.unread().await.unwrap(), 1);
    assert_eq!(store.get(id(1)).await.unwrap(), None);

    let older = apply(&store, vec![flag(1, Flag::Deleted, false, 4)], 4).await;
    assert_eq!(older, Applied::default());
    let newer = apply(&store, vec![flag(1, Flag::Deleted, false, 6)], 5).await;
    assert_eq!(newer.changed, [id(1)]);
    assert_eq!(history(&store).await, [id(2), id(1)]);
    assert_eq!(store.unread().await.unwrap(), 2);
    assert_eq!(shown(&store).await, [(id(2), false)]);
}

#[tokio::test]
async fn what_is_read_while_it_is_deleted_is_counted_once() {
    let (_dir, store) = fresh().await;
    apply(&store, vec![notification(1), notification(2)], 2).await;
    let entries = vec![flag(1, Flag::Deleted, true, 1), read(1)];
    apply(&store, entries, 4).await;
    apply(&store, vec![flag(1, Flag::Deleted, false, 2)], 5).await;
    assert_eq!(store.unread().await.unwrap(), 1);
    assert_eq!(store.mark_all_read(stamp(6)).await.unwrap(), [id(2)]);
}

#[tokio::test]
async fn an_entry_of_a_later_version_stops_nothing_and_is_kept() {
    let (dir, store) = fresh().await;
    let pinned = Entry::State(StateChange {
        id: id(1),
        at: at(9),
        flag: Open::read("pinned"),
        value: true,
        version: 1,
    });
    for _ in 0..2 {
        let entries = vec![later_kind(1), notification(1), pinned.clone()];
        apply(&store, entries, 3).await;
    }
    assert_eq!(store.cursor().await.unwrap(), Some(cursor(3)));
    assert_eq!(history(&store).await, [id(1)]);
    store.close().await;
    let file = rusqlite::Connection::open(dir.path().join("history.sqlite")).unwrap();
    let kinds: String = file
        .query_row("SELECT group_concat(kind) FROM opaque_entry", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kinds, "liveCard,state");
}

#[tokio::test]
async fn opaque_entries_are_bounded_in_number() {
    let (dir, store) = fresh().await;
    apply(&store, (1..=300).map(later_kind).collect(), 300).await;
    store.close().await;
    let file = rusqlite::Connection::open(dir.path().join("history.sqlite")).unwrap();
    let count: u32 = file
        .query_row("SELECT count(*) FROM opaque_entry", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 256);
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
                store.apply(page(from.min(to), to), cursor(to), stamp(1)).await.unwrap();
            }
            store.apply(page(0, 12), cursor(12), stamp(1)).await.unwrap();
            assert_eq!(store.unread().await.unwrap(), 12);
            assert_eq!(facts(&store).await.len(), 12);
            assert_eq!(shown(&store).await.len(), 12);
        });
    }
}
