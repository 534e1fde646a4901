//! E-mail addresses of users.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId};
use vestnik_rules::email::EmailAddress;
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
        let seal = self.seal();
        self.write(Priority::Normal, move |txn| {
            let head = user::ensure(txn, &app, &user)?;
            email_address::put(txn, &seal, head.row, &address, now)
        })
    }

    fn email(&self, app: AppId, user: UserId) -> Answer<'_, Option<Email>> {
        let seal = self.seal();
        self.read(Class::List, move |db| {
            let Some(head) = user::find(db, &app, &user)? else {
                return Ok(None);
            };
            email_address::get(db, &seal, head.row)
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
