//! Apps, API keys, identity keys.

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, KeyView,
    view::{List, ProviderView},
};
use vestnik_rules::provider::{Lasting, renewed};

use super::{
    MemoryStore,
    page::list,
    resume,
    row::{KeyRow, ProviderRow},
    txn::{Txn, refused},
    world::World,
};
use crate::{
    Answer, PageQuery, StoreError, Tenants,
    effect::{Revocation, Told},
    tenants::{
        ApiKey, ApiKeyRecord, Bootstrap, Created, IdentityKey, KeyUse, Provider, StoredProvider,
    },
};

impl Tenants for MemoryStore {
    fn create_app(&self, app: AppId, now: Timestamp) -> Answer<'_, Created> {
        self.write(now, move |txn| Ok(make_app(&mut txn.world, app, now)))
    }

    fn bootstrap(&self, first: Bootstrap) -> Answer<'_, Created> {
        self.write(first.now, move |txn| {
            let Bootstrap { key, identity, now } = first;
            let name = (key.app.clone(), identity.kid.clone());
            if txn.world.identity_keys.contains_key(&name) {
                return Ok(Created::Exists);
            }
            make_app(&mut txn.world, key.app.clone(), now);
            insert_key(&mut txn.world, key, now)?;
            txn.world.identity_keys.insert(name, identity);
            Ok(Created::Made)
        })
    }

    fn create_key(&self, record: ApiKeyRecord, now: Timestamp) -> Answer<'_, ()> {
        self.write(now, move |txn| insert_key(&mut txn.world, record, now))
    }

    fn find_key(&self, secret_hash: [u8; 32]) -> Answer<'_, Option<ApiKey>> {
        self.read(move |world| {
            let mut rows = world.keys.values();
            let found = rows.find(|row| row.record.secret_hash == secret_hash);
            found.map(KeyRow::key)
        })
    }

    fn key(&self, app: AppId, id: String) -> Answer<'_, Option<ApiKey>> {
        self.read(move |world| world.keys.get(&(app, id)).map(KeyRow::key))
    }

    fn keys(&self, app: AppId, page: PageQuery<String>) -> Answer<'_, List<KeyView>> {
        self.read(move |world| {
            let rows = world.keys.iter().filter(|((of, _), _)| *of == app);
            let after = page.after.as_ref();
            let behind = rows.filter(|((_, id), _)| after.is_none_or(|after| id > after));
            let views = behind.map(|((_, id), row)| (id, row.view()));
            list(views, page.limit)
        })
    }

    fn revoke_key(&self, app: AppId, id: String, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| Ok(revoke(txn, app, id)))
    }

    fn revoke_keys(
        &self,
        app: Option<AppId>,
        except: Option<String>,
        now: Timestamp,
    ) -> Answer<'_, u64> {
        self.write(now, move |txn| {
            let names = txn.world.keys.keys();
            let revoked = names.filter(|(of, id)| {
                app.as_ref().is_none_or(|app| app == of) && except.as_ref() != Some(id)
            });
            let revoked: Vec<_> = revoked.cloned().collect();
            let count = revoked.len() as u64;
            for (app, id) in revoked {
                revoke(txn, app, id);
            }
            Ok(count)
        })
    }

    fn note_key_use(&self, uses: Vec<KeyUse>) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            for KeyUse { app, id, at } in uses {
                if let Some(row) = txn.world.keys.get_mut(&(app, id)) {
                    row.last_used_at = row.last_used_at.max(Some(at));
                }
            }
            Ok(())
        })
    }

    fn put_identity_key(&self, app: AppId, key: IdentityKey) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            check_app(&txn.world, &app)?;
            let name = (app, key.kid.clone());
            txn.world.identity_keys.insert(name, key);
            Ok(())
        })
    }

    fn identity_key(&self, app: AppId, kid: String) -> Answer<'_, Option<IdentityKey>> {
        self.read(move |world| world.identity_keys.get(&(app, kid)).cloned())
    }

    fn put_provider(&self, app: AppId, provider: Provider) -> Answer<'_, ()> {
        self.write(provider.set_at, move |txn| {
            check_app(&txn.world, &app)?;
            put_provider(txn, &app, provider);
            Ok(())
        })
    }

    fn replace_provider(&self, app: AppId, former: String, provider: Provider) -> Answer<'_, bool> {
        self.write(provider.set_at, move |txn| {
            let known = txn.world.providers.get(&(app.clone(), provider.channel));
            let is_present = known.is_some_and(|known| known.provider.account == former);
            if is_present {
                put_provider(txn, &app, provider);
            }
            Ok(is_present)
        })
    }

    fn provider(&self, app: AppId, channel: Channel) -> Answer<'_, Option<StoredProvider>> {
        self.read(move |world| {
            let known = world.providers.get(&(app, channel));
            known.map(|known| StoredProvider::Readable(known.provider.clone()))
        })
    }

    fn providers(&self, app: AppId) -> Answer<'_, Vec<ProviderView>> {
        self.read(move |world| {
            let rows = world.providers.iter().filter(|((of, _), _)| *of == app);
            let views = rows.map(|((_, channel), row)| {
                row.lasting.view((*channel).into(), row.provider.set_at)
            });
            let mut views: Vec<_> = views.collect();
            views.sort_by(|one, other| one.channel.as_str().cmp(other.channel.as_str()));
            views
        })
    }

    fn delete_provider(&self, app: AppId, channel: Channel, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let Some(deleted) = txn.world.providers.remove(&(app.clone(), channel)) else {
                return Ok(false);
            };
            if let Some(health) = renewed(&deleted.lasting) {
                txn.tell(&app, Told::Provider { channel, health });
            }
            txn.revoked(&app, Revocation::Provider { channel });
            Ok(true)
        })
    }

    fn delete_identity_key(&self, app: AppId, kid: String) -> Answer<'_, bool> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            Ok(txn.world.identity_keys.remove(&(app, kid)).is_some())
        })
    }
}

