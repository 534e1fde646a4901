//! Addresses that an App had collected before.

use vestnik_model::{ImportOutcome, PushAddress, PushAddressKind, UserId};
use vestnik_rules::address::{hash as address_hash, imported_installation};

use super::{
    Fixture,
    name::{at, bank, installation, login, shop, user},
    pushing::{
        accepted, addresses, attempts, begin, dead, dispatch, has_address, provide, settle,
        to_anna, token, tried,
    },
    world::World,
};
use crate::{
    installations::Import,
    sessions::{Login, LoginOutcome},
};

fn address(value: &str) -> PushAddress {
    PushAddress::new(PushAddressKind::FcmToken, value)
}

async fn import(world: &World, whose: &[(&str, &str)], second: i64) -> Vec<ImportOutcome> {
    let addresses = whose.iter().map(|(who, value)| (user(who), address(value)));
    let import = Import {
        app: shop(),
        addresses: addresses.collect(),
        max_installations: 3,
        now: at(second),
    };
    world.store.import_addresses(import).await.unwrap()
}

async fn devices(world: &World, who: &UserId) -> Vec<bool> {
    let views = world
        .store
        .installations_of(shop(), who.clone())
        .await
        .unwrap();
    views
        .iter()
        .map(|view| view.imported_at.is_some())
        .collect()
}

pub async fn an_imported_address_is_pushed_to_until_a_device_reports_it(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    let outcomes = import(&world, &[("anna", "token-1")], 5).await;
    assert_eq!(outcomes, [ImportOutcome::Imported]);
    assert_eq!(devices(&world, &user("anna")).await, [true]);
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    assert_eq!((begun.len(), token(&begun[0])), (1, "token-1"));
    settle(&world, 21, tried(&begun[0], 20, accepted())).await;
    // The app is updated, and says who it is.
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 30).await;
    assert_eq!(devices(&world, &user("anna")).await, [false]);
    world.publish(2, to_anna()).await;
    let begun = dispatch(&world, 40).await;
    assert_eq!(begun.len(), 1, "one device, one push");
    assert_eq!(
        tried(&begun[0], 40, accepted()).1.target.installation(),
        Some(installation(1))
    );
    world.is_sound().await;
}

pub async fn what_was_sent_to_an_imported_address_is_not_sent_to_its_device(
    fixture: &impl Fixture,
) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    import(&world, &[("anna", "token-1")], 5).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    settle(&world, 21, tried(&begun[0], 20, accepted())).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 30).await;
    let attempts = attempts(&world, 1, "anna").await;
    let known: Vec<_> = attempts
        .iter()
        .map(|attempt| attempt.installation_id)
        .collect();
    assert_eq!(known, [Some(installation(1))]);
    // Nor is it known of a device of somebody else.
    import(&world, &[("bert", "token-2")], 40).await;
    has_address(&world, &anna, "token-2", 41).await;
    assert!(devices(&world, &user("bert")).await.is_empty());
    world.is_sound().await;
}

pub async fn an_import_changes_nothing_that_is_known(fixture: &impl Fixture) {
    use ImportOutcome::{Imported, Reported, TooMany, Unchanged};
    let (world, _) = begin(fixture).await;
    let both = [("bert", "token-1"), ("bert", "token-2")];
    assert_eq!(import(&world, &both, 5).await, [Reported, Imported]);
    assert_eq!(import(&world, &both, 6).await, [Reported, Unchanged]);
    assert_eq!(addresses(&world, 1).await, ["token-1"]);
    // The latter of two users has it.
    assert_eq!(import(&world, &[("carl", "token-2")], 7).await, [Imported]);
    assert!(devices(&world, &user("bert")).await.is_empty());
    let many = [("carl", "3"), ("carl", "4"), ("carl", "5"), ("carl", "3")];
    let outcomes = import(&world, &many, 8).await;
    assert_eq!(outcomes, [Imported, Imported, TooMany, Unchanged]);
    // Another App has addresses of its own.
    let foreign = Import {
        app: bank(),
        addresses: vec![(user("anna"), address("token-1"))],
        max_installations: 3,
        now: at(9),
    };
    assert_eq!(
        world.store.import_addresses(foreign).await.unwrap(),
        [Imported]
    );
    world.is_sound().await;
}

pub async fn a_dead_address_is_not_imported_anew(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    import(&world, &[("anna", "token-1")], 5).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    // It died before it was imported: whoever exported it did not know.
    settle(&world, 20, tried(&begun[0], 20, dead(Some(1)))).await;
    let again = import(&world, &[("anna", "token-1"), ("bert", "token-1")], 30).await;
    assert_eq!(again, [ImportOutcome::Dead, ImportOutcome::Dead]);
    world.publish(2, to_anna()).await;
    assert_eq!(dispatch(&world, 40).await, []);
    // A device that has it knows better.
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 50).await;
    assert_eq!(addresses(&world, 1).await, ["token-1"]);
    world.is_sound().await;
}

pub async fn an_imported_address_is_nobody_s_to_log_in_on(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    import(&world, &[("anna", "token-1")], 5).await;
    let id = imported_installation(&address_hash(&address("token-1")));
    let login = Login {
        installation: id,
        ..login(&shop(), "anna", 1)
    };
    let logged_in = world.store.login(login).await.unwrap();
    assert_eq!(logged_in, LoginOutcome::WrongSecret);
    world.is_sound().await;
}
