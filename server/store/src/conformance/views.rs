//! Lists and views, for those who ask what became of a notification.

use super::{
    Fixture,
    world::{
        at, bank, begin, delivery_of, first_page, login, new, notification, publish, shop, users,
    },
};
use crate::PageQuery;

pub async fn notifications_come_newest_first_in_pages(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    for count in 0..=7_u128 {
        let (mut found, mut page) = (Vec::new(), first_page(3));
        loop {
            let list = store.notifications(shop(), page).await.unwrap();
            found.extend(list.data.iter().map(|view| view.id.uuid().as_u128()));
            let Some(next) = list.next_cursor else { break };
            assert_eq!(list.data.len(), 3);
            page = PageQuery {
                after: Some(next),
                limit: 3,
            };
        }
        assert_eq!(found, (1..=count).rev().collect::<Vec<_>>());
        publish(&*store, count + 1, users(&["anna"])).await;
    }
    let view = store.notification(shop(), notification(1)).await.unwrap();
    let view = view.unwrap();
    assert_eq!(view.external_id.as_deref(), Some("order-1"));
    assert_eq!(view.notification.title, "Order 1");
    assert_eq!(view.accepted_at, at(1));
}

pub async fn deliveries_come_in_pages(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    for count in 1..=names.len() {
        let number = count as u128;
        publish(&*store, number, users(&names[..count])).await;
        let (mut found, mut page) = (Vec::new(), first_page(3));
        loop {
            let list = store.deliveries(shop(), notification(number), page);
            let list = list.await.unwrap().unwrap();
            found.extend(list.data.into_iter().map(|view| view.user.to_string()));
            let Some(next) = list.next_cursor else { break };
            page = PageQuery {
                after: Some(next),
                limit: 3,
            };
        }
        found.sort();
        assert_eq!(found, names[..count]);
    }
}

pub async fn views_stay_within_their_app(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_app(bank(), at(0)).await.unwrap();
    let phone = login(&*store, &shop(), "anna", 1).await;
    publish(&*store, 1, users(&["anna"])).await;
    store
        .publish(new(&bank(), 2, users(&["anna"])))
        .await
        .unwrap();
    let id = delivery_of(&*store, &phone, 1).await;
    assert!(store.delivery(shop(), id).await.unwrap().is_some());
    assert_eq!(store.delivery(bank(), id).await, Ok(None));
    assert_eq!(store.attempts(bank(), id).await, Ok(None));
    assert_eq!(store.notification(bank(), notification(1)).await, Ok(None));
    assert_eq!(store.watched(bank(), notification(1)).await, Ok(None));
    let deliveries = store.deliveries(bank(), notification(1), first_page(9));
    assert_eq!(deliveries.await, Ok(None));
    let list = store.notifications(bank(), first_page(9)).await.unwrap();
    assert_eq!(list.data.len(), 1);
    assert_eq!(list.data[0].id, notification(2));
}
