//! What Apps and people say of when, and of what, somebody is notified.

use jiff::Timestamp;
use vestnik_model::{
    AppId, CategoryName, UserId,
    event::ChangedBy,
    preference::{OptOutChange, OptOuts, StoredOptOuts},
    publish::ZoneName,
};
use vestnik_rules::{
    consent::{changed, unsubscribed},
    contact::Contact,
    schedule::Said,
};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Recipients,
    recipients::{OptOutOutcome, Reader, Whose},
};

use crate::{
    SqliteStore,
    store::Class,
    table::{Txn, app, asking, phone_number, present, told, user, user_attribute},
};

impl Recipients for SqliteStore {
    fn put_attributes(
        &self,
        app: AppId,
        user: UserId,
        said: Said,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        let (seal, key, unreadable) = (self.seal(), self.contact_key(), self.unreadable());
        self.write(Priority::Normal, move |txn| {
            let head = user::ensure(txn, &app, &user)?;
            let quiet = user_attribute::get(txn, head.row)?.attributes.quiet;
            user_attribute::put(txn, head.row, &said.attributes)?;
            match &said.phone {
                Some(number) => {
                    let hash = key.hash(&app, Contact::Phone(number));
                    let new = phone_number::New { number, hash };
                    phone_number::put(txn, (&seal, &unreadable), head.row, new, now)?;
                }
                None => phone_number::delete(txn, head.row)?,
            }
            if said.attributes.quiet != quiet {
                let whose = (head.row, &user);
                told::write_preference(txn, &app, whose, (ChangedBy::Backend, now))?;
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
                phone: phone_number::get(db, (&seal, &unreadable), head.row)?
                    .map(|found| found.number),
            }))
        })
    }

    fn change_opt_outs(
        &self,
        whose: Whose,
        change: OptOutChange,
        now: Timestamp,
    ) -> Answer<'_, OptOutOutcome> {
        self.write(Priority::Normal, move |txn| {
            let (app, user, by) = match &whose {
                Whose::User(app, user) => (app, user, ChangedBy::Backend),
                Whose::Session(session) if !present::is_present(txn, session)? => {
                    return Ok(OptOutOutcome::SessionEnded);
                }
                Whose::Session(session) => (&session.app, &session.user, ChangedBy::Device),
            };
            let known = user::find(txn, app, user)?;
            let stored = known.map(|head| user_attribute::get(txn, head.row));
            let stored = stored.transpose()?.unwrap_or_default().opt_outs;
            let changed = match changed(&stored, &change) {
                Ok(changed) => changed,
                Err(problems) => return Ok(OptOutOutcome::TooLong(problems)),
            };
            let head = user::ensure(txn, app, user)?;
            let Some(changed) = changed else {
                return Ok(OptOutOutcome::Now(stored.known));
            };
            set_opt_outs(txn, (app, user, head.row), &changed, (by, now))?;
            Ok(OptOutOutcome::Now(changed.known))
        })
    }

    fn unsubscribe_by_letter(
        &self,
        reader: Reader,
        category: Option<CategoryName>,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(Priority::Normal, move |txn| {
            let Reader { app, user, number } = &reader;
            let head = user::find(txn, app, user)?;
            let Some(head) = head.filter(|head| head.row == number.0) else {
                return Ok(false);
            };
            let stored = user_attribute::get(txn, head.row)?.opt_outs;
            let Some(unsubscribed) = unsubscribed(&stored, category.clone()) else {
                return Ok(false);
            };
            let by = (ChangedBy::Link, now);
            set_opt_outs(txn, (app, user, head.row), &unsubscribed, by)?;
            Ok(true)
        })
    }

    fn opt_outs(&self, app: AppId, user: UserId) -> Answer<'_, Option<OptOuts>> {
        self.read(Class::List, move |db| {
            let head = user::find(db, &app, &user)?;
            let wishes = head.map(|head| user_attribute::get(db, head.row));
            Ok(wishes.transpose()?.map(|wishes| wishes.opt_outs.known))
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

fn set_opt_outs(
    txn: &mut Txn<'_>,
    (app, user, row): (&AppId, &UserId, i64),
    opt_outs: &StoredOptOuts,
    (by, now): (ChangedBy, Timestamp),
) -> Result<(), rusqlite::Error> {
    user_attribute::put_opt_outs(txn, row, opt_outs)?;
    told::write_preference(txn, app, (row, user), (by, now))?;
    asking::of_user(txn, app, user, now)
}
