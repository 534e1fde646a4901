//! What Apps and people say of when, and of what, somebody is notified.

use jiff::Timestamp;
use vestnik_model::{AppId, CategoryName, UserId, preference::OptOuts, publish::ZoneName};
use vestnik_rules::{consent::with, contact::Contact, schedule::Said};
use vestnik_sqlite::Priority;
use vestnik_store::{Answer, Recipients, recipients::Whose};

use crate::{
    SqliteStore,
    store::Class,
    table::{app, asking, phone_number, present, user, user_attribute},
};

impl Recipients for SqliteStore {
    fn put_attributes(
        &self,
        app: AppId,
        user: UserId,
        said: Said,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        let (seal, key) = (self.seal(), self.contact_key());
        self.write(Priority::Normal, move |txn| {
            let head = user::ensure(txn, &app, &user)?;
            user_attribute::put(txn, head.row, &said.attributes)?;
            match &said.phone {
                Some(number) => {
                    let hash = key.hash(&app, Contact::Phone(number));
                    phone_number::put(txn, &seal, head.row, number, hash)?;
                }
                None => phone_number::delete(txn, head.row)?,
            }
            asking::of_user(txn, &app, &user, now)
        })
    }

    fn attributes(&self, app: AppId, user: UserId) -> Answer<'_, Option<Said>> {
        let (seal, unreadable) = (self.seal(), self.unreadable());
        self.read(Class::List, move |db| {
            let Some(head) = user::find(db, &app, &user)? else {
                return Ok(None);
            };
            Ok(Some(Said {
                attributes: user_attribute::get(db, head.row)?.attributes,
                phone: phone_number::get(db, (&seal, &unreadable), head.row)?,
            }))
        })
    }

    fn put_opt_outs(&self, whose: Whose, opt_outs: OptOuts, now: Timestamp) -> Answer<'_, bool> {
        self.write(Priority::Normal, move |txn| {
            let (app, user) = match &whose {
                Whose::User(app, user) => (app, user),
                Whose::Session(session) if !present::is_present(txn, session)? => {
                    return Ok(false);
                }
                Whose::Session(session) => (&session.app, &session.user),
            };
            let head = user::ensure(txn, app, user)?;
            user_attribute::put_opt_outs(txn, head.row, &opt_outs)?;
            asking::of_user(txn, app, user, now)?;
            Ok(true)
        })
    }

    fn opt_out(
        &self,
        app: AppId,
        user: UserId,
        category: Option<CategoryName>,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(Priority::Normal, move |txn| {
            let Some(head) = user::find(txn, &app, &user)? else {
                return Ok(false);
            };
            let before = user_attribute::get(txn, head.row)?.opt_outs;
            let opt_outs = with(before.clone(), category.clone());
            if opt_outs == before {
                return Ok(false);
            }
            user_attribute::put_opt_outs(txn, head.row, &opt_outs)?;
            asking::of_user(txn, &app, &user, now)?;
            Ok(true)
        })
    }

    fn opt_outs(&self, app: AppId, user: UserId) -> Answer<'_, Option<OptOuts>> {
        self.read(Class::List, move |db| {
            let head = user::find(db, &app, &user)?;
            let wishes = head.map(|head| user_attribute::get(db, head.row));
            Ok(wishes.transpose()?.map(|wishes| wishes.opt_outs))
        })
    }

    fn put_default_zone(
        &self,
        app: AppId,
        zone: Option<ZoneName>,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        self.write(Priority::Normal, move |txn| {
            if app::zone(txn, &app)? == zone {
                return Ok(());
            }
            app::set_zone(txn, &app, zone.as_ref())?;
            asking::of_app(txn, &app, now)
        })
    }

    fn default_zone(&self, app: AppId) -> Answer<'_, Option<ZoneName>> {
        self.read(Class::List, move |db| app::zone(db, &app))
    }
}
