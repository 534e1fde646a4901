//! What installations report of themselves, and where they are connected.

use vestnik_model::{
    InstallationState, Permission, Platform, PushAddress, PushAddressKind, contract::UpdateState,
    installation::ENVELOPE_KEY_CHARS,
};
use vestnik_rules::session::Session;

use super::{
    Fixture,
    name::{at, installation, shop, user},
    world::World,
};
use crate::installations::{Presence, PresenceNote};

fn state(app_version: &str) -> InstallationState {
    InstallationState {
        platform: Platform::Linux.into(),
        model: Some("ThinkPad".to_owned()),
        os_version: None,
        app_version: Some(app_version.to_owned()),
        locale: Some("ru".to_owned()),
        time_zone: Some("Europe/Moscow".to_owned()),
        permission: Permission::Granted.into(),
        envelope_key: Some("k".repeat(ENVELOPE_KEY_CHARS)),
        push_addresses: vec![PushAddress::new(PushAddressKind::FcmFid, "c0ffee")],
    }
}

async fn put(world: &World, session: &Session, state: InstallationState, second: i64) -> bool {
    let put = world.store.put_state(session.clone(), state, at(second));
    put.await.unwrap()
}

async fn stored(world: &World) -> Option<InstallationState> {
    let view = world.store.installation(shop(), installation(1)).await;
    view.unwrap().unwrap().state
}

pub async fn a_state_is_set_whole(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    assert_eq!(stored(&world).await, None);
    assert!(put(&world, &session, state("1"), 10).await);
    let other = InstallationState {
        locale: None,
        push_addresses: Vec::new(),
        ..state("2")
    };
    assert!(put(&world, &session, other.clone(), 20).await);
    assert_eq!(stored(&world).await, Some(other));
    let view = world.store.installation(shop(), installation(1)).await;
    let view = view.unwrap().unwrap();
    assert_eq!((view.created_at, view.updated_at), (at(1), at(20)));
    world.is_sound().await;
}

pub async fn parts_of_a_state_are_changed_alone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    assert!(put(&world, &session, state("1"), 10).await);
    let update = UpdateState {
        time_zone: Some("Asia/Omsk".to_owned()),
        app_version: Some("2".to_owned()),
        ..UpdateState::default()
    };
    for second in [20, 30] {
        let changed = world
            .store
            .update_state(session.clone(), update.clone(), at(second));
        assert_eq!(changed.await, Ok(true));
    }
    let expected = InstallationState {
        time_zone: Some("Asia/Omsk".to_owned()),
        ..state("2")
    };
    assert_eq!(stored(&world).await, Some(expected));
    let view = world.store.installation(shop(), installation(1)).await;
    // The second one changed nothing.
    assert_eq!(view.unwrap().unwrap().updated_at, at(20));
    world.is_sound().await;
}

pub async fn a_state_needs_the_present_session(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let former = world.login("anna", 1).await;
    let session = world.login("anna", 1).await;
    assert!(put(&world, &session, state("1"), 10).await);
    assert!(!put(&world, &former, state("2"), 20).await);
    let update = UpdateState {
        locale: Some("en".to_owned()),
        ..UpdateState::default()
    };
    let updated = world.store.update_state(former, update, at(20)).await;
    assert_eq!(updated, Ok(false));
    assert_eq!(stored(&world).await, Some(state("1")));
    world.is_sound().await;
}

fn note(session: &Session, (node, connection): (&str, &str), lease: Option<i64>) -> PresenceNote {
    PresenceNote {
        session: session.clone(),
        node: node.to_owned(),
        connection: connection.to_owned(),
        lease_until: lease.map(at),
        last_seen: at(40),
    }
}

/// Where the user is connected, as `installation node` sorted.
async fn presence(world: &World, second: i64) -> Vec<String> {
    let standing = world.store.presence(shop(), user("anna"), at(second));
    let standing = standing.await.unwrap().into_iter();
    let mut spelled: Vec<_> = standing
        .map(|one| {
            let Presence {
                installation,
                node,
                last_seen,
            } = one;
            assert_eq!(last_seen, at(40));
            format!("{} {node}", installation.uuid().as_u128())
        })
        .collect();
    spelled.sort();
    spelled
}

pub async fn a_connection_stands_until_its_lease_ends(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("anna", 2).await;
    let other = world.login("bert", 3).await;
    let notes = vec![
        note(&first, ("a", "x"), Some(100)),
        note(&second, ("b", "y"), Some(200)),
        note(&other, ("b", "z"), Some(200)),
    ];
    world.store.note_presence(notes).await.unwrap();
    assert_eq!(presence(&world, 50).await, ["1 a", "2 b"]);
    assert_eq!(presence(&world, 150).await, ["2 b"]);
    let notes = vec![
        note(&first, ("a", "x"), Some(300)),
        note(&second, ("b", "y"), None),
        note(&second, ("b", "never"), None),
    ];
    world.store.note_presence(notes).await.unwrap();
    assert_eq!(presence(&world, 150).await, ["1 a"]);
    world.is_sound().await;
}

pub async fn a_node_forgets_its_connections(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    let notes = vec![
        note(&session, ("a", "x"), Some(100)),
        note(&session, ("b", "y"), Some(100)),
    ];
    world.store.note_presence(notes).await.unwrap();
    world.store.clear_presence("a".to_owned()).await.unwrap();
    assert_eq!(presence(&world, 50).await, ["1 b"]);
    world.is_sound().await;
}

pub async fn nodes_note_their_own_connections_only(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    // A connection's id is its node's: another node may have given the same.
    let notes = vec![
        note(&session, ("a", "x"), Some(100)),
        note(&session, ("b", "x"), Some(200)),
    ];
    world.store.note_presence(notes).await.unwrap();
    assert_eq!(presence(&world, 50).await, ["1 a", "1 b"]);
    // One node went away without a word: its row ends with its lease, the other's stands.
    assert_eq!(presence(&world, 150).await, ["1 b"]);
    let notes = vec![note(&session, ("a", "x"), Some(300))];
    world.store.note_presence(notes).await.unwrap();
    assert_eq!(presence(&world, 250).await, ["1 a"]);
    let notes = vec![note(&session, ("b", "x"), None)];
    world.store.note_presence(notes).await.unwrap();
    assert_eq!(presence(&world, 150).await, ["1 a"]);
    world.is_sound().await;
}

pub async fn an_ended_session_is_connected_nowhere(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    let stands = note(&session, ("a", "x"), Some(100));
    let noted = world.store.note_presence(vec![stands.clone()]);
    noted.await.unwrap();
    world.store.logout(session, at(45)).await.unwrap();
    assert_eq!(presence(&world, 50).await, [""; 0]);
    // The connection notices late.
    world.store.note_presence(vec![stands]).await.unwrap();
    assert_eq!(presence(&world, 50).await, [""; 0]);
    world.is_sound().await;
}
