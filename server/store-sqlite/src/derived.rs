//! Ids that follow from others.
//!
//! A delivery's id leads back to its notification and its user without an index of its own: writing
//! one random index entry for each recipient was the most expensive part of a mailing. Its first half
//! is that of the notification's id (a UUID of version 7: the time and a little randomness), its second
//! half is the hash of the user's name, mixed with a hash of the notification's id. The notification is
//! found by a range of its ids, the user by the hash, which `user` has an index of.

use aws_lc_rs::digest::{Context, SHA256};
use uuid::{Builder, Uuid};
use vestnik_model::{AttemptId, DeliveryId, InstallationId, NotificationId, UserId};

/// The bits of a UUID of version 8 that are free in its second half: all but the variant.
const FREE: u64 = (1 << 62) - 1;
/// The bits that are free in its first half: all but the version.
const VERSION: u64 = 0xf000;

/// The hash of a user's name, as `user.hash` has it. Never negative.
pub(crate) fn user_hash(user: &UserId) -> u64 {
    half(b"user", user.as_str().as_bytes()) & FREE
}

/// The id of the delivery of a notification to a user.
pub(crate) fn delivery_id(notification: NotificationId, user_hash: u64) -> DeliveryId {
    let (first, _) = notification.uuid().as_u64_pair();
    let second = (user_hash ^ half(b"notification", notification.uuid().as_bytes())) & FREE;
    let both = (u128::from(first) << 64) | u128::from(second);
    DeliveryId::from_uuid(Builder::from_custom_bytes(both.to_be_bytes()).into_uuid())
}

/// The notifications that a delivery's id can be of: the ids from the first to the last.
pub(crate) fn notifications_of(delivery: DeliveryId) -> [Uuid; 2] {
    let (first, _) = delivery.uuid().as_u64_pair();
    let version_7 = (first & !VERSION) | 0x7000;
    [
        Uuid::from_u64_pair(version_7, 0),
        Uuid::from_u64_pair(version_7, u64::MAX),
    ]
}

/// The hash of the user's name, if the delivery is one of this notification.
pub(crate) fn user_hash_of(delivery: DeliveryId, notification: NotificationId) -> u64 {
    let (_, second) = delivery.uuid().as_u64_pair();
    (second ^ half(b"notification", notification.uuid().as_bytes())) & FREE
}

/// The id of the attempt of a delivery at an installation.
pub(crate) fn attempt_id(delivery: DeliveryId, installation: InstallationId) -> AttemptId {
    let first = half(delivery.uuid().as_bytes(), installation.uuid().as_bytes());
    let second = half(installation.uuid().as_bytes(), delivery.uuid().as_bytes());
    let both = (u128::from(first) << 64) | u128::from(second);
    AttemptId::from_uuid(Builder::from_custom_bytes(both.to_be_bytes()).into_uuid())
}

fn half(one: &[u8], other: &[u8]) -> u64 {
    let mut context = Context::new(&SHA256);
    context.update(one);
    context.update(other);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&context.finish().as_ref()[..8]);
    u64::from_be_bytes(bytes)
}
