//! E-mail addresses and chats of users.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_model::{AppId, Audience, UserId, chat::ChatId, email::EmailAddress};
use vestnik_rules::{
    address::{Stored, Upload, hash_email, upload},
    audience::Plan,
    audience_file::Recipient,
    contact::{Contact, ContactHash, ContactKey},
};

use super::{MemoryStore, gateways, row::UserKey, world::World};
use crate::{
    Answer, Contacts,
    contacts::{Chat, ChatLink, ChatOf, ChatReports, Email},
};

/// The key of every store in memory: nothing of it is kept.
const KEY: ContactKey = ContactKey::new([7; 32]);

/// The plan of an App's audience.
pub(super) fn plan_of(app: &AppId, audience: &Audience) -> Plan {
    Plan::of(app, audience, &KEY)
}

/// What an address in a file is found by; `None` for who is named otherwise.
pub(super) fn hash_of(app: &AppId, recipient: &Recipient) -> Option<ContactHash> {
    match recipient {
        Recipient::Phone(number) => Some(KEY.hash(app, Contact::Phone(number))),
        Recipient::Email(address) => Some(KEY.hash(app, Contact::Email(address))),
        Recipient::User(_) | Recipient::Installation(_) => None,
    }
}

/// The users of an App with one of these addresses.
pub(super) fn with_contact(
    world: &World,
    app: &AppId,
    hashes: &[ContactHash],
) -> BTreeSet<UserKey> {
    let of_app = |user: &UserKey| world.users.get(user).is_some_and(|row| row.app == *app);
    let is_named = |contact: Contact<'_>| hashes.contains(&KEY.hash(app, contact));
    let emails = world.emails.iter();
    let emails = emails.filter(|(_, email)| is_named(Contact::Email(&email.address)));
    let phones = world.phones.iter();
    let phones = phones.filter(|(_, phone)| is_named(Contact::Phone(&phone.number)));
    let users = emails
        .map(|(user, _)| *user)
        .chain(phones.map(|(user, _)| *user));
    users.filter(of_app).collect()
}

/// What the addresses of a user are found by.
pub(super) fn contacts_of(world: &World, app: &AppId, user: UserKey) -> Vec<ContactHash> {
    let email = world.emails.get(&user);
    let email = email.map(|email| KEY.hash(app, Contact::Email(&email.address)));
    let phone = world.phones.get(&user);
    let phone = phone.map(|phone| KEY.hash(app, Contact::Phone(&phone.number)));
    email.into_iter().chain(phone).collect()
}

impl Contacts for MemoryStore {
    fn put_email(
        &self,
        app: AppId,
        user: UserId,
        address: EmailAddress,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        self.write(now, move |txn| {
            put(&mut txn.world, (&app, &user), address.clone(), now);
            Ok(())
        })
    }

    fn email(&self, app: AppId, user: UserId) -> Answer<'_, Option<Email>> {
        self.read(move |world| world.emails.get(&world.user_key(&app, &user)?).cloned())
    }

    fn delete_email(&self, app: AppId, user: UserId) -> Answer<'_, bool> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            let key = txn.world.user_key(&app, &user);
            Ok(key.is_some_and(|key| txn.world.emails.remove(&key).is_some()))
        })
    }

    fn put_chat(&self, whose: ChatOf, chat: ChatId, now: Timestamp) -> Answer<'_, ()> {
        self.write(now, move |txn| {
            gateways::put_chat(&mut txn.world, &whose, chat.clone(), now);
            Ok(())
        })
    }

    fn chat(&self, whose: ChatOf) -> Answer<'_, Option<Chat>> {
        self.read(move |world| {
            let user = world.user_key(&whose.app, &whose.user)?;
            world.chats.get(&(user, whose.gateway)).cloned()
        })
    }

    fn delete_chat(&self, whose: ChatOf) -> Answer<'_, bool> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            let user = txn.world.user_key(&whose.app, &whose.user);
            if let Some(user) = user {
                txn.world.chat_links.remove(&(user, whose.gateway));
            }
            let chat = user.and_then(|user| txn.world.chats.remove(&(user, whose.gateway)));
            Ok(chat.is_some())
        })
    }

    fn note_chats(&self, reports: ChatReports) -> Answer<'_, Vec<bool>> {
        self.write(reports.now, move |txn| {
            let place = (&reports.app, reports.gateway);
            let events = reports.events.iter();
            let noted = events.map(|event| gateways::note_chat(&mut txn.world, place, event));
            Ok(noted.collect())
        })
    }

    fn put_chat_link(&self, whose: ChatOf, link: ChatLink) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            let user = txn.world.ensure_user(&whose.app, &whose.user);
            txn.world.chat_links.insert((user, whose.gateway), link);
            Ok(())
        })
    }
}

fn put(world: &mut World, (app, user): (&AppId, &UserId), address: EmailAddress, now: Timestamp) {
    let key = world.ensure_user(app, user);
    let stored = world.emails.get(&key).map(|email| Stored {
        hash: hash_email(&email.address),
        died_at: email.died_at,
    });
    match upload(stored, &hash_email(&address), now) {
        Upload::StayDead => {}
        Upload::Refresh | Upload::Replace => {
            let email = Email {
                address,
                set_at: now,
                died_at: None,
            };
            world.emails.insert(key, email);
        }
    }
}
