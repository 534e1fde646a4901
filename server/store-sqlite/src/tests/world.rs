//! A store in a temporary folder with an App, and short ways to use it.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;
use vestnik_clock::ManualClock;
use vestnik_model::{
    AppId, Audience, AudienceRequest, InstallationId, NotificationId, Publication, PublishRequest,
    TopicName, UserId, publish::ContentRequest, subscription::TopicSettings,
};
use vestnik_rules::{
    log::Place,
    session::{FamilyId, Session},
    work::{Claim, Progress, WorkKind},
};
use vestnik_store::{
    Audiences as _, Event, Logs as _, Operations as _, Publishing as _, Sessions as _,
    Tenants as _, Work as _,
    audiences::Subscription,
    logs::{LogSlice, Stretch},
    publishing::{NewNotification, PublishOutcome},
    sessions::{Login, LoginOutcome},
    work::{ClaimQuery, Part},
};

use crate::{SqliteStore, StoreOptions};

/// When the world begins.
pub(super) const START: &str = "2026-11-28T09:00:00Z";

/// A store with an App.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) store: SqliteStore,
    pub(super) app: AppId,
    pub(super) events: Arc<Mutex<Vec<Event>>>,
    next: std::sync::atomic::AtomicU64,
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(super) fn topic(name: &str) -> TopicName {
    TopicName::parse(name).unwrap()
}

pub(super) fn start() -> Timestamp {
    START.parse().unwrap()
}

/// So many seconds after the start.
pub(super) fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

/// The users with these names.
pub(super) fn to_users(names: &[&str]) -> Audience {
    let users = names.iter().map(|name| user(name)).collect();
    Audience::parse(AudienceRequest {
        users,
        ..Default::default()
    })
    .unwrap()
}

