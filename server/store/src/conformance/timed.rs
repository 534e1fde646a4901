//! Notifications that go by their recipients' clocks, and short ways to see when they go out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use vestnik_model::{
    AudienceRequest, Entry, InstallationState, Notification, Permission, Platform, UserId,
    publish::{Schedule, ZoneName},
};
use vestnik_rules::{schedule::span, session::Session, work::WorkKind};

use super::{
    name::{ACCEPTED, at, new, notification, shop, user},
    world::World,
};
use crate::publishing::{NewNotification, PublishOutcome};

/// The second of a time.
pub(super) fn second(text: &str) -> i64 {
    let time: Timestamp = text.parse().unwrap();
    time.duration_since(at(0)).as_secs()
}

/// A notification of the shop with a schedule as senders write it.
pub(super) fn timed(
    number: u32,
    to: AudienceRequest,
    schedule: Value,
    ttl: SignedDuration,
) -> NewNotification {
    let mut new = new(&shop(), number, to);
    let schedule = Schedule::parse(&serde_json::from_value(schedule).unwrap()).unwrap();
    new.publication.ttl = ttl;
    let accepted_at = new.notification.accepted_at;
    let life = span(&schedule, accepted_at, ttl);
    new.publication.schedule = schedule;
    new.notification = Notification {
        expires_at: life.expires_at,
        ..new.publication.accept(notification(number), accepted_at)
    };
    new
}

impl World {
    /// Publishes a notification with a schedule.
    pub(super) async fn publish_timed(
        &self,
        number: u32,
        to: AudienceRequest,
        schedule: Value,
        ttl: SignedDuration,
    ) {
        let outcome = self.store.publish(timed(number, to, schedule, ttl)).await;
        let outcome = outcome.unwrap();
        assert!(
            matches!(outcome, PublishOutcome::Accepted(_)),
            "{outcome:?}"
        );
    }

    /// Logs a user in on an installation that reports a zone.
    pub(super) async fn login_in(&self, who: &str, number: u32, zone: &str) -> Session {
        let session = self.login(who, number).await;
        self.move_to(&session, zone, 2).await;
        session
    }

    /// An installation reports a zone.
    pub(super) async fn move_to(&self, session: &Session, zone: &str, second: i64) {
        let state = InstallationState {
            platform: Platform::Linux.into(),
            model: None,
            os_version: None,
            app_version: None,
            locale: None,
            time_zone: Some(zone.to_owned()),
            permission: Permission::Granted.into(),
            envelope_key: None,
            push_addresses: Vec::new(),
        };
        let put = self.store.put_state(session.clone(), state, at(second));
        assert!(put.await.unwrap());
    }

    /// The shop's default zone.
    pub(super) async fn default_zone(&self, name: &str) {
        self.default_zone_at(name, 3).await;
    }

    /// The shop's default zone, from a second on.
    pub(super) async fn default_zone_at(&self, name: &str, second: i64) {
        let zone = ZoneName::parse(name);
        let put = self.store.put_default_zone(shop(), zone, at(second));
        put.await.unwrap();
    }

    /// Expands and releases what is due at a second, in parts of so many rows.
    pub(super) async fn go_on(&self, rows: u32, second: i64) {
        for kind in [WorkKind::AskAnew, WorkKind::Expand, WorkKind::Release] {
            self.work(kind, rows, second).await;
        }
    }

    /// When the next expansion or release is due.
    pub(super) async fn next_turn(&self) -> Option<Timestamp> {
        let expand = self.store.next_due(WorkKind::Expand).await.unwrap();
        let release = self.store.next_due(WorkKind::Release).await.unwrap();
        [expand, release].into_iter().flatten().min()
    }

    /// When each of these users got a notification, up to a second, each with when it expires for them:
    /// the work is done when it is due, in parts of so many rows.
    pub(super) async fn play(
        &self,
        number: u32,
        users: &[&str],
        rows: u32,
        until: i64,
    ) -> BTreeMap<String, (Timestamp, Timestamp)> {
        let mut got = BTreeMap::new();
        while let Some(due) = self.next_turn().await.filter(|due| *due <= at(until)) {
            // Times of the cases are whole seconds, those of a pace are not.
            let second = due.duration_since(at(0)).as_millis_f64() / 1_000.0;
            self.go_on(rows, second.ceil() as i64).await;
            for who in users {
                if let Some(found) = self.arrival(number, user(who), due).await {
                    got.entry((*who).to_owned()).or_insert(found);
                }
            }
        }
        got
    }

    /// The same of those who got it when it was accepted.
    pub(super) async fn at_once(
        &self,
        number: u32,
        users: &[&str],
    ) -> BTreeMap<String, (Timestamp, Timestamp)> {
        let mut got = BTreeMap::new();
        for who in users {
            let found = self.arrival(number, user(who), at(ACCEPTED)).await;
            let found = found.filter(|(came, _)| *came == at(ACCEPTED));
            got.extend(found.map(|found| ((*who).to_owned(), found)));
        }
        got
    }

    /// When a notification came into a user's log, and when it expires for them.
    async fn arrival(
        &self,
        number: u32,
        who: UserId,
        now: Timestamp,
    ) -> Option<(Timestamp, Timestamp)> {
        let slice = crate::logs::LogSlice {
            user: who,
            now,
            ..super::world::slice("anybody")
        };
        let stretch = self.store.read_log(slice).await.unwrap();
        let arrivals = stretch
            .entries
            .into_iter()
            .filter_map(|read| match read.entry? {
                Entry::Notification(arrival) => Some(arrival),
                Entry::Recall(_) | Entry::State(_) | Entry::Unknown(_) => None,
            });
        let mut its = arrivals.filter(|arrival| arrival.id == notification(number));
        let arrival = its.next()?;
        assert!(its.next().is_none(), "it is in the log once");
        Some((arrival.at, arrival.notification.expires_at))
    }
}
