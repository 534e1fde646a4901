//! What a person does not want reaches the server, and what they said elsewhere reaches the device.

use serde_json::{Value, json};
use vestnik_core::{Event, Preferences, Vestnik};
use vestnik_model::{
    Open, ProblemCode,
    preference::{OptOutChange, OptOuts, StoredOptOuts},
};

use crate::memory::{Memory, accepted, entry, id, in_time, login, online, open, quick, start};

fn change(value: Value) -> OptOutChange {
    serde_json::from_value(value).unwrap()
}

fn stored(value: Value) -> StoredOptOuts {
    serde_json::from_value(value).unwrap()
}

fn said(value: Value) -> OptOuts {
    serde_json::from_value(value).unwrap()
}

/// Waits until the device knows that the server has everything.
async fn settled(client: &Vestnik) -> Preferences {
    let mut events = client.events();
    in_time(async {
        loop {
            let known = client.preferences().await.unwrap();
            if known.is_known && known.waiting.is_empty() {
                return known;
            }
            events.recv().await;
        }
    })
    .await
}

#[tokio::test]
async fn what_is_changed_offline_is_told_after_a_restart_and_the_rest_stays_as_others_said() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client.go_offline();
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| !snapshot.is_online()))
        .await
        .unwrap();
    let first = change(json!({"categories": {"promotions": true, "orders": true}}));
    client.change_opt_outs(first).await.unwrap();
    let undone = change(json!({"categories": {"orders": false}}));
    client.change_opt_outs(undone).await.unwrap();
    in_time(client.stop()).await;
    // Another device, or the App's backend, says something else meanwhile.
    let elsewhere = stored(json!({
        "categories": ["orders", "news"], "topics": ["gossip"], "senders": ["bank"],
    }));
    server.world().opt_outs.insert("anna".to_owned(), elsewhere);

    let client = open(&server, folder.path(), quick()).await;
    let known = client.preferences().await.unwrap();
    assert_eq!(known.opt_outs, said(json!({"categories": ["promotions"]})));
    assert!(!known.is_known && !known.waiting.is_empty());
    client.go_online();
    let known = settled(&client).await;
    let all = said(json!({"categories": ["promotions", "news"], "topics": ["gossip"]}));
    assert_eq!(known.opt_outs, all);
    let kept = stored(json!({
        "categories": ["promotions", "news"], "topics": ["gossip"], "senders": ["bank"],
    }));
    assert_eq!(
        server.world().opt_outs["anna"],
        kept,
        "with what this version does not know"
    );
    assert_eq!(server.world().opt_out_calls, (0, 1), "the answer is enough");
    // What the server said last is known offline.
    in_time(client.stop()).await;
    let client = open(&server, folder.path(), quick()).await;
    let known = client.preferences().await.unwrap();
    assert!(known.is_known && known.opt_outs == all);
}

#[tokio::test]
async fn an_app_that_never_asks_makes_no_request_and_one_that_asks_often_few() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client.flush().await.unwrap();
    assert_eq!(server.world().opt_out_calls, (0, 0));
    settled(&client).await;
    for _ in 0..50 {
        client.preferences().await.unwrap();
        client.flush().await.unwrap();
    }
    assert_eq!(server.world().opt_out_calls, (1, 0));
}

#[tokio::test]
async fn a_refusal_is_told_and_drops_the_change() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    server.world().opt_out_problem = Some(ProblemCode::RequestInvalid);
    let client = start(&server, folder.path(), quick()).await;
    let mut events = client.events();
    client
        .change_opt_outs(change(json!({"all": true})))
        .await
        .unwrap();
    let refused = in_time(async {
        loop {
            if let Some(Event::Preferences {
                refused: Some(code),
            }) = events.recv().await
            {
                return code;
            }
        }
    })
    .await;
    assert_eq!(refused, Open::Known(ProblemCode::RequestInvalid));
    let known = client.preferences().await.unwrap();
    assert!(known.waiting.is_empty() && !known.opt_outs.all);
    let names: Value = (0..101).map(|n| (format!("n{n}"), true)).collect();
    let too_many = client
        .change_opt_outs(change(json!({"topics": names})))
        .await;
    assert!(matches!(too_many, Err(vestnik_core::Error::Refused(_))));
}

/// A request without an answer may land late: until that is over, what contradicts it is told once more.
#[tokio::test]
async fn a_change_without_an_answer_is_told_again_if_it_may_be_undone() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    server.world().swallow_opt_outs = 1;
    let client = start(&server, folder.path(), quick()).await;
    let mut events = client.events();
    let all = change(json!({"all": true}));
    client.change_opt_outs(all).await.unwrap();
    in_time(async {
        while server.world().opt_out_calls.1 < 2 {
            client.unread_count().await.unwrap();
        }
        while !matches!(events.recv().await, Some(Event::Preferences { .. })) {}
    })
    .await;
    assert!(server.world().opt_outs["anna"].known.all);
    // Whenever that lands, it says nothing else.
    assert!(client.preferences().await.unwrap().waiting.is_empty());
    // The next process knows that it may.
    in_time(client.stop()).await;
    let client = open(&server, folder.path(), quick()).await;
    let mut events = client.events();
    let mind = change(json!({"all": false}));
    client.change_opt_outs(mind.clone()).await.unwrap();
    client.go_online();
    in_time(async {
        while server.world().opt_out_calls.1 < 3 {
            client.unread_count().await.unwrap();
        }
        while client.preferences().await.unwrap().opt_outs.all {
            events.recv().await;
        }
    })
    .await;
    client.flush().await.unwrap();
    assert!(!server.world().opt_outs["anna"].known.all);
    assert_eq!(client.preferences().await.unwrap().waiting, mind);
}

#[tokio::test]
async fn nothing_of_it_is_another_users() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = start(&server, folder.path(), quick()).await;
    client
        .change_opt_outs(change(json!({"categories": {"promotions": true}})))
        .await
        .unwrap();
    settled(&client).await;
    client.go_offline();
    client
        .change_opt_outs(change(json!({"all": true})))
        .await
        .unwrap();
    client.go_online();
    login(&client, "bella").await;
    let known = settled(&client).await;
    assert_eq!(known.opt_outs, OptOuts::default());
    assert!(known.categories.is_empty());
    assert!(!server.world().opt_outs.contains_key("bella"));
    client.logout().await.unwrap();
    let change = client.change_opt_outs(change(json!({"all": true}))).await;
    assert!(matches!(change, Err(vestnik_core::Error::LoggedOut)));
    assert_eq!(client.preferences().await.unwrap(), Preferences::default());
}

#[tokio::test]
async fn the_categories_are_those_of_the_history_and_those_that_are_not_wanted() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let elsewhere = stored(json!({"categories": ["news"]}));
    server.world().opt_outs.insert("anna".to_owned(), elsewhere);
    let of = |number: usize, category: Value| {
        entry(json!({
            "kind": "notification",
            "id": id(number),
            "at": accepted(),
            "deliveryId": format!("dlv_{number:032x}"),
            "notification": {
                "id": id(number), "title": "t", "category": category,
                "acceptedAt": accepted(), "expiresAt": jiff::Timestamp::MAX,
            },
        }))
    };
    server.write(vec![
        of(1, json!("orders")),
        of(2, Value::Null),
        of(3, json!("promotions")),
        of(4, json!("orders")),
    ]);
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    let known = settled(&client).await;
    let names: Vec<_> = known.categories.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["news", "orders", "promotions"]);
}