/// The subscribers of a topic.
pub(super) fn to_topic(name: &str) -> Audience {
    let topics = vec![topic(name)];
    Audience::parse(AudienceRequest {
        topics,
        ..Default::default()
    })
    .unwrap()
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let events = Arc::default();
        let store = open(&folder, &events);
        let app = AppId::parse("shop").unwrap();
        store.create_app(app.clone(), start()).await.unwrap();
        Self {
            folder,
            store,
            app,
            events,
            next: 1.into(),
        }
    }

    /// The process ends without closing the file, and another one opens it.
    pub(super) fn crash(self) -> Self {
        let Self {
            folder,
            store,
            app,
            events,
            next,
        } = self;
        let copy = tempfile::tempdir().unwrap();
        // What is on the disk at this moment, whatever the first process goes on to do.
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            if !file.file_name().to_string_lossy().ends_with(".lock") {
                std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
            }
        }
        drop(store);
        let store = open(&copy, &events);
        Self {
            folder: copy,
            store,
            app,
            events,
            next,
        }
    }

    pub(super) fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("vestnik.sqlite")
    }

    /// A connection beside the store, to look at rows or to damage them.
    pub(super) fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.database()).unwrap()
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// A user logs in on a new installation.
    pub(super) async fn login(&self, name: &str) -> Session {
        let number = self.number();
        let login = Login {
            app: self.app.clone(),
            user: user(name),
            installation: InstallationId::from_uuid(Uuid::from_u128(number.into())),
            secret_hash: [7; 32],
            token_use: None,
            family: FamilyId(u128::from(number).to_be_bytes()),
            refresh_expires: after(1_000_000),
            max_installations: 50,
            now: start(),
        };
        match self.store.login(login).await.unwrap() {
            LoginOutcome::LoggedIn(session) => session,
            other @ (LoginOutcome::WrongSecret
            | LoginOutcome::TokenUsed
            | LoginOutcome::UnknownApp) => panic!("not logged in: {other:?}"),
        }
    }

    pub(super) async fn topic(&self, name: &str, users: &[&str]) {
        let settings = TopicSettings {
            self_subscribe: true,
        };
        self.store
            .put_topic(self.app.clone(), topic(name), settings)
            .await
            .unwrap();
        for name_of_user in users {
            let subscription = Subscription {
                app: self.app.clone(),
                topic: topic(name),
                user: user(name_of_user),
                by_user: false,
                max_topics: 100,
            };
            self.store.subscribe(subscription).await.unwrap();
        }
    }

    /// What a sender asks for; it lives an hour and is kept another one.
    pub(super) fn notification(&self, audience: Audience, at: Timestamp) -> NewNotification {
        let request = PublishRequest {
            to: AudienceRequest {
                users: vec![user("nobody")],
                ..Default::default()
            },
            notification: ContentRequest {
                title: "Order 1".to_owned(),
                ..Default::default()
            },
            ttl_seconds: Some(3_600),
            ..PublishRequest::default()
        };
        let publication = Publication {
            audience,
            ..Publication::parse(request).unwrap()
        };
        let millis = u64::try_from(at.as_millisecond()).unwrap();
        // A UUID of version 7: the time first.
        let id = Uuid::from_u64_pair(millis << 16 | 0x7000, 1 << 63 | self.number());
        let notification = publication.accept(NotificationId::from_uuid(id), at);
        NewNotification {
            app: self.app.clone(),
            publication,
            notification,
            idempotency: None,
            keep: SignedDuration::from_secs(3_600),
            seed: [9; 32],
        }
    }

    pub(super) async fn publish(&self, audience: Audience) -> NotificationId {
        let new = self.notification(audience, start());
        match self.store.publish(new).await.unwrap() {
            PublishOutcome::Accepted(accepted) => accepted.id,
            other @ (PublishOutcome::Replayed(_)
            | PublishOutcome::Mismatch
            | PublishOutcome::UnknownTopics(_)
            | PublishOutcome::UnusableAudiences(_)) => panic!("not accepted: {other:?}"),
        }
    }

    pub(super) async fn claim(&self, kind: WorkKind, now: Timestamp) -> Vec<Claim> {
        let asked = ClaimQuery {
            kind,
            behind: None,
            except: Vec::new(),
            limit: 10,
            lease_until: now + SignedDuration::from_secs(30),
            now,
        };
        self.store.claim(asked).await.unwrap().claims
    }

    pub(super) async fn perform(&self, claim: Claim, rows: u32, now: Timestamp) -> Progress {
        let part = Part {
            claim,
            rows,
            seed: [5; 32],
            now,
        };
        self.store.perform(part).await.unwrap()
    }

    /// Does all work of a kind that is due, in parts of so many rows; tells how many parts.
    pub(super) async fn work(&self, kind: WorkKind, rows: u32, now: Timestamp) -> u32 {
        let mut parts = 0;
        loop {
            let claims = self.claim(kind, now).await;
            if claims.is_empty() {
                return parts;
            }
            for claim in claims {
                self.perform(claim, rows, now).await;
                parts += 1;
            }
        }
    }

    /// The whole log of a user, or from a place on.
    pub(super) async fn log(&self, name: &str, after: Option<Place>) -> Stretch {
        let slice = LogSlice {
            app: self.app.clone(),
            user: user(name),
            after,
            entries: 100,
            bytes: 1_000_000,
            now: start(),
        };
        self.store.read_log(slice).await.unwrap()
    }

    /// Every counter is what a recount gives, and every row has what it refers to.
    pub(super) async fn check(&self) {
        let faults = self.store.check_integrity().await.unwrap();
        assert_eq!(faults, Vec::<String>::new());
    }
}

fn open(folder: &TempDir, events: &Arc<Mutex<Vec<Event>>>) -> SqliteStore {
    let clock = Arc::new(ManualClock::new(start(), 1));
    let events = Arc::clone(events);
    let mut options = StoreOptions::new(clock);
    options.sink = Arc::new(move |committed| events.lock().unwrap().extend_from_slice(committed));
    SqliteStore::open(&folder.path().join("vestnik.sqlite"), options).unwrap()
}
