//! E-mail addresses and chats of users.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId, chat::ChatId, email::EmailAddress};
use vestnik_rules::contact::Contact;
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Contacts,
    contacts::{Chat, ChatChange, ChatLink, ChatOf, ChatReports, Email},
};

use crate::{
    SqliteStore,
    store::Class,
    table::{chat, chat_link, email_address, user},
};

impl Contacts for SqliteStore {
    fn put_email(
        &self,
        app: AppId,
        user: UserId,
        address: EmailAddress,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        let (seal, key, unreadable) = (self.seal(), self.contact_key(), self.unreadable());
        self.write(Priority::Normal, move |txn| {
            let head = user::ensure(txn, &app, &user)?;
            let new = email_address::New {
                address: &address,
                hash: key.hash(&app, Contact::Email(&address)),
            };
            email_address::put(txn, (&seal, &unreadable), head.row, new, now)
        })
    }

    fn email(&self, app: AppId, user: UserId) -> Answer<'_, Option<Email>> {
        let (seal, unreadable) = (self.seal(), self.unreadable());
        self.read(Class::List, move |db| {
            let Some(head) = user::find(db, &app, &user)? else {
                return Ok(None);
            };
            email_address::get(db, (&seal, &unreadable), head.row)
        })
    }

    fn delete_email(&self, app: AppId, user: UserId) -> Answer<'_, bool> {
        self.write(Priority::Normal, move |txn| {
            let Some(head) = user::find(txn, &app, &user)? else {
                return Ok(false);
            };
            email_address::delete(txn, head.row)
        })
    }

    fn put_chat(&self, whose: ChatOf, chat: ChatId, now: Timestamp) -> Answer<'_, ()> {
        let (seal, key, unreadable) = (self.seal(), self.contact_key(), self.unreadable());
        self.write(Priority::Normal, move |txn| {
            let head = user::ensure(txn, &whose.app, &whose.user)?;
            let new = chat::New {
                gateway: whose.gateway,
                id: &chat,
                hash: key.hash(&whose.app, Contact::Chat(whose.gateway, &chat)),
            };
            chat::put(txn, (&seal, &unreadable), head.row, new, now)
        })
    }

    fn chat(&self, whose: ChatOf) -> Answer<'_, Option<Chat>> {
        let (seal, unreadable) = (self.seal(), self.unreadable());
        self.read(Class::List, move |db| {
            let Some(head) = user::find(db, &whose.app, &whose.user)? else {
                return Ok(None);
            };
            chat::get(db, (&seal, &unreadable), head.row, whose.gateway)
        })
    }

    fn delete_chat(&self, whose: ChatOf) -> Answer<'_, bool> {
        self.write(Priority::Normal, move |txn| {
            let Some(head) = user::find(txn, &whose.app, &whose.user)? else {
                return Ok(false);
            };
            // Who has a link that is still good must not open another chat by it.
            chat_link::delete(txn, head.row, whose.gateway)?;
            chat::delete(txn, head.row, whose.gateway)
        })
    }

    fn note_chats(&self, reports: ChatReports) -> Answer<'_, Vec<bool>> {
        let (seal, key, unreadable) = (self.seal(), self.contact_key(), self.unreadable());
        self.write(Priority::Normal, move |txn| {
            let events = reports.events.iter();
            let noted = events.map(|event| {
                let contact = Contact::Chat(reports.gateway, &event.chat);
                let new = chat::New {
                    gateway: reports.gateway,
                    id: &event.chat,
                    hash: key.hash(&reports.app, contact),
                };
                match event.change {
                    ChatChange::Started(hash) => {
                        let place = (&reports.app, reports.gateway);
                        let found = chat_link::find(txn, place, &hash, &unreadable)?;
                        let Some(link) = found.filter(|link| link.expires_at > event.at) else {
                            return Ok(false);
                        };
                        chat_link::delete(txn, link.user, reports.gateway)?;
                        chat::bind(txn, (&seal, &unreadable), link.user, new, event.at)?;
                        Ok(true)
                    }
                    ChatChange::Opened => chat::note(txn, new.hash, |known| known.opened(event.at)),
                    ChatChange::Blocked { is_undated } => {
                        chat::note(txn, new.hash, |known| known.blocked(event.at, is_undated))
                    }
                }
            });
            noted.collect()
        })
    }

    fn put_chat_link(&self, whose: ChatOf, link: ChatLink) -> Answer<'_, ()> {
        self.write(Priority::Normal, move |txn| {
            let head = user::ensure(txn, &whose.app, &whose.user)?;
            chat_link::put(txn, head.row, whose.gateway, &link)
        })
    }
}
