//! What the App's backend is told of installations.

use vestnik_model::{InstallationState, Permission, PushAddressKind, contract::UpdateState};
use vestnik_rules::{installation::Change, session::Session};

use super::{
    Fixture,
    events::told_since,
    name::{at, installation, user},
    pushing::{self, begin, dead, dispatch, settle, to_anna, tried},
    world::World,
};
use crate::effect::Told;

/// What is told from now on, each change with the number of the installation and the name of the user.
struct Reading<'a> {
    world: &'a World,
    after: u64,
}

impl<'a> Reading<'a> {
    async fn from(world: &'a World) -> Self {
        let after = world.store.last_event().await.unwrap();
        Self { world, after }
    }

    async fn is(&mut self, expected: &[(u32, &str, Change)]) {
        let told = told_since(self.world, self.after).await;
        self.after = self.world.store.last_event().await.unwrap();
        let expected: Vec<_> = expected
            .iter()
            .map(|(number, who, change)| Told::Installation {
                installation: installation(*number),
                user: user(who),
                change: change.clone(),
            })
            .collect();
        assert_eq!(told, expected);
    }
}

fn state(permission: Permission, zone: &str) -> InstallationState {
    InstallationState {
        time_zone: Some(zone.to_owned()),
        ..pushing::state(&["token-planted"], permission)
    }
}

pub async fn only_what_changes_of_a_device_is_told(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let mut told = Reading::from(&world).await;
    let phone = world.login("anna", 1).await;
    told.is(&[(1, "anna", Change::Registered)]).await;
    let granted = Change::PermissionChanged(Permission::Granted.into());
    let denied = Change::PermissionChanged(Permission::Denied.into());
    let put = async |permission, zone, second| {
        let state = state(permission, zone);
        let put = world.store.put_state(phone.clone(), state, at(second));
        assert!(put.await.unwrap());
    };
    put(Permission::Granted, "Europe/Berlin", 5).await;
    told.is(&[(1, "anna", Change::Updated), (1, "anna", granted)])
        .await;
    // A device repeats what it is.
    for second in 6..9 {
        put(Permission::Granted, "Europe/Berlin", second).await;
    }
    told.is(&[]).await;
    put(Permission::Denied, "Europe/Berlin", 9).await;
    told.is(&[(1, "anna", denied)]).await;
    for second in [10, 11] {
        let update = UpdateState {
            time_zone: Some("Asia/Tokyo".to_owned()),
            ..UpdateState::default()
        };
        let updated = world.store.update_state(phone.clone(), update, at(second));
        assert!(updated.await.unwrap());
    }
    told.is(&[(1, "anna", Change::Updated)]).await;
    let all = told_since(&world, 0).await;
    assert!(!format!("{all:?}").contains("planted"), "{all:?}");
    world.is_sound().await;
}

pub async fn who_is_primary_and_who_is_logged_in_is_told(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let phone = world.login("anna", 1).await;
    let mut told = Reading::from(&world).await;
    // The same user again is no news.
    let phone_again = world.login("anna", 1).await;
    assert_ne!(phone, phone_again);
    told.is(&[]).await;
    let opened = async |session: &Session, second| {
        let opened = world
            .store
            .note_opened(session.clone(), at(second), at(second));
        assert!(opened.await.unwrap());
    };
    opened(&phone_again, 20).await;
    opened(&phone_again, 21).await;
    told.is(&[(1, "anna", Change::PrimaryChanged)]).await;
    let laptop = world.login("anna", 2).await;
    opened(&laptop, 30).await;
    told.is(&[
        (2, "anna", Change::Registered),
        (2, "anna", Change::PrimaryChanged),
    ])
    .await;
    world.store.logout(laptop, at(40)).await.unwrap();
    told.is(&[
        (2, "anna", Change::Unregistered),
        (1, "anna", Change::PrimaryChanged),
    ])
    .await;
    world.login("bert", 1).await;
    told.is(&[
        (1, "anna", Change::Unregistered),
        (1, "bert", Change::Registered),
    ])
    .await;
    world.is_sound().await;
    world.erase("bert").await;
    let left = told_since(&world, told.after).await;
    assert_eq!(left, [], "nothing is told of who was erased");
    world.is_sound().await;
}

pub async fn an_address_that_died_is_told_once(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    let mut told = Reading::from(&world).await;
    for second in [21, 22] {
        settle(&world, second, tried(&begun[0], 20, dead(None))).await;
    }
    let change = Change::TokenInvalidated(PushAddressKind::FcmToken.into());
    told.is(&[(1, "anna", change)]).await;
    world.is_sound().await;
}
