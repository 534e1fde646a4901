//! A device with nothing to do does nothing.

use std::sync::Arc;

use vestnik_core::Vestnik;

use crate::{
    faulty::FaultyClock,
    memory::{Memory, draw, in_time, login, next, online, open_by, quick},
};

async fn started(server: &Memory, folder: &std::path::Path, clock: &FaultyClock) -> Vestnik {
    let client = open_by(server, folder, quick(), Arc::new(clock.clone())).await;
    client.go_online();
    login(&client, "anna").await;
    online(&client).await;
    server.notify(2).await;
    draw(&client, 1).await;
    while !in_time(client.flush()).await.unwrap() {}
    client
}

/// Lets everything that is under way come to its end, and whatever goes round go round.
async fn settle(client: &Vestnik) {
    for _ in 0..100 {
        client.unread_count().await.unwrap();
    }
}

#[tokio::test]
async fn a_show_that_has_to_wait_costs_nothing_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let (server, clock) = (Memory::default(), FaultyClock::default());
    let client = started(&server, folder.path(), &clock).await;
    next(&client).await.failed("no_daemon").await.unwrap();
    let waiting = [(); 2].map(|()| {
        let client = client.clone();
        tokio::spawn(async move { client.next_show().await })
    });
    settle(&client).await;
    while !in_time(client.flush()).await.unwrap() {}
    let (transactions, wakes) = (clock.transactions(), clock.wakes());
    settle(&client).await;
    assert_eq!(clock.transactions(), transactions);
    assert_eq!(clock.wakes(), wakes);
    in_time(client.stop()).await;
    for waiting in waiting {
        assert!(waiting.await.unwrap().is_none());
    }
}

/// In an hour of virtual time nothing wakes an idle device: whatever the server sends keeps the
/// connection alive, and that is not the engine's.
#[tokio::test]
async fn nothing_wakes_an_idle_device() {
    let folder = tempfile::tempdir().unwrap();
    let (server, clock) = (Memory::default(), FaultyClock::default());
    let client = started(&server, folder.path(), &clock).await;
    draw(&client, 1).await;
    while !in_time(client.flush()).await.unwrap() {}
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.next_show().await }
    });
    settle(&client).await;
    let (transactions, wakes) = (clock.transactions(), clock.wakes());
    tokio::time::pause();
    tokio::time::sleep(std::time::Duration::from_hours(1)).await;
    assert_eq!((clock.transactions(), clock.wakes()), (transactions, wakes));
    assert!(!waiting.is_finished());
}
