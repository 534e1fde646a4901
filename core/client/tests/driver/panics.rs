//! A panic or a failure anywhere is a state, then the device goes on over the same files.

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use vestnik_core::{
    ConnectionState, Error, HistoryQuery, Login, LoginError, Needs, Phase, Secret, Standing,
    StoreError, Trouble, Vestnik,
};
use vestnik_model::UserId;

use crate::{
    faulty::{FaultyClock, FaultySecrets},
    memory::{Memory, config, draw, id, in_time, login, online, open_by, quick},
};

async fn device(server: &Memory, folder: &Path, clock: &FaultyClock) -> Vestnik {
    let client = open_by(server, folder, quick(), Arc::new(clock.clone())).await;
    client.go_online();
    client
}

/// Asks until there is an answer: a call that a panic has ended may be made again.
async fn insist<T, F>(mut call: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, Error>>,
{
    loop {
        match in_time(call()).await {
            Ok(value) => return value,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
}

async fn insist_on_login(client: &Vestnik) {
    let user = UserId::parse("anna").unwrap();
    loop {
        match in_time(client.login(user.clone(), Secret::new("anna"))).await {
            Ok(Login::Done) => return,
            Ok(Login::Pending(_)) => {
                let mut snapshot = client.snapshot();
                let logged_in =
                    snapshot.wait_for(|s| matches!(s.standing, Standing::LoggedIn { .. }));
                in_time(logged_in).await.unwrap();
                return;
            }
            Err(error) => assert_eq!(error, LoginError::Restarted),
        }
    }
}

/// A day in the life of a device, whatever fails once in its middle.
async fn live(server: &Memory, client: &Vestnik) {
    insist_on_login(client).await;
    online(client).await;
    server.append(3);
    server.cut();
    let mut drawn = Vec::new();
    while drawn.len() < 3 {
        let ticket = in_time(client.next_show()).await.expect("the core runs");
        assert!(!ticket.again());
        drawn.push(ticket.item().notification.id);
        // If this fails, it is as if the process had ended: drawn once more after the next start.
        ticket.shown().await.ok();
    }
    assert_eq!(drawn, [id(1), id(2), id(3)]);
    insist(|| client.mark_all_read(None)).await;
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|s| s.unread == 0)).await.unwrap();
    while !insist(|| client.flush()).await {
        online(client).await;
    }
    for number in 1..=3 {
        let delivered = format!("{} delivered", id(number));
        assert!(server.world().facts.contains_key(&delivered));
    }
    insist(|| client.logout()).await;
    let page = insist(|| client.history(HistoryQuery::default())).await;
    assert_eq!(page.items, []);
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|s| s.standing == Standing::Nobody))
        .await
        .unwrap();
}

/// Lives with a fault planted at each place in turn, until there are no more places; gives how many
/// there were.
async fn sweep(plant: impl Fn(&FaultyClock, &FaultySecrets, usize)) -> usize {
    const AT_ONCE: usize = 16;
    let mut begin = 1;
    loop {
        let lives = (begin..begin + AT_ONCE).map(|after| {
            let (clock, secrets) = (FaultyClock::default(), FaultySecrets::default());
            let plant = &plant;
            async move {
                let folder = tempfile::tempdir().unwrap();
                let server = Memory::default();
                let opening = Vestnik::builder(config(folder.path(), quick()))
                    .transport(Arc::new(server.clone()))
                    .clock(Arc::new(clock.clone()))
                    .secrets(Arc::new(secrets.clone()))
                    .open();
                let client = in_time(opening).await.unwrap();
                client.go_online();
                plant(&clock, &secrets, after);
                live(&server, &client).await;
                in_time(client.stop()).await;
                clock.is_armed() || secrets.is_armed()
            }
        });
        let missed = join_all(lives)
            .await
            .into_iter()
            .filter(|armed| *armed)
            .count();
        begin += AT_ONCE;
        if missed > 0 {
            return begin - missed - 1;
        }
    }
}

#[tokio::test]
async fn a_panic_of_the_storage_holds_nothing_up_wherever_it_comes() {
    let places = sweep(|clock, _, after| clock.fail_storage(after)).await;
    assert!(places >= 15, "{places}");
}

#[tokio::test]
async fn a_panic_of_the_engine_holds_nothing_up_wherever_it_comes() {
    let places = sweep(|clock, _, after| clock.fail_engine(after)).await;
    assert!(places > 30, "{places}");
}

