//! A store that is open, and short ways to use it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
};

use jiff::SignedDuration;
use vestnik_model::{
    AppId, AudienceRequest, Counts, Cursor, Entry, NotificationStatus, ParsedFact, PublishAccepted,
    UserId,
    email::EmailAddress,
    subscription::TopicSettings,
    view::{DeliveryView, NotificationView},
};
use vestnik_rules::{
    log::Place,
    schedule::Said,
    session::Session,
    work::{Claim, Progress, WorkKind},
};

use super::{
    Fixture, audit, fact,
    name::{at, bank, family, hash, login, new, notification, number_of, page, shop, topic, user},
};
use crate::{
    Store,
    audiences::{SubscribeOutcome, Subscription},
    effect::{ChangedDelivery, Effect, Event, Revocation},
    ledger::{FactReport, HandOver, HandOvers},
    logs::{LogSlice, Stretch, StretchEntry},
    publishing::PublishOutcome,
    sessions::{Login, LoginOutcome},
    work::{ClaimQuery, Part},
};

/// A store with two Apps, and everything that it emitted.
pub(super) struct World {
    pub(super) store: Arc<dyn Store>,
    emitted: Arc<Mutex<Vec<Event>>>,
    taken: AtomicUsize,
    logins: AtomicU32,
    has_erased: AtomicBool,
}

impl World {
    /// Opens an empty store and makes the Apps.
    pub(super) async fn begin(fixture: &impl Fixture) -> Self {
        let world = Self::open(fixture, Arc::default(), 0);
        for app in [shop(), bank()] {
            world.store.create_app(app, at(0)).await.unwrap();
        }
        world
    }

    fn open(fixture: &impl Fixture, emitted: Arc<Mutex<Vec<Event>>>, second: i64) -> Self {
        let sink = Arc::clone(&emitted);
        let sink = Arc::new(move |events: &[Event]| sink.lock().unwrap().extend_from_slice(events));
        let taken = emitted.lock().unwrap().len();
        Self {
            store: fixture.open(sink, at(second)),
            emitted,
            taken: AtomicUsize::new(taken),
            logins: AtomicU32::new(1_000_000),
            has_erased: AtomicBool::new(false),
        }
    }

    /// Drops the store and opens the data again, at a second.
    pub(super) fn reopened(self, fixture: &impl Fixture, second: i64) -> Self {
        let Self { store, emitted, .. } = self;
        drop(store);
        Self::open(fixture, emitted, second)
    }

