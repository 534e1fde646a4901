//! Logins, logouts, switches of user and an engine that fails, at moments that are awkward.

use std::sync::Arc;

use vestnik_core::{
    Error, Event, HistoryQuery, Login, LoginError, Secret, ShowState, Standing, Suppression,
    Vestnik,
};
use vestnik_model::{FactKind, Permission, ProblemCode, UserId};

use crate::{
    faulty::FaultyClock,
    memory::{Memory, config, draw, id, in_time, login, next, online, open, open_by, quick, start},
};

async fn titles(client: &Vestnik) -> usize {
    let page = client.history(HistoryQuery::default()).await.unwrap();
    page.items.len()
}

#[tokio::test]
async fn another_users_login_leaves_nothing_of_the_former() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    let mut events = client.events();
    online(&client).await;
    server.notify(2).await;
    assert_eq!(draw(&client, 1).await, [1]);
    let ticket = next(&client).await;

    assert_eq!(login(&client, "boris").await, Login::Done);
    assert_eq!(titles(&client).await, 0);
    assert_eq!(client.unread_count().await.unwrap(), 0);
    assert!(ticket.is_void());
    ticket.shown().await.unwrap();
    assert_eq!(in_time(events.recv()).await, Some(Event::Forgotten));
    online(&client).await;
    in_time(client.flush()).await.unwrap();
    assert_eq!(
        server.world().facts.get(&format!("{} displayed", id(2))),
        None
    );

    login(&client, "anna").await;
    online(&client).await;
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.unread == 2))
        .await
        .unwrap();
    // The first was shown; the second was accepted before this login.
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [3]);
}

#[tokio::test]
async fn a_logout_without_a_network_is_told_later_and_hurts_no_login() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.world().swallow_logouts = true;
    in_time(client.logout()).await.unwrap();
    assert_eq!(client.snapshot().borrow().standing, Standing::Nobody);
    assert_eq!(login(&client, "boris").await, Login::Done);
    online(&client).await;
    server.world().swallow_logouts = false;
    client.foregrounded();
    // The process ends before the server is told.
    in_time(client.stop()).await;
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    online(&client).await;
    let user = client.snapshot().borrow().user().cloned();
    assert_eq!(user.unwrap().as_str(), "boris");
    while client.diagnostics().await.unwrap().logouts_pending > 0 {
        tokio::task::yield_now().await;
    }
    assert!(server.world().logouts >= 1);
}

#[tokio::test]
async fn the_history_is_read_without_a_network_and_by_nobody_after_a_logout() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.notify(3).await;
    draw(&client, 3).await;
    in_time(client.stop()).await;
    let client = open(&server, folder.path(), quick()).await;
    assert_eq!(titles(&client).await, 3);
    assert_eq!(client.snapshot().borrow().unread, 3);
    in_time(client.logout()).await.unwrap();
    assert_eq!(titles(&client).await, 0);
    assert_eq!(client.mark_read(vec![id(1)]).await.unwrap(), []);
    let topic = "news".parse().unwrap();
    let joined = client.subscribe(topic).await;
    assert!(matches!(joined, Err(Error::LoggedOut)), "{joined:?}");
}

#[tokio::test]
async fn a_login_that_is_overtaken_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = open(&server, folder.path(), quick()).await;
    let user = |name| (UserId::parse(name).unwrap(), Secret::new(name));
    let (anna, boris) = (user("anna"), user("boris"));
    let (first, second) =
        tokio::join!(client.login(anna.0, anna.1), client.login(boris.0, boris.1),);
    assert_eq!(first, Err(LoginError::Overtaken));
    assert_eq!(second, Ok(Login::Done));
}

#[tokio::test]
async fn a_ticket_that_is_dropped_comes_back_and_one_without_permission_never() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.notify(1).await;
    drop(next(&client).await);
    let ticket = next(&client).await;
    assert!(!ticket.again());
    ticket.suppressed(Suppression::BlockedOs).await.unwrap();

    client.set_permission(Permission::Denied).await.unwrap();
    server.notify(5).await;
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.unread == 6))
        .await
        .unwrap();
    client.set_permission(Permission::Granted).await.unwrap();
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [7]);
    in_time(client.flush()).await.unwrap();
    let blocked = format!("{} {}", id(3), FactKind::NotShown);
    assert_eq!(server.world().facts.get(&blocked), Some(&1));
}

/// By the app's own switch nothing is shown either, and the sender is told which one it was.
#[tokio::test]
async fn an_app_that_is_switched_off_shows_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client
        .set_permission(Permission::SwitchedOff)
        .await
        .unwrap();
    server.notify(2).await;
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.unread == 2))
        .await
        .unwrap();
    client.set_permission(Permission::Granted).await.unwrap();
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [3]);
    in_time(client.flush()).await.unwrap();
    for number in [1, 2] {
        let world = server.world();
        let reason = world.not_shown.get(&id(number).to_string());
        assert_eq!(reason.map(String::as_str), Some("blocked.app"));
    }
}

