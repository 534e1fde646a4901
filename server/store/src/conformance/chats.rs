//! Chats that people open and block.

use vestnik_model::{AppId, Reason};
use vestnik_rules::{gateway::Recipient, work::WorkKind};

use super::{
    Fixture,
    gateways::{begin, cascade, chat, gateway, is_dead, message, of},
    letters::publish_by,
    name::{at, shop},
    pushing::dispatch,
    world::World,
};
use crate::{
    contacts::{Chat, ChatChange, ChatEvent, ChatLink, ChatOf, ChatReports},
    dispatch::Recipient as To,
};

const BLOCKED: ChatChange = ChatChange::Blocked { is_undated: false };

fn event(id: &str, change: ChatChange, second: i64) -> ChatEvent {
    ChatEvent {
        chat: chat(id),
        change,
        at: at(second),
    }
}

/// Notes what happened at the shop's gateway of that name; tells of each whether it is about anybody.
async fn note(world: &World, name: &str, events: &[ChatEvent]) -> Vec<bool> {
    let reports = ChatReports {
        app: shop(),
        gateway: gateway(name),
        events: events.to_vec(),
        now: at(200),
    };
    world.store.note_chats(reports).await.unwrap()
}

/// Notes one thing that happened to the chat 42.
async fn one(world: &World, change: ChatChange, second: i64) -> bool {
    note(world, "telegram", &[event("42", change, second)]).await == [true]
}

async fn put(world: &World, whose: ChatOf, id: &str, second: i64) {
    let put = world.store.put_chat(whose, chat(id), at(second));
    put.await.unwrap();
}

async fn link(world: &World, who: &str, byte: u8, second: i64) {
    let link = ChatLink {
        hash: [byte; 32],
        expires_at: at(second),
    };
    world.store.put_chat_link(of(who), link).await.unwrap();
}

async fn found(world: &World, who: &str) -> Option<Chat> {
    world.store.chat(of(who)).await.unwrap()
}

pub async fn a_blocked_chat_ends_its_channel_until_it_is_opened_again(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    assert!(!one(&world, BLOCKED, 10).await);
    put(&world, of("anna"), "42", 11).await;
    assert!(one(&world, BLOCKED, 12).await);
    let blocked = found(&world, "anna").await.unwrap();
    assert_eq!(blocked.died_at, Some(at(12)));
    publish_by(&world, 1, cascade("telegram", None)).await;
    assert!(matches!(
        dispatch(&world, 20).await[0].recipient,
        To::Mailbox { .. }
    ));
    let view = world.delivery(1, "anna").await;
    assert_eq!(
        view.switched.and_then(|reason| reason.known()),
        Some(Reason::BlockedChannel)
    );
    // What happened before comes late, and changes nothing.
    assert!(one(&world, ChatChange::Opened, 11).await);
    let still = found(&world, "anna").await.unwrap();
    assert_eq!(still.died_at, Some(at(12)));
    let last = [
        event("42", ChatChange::Opened, 30),
        event("42", BLOCKED, 29),
    ];
    assert_eq!(note(&world, "telegram", &last).await, [true, true]);
    publish_by(&world, 2, cascade("telegram", None)).await;
    assert_eq!(
        message(dispatch(&world, 31).await).1,
        Recipient::Chat(chat("42"))
    );
    world.is_sound().await;
}

pub async fn a_block_without_a_time_is_lifted_by_what_the_person_does(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    put(&world, of("anna"), "42", 11).await;
    let undated = ChatChange::Blocked { is_undated: true };
    assert!(one(&world, undated, 30).await);
    let world = world.reopened(fixture, 40);
    let blocked = found(&world, "anna").await.unwrap();
    assert_eq!((blocked.died_at, blocked.is_undated), (Some(at(30)), true));
    assert!(one(&world, ChatChange::Opened, 20).await);
    let open = found(&world, "anna").await.unwrap();
    assert_eq!((open.set_at, open.died_at), (at(20), None));
    world.is_sound().await;
}