    /// Everything that was emitted so far.
    pub(super) fn emitted(&self) -> MutexGuard<'_, Vec<Event>> {
        self.emitted.lock().unwrap()
    }

    /// What was emitted since the last look.
    pub(super) fn taken(&self) -> Vec<Effect> {
        let emitted = self.emitted();
        let from = self.taken.swap(emitted.len(), Ordering::SeqCst);
        let new = emitted[from..].iter();
        new.map(|event| event.effect.clone()).collect()
    }

    /// Looks at the whole store.
    pub(super) async fn is_sound(&self) {
        let emitted = self.emitted().clone();
        let has_erased = self.has_erased.load(Ordering::SeqCst);
        audit::is_sound(&*self.store, &emitted, has_erased).await;
    }

    pub(super) async fn login(&self, who: &str, number: u32) -> Session {
        self.login_to(&shop(), who, number).await
    }

    pub(super) async fn login_to(&self, app: &AppId, who: &str, number: u32) -> Session {
        let family = family(self.logins.fetch_add(1, Ordering::SeqCst));
        let login = Login {
            family,
            ..login(app, who, number)
        };
        let outcome = self.store.login(login).await.unwrap();
        let LoginOutcome::LoggedIn(session) = outcome else {
            panic!("not logged in: {outcome:?}");
        };
        session
    }

    /// Makes an open topic of the shop with these subscribers.
    pub(super) async fn topic(&self, name: &str, subscribers: &[&str]) {
        let settings = TopicSettings {
            self_subscribe: true,
        };
        let put = self.store.put_topic(shop(), topic(name), settings);
        put.await.unwrap();
        for who in subscribers {
            let joined = self.subscribe(name, who, false).await;
            assert_eq!(joined, SubscribeOutcome::Subscribed);
        }
    }

    /// A user joins a topic of the shop, of three at the most when they ask themselves.
    pub(super) async fn subscribe(&self, name: &str, who: &str, by_user: bool) -> SubscribeOutcome {
        let subscription = Subscription {
            app: shop(),
            topic: topic(name),
            user: user(who),
            by_user,
            max_topics: 3,
        };
        self.store.subscribe(subscription).await.unwrap()
    }

    /// Erases a user of the shop.
    pub(super) async fn erase(&self, who: &str) -> bool {
        self.has_erased.store(true, Ordering::SeqCst);
        let erased = self.store.erase_user(shop(), user(who), at(100));
        erased.await.unwrap()
    }

    /// Sets what the shop says of a user.
    pub(super) async fn attributes(&self, who: &str, value: serde_json::Value, second: i64) {
        let said = Said::parse(&serde_json::from_value(value).unwrap()).unwrap();
        let put = self
            .store
            .put_attributes(shop(), user(who), said, at(second));
        put.await.unwrap();
    }

    /// Sets the e-mail address of a user of the shop.
    pub(super) async fn email(&self, who: &str, address: &str, second: i64) {
        let address = EmailAddress::parse(address).unwrap();
        let put = self.store.put_email(shop(), user(who), address, at(second));
        put.await.unwrap();
    }

    pub(super) async fn publish(&self, number: u32, to: AudienceRequest) -> PublishAccepted {
        self.publish_to(&shop(), number, to).await
    }

    pub(super) async fn publish_to(
        &self,
        app: &AppId,
        number: u32,
        to: AudienceRequest,
    ) -> PublishAccepted {
        let outcome = self.store.publish(new(app, number, to)).await.unwrap();
        let PublishOutcome::Accepted(accepted) = outcome else {
            panic!("not accepted: {outcome:?}");
        };
        assert_eq!(accepted.id, notification(number));
        accepted
    }

    pub(super) async fn view(&self, number: u32) -> NotificationView {
        let view = self.store.notification(shop(), notification(number));
        view.await.unwrap().unwrap()
    }

    pub(super) async fn status(&self, number: u32) -> NotificationStatus {
        self.view(number).await.status
    }

    pub(super) async fn counts(&self, number: u32) -> Counts {
        self.view(number).await.counts
    }

    pub(super) async fn deliveries(&self, number: u32) -> Vec<DeliveryView> {
        let page = page(None, 10_000);
        let list = self.store.deliveries(shop(), notification(number), page);
        list.await.unwrap().unwrap().data
    }

    /// The delivery of a notification to a user of the shop.
    pub(super) async fn delivery(&self, number: u32, who: &str) -> DeliveryView {
        let mut views = self.deliveries(number).await;
        views.retain(|view| view.user.as_str() == who);
        views.pop().expect("the user has a delivery")
    }

    /// Notes that a notification was written to a device, at that second.
    pub(super) async fn hand_over(&self, session: &Session, number: u32, second: i64) {
        let hand_over = self.handed(session, number, second).await;
        self.store.hand_over(noted(vec![hand_over])).await.unwrap();
    }

    pub(super) async fn handed(&self, session: &Session, number: u32, second: i64) -> HandOver {
        let delivery = self.delivery(number, session.user.as_str()).await.id;
        HandOver {
            app: session.app.clone(),
            user: session.user.clone(),
            delivery,
            installation: session.installation,
            at: at(second),
        }
    }

    /// Reports facts at second 100; how each was answered.
    pub(super) async fn report(&self, session: &Session, facts: Vec<ParsedFact>) -> Vec<String> {
        let report = self.report_at(session, facts, (None, 100));
        report.await.expect("the session is the present one")
    }

    pub(super) async fn report_at(
        &self,
        session: &Session,
        facts: Vec<ParsedFact>,
        (cursor, second): (Option<Cursor>, i64),
    ) -> Option<Vec<String>> {
        let report = FactReport {
            session: session.clone(),
            facts,
            cursor,
            seed: hash(77),
            now: at(second),
        };
        let results = self.store.report(report).await.unwrap()?;
        let results = results.iter().map(fact::spelled).map(str::to_owned);
        Some(results.collect())
    }

    /// The whole log of a user of the shop, at an early second.
    pub(super) async fn stretch(&self, who: &str) -> Stretch {
        self.store.read_log(slice(who)).await.unwrap()
    }

    /// The whole log of a user of the shop, each entry [`spelled`].
    pub(super) async fn log(&self, who: &str) -> Vec<String> {
        let stretch = self.stretch(who).await;
        stretch.entries.iter().map(spelled).collect()
    }

    pub(super) async fn head(&self, who: &str) -> Place {
        let heads = self.store.heads(vec![(shop(), user(who))]).await.unwrap();
        heads[0]
    }

    /// Claims up to ten rows of a kind.
    pub(super) async fn claim(&self, kind: WorkKind, second: i64) -> Vec<Claim> {
        let asked = ClaimQuery {
            kind,
            behind: None,
            except: Vec::new(),
            limit: 10,
            lease_until: at(second) + SignedDuration::from_secs(30),
            now: at(second),
        };
        self.store.claim(asked).await.unwrap().claims
    }

    /// Claims the one row of a kind that is due.
    pub(super) async fn claim_one(&self, kind: WorkKind, second: i64) -> Claim {
        let mut claims = self.claim(kind, second).await;
        assert_eq!(claims.len(), 1, "{claims:?}");
        claims.remove(0)
    }

    pub(super) async fn perform(&self, claim: &Claim, rows: u32, second: i64) -> Progress {
        let part = Part {
            claim: claim.clone(),
            rows,
            seed: hash(88),
            now: at(second),
        };
        self.store.perform(part).await.unwrap()
    }

    /// Does all work of a kind that is due, in parts of so many rows; tells how many parts.
    pub(super) async fn work(&self, kind: WorkKind, rows: u32, second: i64) -> u32 {
        let mut parts = 0;
        loop {
            let claims = self.claim(kind, second).await;
            if claims.is_empty() {
                return parts;
            }
            for claim in claims {
                self.perform(&claim, rows, second).await;
                parts += 1;
            }
        }
    }
}

