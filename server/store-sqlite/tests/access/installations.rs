//! What installations report of themselves, and where they are connected.

use vestnik_model::{Open, PushAddress, PushAddressKind, contract::UpdateState};
use vestnik_rules::session::Session;
use vestnik_store::{
    Installations as _, Sessions as _,
    installations::{Presence, PresenceNote},
};

use crate::world::{World, app, installation, state, user};

fn locale(text: &str) -> UpdateState {
    UpdateState {
        locale: Some(text.to_owned()),
        ..UpdateState::default()
    }
}

#[tokio::test]
async fn an_update_never_brings_an_older_push_address_back() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    let address = |value: &str| PushAddress::new(PushAddressKind::FcmToken, value);
    let whole = |value| vestnik_model::InstallationState {
        push_addresses: vec![address(value)],
        ..state("en")
    };
    let put = |value| {
        world
            .store
            .put_state(anna.clone(), whole(value), world.now())
    };
    assert_eq!(put("old").await, Ok(true));
    // A greeting and a rotation at the same moment, in both orders.
    let update = |text| {
        world
            .store
            .update_state(anna.clone(), locale(text), world.now())
    };
    let (one, other) = futures_util::join!(update("ru"), put("new"));
    assert_eq!((one, other), (Ok(true), Ok(true)));
    let (one, other) = futures_util::join!(put("newer"), update("de"));
    assert_eq!((one, other), (Ok(true), Ok(true)));
    let view = world.store.installation(app("shop"), installation(1)).await;
    let seen = view.unwrap().unwrap().state.unwrap();
    assert_eq!(seen.push_addresses, [address("newer")]);
    world.close().await;
}

#[tokio::test]
async fn an_update_changes_what_it_has_and_a_report_replaces_all() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    let now = world.now();
    let seen = async || {
        let view = world.store.installation(app("shop"), installation(1)).await;
        view.unwrap().unwrap().state
    };
    assert_eq!(seen().await, None);
    world
        .store
        .update_state(anna.clone(), locale("ru"), now)
        .await
        .unwrap();
    let partial = seen().await.unwrap();
    assert_eq!(partial.locale.as_deref(), Some("ru"));
    assert_eq!(partial.platform.known(), None);
    world
        .store
        .put_state(anna.clone(), state("en"), now)
        .await
        .unwrap();
    assert_eq!(seen().await, Some(state("en")));
    let update = UpdateState {
        permission: Some(Open::read("volcanic")),
        ..UpdateState::default()
    };
    world
        .store
        .update_state(anna.clone(), update, now)
        .await
        .unwrap();
    let merged = seen().await.unwrap();
    assert_eq!(merged.permission.as_str(), "volcanic");
    assert_eq!(merged.locale.as_deref(), Some("en"));
    assert_eq!(merged.model, state("en").model);
    assert_eq!(merged.app_version, state("en").app_version);
    world.store.put_state(anna, state("en"), now).await.unwrap();
    assert_eq!(seen().await, Some(state("en")));
    world.close().await;
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_not_written() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    let update = || {
        world
            .store
            .update_state(anna.clone(), locale("ru"), world.now())
    };
    assert_eq!(update().await, Ok(true));
    let before = world.store.installation(app("shop"), installation(1)).await;
    world.pass(60);
    assert_eq!(update().await, Ok(true));
    let after = world.store.installation(app("shop"), installation(1)).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn an_ended_session_reports_nothing() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    world.logged_in("boris", 1).await;
    let now = world.now();
    let put = world.store.put_state(anna.clone(), state("ru"), now).await;
    assert_eq!(put, Ok(false));
    let updated = world
        .store
        .update_state(anna.clone(), locale("ru"), now)
        .await;
    assert_eq!(updated, Ok(false));
    world
        .store
        .note_presence(vec![note(&world, &anna, "c1")])
        .await
        .unwrap();
    for who in ["anna", "boris"] {
        let presence = world.store.presence(app("shop"), user(who), now).await;
        assert_eq!(presence, Ok(Vec::new()));
    }
    let view = world.store.installation(app("shop"), installation(1)).await;
    assert_eq!(view.unwrap().unwrap().state, None);
    world.close().await;
}

fn note(world: &World, session: &Session, connection: &str) -> PresenceNote {
    PresenceNote {
        session: session.clone(),
        node: "n1".to_owned(),
        connection: connection.to_owned(),
        lease_until: Some(world.in_days(1)),
        last_seen: world.now(),
    }
}

#[tokio::test]
async fn presence_lasts_for_its_lease_and_ends_with_the_connection_or_the_node() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    let (other, _) = world.logged_in("anna", 2).await;
    let on = |session: &Session, connection| note(&world, session, connection);
    let nodes = [
        on(&anna, "c1"),
        PresenceNote {
            node: "n2".to_owned(),
            ..on(&other, "c2")
        },
    ];
    world.store.note_presence(nodes.to_vec()).await.unwrap();
    let present = async |at| {
        let presence = world.store.presence(app("shop"), user("anna"), at).await;
        let mut nodes: Vec<_> = presence
            .unwrap()
            .into_iter()
            .map(|at: Presence| at.node)
            .collect();
        nodes.sort();
        nodes
    };
    assert_eq!(present(world.now()).await, ["n1", "n2"]);
    assert_eq!(present(world.in_days(2)).await, [] as [&str; 0]);
    world.store.clear_presence("n1".to_owned()).await.unwrap();
    assert_eq!(present(world.now()).await, ["n2"]);
    let gone = PresenceNote {
        lease_until: None,
        ..nodes[1].clone()
    };
    world.store.note_presence(vec![gone]).await.unwrap();
    assert_eq!(present(world.now()).await, [] as [&str; 0]);
    // A logout takes the presence with it.
    world
        .store
        .note_presence(vec![on(&anna, "c3")])
        .await
        .unwrap();
    assert_eq!(present(world.now()).await, ["n1"]);
    world.store.logout(anna, world.now()).await.unwrap();
    assert_eq!(present(world.now()).await, [] as [&str; 0]);
    world.close().await;
}
