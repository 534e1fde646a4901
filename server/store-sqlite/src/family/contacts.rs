//! E-mail addresses of users.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId, email::EmailAddress};
use vestnik_rules::contact::Contact;
use vestnik_sqlite::Priority;
use vestnik_store::{Answer, Contacts, contacts::Email};

use crate::{
    SqliteStore,
    store::Class,
    table::{email_address, user},
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
}
