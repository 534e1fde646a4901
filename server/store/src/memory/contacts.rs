//! E-mail addresses of users.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId};
use vestnik_rules::{
    address::{Stored, Upload, hash_email, upload},
    email::EmailAddress,
};

use super::{MemoryStore, world::World};
use crate::{Answer, Contacts, contacts::Email};

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
