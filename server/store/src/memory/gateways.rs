//! Where gateways reach users: their numbers and their chats.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{AppId, Channel, GatewayName, chat::ChatId, phone::PhoneNumber};
use vestnik_rules::{
    chat,
    gateway::{Known, Reaches, Recipient, Traits, stays_dead},
};

use super::{
    row::{ProviderRow, UserKey},
    world::World,
};
use crate::contacts::{Chat, ChatChange, ChatEvent, ChatLink, ChatOf};

/// The telephone number of a user.
#[derive(Debug, Clone)]
pub(super) struct Phone {
    pub(super) number: PhoneNumber,
    pub(super) set_at: Timestamp,
    /// The gateways that say that it is dead, and since when.
    pub(super) dead: BTreeMap<GatewayName, Timestamp>,
}

/// Sets the number of a user, or deletes it.
pub(super) fn put_phone(
    world: &mut World,
    user: UserKey,
    number: Option<PhoneNumber>,
    now: Timestamp,
) {
    let former = world.phones.remove(&user);
    let Some(number) = number else {
        return;
    };
    let mut dead = BTreeMap::new();
    if let Some(former) = former {
        let (was, is) = (former.number, Recipient::Phone(number.clone()));
        let was = Recipient::Phone(was);
        dead = former.dead;
        dead.retain(|_, died_at| stays_dead((&was, *died_at), &is, now));
    }
    let phone = Phone {
        number,
        set_at: now,
        dead,
    };
    world.phones.insert(user, phone);
}

/// What an App's account with a gateway says of it; `None` if there is none.
pub(super) fn traits(world: &World, app: &AppId, gateway: GatewayName) -> Option<Traits> {
    let provider: Option<&ProviderRow> = world
        .providers
        .get(&(app.clone(), Channel::Gateway(gateway)));
    provider.and_then(|row| row.provider.gateway)
}

/// The gateways of an App.
pub(super) fn of_app(world: &World, app: &AppId) -> Vec<GatewayName> {
    let providers = world.providers.keys().filter(|(of, _)| of == app);
    let named = providers.filter_map(|(_, channel)| channel.gateway());
    named.collect()
}

/// The address of a user at a gateway.
pub(super) fn known(
    world: &World,
    (traits, user): (Traits, UserKey),
    gateway: GatewayName,
) -> Option<Known> {
    match traits.reaches {
        Reaches::Phone => world.phones.get(&user).map(|phone| Known {
            recipient: Recipient::Phone(phone.number.clone()),
            set_at: phone.set_at,
            died_at: phone.dead.get(&gateway).copied(),
        }),
        Reaches::Chat => world.chats.get(&(user, gateway)).map(|chat| Known {
            recipient: Recipient::Chat(chat.id.clone()),
            set_at: chat.set_at,
            died_at: chat.died_at,
        }),
    }
}

/// Notes that the address of a user at a gateway is dead.
pub(super) fn kill(
    world: &mut World,
    (traits, user): (Traits, UserKey),
    gateway: GatewayName,
    now: Timestamp,
) {
    match traits.reaches {
        Reaches::Phone => {
            if let Some(phone) = world.phones.get_mut(&user) {
                phone.dead.entry(gateway).or_insert(now);
            }
        }
        Reaches::Chat => {
            let chat = world.chats.get_mut(&(user, gateway));
            if let Some(chat) = chat.filter(|chat| chat.died_at.is_none()) {
                (chat.died_at, chat.is_undated) = (Some(now), false);
            }
        }
    }
}

/// Sets the chat of a user. Nobody else has it then.
pub(super) fn put_chat(world: &mut World, whose: &ChatOf, id: ChatId, now: Timestamp) {
    let user = world.ensure_user(&whose.app, &whose.user);
    set_chat(world, (&whose.app, user), whose.gateway, (id, now));
}

fn set_chat(
    world: &mut World,
    (app, user): (&AppId, UserKey),
    gateway: GatewayName,
    (id, now): (ChatId, Timestamp),
) {
    let others = with_chat(world, (app, gateway), &id);
    for other in others.into_iter().filter(|other| *other != user) {
        world.chats.remove(&(other, gateway));
    }
    let died_at = world.chats.get(&(user, gateway)).and_then(|former| {
        let was = Recipient::Chat(former.id.clone());
        let is = Recipient::Chat(id.clone());
        former
            .died_at
            .filter(|died_at| stays_dead((&was, *died_at), &is, now))
    });
    let chat = Chat {
        id,
        set_at: now,
        died_at,
        is_undated: false,
    };
    world.chats.insert((user, gateway), chat);
}

/// Whoever has a chat.
fn with_chat(world: &World, (app, gateway): (&AppId, GatewayName), id: &ChatId) -> Vec<UserKey> {
    let chats = world.chats.iter();
    let same = chats.filter(|((_, at), chat)| *at == gateway && chat.id == *id);
    let users = same.map(|((user, _), _)| *user);
    let of_app = |user: &UserKey| world.users.get(user).is_some_and(|row| row.app == *app);
    users.filter(of_app).collect()
}

/// Notes what happened to a chat; tells whether it is about anybody.
pub(super) fn note_chat(
    world: &mut World,
    (app, gateway): (&AppId, GatewayName),
    ChatEvent { chat, change, at }: &ChatEvent,
) -> bool {
    let noted = |known: chat::Standing| match *change {
        ChatChange::Started(_) => None,
        ChatChange::Opened => known.opened(*at),
        ChatChange::Blocked { is_undated } => known.blocked(*at, is_undated),
    };
    if let ChatChange::Started(hash) = *change {
        return take_link(world, (app, gateway), hash, (chat, *at));
    }
    let users = with_chat(world, (app, gateway), chat);
    for user in &users {
        if let Some(chat) = world.chats.get_mut(&(*user, gateway))
            && let Some(after) = noted(chat.standing())
        {
            *chat = stands(chat.id.clone(), after);
        }
    }
    !users.is_empty()
}

const fn stands(id: ChatId, standing: chat::Standing) -> Chat {
    let chat::Standing {
        set_at,
        died_at,
        is_undated,
    } = standing;
    Chat {
        id,
        set_at,
        died_at,
        is_undated,
    }
}

/// Uses a link up, and sets the chat in which it was opened unless something else happened since; tells whether it was
/// good.
fn take_link(
    world: &mut World,
    (app, gateway): (&AppId, GatewayName),
    hash: [u8; 32],
    (id, at): (&ChatId, Timestamp),
) -> bool {
    let links = world.chat_links.iter();
    let mut same = links.filter(|((_, at), link)| *at == gateway && link.hash == hash);
    let found = same.find(|((user, _), _)| {
        let row = world.users.get(user);
        row.is_some_and(|row| row.app == *app)
    });
    let Some((key, ChatLink { expires_at, .. })) = found.map(|(key, link)| (*key, *link)) else {
        return false;
    };
    if expires_at <= at || world.name_of(key.0).is_none() {
        return false;
    }
    world.chat_links.remove(&key);
    let others = with_chat(world, (app, gateway), id).into_iter();
    let others: Vec<_> = others.filter(|other| *other != key.0).collect();
    let own = world.chats.get(&key).map(|own| chat::Own {
        is_same: own.id == *id,
        standing: own.standing(),
    });
    let another = others
        .first()
        .and_then(|user| world.chats.get(&(*user, gateway)));
    let another = another.map(Chat::standing);
    if let Some(standing) = chat::bound(own, another, at) {
        for other in others {
            world.chats.remove(&(other, gateway));
        }
        world.chats.insert(key, stands(id.clone(), standing));
    }
    true
}