pub async fn a_chat_is_one_persons(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let other = AppId::parse("other").unwrap();
    let elsewhere = ChatOf {
        app: other,
        ..of("anna")
    };
    for whose in [of("anna"), elsewhere.clone(), of("bert")] {
        put(&world, whose, "42", 10).await;
    }
    let id = async |whose| world.store.chat(whose).await.unwrap().map(|chat| chat.id);
    assert_eq!(id(of("anna")).await, None);
    assert_eq!(id(of("bert")).await, Some(chat("42")));
    assert_eq!(
        id(elsewhere).await,
        Some(chat("42")),
        "another App knows nothing of it"
    );
    assert!(world.store.delete_chat(of("bert")).await.unwrap());
    assert!(!world.store.delete_chat(of("bert")).await.unwrap());
    assert_eq!(id(of("bert")).await, None);
    world.is_sound().await;
}

pub async fn a_link_binds_a_chat_once(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let take = async |name: &str, byte, second| {
        let started = event("42", ChatChange::Started([byte; 32]), second);
        note(&world, name, &[started]).await == [true]
    };
    link(&world, "anna", 3, 100).await;
    assert!(!world.store.delete_chat(of("anna")).await.unwrap());
    assert!(!take("telegram", 3, 20).await);
    link(&world, "anna", 1, 100).await;
    link(&world, "anna", 2, 100).await;
    // A newer one took its place, it has expired, it is for another gateway.
    for (at, byte, second) in [("telegram", 1, 20), ("telegram", 2, 100), ("max", 2, 20)] {
        assert!(!take(at, byte, second).await);
    }
    assert!(take("telegram", 2, 20).await);
    assert!(!take("telegram", 2, 20).await, "it was used");
    let bound = found(&world, "anna").await.unwrap();
    assert_eq!((bound.id, bound.died_at), (chat("42"), None));
    world.is_sound().await;
}

pub async fn a_late_link_wipes_nothing_that_happened_since(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let start = async |byte, id: &str, second| {
        let started = event(id, ChatChange::Started([byte; 32]), second);
        assert_eq!(note(&world, "telegram", &[started]).await, [true]);
    };
    put(&world, of("anna"), "42", 10).await;
    assert!(one(&world, BLOCKED, 40).await);
    link(&world, "anna", 1, 100).await;
    start(1, "42", 30).await;
    let blocked = found(&world, "anna").await.unwrap();
    assert_eq!(blocked.died_at, Some(at(40)), "the block is later");
    link(&world, "anna", 2, 100).await;
    start(2, "42", 50).await;
    let open = found(&world, "anna").await.unwrap();
    assert_eq!((open.set_at, open.died_at), (at(50), None));
    // Their backend has set another chat since, and somebody else has got this one.
    put(&world, of("anna"), "43", 60).await;
    link(&world, "anna", 3, 100).await;
    start(3, "42", 55).await;
    assert_eq!(found(&world, "anna").await.unwrap().id, chat("43"));
    put(&world, of("bert"), "44", 70).await;
    link(&world, "anna", 4, 100).await;
    start(4, "44", 65).await;
    assert_eq!(found(&world, "anna").await.unwrap().id, chat("43"));
    assert_eq!(found(&world, "bert").await.unwrap().id, chat("44"));
    link(&world, "anna", 5, 100).await;
    start(5, "44", 80).await;
    assert_eq!(found(&world, "anna").await.unwrap().id, chat("44"));
    assert_eq!(found(&world, "bert").await, None);
    world.is_sound().await;
}

pub async fn an_erased_user_has_no_chat_and_no_link(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    put(&world, of("anna"), "42", 10).await;
    link(&world, "anna", 1, 1_000).await;
    is_dead(&world, 1, 20, Reason::TokenDead).await;
    assert!(world.erase("anna").await);
    assert_eq!(found(&world, "anna").await, None);
    let started = event("42", ChatChange::Started([1; 32]), 30);
    assert_eq!(note(&world, "telegram", &[started]).await, [false]);
    world.work(WorkKind::EraseUser, 10, 200).await;
    world.is_sound().await;
}