/// Hand-overs as they are noted, right after the last.
pub(super) fn noted(batch: Vec<HandOver>) -> HandOvers {
    let last = batch.iter().map(|one| one.at).max();
    HandOvers {
        batch,
        seed: hash(66),
        now: last.unwrap_or_else(|| at(0)),
    }
}

/// The whole log of a user of the shop.
pub(super) fn slice(who: &str) -> LogSlice {
    LogSlice {
        app: shop(),
        user: user(who),
        after: None,
        entries: 10_000,
        bytes: usize::MAX,
        now: at(ACCEPTED_SOON),
    }
}

const ACCEPTED_SOON: i64 = super::name::ACCEPTED + 1;

/// An entry as `number@seq`, with a word between for what is no arrival: `read`, `archived=true`,
/// `recalled`; `-@seq` for an entry without content.
pub(super) fn spelled(read: &StretchEntry) -> String {
    let seq = read.candidate.place.seq;
    match &read.entry {
        None => format!("-@{seq}"),
        Some(Entry::Notification(arrival)) => format!("{}@{seq}", number_of(arrival.id)),
        Some(Entry::Recall(recall)) => format!("{} recalled@{seq}", number_of(recall.id)),
        Some(Entry::State(change)) => {
            let (number, value) = (number_of(change.id), change.value);
            match change.flag.as_str() {
                "read" => format!("{number} read@{seq}"),
                flag => format!("{number} {flag}={value}@{seq}"),
            }
        }
        Some(Entry::Unknown(unknown)) => format!("?{}@{seq}", unknown.kind),
    }
}

/// The users whose logs have grown.
pub(super) fn grown(effects: &[Effect]) -> BTreeSet<UserId> {
    let users = effects.iter().filter_map(|effect| match effect {
        Effect::LogGrew { users } => Some(users.iter().map(|grown| grown.user.clone())),
        Effect::NotificationChanged { .. }
        | Effect::Revoked(_)
        | Effect::Stopped { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::WorkDue { .. } => None,
    });
    users.flatten().collect()
}

/// The changes of a notification: each with the deliveries that it names.
pub(super) fn changed(effects: &[Effect], number: u32) -> Vec<Vec<ChangedDelivery>> {
    let changes = effects.iter().filter_map(|effect| match effect {
        Effect::NotificationChanged {
            notification: id,
            deliveries,
            reached: _,
            became: _,
        } => (*id == notification(number)).then(|| deliveries.clone()),
        Effect::LogGrew { .. }
        | Effect::Revoked(_)
        | Effect::Stopped { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::WorkDue { .. } => None,
    });
    changes.collect()
}

/// What was revoked.
pub(super) fn revoked(effects: &[Effect]) -> Vec<Revocation> {
    let revoked = effects.iter().filter_map(|effect| match effect {
        Effect::Revoked(revocation) => Some(revocation.clone()),
        Effect::LogGrew { .. }
        | Effect::NotificationChanged { .. }
        | Effect::Stopped { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::WorkDue { .. } => None,
    });
    revoked.collect()
}

/// The work that is due: kinds with seconds.
pub(super) fn due(effects: &[Effect]) -> Vec<(WorkKind, i64)> {
    let due = effects.iter().filter_map(|effect| match effect {
        Effect::WorkDue { kind, at: due } => Some((*kind, due.duration_since(at(0)).as_secs())),
        Effect::LogGrew { .. }
        | Effect::NotificationChanged { .. }
        | Effect::Stopped { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::Revoked(_) => None,
    });
    due.collect()
}
