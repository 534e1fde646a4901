//! E-mail addresses of users.

use serde_json::json;
use vestnik_model::{AudienceRequest, email::EmailAddress, phone::PhoneNumber};
use vestnik_rules::work::WorkKind;

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

/// Who is named by an address is everybody who has it when the audience is expanded, in one App.
pub async fn an_address_names_everybody_who_has_it(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (who, address) in [("anna", "home"), ("bert", "home"), ("carl", "carl")] {
        world.email(who, &format!("{address}@a.example"), 1).await;
    }
    let address = EmailAddress::parse("home@a.example").unwrap();
    let of_bank = world.store.put_email(bank(), user("dora"), address, at(1));
    of_bank.await.unwrap();
    world.email("carl", "home@a.example", 2).await;
    world.email("bert", "bert@a.example", 2).await;
    let named = |names: &[&str]| AudienceRequest {
        emails: names
            .iter()
            .map(|name| EmailAddress::parse(&format!("{name}@a.example")).unwrap())
            .collect(),
        exclude_users: vec![user("emil")],
        ..AudienceRequest::default()
    };
    world.email("emil", "home@a.example", 3).await;
    world.email("fred", "home@a.example", 3).await;
    assert!(world.erase("fred").await);
    assert_eq!(
        meant(&world, 1, named(&["home", "nobody"])).await,
        ["anna", "carl"]
    );
    assert_eq!(meant(&world, 2, named(&["nobody"])).await, [""; 0]);
    let deleted = world.store.delete_email(shop(), user("carl")).await;
    assert_eq!(deleted, Ok(true));
    let left = meant(&world, 3, named(&["home", "bert"])).await;
    assert_eq!(left, ["anna", "bert"]);
    world.is_sound().await;
}

/// A part stays small however many people share an address, and what it leaves is work.
pub async fn an_address_of_many_people_is_expanded_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let people: Vec<_> = (0..130).map(|number| format!("p{number:03}")).collect();
    for person in &people {
        world.email(person, "home@a.example", 1).await;
    }
    let to = AudienceRequest {
        emails: vec![EmailAddress::parse("home@a.example").unwrap()],
        ..AudienceRequest::default()
    };
    world.publish(1, to).await;
    assert!(world.deliveries(1).await.len() < people.len());
    world.work(WorkKind::Expand, 7, 50).await;
    assert_eq!(world.deliveries(1).await.len(), people.len());
    world.is_sound().await;
}

async fn meant(world: &World, number: u32, to: AudienceRequest) -> Vec<String> {
    world.publish(number, to).await;
    let deliveries = world.deliveries(number).await.into_iter();
    let mut users: Vec<_> = deliveries
        .map(|view| view.user.as_str().to_owned())
        .collect();
    users.sort_unstable();
    users
}

/// A number is found however it is written, and is gone with what was said and with its user.
pub async fn a_telephone_number_names_its_users(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (who, phone) in [
        ("anna", "+49 30 123456"),
        ("bert", "+49-30-123456"),
        ("carl", "+4930123457"),
    ] {
        world.attributes(who, json!({"phone": phone}), 1).await;
    }
    world
        .attributes("dora", json!({"phone": "+4930123456"}), 1)
        .await;
    assert!(world.erase("dora").await);
    let to = || AudienceRequest {
        phones: vec![PhoneNumber::parse("+4930123456").unwrap()],
        ..AudienceRequest::default()
    };
    assert_eq!(meant(&world, 1, to()).await, ["anna", "bert"]);
    // The same person by a number and by an address is one.
    world.email("anna", "anna@a.example", 2).await;
    let by_both = AudienceRequest {
        emails: vec![EmailAddress::parse("anna@a.example").unwrap()],
        ..to()
    };
    assert_eq!(meant(&world, 2, by_both).await, ["anna", "bert"]);
    world.attributes("bert", json!({}), 3).await;
    assert_eq!(meant(&world, 3, to()).await, ["anna"]);
    world.is_sound().await;
}
