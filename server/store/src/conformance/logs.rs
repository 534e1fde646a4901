//! Logs: paging, epochs, what is passed over, what reading tells.

use std::collections::BTreeSet;

use vestnik_model::{
    Cursor, Epoch, ReceiptKind,
    contract::{Entry, HistoryState},
};

use super::{
    Fixture,
    world::{
        TTL_SECONDS, at, bank, begin, installations, is_sound, log, login, new, publish, read,
        read_at, report, shop, spelled, user, users,
    },
};

const PAGE: u32 = 5;

pub async fn pages_hold_each_entry_once(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let session = login(&*store, &shop(), "anna", 1).await;
    for count in 0..=10 * PAGE {
        let expected: Vec<_> = (1..=count).map(|n| format!("{n}@{n}")).collect();
        let (mut found, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = read(&*store, &session, cursor, PAGE).await;
            found.extend(page.entries.iter().map(spelled));
            assert_eq!(page.cursor.seq, found.len() as u64);
            (cursor, pages) = (Some(page.cursor), pages + 1);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, expected);
        assert_eq!(pages, count.div_ceil(PAGE).max(1), "{count} entries");
        assert_eq!(store.head(shop(), user("anna")).await.ok(), cursor);
        publish(&*store, u128::from(count) + 1, users(&["anna"])).await;
    }
}

pub async fn a_cursor_of_another_life_counts_as_none(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let session = login(&*store, &shop(), "anna", 1).await;
    publish(&*store, 1, users(&["anna"])).await;
    publish(&*store, 2, users(&["anna"])).await;
    let head = store.head(shop(), user("anna")).await.unwrap();
    let next = Epoch(head.epoch.0.wrapping_add(1));
    let strange = [
        Cursor {
            epoch: next,
            seq: 1,
        },
        Cursor { seq: 3, ..head },
    ];
    for cursor in strange {
        let page = read(&*store, &session, Some(cursor), 10).await;
        assert_eq!(page.entries.len(), 2, "{cursor}");
        assert_eq!(page.cursor, head);
    }
    store.new_epoch(next).await.unwrap();
    let page = read(&*store, &session, Some(head), 10).await;
    assert_eq!(page.entries.len(), 2);
    assert_eq!(
        page.cursor,
        Cursor {
            epoch: next,
            seq: 2
        }
    );
    assert_eq!(store.head(shop(), user("anna")).await, Ok(page.cursor));
}

pub async fn an_unknown_user_has_an_empty_log(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let mut session = login(&*store, &shop(), "anna", 1).await;
    session.user = user("nobody");
    let page = read(&*store, &session, None, 10).await;
    assert!(page.entries.is_empty() && !page.more);
    assert_eq!(page.cursor.seq, 0);
    assert_eq!(store.head(shop(), user("nobody")).await, Ok(page.cursor));
}

pub async fn what_expired_is_passed_over(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let session = login(&*store, &shop(), "anna", 1).await;
    for number in 1..=3 {
        publish(&*store, number, users(&["anna"])).await;
    }
    for (second, expected) in [
        (0, vec!["1@1", "2@2"]),
        (1, vec!["2@2"]),
        (2, vec![]),
        (3, vec![]),
    ] {
        let now = at(TTL_SECONDS + second);
        let page = read_at(&*store, &session, (None, 2), now).await;
        let found: Vec<_> = page.entries.iter().map(spelled).collect();
        assert_eq!(found, expected, "{second} s later");
        assert_eq!((page.cursor.seq, page.more), (2, true));
    }
}

pub async fn what_is_for_others_is_passed_over(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    let tablet = login(&*store, &shop(), "anna", 2).await;
    publish(&*store, 1, installations(&[1])).await;
    publish(&*store, 2, users(&["anna"])).await;
    publish(&*store, 3, installations(&[2])).await;
    assert_eq!(log(&*store, &phone).await, ["1@1", "2@2"]);
    assert_eq!(log(&*store, &tablet).await, ["2@2", "3@3"]);
    let page = read(&*store, &phone, None, 10).await;
    assert_eq!(page.cursor.seq, 3);
    report(&*store, &phone, 1, (ReceiptKind::Read, 4)).await;
    assert_eq!(log(&*store, &phone).await, ["1@1", "2@2", "1 read@4"]);
    assert_eq!(log(&*store, &tablet).await, ["2@2", "3@3"]);
}

pub async fn reading_is_told_once_to_other_devices(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    let tablet = login(&*store, &shop(), "anna", 2).await;
    publish(&*store, 1, users(&["anna"])).await;
    let delivered = report(&*store, &phone, 1, (ReceiptKind::Delivered, 4)).await;
    assert!(delivered.hints.is_empty());
    let outcome = report(&*store, &phone, 1, (ReceiptKind::Read, 5)).await;
    assert_eq!(outcome.hints.len(), 1);
    assert_eq!(
        (outcome.hints[0].user.as_str(), outcome.hints[0].seq),
        ("anna", 2)
    );
    for session in [&phone, &tablet] {
        let again = report(&*store, session, 1, (ReceiptKind::Read, 3)).await;
        assert!(again.hints.is_empty());
    }
    let page = read(&*store, &tablet, None, 10).await;
    let [Entry::Notification(envelope), Entry::State(change)] = page.entries.as_slice() else {
        panic!("not two entries: {page:?}");
    };
    assert_eq!(envelope.read_at, Some(at(3)));
    assert_eq!((change.state, change.at), (HistoryState::Read, at(5)));
    assert_eq!(change.id, envelope.notification.id);
    is_sound(&*store).await;
}

pub async fn numbers_have_no_gap_under_concurrency(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let session = login(&*store, &shop(), "anna", 1).await;
    let publishing = (1..=300).map(|number| {
        let store = std::sync::Arc::clone(&store);
        tokio::spawn(async move { publish(&*store, number, users(&["anna", "boris"])).await })
    });
    let mut seen = BTreeSet::new();
    for hints in futures_util::future::join_all(publishing).await {
        seen.extend(hints.unwrap().into_iter().map(|hint| (hint.user, hint.seq)));
    }
    let expected: BTreeSet<_> = (1..=300)
        .flat_map(|seq| [(user("anna"), seq), (user("boris"), seq)])
        .collect();
    assert_eq!(seen, expected);
    let page = read(&*store, &session, None, 1_000).await;
    let numbers: Vec<_> = page
        .entries
        .iter()
        .map(|entry| entry.cursor().seq)
        .collect();
    assert_eq!(numbers, (1..=300).collect::<Vec<_>>());
    is_sound(&*store).await;
}

pub async fn logs_stay_within_their_app(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_app(bank(), at(0)).await.unwrap();
    let here = login(&*store, &shop(), "anna", 1).await;
    let there = login(&*store, &bank(), "anna", 2).await;
    publish(&*store, 1, users(&["anna"])).await;
    store
        .publish(new(&bank(), 2, users(&["anna"])))
        .await
        .unwrap();
    // An installation of one app is nobody's in another.
    store
        .publish(new(&bank(), 3, installations(&[1])))
        .await
        .unwrap();
    assert_eq!(log(&*store, &here).await, ["1@1"]);
    assert_eq!(log(&*store, &there).await, ["2@1"]);
    let outcome = report(&*store, &there, 1, (ReceiptKind::Read, 5)).await;
    assert_eq!(outcome.reported.unknown, [0]);
    assert_eq!(log(&*store, &here).await, ["1@1"]);
}
