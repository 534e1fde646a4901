//! A store in a folder of its own, and what the tests ask of it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_model::{
    AppId, IdentityAlgorithm, InstallationId, InstallationState, Platform, Scope, UserId,
    open::Open,
};
use vestnik_rules::{
    session::{FamilyId, Session},
    work::{Progress, WorkKind},
};
use vestnik_store::{
    Effect, Event, Logs as _, OpenError, Operations as _, Sessions as _, Tenants as _, Work as _,
    effect::Revocation,
    operations::Secrets,
    sessions::{ExchangeOutcome, Login, LoginOutcome, TokenExchange},
    tenants::{ApiKeyRecord, Created, IdentityKey},
    work::{ClaimQuery, Part},
};
use vestnik_store_sqlite::{SealKey, SqliteStore, StoreOptions};

/// A store in a folder of its own, with the Apps `shop` and `bank`.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) store: SqliteStore,
    events: Arc<Mutex<Vec<Event>>>,
}

pub(crate) fn app(name: &str) -> AppId {
    AppId::parse(name).unwrap()
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn api_key(app: &AppId, id: &str) -> ApiKeyRecord {
    ApiKeyRecord {
        app: app.clone(),
        id: id.to_owned(),
        name: "test".to_owned(),
        scopes: vec![Scope::Publish, Scope::Read],
        secret_hash: key_hash(app, id),
    }
}

pub(crate) fn key_hash(app: &AppId, id: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    for (index, byte) in app.as_str().bytes().chain(id.bytes()).enumerate() {
        hash[index] = byte;
    }
    hash
}

pub(crate) fn identity_key(kid: &str, secret: &[u8]) -> IdentityKey {
    IdentityKey {
        kid: kid.to_owned(),
        algorithm: IdentityAlgorithm::Hs256,
        key: secret.to_vec(),
    }
}

pub(crate) fn state(locale: &str) -> InstallationState {
    InstallationState {
        platform: Open::Known(Platform::Android),
        model: Some("Pixel".to_owned()),
        os_version: None,
        app_version: Some("1.0".to_owned()),
        locale: Some(locale.to_owned()),
        time_zone: None,
        permission: Open::default(),
        envelope_key: None,
        push_addresses: Vec::new(),
    }
}

pub(crate) fn open(
    path: &Path,
    clock: &ManualClock,
    key: Option<[u8; 32]>,
) -> Result<SqliteStore, OpenError> {
    let mut options = StoreOptions::new(Arc::new(clock.clone()));
    options.key = key.map(SealKey::new);
    SqliteStore::open(path, options)
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    pub(crate) async fn with(key: Option<[u8; 32]>) -> Self {
        Self::seeded(key, 7).await
    }

    /// A world whose random bytes follow from a seed.
    pub(crate) async fn seeded(key: Option<[u8; 32]>, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new("2026-11-28T12:00:00Z".parse().unwrap(), seed);
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let seen = Arc::clone(&events);
        let mut options = StoreOptions::new(Arc::new(clock.clone()));
        options.key = key.map(SealKey::new);
        options.sink = Arc::new(move |events| seen.lock().unwrap().extend_from_slice(events));
        let store = SqliteStore::open(&folder.path().join("db.sqlite"), options).unwrap();
        for name in ["shop", "bank"] {
            let made = store.create_app(app(name), clock.now()).await;
            assert_eq!(made, Ok(Created::Made));
        }
        Self {
            folder,
            clock,
            store,
            events,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.beside("db.sqlite")
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The revocations since the last call, each with its App.
    pub(crate) fn revocations(&self) -> Vec<(AppId, Revocation)> {
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        events
            .into_iter()
            .filter_map(|event| match event.effect {
                Effect::Revoked(revocation) => Some((event.app, revocation)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn login(&self, app_name: &str, who: &str, number: u128) -> Login {
        Login {
            app: app(app_name),
            user: user(who),
            installation: installation(number),
            secret_hash: [number as u8; 32],
            token_use: None,
            family: FamilyId(self.clock.random()[..16].try_into().unwrap()),
            refresh_expires: self.in_days(30),
            max_installations: 50,
            now: self.now(),
        }
    }

    pub(crate) fn in_hours(&self, hours: i64) -> Timestamp {
        self.now() + SignedDuration::from_hours(hours)
    }

    pub(crate) fn in_days(&self, days: i64) -> Timestamp {
        self.now() + SignedDuration::from_hours(24 * days)
    }

    /// Logs a user in on an installation of `shop`.
    pub(crate) async fn logged_in(&self, who: &str, number: u128) -> (Session, FamilyId) {
        let login = self.login("shop", who, number);
        let family = login.family;
        match self.store.login(login).await.unwrap() {
            LoginOutcome::LoggedIn(session) => (session, family),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn token(&self, family: FamilyId, counter: u64) -> TokenExchange {
        TokenExchange {
            family,
            counter,
            secret_hash: None,
            next_expires: self.in_days(30),
            now: self.now(),
        }
    }

    /// The counter that an exchange gives, or its refusal.
    pub(crate) async fn exchange(
        &self,
        family: FamilyId,
        counter: u64,
    ) -> Result<u64, ExchangeOutcome> {
        match self
            .store
            .exchange(self.token(family, counter))
            .await
            .unwrap()
        {
            ExchangeOutcome::Exchanged { counter, .. } => Ok(counter),
            refused => Err(refused),
        }
    }

    /// Closes the store, which must be sound.
    pub(crate) async fn close(&self) {
        assert_eq!(self.store.check_integrity().await, Ok(Vec::new()));
        self.store.close().await;
    }
}

/// Does all work of a kind that is due, in parts of ten rows.
pub(crate) async fn work(store: &SqliteStore, kind: WorkKind, now: Timestamp) {
    loop {
        let asked = ClaimQuery {
            kind,
            behind: None,
            except: Vec::new(),
            limit: 10,
            lease_until: now + SignedDuration::from_mins(1),
            now,
        };
        let claims = store.claim(asked).await.unwrap().claims;
        if claims.is_empty() {
            return;
        }
        for claim in claims {
            let part = Part {
                claim,
                rows: 10,
                seed: [0; 32],
                now,
            };
            assert_ne!(store.perform(part).await, Ok(Progress::Lost));
        }
    }
}

/// What a life of a store is known by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LifeMarks {
    pub(crate) epoch: u32,
    pub(crate) secrets: Secrets,
}

pub(crate) async fn marks(store: &SqliteStore, clock: &ManualClock) -> LifeMarks {
    let heads = store
        .heads(vec![(app("shop"), user("anna"))])
        .await
        .unwrap();
    let offered = Secrets {
        access: clock.random(),
        refresh: clock.random(),
    };
    LifeMarks {
        epoch: heads[0].epoch.0,
        secrets: store.secrets(offered).await.unwrap(),
    }
}

/// Every file of a folder with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Whether some bytes stand in any file of a folder.
pub(crate) fn stands_in(folder: &Path, bytes: &[u8]) -> bool {
    files(folder)
        .iter()
        .any(|(_, content)| content.windows(bytes.len()).any(|window| window == bytes))
}