#[tokio::test]
async fn a_secret_store_that_fails_once_holds_nothing_up_wherever_it_comes() {
    let places = sweep(|_, secrets, after| secrets.fail(after)).await;
    assert!(places >= 4, "{places}");
    let places = sweep(|_, secrets, after| secrets.panic(after)).await;
    assert!(places >= 4, "{places}");
}

#[tokio::test]
async fn a_secret_store_that_is_locked_is_told_and_waited_for() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let (clock, secrets) = (FaultyClock::default(), FaultySecrets::default());
    let opening = Vestnik::builder(config(folder.path(), quick()))
        .transport(Arc::new(server.clone()))
        .clock(Arc::new(clock.clone()))
        .secrets(Arc::new(secrets.clone()))
        .open();
    let client = in_time(opening).await.unwrap();
    client.go_online();
    secrets.lock(true);
    assert_eq!(
        login(&client, "anna").await,
        Login::Pending(Trouble::Storage)
    );
    secrets.lock(false);
    online(&client).await;

    // The next engine does not learn who the device is.
    secrets.lock(true);
    clock.fail_engine(1);
    assert!(in_time(client.flush()).await.is_err());
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|s| s.needs() == Some(Needs::Storage)))
        .await
        .unwrap();
    assert_eq!(
        client.history(HistoryQuery::default()).await.unwrap().items,
        []
    );
    // Nobody waits until a person unlocks it.
    let answer = in_time(client.flush()).await;
    assert!(matches!(answer, Err(Error::Restarted)), "{answer:?}");
    secrets.lock(false);
    online(&client).await;

    secrets.lock(true);
    clock.fail_engine(1);
    assert!(in_time(client.flush()).await.is_err());
    in_time(snapshot.wait_for(|s| s.needs() == Some(Needs::Storage)))
        .await
        .unwrap();
    in_time(client.stop()).await;
}

#[tokio::test]
async fn why_a_logout_is_not_durable_is_told_and_it_is_done_all_the_same() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let secrets = FaultySecrets::default();
    let opening = Vestnik::builder(config(folder.path(), quick()))
        .transport(Arc::new(server.clone()))
        .secrets(Arc::new(secrets.clone()))
        .open();
    let client = in_time(opening).await.unwrap();
    client.go_online();
    assert_eq!(login(&client, "anna").await, Login::Done);
    online(&client).await;
    secrets.lock(true);
    let answer = in_time(client.logout()).await;
    assert!(
        matches!(answer, Err(Error::Storage(StoreError::Secrets { .. }))),
        "{answer:?}"
    );
    secrets.lock(false);
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|s| s.standing == Standing::Nobody))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_panic_of_the_engine_is_a_state_and_callers_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (server, clock) = (Memory::default(), FaultyClock::default());
    let client = device(&server, folder.path(), &clock).await;
    login(&client, "anna").await;
    online(&client).await;
    let mut snapshot = client.snapshot();
    clock.fail_engine(1);
    let answer = in_time(client.flush()).await;
    assert!(matches!(answer, Err(Error::Restarted)), "{answer:?}");
    let is_internal = |s: &vestnik_core::Snapshot| {
        let ConnectionState {
            phase, last_error, ..
        } = s.connection;
        (phase, last_error) == (Phase::Waiting, Some(Trouble::Internal))
    };
    in_time(snapshot.wait_for(is_internal)).await.unwrap();
    online(&client).await;
    server.notify(2).await;
    assert_eq!(draw(&client, 2).await, [1, 2]);
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 1));
}

#[tokio::test]
async fn a_device_stops_while_its_engine_rests_after_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (server, clock) = (Memory::default(), FaultyClock::default());
    let client = device(&server, folder.path(), &clock).await;
    login(&client, "anna").await;
    let mut snapshot = client.snapshot();
    let is_internal =
        |s: &vestnik_core::Snapshot| s.connection.last_error == Some(Trouble::Internal);
    for _ in 0..2 {
        online(&client).await;
        clock.fail_engine(1);
        assert!(in_time(client.flush()).await.is_err());
        in_time(snapshot.wait_for(is_internal)).await.unwrap();
    }
    let wakes = clock.wakes();
    in_time(client.clone().stop()).await;
    assert_eq!(clock.wakes(), wakes, "no engine begins for that");
    assert!(matches!(client.flush().await, Err(Error::Closed)));
}
