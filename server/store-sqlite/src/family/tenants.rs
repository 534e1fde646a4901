//! Apps, API keys, identity keys.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, KeyView,
    view::{List, ProviderView},
};
use vestnik_sqlite::Priority::{Mass, Urgent};
use vestnik_store::{
    Answer, PageQuery, Tenants,
    effect::Revocation,
    tenants::{
        ApiKey, ApiKeyRecord, Bootstrap, Created, IdentityKey, KeyUse, Provider, StoredProvider,
    },
};

use crate::{
    SqliteStore,
    seal::Seal,
    store::Class::{Hot, List as Lists},
    table::{Txn, api_key, app, event, identity_key, provider, resume},
    value::cut,
};

impl Tenants for SqliteStore {
    fn create_app(&self, app: AppId, now: Timestamp) -> Answer<'_, Created> {
        self.write(Urgent, move |txn| Ok(created(app::insert(txn, &app, now)?)))
    }

    fn bootstrap(&self, first: Bootstrap) -> Answer<'_, Created> {
        let seal = self.seal();
        self.write(Urgent, move |txn| bootstrap(txn, &seal, &first))
    }

    fn create_key(&self, record: ApiKeyRecord, now: Timestamp) -> Answer<'_, ()> {
        self.write(Urgent, move |txn| api_key::insert(txn, &record, now))
    }

    fn find_key(&self, secret_hash: [u8; 32]) -> Answer<'_, Option<ApiKey>> {
        self.read(Hot, move |db| api_key::by_hash(db, secret_hash))
    }

    fn key(&self, app: AppId, id: String) -> Answer<'_, Option<ApiKey>> {
        self.read(Hot, move |db| api_key::by_id(db, &app, &id))
    }

    fn keys(&self, app: AppId, page: PageQuery<String>) -> Answer<'_, List<KeyView>> {
        self.read(Lists, move |db| {
            let after = page.after.as_deref().unwrap_or_default();
            let mut data = api_key::list(db, &app, after, page.limit.saturating_add(1))?;
            let is_longer = cut(&mut data, page.limit);
            let last = data.last().map(|key| key.id.clone());
            let next_cursor = last.filter(|_| is_longer);
            Ok(List { data, next_cursor })
        })
    }

    fn revoke_key(&self, app: AppId, id: String, now: Timestamp) -> Answer<'_, bool> {
        self.write(Urgent, move |txn| {
            let is_revoked = api_key::delete(txn, &app, &id)?;
            if is_revoked {
                event::revoked(txn, &app, Revocation::Key { id: id.clone() }, now)?;
            }
            Ok(is_revoked)
        })
    }

    fn revoke_keys(
        &self,
        app: Option<AppId>,
        except: Option<String>,
        now: Timestamp,
    ) -> Answer<'_, u64> {
        self.write(Urgent, move |txn| {
            let Some(app) = &app else {
                let apps = app::all(txn)?;
                return apps.iter().map(|app| revoke_of(txn, app, None, now)).sum();
            };
            revoke_of(txn, app, except.as_deref(), now)
        })
    }

    fn note_key_use(&self, uses: Vec<KeyUse>) -> Answer<'_, ()> {
        self.write(Mass, move |txn| {
            uses.iter()
                .try_for_each(|key_use| api_key::note_use(txn, key_use))
        })
    }

    fn put_identity_key(&self, app: AppId, key: IdentityKey) -> Answer<'_, ()> {
        let seal = self.seal();
        self.write(Urgent, move |txn| identity_key::put(txn, &seal, &app, &key))
    }

    fn identity_key(&self, app: AppId, kid: String) -> Answer<'_, Option<IdentityKey>> {
        let seal = self.seal();
        self.read(Hot, move |db| identity_key::get(db, &seal, &app, &kid))
    }

    fn put_provider(&self, app: AppId, provider: Provider) -> Answer<'_, ()> {
        let seal = self.seal();
        self.write(Urgent, move |txn| put_provider(txn, &seal, &app, &provider))
    }

    fn replace_provider(&self, app: AppId, former: String, provider: Provider) -> Answer<'_, bool> {
        let (seal, unreadable) = (self.seal(), self.unreadable());
        self.write(Urgent, move |txn| {
            let known = provider::get(txn, (&seal, &unreadable), &app, provider.channel)?;
            let is_present = matches!(
                known,
                Some(StoredProvider::Readable(known)) if known.account == former
            );
            if is_present {
                put_provider(txn, &seal, &app, &provider)?;
            }
            Ok(is_present)
        })
    }

    fn provider(&self, app: AppId, channel: Channel) -> Answer<'_, Option<StoredProvider>> {
        let (seal, unreadable) = (self.seal(), self.unreadable());
        self.read(Hot, move |db| {
            provider::get(db, (&seal, &unreadable), &app, channel)
        })
    }

    fn providers(&self, app: AppId) -> Answer<'_, Vec<ProviderView>> {
        self.read(Lists, move |db| {
            let known = provider::of_app(db, &app)?;
            Ok(known.iter().map(provider::Known::view).collect())
        })
    }

    fn delete_provider(&self, app: AppId, channel: Channel, now: Timestamp) -> Answer<'_, bool> {
        self.write(Urgent, move |txn| {
            provider::tell_renewed(txn, &app, channel, now)?;
            let is_deleted = provider::delete(txn, &app, channel)?;
            if is_deleted {
                event::revoked(txn, &app, Revocation::Provider { channel }, now)?;
            }
            Ok(is_deleted)
        })
    }

    fn delete_identity_key(&self, app: AppId, kid: String) -> Answer<'_, bool> {
        self.write(Urgent, move |txn| identity_key::delete(txn, &app, &kid))
    }
}

fn created(is_new: bool) -> Created {
    if is_new {
        Created::Made
    } else {
        Created::Exists
    }
}

fn put_provider(
    txn: &mut Txn<'_>,
    seal: &Seal,
    app: &AppId,
    provider: &Provider,
) -> Result<(), rusqlite::Error> {
    provider::tell_renewed(txn, app, provider.channel, provider.set_at)?;
    provider::put(txn, seal, app, provider)?;
    resume::wake(txn, app, provider.channel, provider.set_at)
}

fn bootstrap(
    txn: &mut Txn<'_>,
    seal: &Arc<Seal>,
    first: &Bootstrap,
) -> Result<Created, rusqlite::Error> {
    let Bootstrap { key, identity, now } = first;
    if identity_key::exists(txn, &key.app, &identity.kid)? {
        return Ok(Created::Exists);
    }
    app::insert(txn, &key.app, *now)?;
    api_key::insert(txn, key, *now)?;
    identity_key::put(txn, seal, &key.app, identity)?;
    Ok(Created::Made)
}

fn revoke_of(
    txn: &mut Txn<'_>,
    app: &AppId,
    except: Option<&str>,
    now: Timestamp,
) -> Result<u64, rusqlite::Error> {
    let ids = api_key::delete_of_app(txn, app, except)?;
    let count = ids.len() as u64;
    for id in ids {
        event::revoked(txn, app, Revocation::Key { id }, now)?;
    }
    Ok(count)
}
