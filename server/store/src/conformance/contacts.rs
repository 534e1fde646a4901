//! E-mail addresses of users.

use vestnik_rules::{email::EmailAddress, work::WorkKind};

use super::{
    Fixture,
    name::{at, bank, shop, user},
    world::World,
};
use crate::contacts::Email;

fn email(address: &str, second: i64) -> Option<Email> {
    Some(Email {
        address: EmailAddress::parse(address).unwrap(),
        set_at: at(second),
        died_at: None,
    })
}

pub async fn an_address_is_set_whole_and_is_each_apps_own(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let of = |app, name| world.store.email(app, user(name));
    assert_eq!(of(shop(), "anna").await, Ok(None));
    world.email("anna", "anna@a.example", 1).await;
    assert_eq!(of(shop(), "anna").await, Ok(email("anna@a.example", 1)));
    assert_eq!(of(bank(), "anna").await, Ok(None));
    assert_eq!(of(shop(), "bert").await, Ok(None));
    world.email("anna", "anna@a.example", 2).await;
    assert_eq!(of(shop(), "anna").await, Ok(email("anna@a.example", 2)));
    world.email("anna", "anna@b.example", 3).await;
    assert_eq!(of(shop(), "anna").await, Ok(email("anna@b.example", 3)));
    world.is_sound().await;
}

pub async fn a_deleted_address_is_gone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.email("anna", "anna@a.example", 1).await;
    let deleted = || world.store.delete_email(shop(), user("anna"));
    assert_eq!(deleted().await, Ok(true));
    assert_eq!(world.store.email(shop(), user("anna")).await, Ok(None));
    assert_eq!(deleted().await, Ok(false));
    let nobodys = world.store.delete_email(shop(), user("nobody"));
    assert_eq!(nobodys.await, Ok(false));
    world.is_sound().await;
}

/// Who takes the name next does not get the address.
pub async fn an_address_goes_with_its_user(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.email("anna", "anna@a.example", 1).await;
    assert!(world.erase("anna").await);
    assert_eq!(world.store.email(shop(), user("anna")).await, Ok(None));
    world.login("anna", 2).await;
    assert_eq!(world.store.email(shop(), user("anna")).await, Ok(None));
    world.work(WorkKind::EraseUser, 10, 100).await;
    assert_eq!(world.store.email(shop(), user("anna")).await, Ok(None));
    world.is_sound().await;
}