/// What is configured says only what the system lets the app do.
#[tokio::test]
async fn a_start_does_not_switch_the_app_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client
        .set_permission(Permission::SwitchedOff)
        .await
        .unwrap();
    client.stop().await;
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.notify(1).await;
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.unread == 1))
        .await
        .unwrap();
    let item = client.get(id(1)).await.unwrap().unwrap();
    let by_app = ShowState::Suppressed(Some(Suppression::BlockedApp));
    assert_eq!(item.show, by_app);
    while !in_time(client.flush()).await.unwrap() {
        online(&client).await;
    }
    let world = server.world();
    let reason = world.not_shown.get(&id(1).to_string());
    assert_eq!(reason.map(String::as_str), Some("blocked.app"));
    let told = world.state.clone().map(|state| state.permission);
    assert_eq!(told, Some(Permission::SwitchedOff.into()));
}

#[tokio::test]
async fn a_ticket_that_comes_back_without_permission_is_not_shown_later() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.notify(3).await;
    let (first, second) = (next(&client).await, next(&client).await);
    client.set_permission(Permission::Denied).await.unwrap();
    drop(first);
    drop(second);
    client.set_permission(Permission::Granted).await.unwrap();
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [4]);
}

#[tokio::test]
async fn a_call_that_panics_is_one_without_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    server.world().panics = 1;
    login(&client, "anna").await;
    online(&client).await;
}

#[tokio::test]
async fn a_logout_is_not_lost_if_the_program_ends_while_facts_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.world().swallow_reports = usize::MAX;
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [1]);
    let logout = tokio::spawn({
        let client = client.clone();
        async move { client.logout().await }
    });
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.standing == Standing::LoggingOut))
        .await
        .unwrap();
    in_time(client.stop()).await;
    assert!(matches!(in_time(logout).await, Ok(Err(Error::Closed))));

    let client = open(&server, folder.path(), quick()).await;
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.standing == Standing::Nobody))
        .await
        .unwrap();
    assert_eq!(titles(&client).await, 0);
}

#[tokio::test]
async fn a_stopped_device_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    in_time(client.clone().stop()).await;
    let closed = client.history(HistoryQuery::default()).await;
    assert!(matches!(closed, Err(Error::Closed)), "{closed:?}");
    assert!(matches!(client.logout().await, Err(Error::Closed)));
    let (user, token) = (UserId::parse("anna").unwrap(), Secret::new("anna"));
    assert_eq!(client.login(user, token).await, Err(LoginError::Closed));
    assert!(in_time(client.next_show()).await.is_none());
    // The first stream tells what happened before.
    assert_eq!(
        in_time(client.events().recv()).await,
        Some(Event::Forgotten)
    );
    assert_eq!(in_time(client.events().recv()).await, None);
}

#[tokio::test]
async fn what_is_printed_of_a_device_has_nothing_of_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let mut config = config(folder.path(), quick());
    config.server = "https://anna:hunter2@push.example/?key=hunter2"
        .parse()
        .unwrap();
    config.network.proxy = Some("http://anna:hunter2@proxy.example/".parse().unwrap());
    let printed = format!("{config:?} {:?}", Vestnik::builder(config.clone()));
    assert!(!printed.contains("hunter2") && printed.contains("push.example"));

    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.notify(1).await;
    let ticket = next(&client).await;
    let diagnostics = client.diagnostics().await.unwrap();
    let printed = format!("{client:?} {ticket:?} {diagnostics:?} {diagnostics}");
    for secret in ["Order 1", "anna", "access-", "refresh-"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn what_a_person_does_after_the_session_ended_is_reported_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    server.notify(2).await;
    draw(&client, 2).await;
    in_time(client.stop()).await;
    server.world().refresh_problem = Some(ProblemCode::AuthRevoked);
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.needs().is_some()))
        .await
        .unwrap();
    assert_eq!(client.mark_read(vec![id(1)]).await.unwrap(), [id(1)]);
    assert!(client.dismissed(id(2)).await.unwrap());
    assert_eq!(client.snapshot().borrow().unread, 1);
    server.world().refresh_problem = None;
    assert_eq!(login(&client, "anna").await, Login::Done);
    online(&client).await;
    while !in_time(client.flush()).await.unwrap() {}
    let facts = server.world().facts.clone();
    for (number, kind) in [(1, FactKind::Read), (2, FactKind::Dismissed)] {
        let key = format!("{} {kind}", id(number));
        assert!(facts.contains_key(&key), "{facts:?}");
    }
}

#[tokio::test]
async fn a_list_of_any_length_is_marked_in_bounded_pieces() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let clock = FaultyClock::default();
    let client = open_by(&server, folder.path(), quick(), Arc::new(clock.clone())).await;
    client.go_online();
    login(&client, "anna").await;
    online(&client).await;
    server.notify(3).await;
    draw(&client, 3).await;
    client.go_offline();
    let before = clock.transactions();
    let mut ids: Vec<_> = (4..5_000).map(id).collect();
    ids.extend([id(3), id(1)]);
    assert_eq!(client.mark_read(ids).await.unwrap(), [id(3), id(1)]);
    assert!(clock.transactions() - before >= 10);
    assert_eq!(client.unread_count().await.unwrap(), 1);
}