fn put_provider(txn: &mut Txn, app: &AppId, provider: Provider) {
    let (channel, set_at) = (provider.channel, provider.set_at);
    let row = ProviderRow {
        provider,
        lasting: Lasting::begin(set_at),
    };
    let former = txn.world.providers.insert((app.clone(), channel), row);
    if let Some(health) = former.and_then(|former| renewed(&former.lasting)) {
        txn.tell(app, Told::Provider { channel, health });
    }
    resume::wake(txn, app, channel, set_at);
}

fn make_app(world: &mut World, app: AppId, now: Timestamp) -> Created {
    if world.apps.contains_key(&app) {
        return Created::Exists;
    }
    world.apps.insert(app, now);
    Created::Made
}

pub(super) fn check_app(world: &World, app: &AppId) -> Result<(), StoreError> {
    let is_known = world.apps.contains_key(app);
    is_known
        .then_some(())
        .ok_or_else(|| refused("there is no such App"))
}

fn insert_key(world: &mut World, record: ApiKeyRecord, now: Timestamp) -> Result<(), StoreError> {
    check_app(world, &record.app)?;
    let name = (record.app.clone(), record.id.clone());
    let mut rows = world.keys.values();
    let is_same_hash = rows.any(|row| row.record.secret_hash == record.secret_hash);
    if is_same_hash || world.keys.contains_key(&name) {
        return Err(refused("the key is there already"));
    }
    let row = KeyRow {
        record,
        created_at: now,
        last_used_at: None,
    };
    world.keys.insert(name, row);
    Ok(())
}

fn revoke(txn: &mut Txn, app: AppId, id: String) -> bool {
    let name = (app, id);
    let is_revoked = txn.world.keys.remove(&name).is_some();
    if is_revoked {
        let (app, id) = name;
        txn.revoked(&app, Revocation::Key { id });
    }
    is_revoked
}
