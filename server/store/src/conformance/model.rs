//! Any course of events, against a model that keeps everything in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU32, Ordering},
};

use proptest::{
    option, prop_oneof,
    sample::select,
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::{runtime::Handle, task::block_in_place};
use vestnik_model::{
    AppId, AudienceRequest, Counts, DeliveryId, DeliveryState, NotificationId, Reason, ReceiptKind,
    status::Evidence, view::DeliveryView,
};

use super::{
    Fixture,
    world::{
        TTL_SECONDS, at, first_page, installation, is_sound, login, new, notification, read_at,
        receipt, spelled, user,
    },
};
use crate::{HandOver, LogoutOutcome, Session, Store};

const USERS: [&str; 3] = ["anna", "boris", "clara"];
const DEVICES: u32 = 4;
const COURSES: u32 = 16;
const LENGTH: usize = 48;
/// Keeps what one course makes apart from the others.
const APART: u32 = 1_000;

/// Something happens. `back` counts notifications from the last one published.
#[derive(Debug, Clone)]
enum Event {
    Publish(BTreeSet<usize>, Option<u32>),
    Login {
        who: usize,
        device: u32,
    },
    Logout {
        device: u32,
    },
    HandOver {
        who: usize,
        device: u32,
        back: u32,
    },
    Report {
        device: u32,
        back: u32,
        kind: ReceiptKind,
    },
    Wait {
        seconds: i64,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let (who, device, back) = (0..USERS.len(), 1..=DEVICES, 0..6_u32);
    let users = proptest::collection::btree_set(who.clone(), 0..3);
    let kind = select(ReceiptKind::ALL.as_slice());
    prop_oneof![
        4 => (users, option::of(device.clone())).prop_map(|(users, only)| Event::Publish(users, only)),
        3 => (who.clone(), device.clone()).prop_map(|(who, device)| Event::Login { who, device }),
        1 => device.clone().prop_map(|device| Event::Logout { device }),
        4 => (who, device.clone(), back.clone())
            .prop_map(|(who, device, back)| Event::HandOver { who, device, back }),
        8 => (device, back, kind)
            .prop_map(|(device, back, kind)| Event::Report { device, back, kind }),
        1 => select([10, TTL_SECONDS].as_slice()).prop_map(|seconds| Event::Wait { seconds }),
    ]
}

/// One entry of a log: which notification, whether it tells a reading, the only device meant.
type LogEntry = (u32, bool, Option<u32>);

/// One course: the store under test beside what there should be.
struct Course<'a> {
    store: &'a dyn Store,
    number: u32,
    now: i64,
    published: u32,
    owners: BTreeMap<u32, usize>,
    /// By notification and user.
    deliveries: BTreeMap<(u32, usize), DeliveryState>,
    expiries: BTreeMap<u32, i64>,
    facts: BTreeSet<(u32, usize, u32, ReceiptKind)>,
    logs: BTreeMap<usize, Vec<LogEntry>>,
}

pub async fn any_course_of_events_agrees_with_the_model(fixture: &impl Fixture) {
    let store = fixture.open();
    let config = Config {
        cases: COURSES,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (handle, begun) = (Handle::current(), AtomicU32::new(0));
    let run = |events: Vec<Event>| {
        let number = begun.fetch_add(1, Ordering::Relaxed);
        handle.block_on(Course::begin(&*store, number).run(&events));
        Ok(())
    };
    let courses = proptest::collection::vec(event(), LENGTH);
    block_in_place(|| runner.run(&courses, run)).unwrap();
    is_sound(&*store).await;
}

impl<'a> Course<'a> {
    fn begin(store: &'a dyn Store, number: u32) -> Self {
        Self {
            store,
            number,
            now: 1,
            published: 0,
            owners: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            expiries: BTreeMap::new(),
            facts: BTreeSet::new(),
            logs: BTreeMap::new(),
        }
    }

    async fn run(mut self, events: &[Event]) {
        self.store.create_app(self.app(), at(0)).await.unwrap();
        for event in events {
            match event {
                Event::Publish(users, only) => self.publish(users, *only).await,
                Event::Login { who, device } => self.login(*who, *device).await,
                Event::Logout { device } => self.logout(*device).await,
                Event::HandOver { who, device, back } => {
                    self.hand_over(*who, *device, *back).await;
                }
                Event::Report { device, back, kind } => self.report(*device, *back, *kind).await,
                Event::Wait { seconds } => self.wait(*seconds).await,
            }
        }
        self.agrees().await;
    }

    async fn publish(&mut self, users: &BTreeSet<usize>, only: Option<u32>) {
        if users.is_empty() && only.is_none() {
            return;
        }
        self.published += 1;
        let to = AudienceRequest {
            users: users.iter().map(|who| user(USERS[*who])).collect(),
            installations: only
                .iter()
                .map(|one| installation(self.apart(*one)))
                .collect(),
            ..AudienceRequest::default()
        };
        let mut new = new(&self.app(), 1, to);
        new.notification = new
            .publication
            .accept(self.id(self.published), at(self.now));
        self.store.publish(new).await.unwrap();

        self.expiries.insert(self.published, self.now + TTL_SECONDS);
        let owner = only.and_then(|device| self.owners.get(&device)).copied();
        for who in users.iter().copied().chain(owner).collect::<BTreeSet<_>>() {
            let mut state = DeliveryState::pending();
            if !self.owners.values().any(|owner| *owner == who) {
                state.merge(Evidence::Ended(Reason::DeviceNoneActive), at(self.now));
            }
            self.deliveries.insert((self.published, who), state);
            let meant = only.filter(|_| !users.contains(&who));
            let log = self.logs.entry(who).or_default();
            log.push((self.published, false, meant));
        }
    }

    async fn login(&mut self, who: usize, device: u32) {
        let number = self.number * APART + device;
        login(self.store, &self.app(), USERS[who], number).await;
        self.owners.insert(device, who);
    }

    async fn logout(&mut self, device: u32) {
        let outcome = self
            .store
            .logout(self.app(), installation(self.apart(device)));
        let expected = match self.owners.remove(&device) {
            Some(_) => LogoutOutcome::Done,
            None => LogoutOutcome::Unknown,
        };
        assert_eq!(outcome.await, Ok(expected));
    }

    async fn hand_over(&mut self, who: usize, device: u32, back: u32) {
        let number = self.published.saturating_sub(back);
        let Some(view) = self.view(number, who).await else {
            return;
        };
        let hand_over = HandOver {
            delivery: view.id,
            installation: installation(self.apart(device)),
            at: at(self.now),
        };
        let changes = self.store.hand_over(vec![hand_over]).await.unwrap();
        let state = self.deliveries.get_mut(&(number, who)).unwrap();
        let before = state.status;
        state.merge(Evidence::Sent, at(self.now));
        assert_eq!(changes.len(), usize::from(state.status != before));
    }

    async fn report(&mut self, device: u32, back: u32, kind: ReceiptKind) {
        let Some(who) = self.owners.get(&device).copied() else {
            return;
        };
        let number = self.published.saturating_sub(back);
        let receipts = vec![receipt(self.apart(number), kind, self.now)];
        let session = self.session(who, device);
        let outcome = self.store.report(session, receipts, at(self.now));
        let outcome = outcome.await.unwrap();
        let Some(state) = self.deliveries.get_mut(&(number, who)) else {
            assert_eq!(outcome.reported.unknown, [0]);
            return;
        };
        assert_eq!(outcome.reported.accepted, 1);
        if !self.facts.insert((number, who, device, kind)) {
            return;
        }
        let was_read = state.read_at.is_some();
        state.merge(Evidence::Receipt(kind), at(self.now));
        if state.read_at.is_some() && !was_read {
            let log = self.logs.entry(who).or_default();
            let meant = log.iter().find(|entry| entry.0 == number).unwrap().2;
            log.push((number, true, meant));
        }
    }

    async fn wait(&mut self, seconds: i64) {
        self.now += seconds;
        while !self
            .store
            .expire_due(at(self.now), 2)
            .await
            .unwrap()
            .is_empty()
        {}
        for ((number, _), state) in &mut self.deliveries {
            if self.expiries[number] <= self.now {
                state.merge(Evidence::Ended(Reason::ExpiredTtl), at(self.now));
            }
        }
    }

    async fn agrees(&self) {
        let mut counts: BTreeMap<u32, Counts> = (1..=self.published)
            .map(|number| (number, Counts::default()))
            .collect();
        for ((number, who), state) in &self.deliveries {
            *counts.get_mut(number).unwrap().of(state.status) += 1;
            let view = self.view(*number, *who).await.unwrap();
            assert_eq!(facts_of(view), *state);
        }
        for (number, counts) in counts {
            let watched = self.store.watched(self.app(), self.id(number)).await;
            assert_eq!(watched.unwrap().unwrap().counts, counts);
        }
        for (device, who) in &self.owners {
            let session = self.session(*who, *device);
            let page = read_at(self.store, &session, (None, 500), at(self.now));
            let found: Vec<_> = page.await.entries.iter().map(spelled).collect();
            assert_eq!(found, self.expected_log(*who, *device));
        }
    }

    fn expected_log(&self, who: usize, device: u32) -> Vec<String> {
        let entries = self.logs.get(&who).into_iter().flatten().zip(1..);
        entries
            .filter(|((number, tells_reading, meant), _)| {
                let lives = *tells_reading || self.expiries[number] > self.now;
                lives && meant.is_none_or(|only| only == device)
            })
            .map(|((number, tells_reading, _), seq)| {
                let what = if *tells_reading { " read" } else { "" };
                format!("{}{what}@{seq}", self.apart(*number))
            })
            .collect()
    }

    async fn view(&self, number: u32, who: usize) -> Option<DeliveryView> {
        let page = self
            .store
            .deliveries(self.app(), self.id(number), first_page(100));
        let views = page.await.unwrap()?.data;
        views
            .into_iter()
            .find(|view| view.user.as_str() == USERS[who])
    }

    fn session(&self, who: usize, device: u32) -> Session {
        Session {
            app: self.app(),
            user: user(USERS[who]),
            installation: installation(self.apart(device)),
        }
    }

    fn app(&self) -> AppId {
        AppId::parse(format!("app-{}", self.number)).unwrap()
    }

    fn id(&self, number: u32) -> NotificationId {
        notification(self.apart(number))
    }

    fn apart(&self, number: u32) -> u128 {
        u128::from(self.number * APART + number)
    }
}

fn facts_of(view: DeliveryView) -> DeliveryState {
    let DeliveryView {
        id: DeliveryId { .. },
        notification_id: NotificationId { .. },
        user: _,
        status,
        reason,
        late,
        engagement,
        sent_at,
        delivered_at,
        read_at,
    } = view;
    DeliveryState {
        status,
        reason,
        late,
        engagement: engagement.into_iter().collect(),
        sent_at,
        delivered_at,
        read_at,
    }
}
