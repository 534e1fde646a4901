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
    schedule::Said,
};

use super::{MemoryStore, asking, gateways::put_phone, row::UserKey, txn::Txn};
use crate::{
    Answer, Recipients,
    effect::Told,
    recipients::{OptOutOutcome, Reader, Whose},
};

impl Recipients for MemoryStore {
    fn put_attributes(
        &self,
        app: AppId,
        user: UserId,
        said: Said,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        self.write(now, move |txn| {
            let key = txn.world.ensure_user(&app, &user);
            let mut is_changed = false;
            if let Some(row) = txn.world.users.get_mut(&key) {
                is_changed = row.attributes.quiet != said.attributes.quiet;
                row.attributes = said.attributes.clone();
            }
            if is_changed {
                tell(txn, (&app, &user), ChangedBy::Backend);
            }
            put_phone(&mut txn.world, key, said.phone.clone(), now);
            asking::of_user(txn, (&app, &user), now);
            Ok(())
        })
    }

    fn attributes(&self, app: AppId, user: UserId) -> Answer<'_, Option<Said>> {
        self.read(move |world| {
            let key = world.user_key(&app, &user)?;
            Some(Said {
                attributes: world.users.get(&key)?.attributes.clone(),
                phone: world.phones.get(&key).map(|phone| phone.number.clone()),
            })
        })
    }

    fn change_opt_outs(
        &self,
        whose: Whose,
        change: OptOutChange,
        now: Timestamp,
    ) -> Answer<'_, OptOutOutcome> {
        self.write(now, move |txn| {
            let (app, user, by) = match &whose {
                Whose::User(app, user) => (app, user, ChangedBy::Backend),
                Whose::Session(session) if txn.world.present(session).is_none() => {
                    return Ok(OptOutOutcome::SessionEnded);
                }
                Whose::Session(session) => (&session.app, &session.user, ChangedBy::Device),
            };
            let key = txn.world.user_key(app, user);
            let row = key.and_then(|key| txn.world.users.get(&key));
            let stored = row.map(|row| row.opt_outs.clone()).unwrap_or_default();
            let changed = match changed(&stored, &change) {
                Ok(changed) => changed,
                Err(problems) => return Ok(OptOutOutcome::TooLong(problems)),
            };
            let key = txn.world.ensure_user(app, user);
            let Some(changed) = changed else {
                return Ok(OptOutOutcome::Now(stored.known));
            };
            let now_unwanted = changed.known.clone();
            set_opt_outs(txn, (app, user, key), changed, (by, now));
            Ok(OptOutOutcome::Now(now_unwanted))
        })
    }

    fn unsubscribe_by_letter(
        &self,
        reader: Reader,
        category: Option<CategoryName>,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let Reader { app, user, number } = &reader;
            let key = txn.world.user_key(app, user);
            let key = key.filter(|key| *key == number.0);
            let row = key.and_then(|key| Some((key, txn.world.users.get(&key)?)));
            let unsubscribed = row
                .and_then(|(key, row)| Some((key, unsubscribed(&row.opt_outs, category.clone())?)));
            let Some((key, unsubscribed)) = unsubscribed else {
                return Ok(false);
            };
            set_opt_outs(txn, (app, user, key), unsubscribed, (ChangedBy::Link, now));
            Ok(true)
        })
    }

    fn opt_outs(&self, app: AppId, user: UserId) -> Answer<'_, Option<OptOuts>> {
        self.read(move |world| {
            let key = world.user_key(&app, &user)?;
            Some(world.users.get(&key)?.opt_outs.known.clone())
        })
    }

    fn put_default_zone(
        &self,
        app: AppId,
        zone: Option<ZoneName>,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        self.write(now, move |txn| {
            if txn.world.default_zones.get(&app) == zone.as_ref() {
                return Ok(());
            }
            let zones = &mut txn.world.default_zones;
            match zone.clone().filter(|_| txn.world.apps.contains_key(&app)) {
                Some(zone) => drop(zones.insert(app.clone(), zone)),
                None => drop(zones.remove(&app)),
            }
            asking::of_app(txn, &app, now);
            Ok(())
        })
    }

    fn default_zone(&self, app: AppId) -> Answer<'_, Option<ZoneName>> {
        self.read(move |world| world.default_zones.get(&app).cloned())
    }
}

fn set_opt_outs(
    txn: &mut Txn,
    (app, user, key): (&AppId, &UserId, UserKey),
    opt_outs: StoredOptOuts,
    (by, now): (ChangedBy, Timestamp),
) {
    if let Some(row) = txn.world.users.get_mut(&key) {
        row.opt_outs = opt_outs;
    }
    tell(txn, (app, user), by);
    asking::of_user(txn, (app, user), now);
}

/// The App's backend is told that a preference of a user is something else than before.
fn tell(txn: &mut Txn, (app, user): (&AppId, &UserId), by: ChangedBy) {
    let user = user.clone();
    txn.tell(app, Told::Preference { user, by });
}
