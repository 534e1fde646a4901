//! What Apps and people say of when, and of what, somebody is notified.

use jiff::Timestamp;
use vestnik_model::{AppId, CategoryName, UserId, preference::OptOuts, publish::ZoneName};
use vestnik_rules::{consent::with, schedule::Said};

use super::{MemoryStore, asking};
use crate::{Answer, Recipients, recipients::Whose};

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
            if let Some(row) = txn.world.users.get_mut(&key) {
                row.attributes = said.attributes.clone();
            }
            match said.phone.clone() {
                Some(phone) => drop(txn.world.phones.insert(key, phone)),
                None => drop(txn.world.phones.remove(&key)),
            }
            asking::of_user(txn, (&app, &user), now);
            Ok(())
        })
    }

    fn attributes(&self, app: AppId, user: UserId) -> Answer<'_, Option<Said>> {
        self.read(move |world| {
            let key = world.user_key(&app, &user)?;
            Some(Said {
                attributes: world.users.get(&key)?.attributes.clone(),
                phone: world.phones.get(&key).cloned(),
            })
        })
    }

    fn put_opt_outs(&self, whose: Whose, opt_outs: OptOuts, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let (app, user) = match &whose {
                Whose::User(app, user) => (app, user),
                Whose::Session(session) if txn.world.present(session).is_none() => {
                    return Ok(false);
                }
                Whose::Session(session) => (&session.app, &session.user),
            };
            let key = txn.world.ensure_user(app, user);
            if let Some(row) = txn.world.users.get_mut(&key) {
                row.opt_outs = opt_outs.clone();
            }
            asking::of_user(txn, (app, user), now);
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
        self.write(now, move |txn| {
            let key = txn.world.user_key(&app, &user);
            let row = key.and_then(|key| txn.world.users.get_mut(&key));
            let Some(row) = row else { return Ok(false) };
            let opt_outs = with(row.opt_outs.clone(), category.clone());
            if opt_outs == row.opt_outs {
                return Ok(false);
            }
            row.opt_outs = opt_outs;
            asking::of_user(txn, (&app, &user), now);
            Ok(true)
        })
    }

    fn opt_outs(&self, app: AppId, user: UserId) -> Answer<'_, Option<OptOuts>> {
        self.read(move |world| {
            let key = world.user_key(&app, &user)?;
            Some(world.users.get(&key)?.opt_outs.clone())
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
