//! What Apps say of their users' clocks.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId, publish::ZoneName};
use vestnik_rules::schedule::Attributes;
use vestnik_sqlite::Priority;
use vestnik_store::{Answer, Recipients};

use crate::{
    SqliteStore,
    store::Class,
    table::{app, asking, user, user_attribute},
};

impl Recipients for SqliteStore {
    fn put_attributes(
        &self,
        app: AppId,
        user: UserId,
        attributes: Attributes,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        self.write(Priority::Normal, move |txn| {
            let head = user::ensure(txn, &app, &user)?;
            user_attribute::put(txn, head.row, &attributes)?;
            asking::of_user(txn, &app, &user, now)
        })
    }

    fn attributes(&self, app: AppId, user: UserId) -> Answer<'_, Option<Attributes>> {
        self.read(Class::List, move |db| {
            let head = user::find(db, &app, &user)?;
            head.map(|head| user_attribute::get(db, head.row))
                .transpose()
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
