//! Names, ids, times and requests of the cases.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vestnik_model::{
    AppId, AudienceRequest, InstallationId, NotificationId, Publication, PublishRequest, TopicName,
    UserId,
    publish::{ContentRequest, Schedule, ScheduleRequest},
};
use vestnik_rules::session::FamilyId;

use crate::{
    PageQuery,
    publishing::{IdempotencyRecord, NewNotification},
    sessions::Login,
};

/// For how long the notifications of the cases are worth delivering, in seconds.
pub(super) const TTL: i64 = 1_000;
/// When notifications are accepted.
pub(super) const ACCEPTED: i64 = 10;
/// When they expire.
pub(super) const EXPIRED: i64 = ACCEPTED + TTL;
/// For how long they are kept after that.
pub(super) const KEEP: i64 = 500;
/// When they are deleted.
pub(super) const FORGOTTEN: i64 = EXPIRED + KEEP;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn shop() -> AppId {
    AppId::parse("shop").unwrap()
}

pub(super) fn bank() -> AppId {
    AppId::parse("bank").unwrap()
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(super) fn topic(name: &str) -> TopicName {
    TopicName::parse(name).unwrap()
}

pub(super) fn installation(number: u32) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number.into()))
}

/// A UUID of version 7, as the server makes them: the time first.
pub(super) fn notification(number: u32) -> NotificationId {
    let millis = 1_800_000_000_000 + u64::from(number);
    let uuid = Uuid::from_u64_pair(millis << 16 | 0x7000, 1 << 63 | u64::from(number));
    NotificationId::from_uuid(uuid)
}

/// The number that the id was made of.
pub(super) fn number_of(id: NotificationId) -> u32 {
    let (_, low) = id.uuid().as_u64_pair();
    u32::try_from(low & u64::from(u32::MAX)).unwrap()
}

pub(super) fn family(number: u32) -> FamilyId {
    FamilyId(u128::from(number).to_be_bytes())
}

/// A hash that nothing else has.
pub(super) fn hash(seed: u32) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&seed.to_be_bytes());
    hash
}

/// A page behind the cursor of the one before.
pub(super) fn page<Place: FromStr>(after: Option<&str>, limit: u32) -> PageQuery<Place> {
    let place = |after: &str| after.parse().ok().expect("a cursor is a place of its list");
    PageQuery {
        after: after.map(place),
        limit,
    }
}

/// A login at an early second; the installation's secret follows from its number.
pub(super) fn login(app: &AppId, who: &str, number: u32) -> Login {
    Login {
        app: app.clone(),
        user: user(who),
        installation: installation(number),
        secret_hash: hash(number),
        token_use: None,
        family: family(number),
        refresh_expires: at(1_000_000),
        max_installations: 50,
        now: at(1),
    }
}

pub(super) fn users(names: &[&str]) -> AudienceRequest {
    AudienceRequest {
        users: names.iter().copied().map(user).collect(),
        ..AudienceRequest::default()
    }
}

pub(super) fn topics(names: &[&str]) -> AudienceRequest {
    AudienceRequest {
        topics: names.iter().copied().map(topic).collect(),
        ..AudienceRequest::default()
    }
}

pub(super) fn installations(numbers: &[u32]) -> AudienceRequest {
    AudienceRequest {
        installations: numbers.iter().copied().map(installation).collect(),
        ..AudienceRequest::default()
    }
}

/// The same notification, accepted at another second.
pub(super) fn accepted_at(new: NewNotification, second: i64) -> NewNotification {
    let notification = new
        .publication
        .clone()
        .accept(new.notification.id, at(second));
    NewNotification {
        notification,
        ..new
    }
}

/// A notification to accept.
pub(super) fn new(app: &AppId, number: u32, to: AudienceRequest) -> NewNotification {
    let request = PublishRequest {
        to,
        notification: ContentRequest {
            title: format!("Order {number}"),
            body: "It is on its way.".to_owned(),
            ..ContentRequest::default()
        },
        ttl_seconds: u32::try_from(TTL).ok(),
        external_id: Some(format!("order-{number}")),
        ..PublishRequest::default()
    };
    let publication = Publication::parse(request).unwrap();
    NewNotification {
        app: app.clone(),
        notification: publication.accept(notification(number), at(ACCEPTED)),
        publication,
        idempotency: None,
        keep: SignedDuration::from_secs(KEEP),
        seed: hash(number),
    }
}

/// A notification of the shop that is scheduled to a second.
pub(super) fn scheduled(number: u32, to: AudienceRequest, second: i64) -> NewNotification {
    let mut new = new(&shop(), number, to);
    new.publication.schedule = Schedule::parse(&schedule(second)).unwrap();
    let accepted_at = new.notification.accepted_at;
    new.notification = new.publication.accept(notification(number), accepted_at);
    new
}

/// A schedule to a second.
pub(super) fn schedule(second: i64) -> ScheduleRequest {
    ScheduleRequest {
        send_at: Some(at(second).to_string()),
        ..ScheduleRequest::default()
    }
}

/// A notification of the shop with an idempotency key that is remembered up to a second.
pub(super) fn keyed(number: u32, key: &str, body: u32, until: i64) -> NewNotification {
    NewNotification {
        idempotency: Some(IdempotencyRecord {
            key: key.to_owned(),
            body_hash: hash(body),
            expires: at(until),
        }),
        ..new(&shop(), number, users(&["anna"]))
    }
}
