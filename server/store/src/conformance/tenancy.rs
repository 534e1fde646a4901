//! Two tenants that chose the same ids.

use vestnik_model::{
    AppId, IdentityAlgorithm, InstallationState, Platform, ReceiptKind, Scope,
    contract::UpdateState, subscription::TopicSettings,
};
use vestnik_rules::{log::Place, session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::{read_up_to, receipt},
    name::{
        EXPIRED, at, bank, hash, installation, keyed, login, notification, page, shop, topic,
        topics, user, users,
    },
    world::{World, noted},
};
use crate::{
    audiences::Subscription,
    installations::PresenceNote,
    ledger::{Confirmed, FactReport, HandOver, WatchQuery},
    logs::{LogSlice, Opening},
    publishing::{NewNotification, PublishOutcome},
    sessions::{ExchangeOutcome, Login, LoginOutcome, TokenExchange, TokenUse},
    tenants::{ApiKeyRecord, IdentityKey, KeyUse},
};

const JTI: u32 = 4_711;

/// One tenant: everything but the ids of notifications and families is chosen alike.
struct Tenant<'a> {
    world: &'a World,
    app: AppId,
    /// Tells the tenants' notifications, secrets and families apart.
    base: u32,
    session: Session,
}

impl<'a> Tenant<'a> {
    async fn begin(world: &'a World, app: AppId, base: u32) -> Self {
        let login = Login {
            secret_hash: hash(base),
            family: super::name::family(base),
            token_use: Some(TokenUse {
                jti_hash: hash(JTI),
                expires: at(9_000),
            }),
            ..login(&app, "anna", 1)
        };
        let outcome = world.store.login(login).await.unwrap();
        let LoginOutcome::LoggedIn(session) = outcome else {
            panic!("not logged in: {outcome:?}");
        };
        let tenant = Self {
            world,
            app,
            base,
            session,
        };
        tenant.make_keys().await;
        tenant.make_topic().await;
        tenant.connect("first").await;
        tenant.publish(1, users(&["anna", "bert"])).await;
        tenant.publish(2, topics(&["news"])).await;
        tenant
    }

    async fn make_keys(&self) {
        let store = &self.world.store;
        let record = ApiKeyRecord {
            app: self.app.clone(),
            id: "k".to_owned(),
            name: "k".to_owned(),
            scopes: vec![Scope::Read],
            secret_hash: hash(self.base + 1),
        };
        store.create_key(record, at(2)).await.unwrap();
        let identity = IdentityKey {
            kid: "main".to_owned(),
            algorithm: IdentityAlgorithm::Hs256,
            key: vec![self.base.to_be_bytes()[3]; 32],
        };
        let put = store.put_identity_key(self.app.clone(), identity);
        put.await.unwrap();
    }

    async fn make_topic(&self) {
        let store = &self.world.store;
        let settings = TopicSettings {
            self_subscribe: true,
        };
        let put = store.put_topic(self.app.clone(), topic("news"), settings);
        put.await.unwrap();
        let subscription = Subscription {
            app: self.app.clone(),
            topic: topic("news"),
            user: user("anna"),
            by_user: true,
            max_topics: 9,
        };
        store.subscribe(subscription).await.unwrap();
    }

    async fn publish(&self, number: u32, to: vestnik_model::AudienceRequest) {
        let number = self.base + number;
        let key = format!("key {}", number - self.base);
        let new = NewNotification {
            idempotency: keyed(number, &key, number, 9_000).idempotency,
            ..super::name::new(&self.app, number, to)
        };
        let outcome = self.world.store.publish(new).await.unwrap();
        let is_new = matches!(outcome, PublishOutcome::Accepted(_));
        assert!(is_new, "{outcome:?}");
    }

    /// Everything that can be read of a tenant.
    async fn snapshot(&self) -> String {
        let store = &self.world.store;
        let app = || self.app.clone();
        let id = notification(self.base + 1);
        let deliveries = store
            .deliveries(app(), id, page(None, 100))
            .await
            .unwrap()
            .unwrap();
        let delivery = deliveries.data[0].id;
        let watch = WatchQuery {
            app: app(),
            id,
            after: Some(0),
            limit: 100,
            now: at(200),
        };
        let stretch = store.read_log(self.slice()).await.unwrap();
        let of_tenants = (
            store.keys(app(), page(None, 100)).await.unwrap(),
            store.key(app(), "k".to_owned()).await.unwrap(),
            store.find_key(hash(self.base + 1)).await.unwrap(),
            store
                .identity_key(app(), "main".to_owned())
                .await
                .unwrap()
                .map(|key| key.key),
            store.session(app(), installation(1)).await.unwrap(),
            store.installation(app(), installation(1)).await.unwrap(),
            store.presence(app(), user("anna"), at(200)).await.unwrap(),
            store.topic(app(), topic("news")).await.unwrap(),
        );
        let of_users = (
            stretch,
            store.heads(vec![(app(), user("anna"))]).await.unwrap(),
            store.notification(app(), id).await.unwrap(),
            store.notifications(app(), page(None, 100)).await.unwrap(),
            store.watched(watch).await.unwrap(),
            store.delivery(app(), delivery).await.unwrap(),
            store.attempts(app(), delivery).await.unwrap(),
            deliveries,
        );
        format!("{of_tenants:#?}\n{of_users:#?}")
    }

