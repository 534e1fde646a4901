//! What was answered is there when the store is opened again.

use std::{collections::BTreeSet, sync::Arc};

use vestnik_model::ReceiptKind;

use super::{
    Fixture,
    world::{
        at, begin, counts, installation, is_sound, log, login, make_topic, publish, report, shop,
        topics, user, users,
    },
};
use crate::{Session, Store, StoreError};

async fn live_a_little(store: &dyn Store) -> Session {
    let session = login(store, &shop(), "anna", 1).await;
    for number in 1..=3 {
        publish(store, number, users(&["anna", "boris"])).await;
    }
    report(store, &session, 2, (ReceiptKind::Read, 9)).await;
    session
}

async fn is_all_there(store: &dyn Store, session: &Session) {
    let expected = ["1@1", "2@2", "3@3", "2 read@4"];
    assert_eq!(log(store, session).await, expected);
    assert_eq!(counts(store, 2).await.read, 1);
    is_sound(store).await;
    publish(store, 4, users(&["anna"])).await;
    assert_eq!(log(store, session).await.last().unwrap(), "4@5");
}

/// Opens data that [`leave_a_short_life`] left, perhaps by an older version.
pub async fn what_a_short_life_left_is_there(fixture: &impl Fixture) {
    let store = fixture.open();
    let session = Session {
        app: shop(),
        user: user("anna"),
        installation: installation(1),
    };
    is_all_there(&*store, &session).await;
}

/// Leaves a closed store with a little of everything that can be told apart later.
pub async fn leave_a_short_life(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    live_a_little(&*store).await;
    store.close().await;
}

pub async fn what_was_answered_survives_closing(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let session = live_a_little(&*store).await;
    let head = store.head(shop(), session.user.clone()).await.unwrap();
    store.close().await;
    let store = fixture.open();
    assert_eq!(store.head(shop(), session.user.clone()).await, Ok(head));
    is_all_there(&*store, &session).await;
}

pub async fn what_was_answered_survives_a_drop(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let session = live_a_little(&*store).await;
    drop(store);
    let store = fixture.open();
    is_all_there(&*store, &session).await;
}

pub async fn an_audience_is_written_out_after_a_crash(fixture: &impl Fixture) {
    let mut store = begin(fixture).await;
    let names: Vec<String> = (0..1_150).map(|n| format!("user-{n}")).collect();
    make_topic(&store, "news", &names).await;
    let mut hints = publish(&*store, 1, topics(&["news"])).await;
    loop {
        drop(store);
        store = fixture.open();
        let Some(expanded) = store.expand_next(60, at(5)).await.unwrap() else {
            break;
        };
        hints.extend(expanded.hints);
    }
    let reached: BTreeSet<_> = hints.iter().map(|hint| hint.user.clone()).collect();
    assert_eq!((hints.len(), reached.len()), (1_150, 1_150));
    assert_eq!(counts(&*store, 1).await.total(), 1_150);
    is_sound(&*store).await;
}

pub async fn a_closed_store_says_so(fixture: &impl Fixture) {
    let store: Arc<dyn Store> = begin(fixture).await;
    store.close().await;
    store.close().await;
    assert_eq!(store.ping().await, Err(StoreError::Closed));
    assert_eq!(store.keys(shop()).await, Err(StoreError::Closed));
}
