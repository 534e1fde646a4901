use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::{Clock, Monotonic, SystemClock};
use vestnik_core::{Event, transport::HubEvent};
use vestnik_inbox::{Payload, spool};
use vestnik_model::UserId;

use crate::memory::{
    Memory, accepted, draw, entry, id, in_time, login, next, online, open, open_by, quick, recall,
    start,
};

fn numbers(range: std::ops::RangeInclusive<u128>) -> Vec<u128> {
    range.collect()
}

#[tokio::test]
async fn what_was_missed_comes_first_and_live_follows_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    server.append(250);
    let client = start(&server, folder.path(), quick()).await;
    assert_eq!(draw(&client, 250).await, numbers(1..=250));
    online(&client).await;
    server.notify(3).await;
    assert_eq!(draw(&client, 3).await, numbers(251..=253));
    client.stop().await;
}

#[tokio::test]
async fn a_hint_that_was_lost_is_fetched_and_a_repeated_one_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.append(2);
    let third = server.append(1);
    for _ in 0..3 {
        server.call(HubEvent::Entries(third.clone())).await;
    }
    assert_eq!(draw(&client, 3).await, numbers(1..=3));
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [4]);
    in_time(client.flush()).await.unwrap();
    let world = server.world();
    assert_eq!(world.facts.len(), 8, "delivered and displayed of four");
}

#[tokio::test]
async fn facts_that_got_no_answer_are_reported_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.world().swallow_reports = 1;
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [1]);
    in_time(async {
        // While there is no connection, nothing can be reported.
        while !client.flush().await.unwrap() {
            online(&client).await;
        }
    })
    .await;
    let facts = server.world().facts.clone();
    assert_eq!(facts.len(), 2);
    assert!(facts.values().any(|times| *times >= 2), "{facts:?}");
}

#[tokio::test]
async fn a_report_refused_for_now_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.world().refuse_reports = Some(0);
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [1]);
    in_time(client.flush()).await.unwrap();
    let world = server.world();
    assert_eq!((world.facts.len(), world.connects), (2, 1));
}

#[tokio::test]
async fn a_restored_server_is_followed_and_nothing_is_shown_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    server.append(7);
    let client = start(&server, folder.path(), quick()).await;
    assert_eq!(draw(&client, 7).await, numbers(1..=7));
    online(&client).await;
    server.restore(4);
    // What the restored server accepts is another notification than what was lost.
    let notifications = (101..=103).map(|number| {
        entry(serde_json::json!({
            "kind": "notification", "id": id(number), "at": "2026-11-28T09:00:00Z",
            "deliveryId": format!("dlv_{number:032x}"),
            "notification": {
                "id": id(number), "title": "later", "acceptedAt": accepted(),
                "expiresAt": "9999-12-30T22:00:00Z",
            },
        }))
    });
    server.write(notifications.collect());
    assert_eq!(draw(&client, 3).await, numbers(101..=103));
    assert_eq!(client.unread_count().await.unwrap(), 10);
}

#[tokio::test]
async fn a_recall_withdraws_and_an_unknown_entry_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    let mut events = client.events();
    online(&client).await;
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [1]);
    let unknown = entry(serde_json::json!({"kind": "liveCard", "id": id(9), "at": 7}));
    let written = server.write(vec![unknown, recall(1)]);
    server.call(HubEvent::Entries(written)).await;
    let withdrawn = loop {
        if let Event::Withdraw(ids) = in_time(events.recv()).await.unwrap() {
            break ids;
        }
    };
    assert_eq!(withdrawn, [id(1)]);
    assert_eq!(client.get(id(1)).await.unwrap(), None);
    assert_eq!(client.unread_count().await.unwrap(), 0);
}

/// An extension draws while the program does not run, and does not know what was read.
#[tokio::test]
async fn what_was_drawn_in_vain_is_taken_off_the_screen_by_who_watches_after_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [1]);
    client.mark_read(vec![id(1)]).await.unwrap();
    let item = client.get(id(1)).await.unwrap().unwrap();
    in_time(client.stop()).await;
    let payload = Payload::new(UserId::parse("anna").ok(), item.notification);
    let ticket = spool::write(&folder.path().join("spool"), &payload);
    ticket.unwrap().unwrap().shown().unwrap();

    let client = open(&server, folder.path(), quick()).await;
    let mut events = client.events();
    let withdrawn = Some(Event::Withdraw(vec![id(1)]));
    assert_eq!(in_time(events.recv()).await, withdrawn);
    in_time(client.stop()).await;
}

#[tokio::test]
async fn a_shell_that_is_slow_loses_nothing_and_gets_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    let mut events = client.events();
    online(&client).await;
    for _ in 0..50 {
        server.notify(30).await;
    }
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.unread == 1_500))
        .await
        .unwrap();
    // It began with nobody. What waited for the shell was merged.
    assert_eq!(in_time(events.recv()).await, Some(Event::Forgotten));
    assert_eq!(in_time(events.recv()).await, Some(Event::Reread));
    assert_eq!(draw(&client, 300).await, numbers(1..=300));
    let waiting = tokio::spawn({
        let client = client.clone();
        async move {
            while let Some(ticket) = client.next_show().await {
                ticket.shown().await.ok();
            }
        }
    });
    in_time(client.stop()).await;
    in_time(waiting).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_died_unnoticed_is_found_by_a_nudge() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.append(1);
    server.world().swallow_probe = true;
    client.network_changed();
    assert_eq!(draw(&client, 1).await, [1]);
    assert_eq!(server.world().connects, 2);
}

#[tokio::test]
async fn a_machine_that_wakes_up_looks_whether_its_connection_stands() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.append(1);
    server.world().swallow_probe = true;
    // Nothing said that it was about to sleep.
    client.resume();
    assert_eq!(draw(&client, 1).await, [1]);
    // It slept and woke before anybody could look.
    server.append(1);
    client.suspend();
    client.resume();
    assert_eq!(draw(&client, 1).await, [2]);
    assert_eq!(server.world().connects, 3);
}

#[tokio::test]
async fn what_was_stored_outlives_a_stop_and_is_not_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    server.append(5);
    let client = start(&server, folder.path(), quick()).await;
    draw(&client, 5).await;
    in_time(client.stop()).await;
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    assert_eq!(client.unread_count().await.unwrap(), 5);
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [6]);
}

/// A shell that waits for several things at once stops waiting for a show whenever another comes first.
#[tokio::test]
async fn a_caller_that_stops_waiting_costs_no_show_and_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    for _ in 0..20 {
        server.notify(2).await;
    }
    let mut drawn = Vec::new();
    while drawn.len() < 40 {
        tokio::select! {
            biased;
            ticket = client.next_show() => {
                let ticket = ticket.unwrap();
                assert!(!ticket.again());
                drawn.push(ticket.item().notification.id.uuid().as_u128());
                ticket.shown().await.unwrap();
            }
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(drawn, numbers(1..=40));
}

/// A clock that is hours ahead.
#[derive(Debug)]
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_hours(3)
    }

    fn monotonic(&self) -> Monotonic {
        SystemClock.monotonic()
    }

    fn random(&self) -> [u8; 32] {
        SystemClock.random()
    }
}

#[tokio::test]
async fn the_age_of_what_is_shown_does_not_depend_on_the_devices_clock() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = open_by(&server, folder.path(), quick(), Arc::new(Ahead)).await;
    client.go_online();
    login(&client, "anna").await;
    online(&client).await;
    server.notify(1).await;
    let age = next(&client).await.age();
    assert!((0..3_600).contains(&age.as_secs()), "{age}");
}