    fn slice(&self) -> LogSlice {
        LogSlice {
            app: self.app.clone(),
            ..super::world::slice("anna")
        }
    }

    /// Asks for everything that writes, by the ids that both tenants have.
    async fn act(&self) {
        self.act_as_device().await;
        self.act_as_backend().await;
        self.act_as_worker().await;
        self.leave().await;
    }

    async fn act_as_device(&self) {
        let store = &self.world.store;
        let session = || self.session.clone();
        let state = InstallationState {
            platform: Platform::Web.into(),
            model: None,
            os_version: None,
            app_version: None,
            locale: None,
            time_zone: None,
            permission: vestnik_model::Open::default(),
            envelope_key: None,
            push_addresses: Vec::new(),
        };
        assert_eq!(store.put_state(session(), state, at(30)).await, Ok(true));
        let update = UpdateState {
            locale: Some("en".to_owned()),
            ..UpdateState::default()
        };
        let updated = store.update_state(session(), update, at(31)).await;
        assert_eq!(updated, Ok(true));
        self.connect("second").await;
        self.read_and_report().await;
    }

    async fn connect(&self, connection: &str) {
        let note = PresenceNote {
            session: self.session.clone(),
            node: "n".to_owned(),
            connection: connection.to_owned(),
            lease_until: Some(at(900)),
            last_seen: at(2),
        };
        self.world.store.note_presence(vec![note]).await.unwrap();
    }

    /// Presents the first refresh token.
    async fn exchange(&self) -> ExchangeOutcome {
        let exchange = TokenExchange {
            family: super::name::family(self.base),
            counter: 1,
            secret_hash: None,
            next_expires: at(9_000),
            now: at(200),
        };
        self.world.store.exchange(exchange).await.unwrap()
    }

    async fn head(&self) -> Place {
        let heads = vec![(self.app.clone(), user("anna"))];
        self.world.store.heads(heads).await.unwrap()[0]
    }

    async fn read_and_report(&self) {
        let store = &self.world.store;
        let session = || self.session.clone();
        let beyond = Place {
            seq: 99,
            ..self.head().await
        };
        let opening = Opening {
            session: session(),
            cursor: Some(beyond.cursor()),
            random: 5,
            now: at(33),
        };
        assert!(store.open_log(opening).await.unwrap().is_some());
        let head = self.head().await;
        let report = FactReport {
            session: session(),
            facts: vec![
                receipt(self.base + 1, ReceiptKind::Clicked, 40),
                read_up_to("r", head.cursor(), 41),
            ],
            cursor: Some(head.cursor()),
            seed: hash(6),
            now: at(100),
        };
        let results = store.report(report).await.unwrap().unwrap();
        assert_eq!(results.len(), 2);
        let confirmed = Confirmed {
            session: session(),
            place: head,
        };
        store.confirm(vec![confirmed]).await.unwrap();
    }

    async fn act_as_backend(&self) {
        let store = &self.world.store;
        let app = || self.app.clone();
        let key_use = KeyUse {
            app: app(),
            id: "k".to_owned(),
            at: at(3_600),
        };
        store.note_key_use(vec![key_use]).await.unwrap();
        let left = store.unsubscribe(app(), topic("news"), user("anna"));
        assert_eq!(left.await, Ok(true));
        let id = notification(self.base + 1);
        let deliveries = store
            .deliveries(app(), id, page(None, 9))
            .await
            .unwrap()
            .unwrap();
        for view in deliveries.data {
            let hand_over = HandOver {
                app: app(),
                user: view.user,
                delivery: view.id,
                installation: installation(1),
                at: at(50),
            };
            store.hand_over(noted(vec![hand_over])).await.unwrap();
        }
        assert_eq!(store.cancel(app(), id, at(60)).await, Ok(true));
        assert_eq!(store.recall(app(), id, at(61)).await, Ok(true));
        let deleted = store.delete_topic(app(), topic("news"), at(62)).await;
        assert_eq!(deleted, Ok(true));
        let deleted = store.delete_identity_key(app(), "main".to_owned()).await;
        assert_eq!(deleted, Ok(true));
        let revoked = store.revoke_key(app(), "k".to_owned(), at(63)).await;
        assert_eq!(revoked, Ok(true));
        assert_eq!(store.revoke_keys(Some(app()), None, at(64)).await, Ok(0));
    }

