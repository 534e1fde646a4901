//! What Apps say of their users' clocks.

use serde_json::{Value, json};
use vestnik_model::publish::ZoneName;
use vestnik_rules::{schedule::Said, work::WorkKind};

use super::{
    Fixture,
    name::{at, bank, shop, user},
    world::World,
};

fn attributes(value: Value) -> Said {
    let request = serde_json::from_value(value).unwrap();
    Said::parse(&request).unwrap()
}

fn night() -> Value {
    json!({
        "time_zone": "Europe/Berlin", "quiet_hours": {"from": "22:00", "to": "07:30"},
        "phone": "+819012345678",
    })
}

pub async fn what_an_app_says_of_a_user_is_set_whole(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let of = |app, name| world.store.attributes(app, user(name));
    assert_eq!(of(shop(), "anna").await, Ok(None));
    world.attributes("anna", night(), 1).await;
    assert_eq!(of(shop(), "anna").await, Ok(Some(attributes(night()))));
    assert_eq!(of(bank(), "anna").await, Ok(None));
    let zone = json!({"time_zone": "Asia/Kathmandu"});
    world.attributes("anna", zone.clone(), 2).await;
    assert_eq!(of(shop(), "anna").await, Ok(Some(attributes(zone))));
    world.attributes("anna", json!({}), 3).await;
    assert_eq!(of(shop(), "anna").await, Ok(Some(Said::default())));
    world.is_sound().await;
}

/// Who takes the name next is another person.
pub async fn what_was_said_goes_with_its_user(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.attributes("anna", night(), 1).await;
    assert!(world.erase("anna").await);
    assert_eq!(world.store.attributes(shop(), user("anna")).await, Ok(None));
    world.login("anna", 2).await;
    world.subscribe("orders", "anna", false).await;
    world.work(WorkKind::EraseUser, 10, 100).await;
    let of = world.store.attributes(shop(), user("anna")).await.unwrap();
    assert_eq!(of.unwrap_or_default(), Said::default());
    world.is_sound().await;
}

pub async fn an_app_has_one_default_zone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let zone = |name: &str| ZoneName::parse(name);
    let put = |app, zone| world.store.put_default_zone(app, zone, at(3));
    assert_eq!(world.store.default_zone(shop()).await, Ok(None));
    put(shop(), zone("Europe/Berlin")).await.unwrap();
    put(shop(), zone("Asia/Tokyo")).await.unwrap();
    assert_eq!(
        world.store.default_zone(shop()).await,
        Ok(zone("Asia/Tokyo"))
    );
    assert_eq!(world.store.default_zone(bank()).await, Ok(None));
    put(shop(), None).await.unwrap();
    assert_eq!(world.store.default_zone(shop()).await, Ok(None));
    world.is_sound().await;
}
