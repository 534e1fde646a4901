//! One course of events, run on the store and on the reference.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use vestnik_model::{
    AppId, AudienceRequest, Claim, ParsedFact, subscription::TopicSettings, view::DeliveryView,
};
use vestnik_rules::{
    log::{Place, RENEW_AFTER, Standing},
    session::Session,
    work::WorkKind,
};

use super::{
    action::{Action, Set, To, Told, USERS},
    reference::{Number, Reference, Who},
};
use crate::{
    Store,
    audiences::Subscription,
    conformance::{
        fact::{self, UNKNOWN, read_up_to},
        name::{
            KEEP, TTL, at, family, hash, installation, login, new, notification, page, topic, user,
        },
        world::noted,
    },
    ledger::{Confirmed, FactReport, HandOver},
    logs::{LogSlice, Opening, Stretch},
    publishing::{NewNotification, PublishOutcome},
    sessions::{Login, LoginOutcome, LogoutOutcome},
    work::{ClaimQuery, Part},
};

/// Ids of one course lie this far from those of the next.
const APART: u32 = 1_000;

pub(super) struct Course {
    pub(super) store: Arc<dyn Store>,
    number: u32,
    pub(super) now: i64,
    pub(super) published: Number,
    logins: u32,
    facts: u32,
    sessions: BTreeMap<u32, Session>,
    ended: BTreeMap<u32, Session>,
    last: BTreeMap<u32, ParsedFact>,
    /// The version of each notification at the last look.
    pub(super) versions: BTreeMap<Number, u64>,
    pub(super) reference: Reference,
}

impl Course {
    pub(super) fn begin(store: Arc<dyn Store>, number: u32) -> Self {
        Self {
            store,
            number,
            now: 10,
            published: 0,
            logins: 0,
            facts: 0,
            sessions: BTreeMap::new(),
            ended: BTreeMap::new(),
            last: BTreeMap::new(),
            versions: BTreeMap::new(),
            reference: Reference::default(),
        }
    }

    /// Makes the course's App.
    pub(super) async fn prepare(&self) {
        self.store.create_app(self.app(), at(0)).await.unwrap();
        let settings = TopicSettings {
            self_subscribe: true,
        };
        let put = self.store.put_topic(self.app(), topic("news"), settings);
        put.await.unwrap();
    }

    pub(super) async fn act(&mut self, action: &Action) {
        match action {
            Action::Login { who, device } => self.login(*who, *device).await,
            Action::Logout { device } => self.logout(*device).await,
            Action::Subscribe { who } => self.subscribe(*who).await,
            Action::Publish(to) => self.publish(to).await,
            Action::HandOver { device, back } => self.hand_over(*device, *back).await,
            Action::Receipt { device, back, told } => self.receipt(*device, *back, *told).await,
            Action::Flag { device, back, set } => self.flag(*device, *back, *set).await,
            Action::ReadUpTo { device, seq } => self.read_up_to(*device, *seq).await,
            Action::Repeat { device } => self.repeat(*device).await,
            Action::Stale { device } => self.stale(*device).await,
            Action::Confirm { device, seq } => self.confirm(*device, *seq).await,
            Action::Renew { device } => self.renew(*device).await,
            Action::Cancel { back } => self.cancel(*back).await,
            Action::Recall { back } => self.recall(*back).await,
            Action::Wait { seconds } => self.wait(*seconds).await,
        }
    }

    async fn login(&mut self, who: Who, device: u32) {
        self.logins += 1;
        let login = Login {
            family: family(self.apart(self.logins)),
            now: at(self.now),
            ..login(&self.app(), USERS[who], self.apart(device))
        };
        let outcome = self.store.login(login).await.unwrap();
        let LoginOutcome::LoggedIn(session) = outcome else {
            panic!("not logged in: {outcome:?}");
        };
        if let Some(former) = self.sessions.insert(device, session.clone()) {
            assert!(session.generation > former.generation);
            self.ended.insert(device, former);
        }
        self.reference.login(who, device);
    }

    async fn logout(&mut self, device: u32) {
        let Some(session) = self.sessions.remove(&device) else {
            return;
        };
        let outcome = self.store.logout(session.clone(), at(self.now)).await;
        assert_eq!(outcome, Ok(LogoutOutcome::Done));
        assert!(self.reference.logout(device));
        self.ended.insert(device, session);
    }

    async fn subscribe(&mut self, who: Who) {
        let subscription = Subscription {
            app: self.app(),
            topic: topic("news"),
            user: user(USERS[who]),
            by_user: true,
            max_topics: 5,
        };
        self.store.subscribe(subscription).await.unwrap();
        self.reference.subscribers.insert(who);
    }

