use vestnik_core::{Event, Tuning, transport::HubEvent};

use crate::memory::{Memory, draw, in_time, online, quick, start};

fn numbers(range: std::ops::RangeInclusive<u128>) -> Vec<u128> {
    range.collect()
}

#[tokio::test]
async fn what_was_missed_comes_first_and_live_follows_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    server.append(250);
    let (client, mut events) = start(&server, folder.path(), quick()).await;
    assert_eq!(draw(&client, &mut events, 250).await, numbers(1..=250));
    online(&client).await;
    server.notify(3).await;
    assert_eq!(draw(&client, &mut events, 3).await, numbers(251..=253));
    client.stop().await.unwrap();
}

#[tokio::test]
async fn a_hint_that_was_lost_is_fetched_and_a_repeated_one_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let (client, mut events) = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.append(2);
    let third = server.append(1);
    for _ in 0..3 {
        server.call(HubEvent::Notify(third.clone())).await;
    }
    assert_eq!(draw(&client, &mut events, 3).await, numbers(1..=3));
    server.notify(1).await;
    assert_eq!(draw(&client, &mut events, 1).await, [4]);
    in_time(client.flush()).await.unwrap();
    let world = server.world();
    assert_eq!(world.receipts.len(), 8, "delivered and displayed of four");
}

#[tokio::test]
async fn receipts_that_got_no_answer_are_reported_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let (client, mut events) = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.world().swallow_reports = 1;
    server.notify(1).await;
    assert_eq!(draw(&client, &mut events, 1).await, [1]);
    in_time(client.flush()).await.unwrap();
    let receipts = server.world().receipts.clone();
    assert_eq!(receipts.len(), 2);
    assert!(receipts.values().any(|times| *times >= 2), "{receipts:?}");
}

#[tokio::test]
async fn a_shell_that_is_slow_loses_nothing_and_gets_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let tuning = Tuning {
        event_queue: 1,
        ..quick()
    };
    let (client, mut events) = start(&server, folder.path(), tuning).await;
    online(&client).await;
    for _ in 0..10 {
        server.notify(30).await;
    }
    let mut unread = client.unread();
    in_time(unread.wait_for(|unread| *unread == 300))
        .await
        .unwrap();
    assert_eq!(draw(&client, &mut events, 300).await, numbers(1..=300));
    client.stop().await.unwrap();
    while let Some(event) = in_time(events.recv()).await {
        assert!(!matches!(event, Event::Show { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn a_connection_that_died_unnoticed_is_found_by_a_nudge() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let (client, mut events) = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.append(1);
    server.world().swallow_pages = 1;
    client.network_changed();
    assert_eq!(draw(&client, &mut events, 1).await, [1]);
    assert_eq!(server.world().connects, 2);
}

#[tokio::test]
async fn what_was_stored_outlives_a_stop_and_is_not_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    server.append(5);
    let (client, mut events) = start(&server, folder.path(), quick()).await;
    draw(&client, &mut events, 5).await;
    in_time(client.stop()).await.unwrap();
    let (client, mut events) = start(&server, folder.path(), quick()).await;
    online(&client).await;
    assert_eq!(client.unread_count().await.unwrap(), 5);
    server.notify(1).await;
    assert_eq!(draw(&client, &mut events, 1).await, [6]);
}