    /// Does the rows of this tenant; those of the other one are claimed and left.
    async fn act_as_worker(&self) {
        for kind in [WorkKind::Expand, WorkKind::Recall, WorkKind::DeleteTopic] {
            for claim in self.world.claim(kind, 100).await {
                if claim.app == self.app {
                    self.world.perform(&claim, 100, 100).await;
                }
            }
        }
    }

    async fn leave(&self) {
        let store = &self.world.store;
        let app = || self.app.clone();
        let again = Login {
            secret_hash: hash(self.base),
            family: super::name::family(self.base + 1),
            ..login(&self.app, "bert", 1)
        };
        let outcome = store.login(again).await.unwrap();
        let LoginOutcome::LoggedIn(session) = outcome else {
            panic!("not logged in: {outcome:?}");
        };
        store.logout(session, at(70)).await.unwrap();
        let ended = store.end_session(app(), installation(1), at(71)).await;
        assert_eq!(ended, Ok(true));
        let ended = store.end_user_sessions(app(), user("anna"), at(72)).await;
        assert_eq!(ended, Ok(0));
        let erased = store.erase_user(app(), user("anna"), at(73)).await;
        assert_eq!(erased, Ok(true));
        for claim in self.world.claim(WorkKind::EraseUser, 100).await {
            self.world.perform(&claim, 100, 100).await;
        }
    }
}

pub async fn tenants_with_the_same_ids_are_apart(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let of_shop = Tenant::begin(&world, shop(), 1_000).await;
    // The same jti, and the same idempotency keys for other requests, are no repetitions.
    let of_bank = Tenant::begin(&world, bank(), 2_000).await;
    let before = of_shop.snapshot().await;
    of_bank.act().await;
    let after = of_shop.snapshot().await;
    assert_eq!(before, after);
    let kept = of_shop.exchange().await;
    assert!(matches!(kept, ExchangeOutcome::Exchanged { .. }));
    assert_eq!(of_bank.exchange().await, ExchangeOutcome::Unknown);
    assert_eq!(world.store.check_integrity().await, Ok(vec![]));
    // What waits in the shop waits on.
    assert!(world.work(WorkKind::Expand, 10, 1_000).await >= 1);
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    assert_eq!(world.store.check_integrity().await, Ok(vec![]));
}

pub async fn another_tenants_ids_are_unknown(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    let delivery = world.delivery(1, "anna").await.id;
    let id = notification(1);
    let store = &world.store;
    assert_eq!(store.notification(bank(), id).await.unwrap(), None);
    let list = store.deliveries(bank(), id, page(None, 9)).await;
    assert_eq!(list, Ok(None));
    assert_eq!(store.delivery(bank(), delivery).await, Ok(None));
    assert_eq!(store.attempts(bank(), delivery).await, Ok(None));
    let watch = WatchQuery {
        app: bank(),
        id,
        after: None,
        limit: 9,
        now: at(200),
    };
    assert_eq!(store.watched(watch).await, Ok(None));
    let forged = HandOver {
        app: bank(),
        ..world.handed(&session, 1, 50).await
    };
    world.taken();
    store.hand_over(noted(vec![forged])).await.unwrap();
    assert_eq!(store.cancel(bank(), id, at(60)).await, Ok(false));
    assert_eq!(store.recall(bank(), id, at(60)).await, Ok(false));
    let ended = store.end_session(bank(), installation(1), at(60)).await;
    assert_eq!(ended, Ok(false));
    // A session of one App is none of another, whatever its ids.
    world.login_to(&bank(), "bert", 1).await;
    world.taken();
    let forged = Session {
        app: bank(),
        ..session
    };
    let told = vec![receipt(1, ReceiptKind::Read, 60)];
    assert_eq!(world.report_at(&forged, told, (None, 100)).await, None);
    assert_eq!(world.taken(), []);
    assert_eq!(world.counts(1).await.pending, 1);
    world.is_sound().await;
}