    async fn publish(&mut self, to: &To) {
        let names = |who: &std::collections::BTreeSet<Who>| {
            let users = who.iter().map(|who| user(USERS[*who]));
            users.collect()
        };
        let device = to.device.iter();
        let request = AudienceRequest {
            users: names(&to.users),
            topics: to.topic.then(|| topic("news")).into_iter().collect(),
            installations: device.map(|one| installation(self.apart(*one))).collect(),
            exclude_users: names(&to.excluded),
            ..AudienceRequest::default()
        };
        let is_addressed = !to.users.is_empty() || to.topic || to.device.is_some();
        if !is_addressed {
            return;
        }
        self.published += 1;
        let number = self.apart(self.published);
        let template = new(&self.app(), number, request);
        let new = NewNotification {
            notification: template
                .publication
                .accept(notification(number), at(self.now)),
            ..template
        };
        let outcome = self.store.publish(new).await.unwrap();
        assert!(
            matches!(outcome, PublishOutcome::Accepted(_)),
            "{outcome:?}"
        );
        self.work(WorkKind::Expand).await;
        let times = [self.now, TTL, KEEP];
        self.reference.publish(self.published, to, times);
    }

    async fn hand_over(&mut self, device: u32, back: u32) {
        let Some(session) = self.sessions.get(&device).cloned() else {
            return;
        };
        let number = self.published.saturating_sub(back);
        let views = self.views(number).await;
        let Some(view) = views.into_iter().find(|view| view.user == session.user) else {
            return;
        };
        let hand_over = HandOver {
            app: self.app(),
            user: session.user,
            delivery: view.id,
            installation: session.installation,
            at: at(self.now),
        };
        self.store.hand_over(noted(vec![hand_over])).await.unwrap();
        self.reference.hand_over(number, device, self.now);
    }

    async fn receipt(&mut self, device: u32, back: u32, told: Told) {
        let number = self.published.saturating_sub(back);
        let second = self.now + told.off;
        let claim = Claim::Receipt {
            notification: self.id(number),
            kind: told.kind,
            action: None,
        };
        let Some(answer) = self.tell(device, claim, second).await else {
            return;
        };
        let clamped = self.clamped(number, second);
        let is_taken = self.reference.receipt(number, device, (told.kind, clamped));
        self.is_answered(device, number, (is_taken, &answer));
    }

    async fn flag(&mut self, device: u32, back: u32, set: Set) {
        let number = self.published.saturating_sub(back);
        let claim = Claim::Flag {
            notification: self.id(number),
            flag: set.flag,
            value: set.value,
            version: set.version,
        };
        let Some(answer) = self.tell(device, claim, self.now).await else {
            return;
        };
        let clamped = self.clamped(number, self.now);
        let is_taken = self.reference.flag(number, device, (set, clamped));
        self.is_answered(device, number, (is_taken, &answer));
    }

    fn clamped(&self, number: Number, second: i64) -> i64 {
        let published = self.reference.notifications.get(&number);
        let accepted = published.map_or(0, |published| published.accepted);
        second.min(self.now).max(accepted)
    }

    /// The answer to a new fact about a notification.
    fn is_answered(&mut self, device: u32, number: Number, (is_taken, answer): (bool, &str)) {
        let expected = if is_taken { "stored" } else { UNKNOWN };
        assert_eq!(answer, expected);
        if is_taken {
            self.remember(device, Some(number));
        }
    }

    fn remember(&mut self, device: u32, number: Option<Number>) {
        let who = self.reference.owners[&device];
        let id = self.last[&device].id.as_str().to_owned();
        self.reference.facts.insert((device, who, id), number);
    }

    /// Reports a new fact; `None` when nobody is logged in on the device.
    async fn tell(&mut self, device: u32, claim: Claim, second: i64) -> Option<String> {
        self.facts += 1;
        let fact = fact::fact(&format!("f{}", self.facts), claim, second);
        self.report(device, fact).await
    }

    async fn report(&mut self, device: u32, fact: ParsedFact) -> Option<String> {
        let session = self.sessions.get(&device).cloned()?;
        self.last.insert(device, fact.clone());
        let results = self.store.report(self.report_of(session, fact)).await;
        let results = results.unwrap().expect("the session is the present one");
        assert_eq!(results.len(), 1);
        Some(fact::spelled(&results[0]).to_owned())
    }

    fn report_of(&self, session: Session, fact: ParsedFact) -> FactReport {
        FactReport {
            session,
            facts: vec![fact],
            cursor: None,
            seed: hash(self.facts),
            now: at(self.now),
        }
    }

    async fn read_up_to(&mut self, device: u32, seq: u64) {
        let Some(place) = self.place(device, seq).await else {
            return;
        };
        self.facts += 1;
        let fact = read_up_to(&format!("f{}", self.facts), place.cursor(), self.now);
        let answer = self.report(device, fact).await;
        assert_eq!(answer.as_deref(), Some("stored"));
        self.reference.read_up_to(device, place.seq, self.now);
        self.remember(device, None);
    }

    /// The last fact of a device comes again.
    async fn repeat(&mut self, device: u32) {
        let (Some(fact), Some(who)) = (
            self.last.get(&device).cloned(),
            self.reference.owners.get(&device).copied(),
        ) else {
            return;
        };
        let key = (device, who, fact.id.as_str().to_owned());
        if self.reference.facts.contains_key(&key) {
            let answer = self.report(device, fact).await;
            assert_eq!(answer.as_deref(), Some("duplicate"));
        }
    }

