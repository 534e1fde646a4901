//! Nothing of a former user comes out once they are logged out, whatever was under way.

use std::{future::Future, pin::pin, sync::Arc};

use futures_util::poll;
use vestnik_core::{Event, HistoryQuery, Vestnik};

use crate::{
    faulty::FaultyClock,
    memory::{Memory, draw, id, in_time, login, next, online, open_by, quick},
};

/// Gives whether a future is not ready after the storage and the engine have done what was asked of
/// them before.
async fn is_pending<F: Future>(client: &Vestnik, future: F) -> bool {
    let mut future = pin!(future);
    for _ in 0..20 {
        if poll!(future.as_mut()).is_ready() {
            return false;
        }
        client.unread_count().await.unwrap();
        client.flush().await.unwrap();
    }
    true
}

/// Anna is online, has three notifications, and everything about them is reported.
async fn annas(server: &Memory, folder: &std::path::Path, clock: &FaultyClock) -> Vestnik {
    let client = open_by(server, folder, quick(), Arc::new(clock.clone())).await;
    client.go_online();
    login(&client, "anna").await;
    online(&client).await;
    server.notify(3).await;
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.unread == 3))
        .await
        .unwrap();
    while !in_time(client.flush()).await.unwrap() {}
    client
}

#[tokio::test]
async fn what_was_asked_for_before_a_logout_brings_nothing_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, clock) = (Memory::default(), FaultyClock::default());
    let client = annas(&server, folder.path(), &clock).await;
    // The first stream is told what happened before it.
    drop(client.events());
    let mut events = client.events();

    let before = clock.transactions();
    clock.hold();
    // The storage stops here, and everything below waits behind it.
    let (marking, showing, reading) = (
        tokio::spawn({
            let client = client.clone();
            async move { client.mark_unread(vec![id(1)]).await }
        }),
        tokio::spawn({
            let client = client.clone();
            async move { client.next_show().await }
        }),
        client.history(HistoryQuery::default()),
    );
    let mut reading = pin!(reading);
    while clock.transactions() == before {
        tokio::task::yield_now().await;
    }
    let logging_out = tokio::spawn({
        let client = client.clone();
        async move { client.logout().await }
    });
    assert_eq!(in_time(events.recv()).await, Some(Event::Forgotten));
    // The user is forgotten, and the storage does not know it yet.
    let mut late = pin!(client.history(HistoryQuery::default()));
    assert!(poll!(reading.as_mut()).is_pending());
    assert!(poll!(late.as_mut()).is_pending());
    let early = tokio::spawn({
        let client = client.clone();
        async move { client.next_show().await }
    });
    tokio::task::yield_now().await;
    clock.release();
    in_time(logging_out).await.unwrap().unwrap();

    assert_eq!(in_time(reading).await.unwrap().items, []);
    assert_eq!(in_time(late).await.unwrap().items, []);
    in_time(marking).await.unwrap().unwrap();
    assert!(is_pending(&client, client.next_show()).await);
    assert!(!showing.is_finished() && !early.is_finished());
    assert!(is_pending(&client, events.recv()).await);
    assert_eq!(client.snapshot().borrow().unread, 0);
    in_time(client.clone().stop()).await;
    assert!(showing.await.unwrap().is_none() && early.await.unwrap().is_none());
}

#[tokio::test]
async fn a_user_who_comes_back_is_shown_what_was_not_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let (server, clock) = (Memory::default(), FaultyClock::default());
    let client = annas(&server, folder.path(), &clock).await;
    let ticket = next(&client).await;
    login(&client, "boris").await;
    assert!(ticket.is_void());
    assert_eq!(client.unread_count().await.unwrap(), 0);
    login(&client, "anna").await;
    online(&client).await;
    server.notify(1).await;
    // The first may have been drawn.
    assert_eq!(draw(&client, 3).await, [2, 3, 4]);
}