    /// A device goes on with a session that has ended.
    async fn stale(&mut self, device: u32) {
        let (Some(session), Some(fact)) = (
            self.ended.get(&device).cloned(),
            self.last.get(&device).cloned(),
        ) else {
            return;
        };
        let report = self.report_of(session.clone(), fact);
        assert_eq!(self.store.report(report).await, Ok(None));
        let outcome = self.store.logout(session, at(self.now)).await;
        assert_eq!(outcome, Ok(LogoutOutcome::Ended));
    }

    async fn confirm(&mut self, device: u32, seq: u64) {
        let (Some(place), Some(session)) = (
            self.place(device, seq).await,
            self.sessions.get(&device).cloned(),
        ) else {
            return;
        };
        let confirmed = Confirmed { session, place };
        self.store.confirm(vec![confirmed]).await.unwrap();
        self.reference.confirm(device, place.seq);
    }

    async fn renew(&mut self, device: u32) {
        let Some(session) = self.sessions.get(&device).cloned() else {
            return;
        };
        let who = self.reference.owners[&device];
        let head = self.stretch(who).await.head;
        let beyond = Place {
            seq: head.seq + 3,
            ..head
        };
        let opening = Opening {
            session,
            cursor: Some(beyond.cursor()),
            random: hash(self.facts + 7)[3].into(),
            now: at(self.now),
        };
        let opened = self.store.open_log(opening).await.unwrap().unwrap();
        let now = self.now;
        let log = self.reference.logs.entry(who).or_default();
        let may = log
            .renewed
            .is_none_or(|last| now - last >= RENEW_AFTER.as_secs());
        if may {
            assert_eq!(opened.standing, Standing::None);
            assert_ne!(opened.head.epoch, head.epoch);
            log.epoch += 1;
            log.renewed = Some(now);
        } else {
            assert_eq!(opened.standing, Standing::OtherHistory);
            assert_eq!(opened.head, head);
        }
    }

    async fn cancel(&mut self, back: u32) {
        let number = self.published.saturating_sub(back);
        let cancelled = self.store.cancel(self.app(), self.id(number), at(self.now));
        let expected = self.reference.cancel(number, false);
        assert_eq!(cancelled.await, Ok(expected));
    }

    async fn recall(&mut self, back: u32) {
        let number = self.published.saturating_sub(back);
        let recalled = self.store.recall(self.app(), self.id(number), at(self.now));
        let expected = self.reference.cancel(number, true);
        assert_eq!(recalled.await, Ok(expected));
        self.work(WorkKind::Recall).await;
    }

    async fn wait(&mut self, seconds: i64) {
        self.now += seconds;
        self.work(WorkKind::Expire).await;
        self.work(WorkKind::Retain).await;
        self.reference.pass(self.now);
    }

    /// Does all work of a kind that is due, in small parts.
    async fn work(&self, kind: WorkKind) {
        loop {
            let asked = ClaimQuery {
                kind,
                behind: None,
                except: Vec::new(),
                limit: 2,
                lease_until: at(self.now) + SignedDuration::from_secs(30),
                now: at(self.now),
            };
            let claims = self.store.claim(asked).await.unwrap().claims;
            if claims.is_empty() {
                return;
            }
            for claim in claims {
                let part = Part {
                    claim,
                    rows: 2,
                    seed: hash(self.facts + 100),
                    now: at(self.now),
                };
                self.store.perform(part).await.unwrap();
            }
        }
    }

    pub(super) async fn views(&self, number: Number) -> Vec<DeliveryView> {
        let list = self
            .store
            .deliveries(self.app(), self.id(number), page(None, 100));
        list.await
            .unwrap()
            .map(|list| list.data)
            .unwrap_or_default()
    }

    pub(super) async fn stretch(&self, who: Who) -> Stretch {
        let slice = LogSlice {
            app: self.app(),
            user: user(USERS[who]),
            after: None,
            entries: 1_000,
            bytes: usize::MAX,
            now: at(self.now),
        };
        self.store.read_log(slice).await.unwrap()
    }

    /// The place of the log of a device's user that is nearest to a number and still there.
    async fn place(&self, device: u32, seq: u64) -> Option<Place> {
        let who = *self.reference.owners.get(&device)?;
        let stretch = self.stretch(who).await;
        let places = stretch.entries.iter().map(|read| read.candidate.place);
        places
            .filter(|place| place.seq <= seq)
            .max_by_key(|place| place.seq)
    }

    pub(super) fn app(&self) -> AppId {
        AppId::parse(format!("course-{}", self.number)).unwrap()
    }

    pub(super) fn id(&self, number: Number) -> vestnik_model::NotificationId {
        notification(self.apart(number))
    }

    pub(super) const fn apart(&self, number: u32) -> u32 {
        self.number * APART + number
    }
}
