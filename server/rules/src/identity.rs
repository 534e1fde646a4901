//! Ids that are derived, not drawn.
//!
//! The delivery of a notification to a user always has the same id, and so has the attempt of a
//! delivery at an installation. Expanding a part of an audience twice, or noting a hand-over twice,
//! therefore writes the same rows again.
//!
//! A delivery's id also leads back to its notification and its user, so that a store needs no index of
//! deliveries by id: one random index entry for each recipient was the most expensive part of a
//! mailing. The first half of the id is that of the notification's id, with another version; the second
//! half is the hash of the user's name, mixed with a hash of the notification's id. A store finds the
//! notification in a range of ids ([`notifications_of`]) and the user by the hash
//! ([`user_hash_of`]), which it keeps with each user.
//!
//! ```
//! use uuid::Uuid;
//! use vestnik_model::{NotificationId, UserId};
//! use vestnik_rules::identity::{delivery_id, user_hash, user_hash_of};
//!
//! let notification = NotificationId::from_uuid(Uuid::from_u128(7));
//! let user = UserId::parse("anna")?;
//! let delivery = delivery_id(notification, &user);
//! assert_eq!(delivery, delivery_id(notification, &user));
//! assert_eq!(user_hash_of(delivery, notification), user_hash(&user));
//! # Ok::<(), vestnik_model::id::ParseIdError>(())
//! ```

use aws_lc_rs::digest::{Context, SHA256};
use uuid::{Builder, Uuid};
use vestnik_model::{AttemptId, Channel, DeliveryId, InstallationId, NotificationId, UserId};

use crate::cascade::Target;

/// The bits that a UUID's variant leaves free in its second half.
const FREE: u64 = (1 << 62) - 1;
/// The bits of a UUID's version in its first half.
const VERSION: u64 = 0xf000;

/// The hash of a user's name: 62 bits. Two users of one App share one only if somebody looked for them;
/// the id of a delivery then leads to both, and a store takes the one that has the delivery.
#[must_use]
pub fn user_hash(user: &UserId) -> u64 {
    half(b"user", user.as_str().as_bytes()) & FREE
}

/// The id of the delivery of a notification to a user.
#[must_use]
pub fn delivery_id(notification: NotificationId, user: &UserId) -> DeliveryId {
    delivery_id_of(notification, user_hash(user))
}

/// The id of the delivery of a notification to the user whose name has this hash.
#[must_use]
pub fn delivery_id_of(notification: NotificationId, user_hash: u64) -> DeliveryId {
    let (first, _) = notification.uuid().as_u64_pair();
    let second = (user_hash ^ mask(notification)) & FREE;
    let both = (u128::from(first) << 64) | u128::from(second);
    DeliveryId::from_uuid(Builder::from_custom_bytes(both.to_be_bytes()).into_uuid())
}

/// The notifications that a delivery can be of: ranges of ids, from the first to the last of each. Ids
/// of version 7, as the server makes them, are in the first range.
pub fn notifications_of(delivery: DeliveryId) -> impl Iterator<Item = [NotificationId; 2]> {
    let (first, _) = delivery.uuid().as_u64_pair();
    let versions = std::iter::once(7).chain((0..16).filter(|version| *version != 7));
    versions.map(move |version| {
        let first = (first & !VERSION) | (version << 12);
        [0, u64::MAX].map(|second| NotificationId::from_uuid(Uuid::from_u64_pair(first, second)))
    })
}

/// The hash of the user's name, if the delivery is one of this notification.
#[must_use]
pub fn user_hash_of(delivery: DeliveryId, notification: NotificationId) -> u64 {
    let (_, second) = delivery.uuid().as_u64_pair();
    (second ^ mask(notification)) & FREE
}

/// What hides the hash of the user, so that ids of deliveries to one user have nothing in common.
fn mask(notification: NotificationId) -> u64 {
    half(b"notification", notification.uuid().as_bytes())
}

/// 64 bits of the hash of a part, of their own in each domain.
pub(crate) fn half(domain: &[u8], part: &[u8]) -> u64 {
    let mut context = Context::new(&SHA256);
    context.update(domain);
    context.update(part);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&context.finish().as_ref()[..8]);
    u64::from_be_bytes(bytes)
}

/// The id of the attempt of a delivery at a target. All of its tries have it, so that whoever gets one
/// twice can tell.
#[must_use]
pub fn attempt_id(delivery: DeliveryId, target: Target) -> AttemptId {
    let delivery = delivery.uuid();
    let uuid = match target {
        Target::Device {
            installation,
            channel,
        } => {
            let installation = installation.uuid();
            match channel {
                // The hub was there first, and its ids never change.
                Channel::Hub => derived(delivery, installation.as_bytes()),
                Channel::Fcm
                | Channel::Rustore
                | Channel::Hms
                | Channel::Apns
                | Channel::Webpush
                | Channel::Email
                | Channel::Webhook
                | Channel::Gateway(_) => {
                    let part = [installation.as_bytes(), channel.as_str().as_bytes()].concat();
                    derived(delivery, &part)
                }
            }
        }
        Target::Mailbox => derived(delivery, b"mailbox"),
        Target::Backend => derived(delivery, b"backend"),
        Target::Gateway(name) => {
            let part = [b"gateway ", name.as_str().as_bytes()].concat();
            derived(delivery, &part)
        }
    };
    AttemptId::from_uuid(uuid)
}

/// The id of the push that withdraws a delivery at an installation. All of its tries have it.
#[must_use]
pub fn withdrawal_id(delivery: DeliveryId, installation: InstallationId) -> AttemptId {
    let part = [installation.uuid().as_bytes(), b"withdrawal".as_slice()].concat();
    AttemptId::from_uuid(derived(delivery.uuid(), &part))
}

/// A UUID of version 8 (RFC 9562, section 5.8) made of a SHA-256.
fn derived(of: Uuid, part: &[u8]) -> Uuid {
    let mut context = Context::new(&SHA256);
    context.update(of.as_bytes());
    context.update(part);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&context.finish().as_ref()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(number: u128) -> NotificationId {
        NotificationId::from_uuid(Uuid::from_u128(number))
    }

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    /// Stored rows carry these ids: they never change.
    #[test]
    fn the_ids_are_what_they_were() {
        let delivery = delivery_id(notification(1), &user("anna"));
        let hub = Target::Device {
            installation: InstallationId::from_uuid(Uuid::from_u128(2)),
            channel: Channel::Hub,
        };
        let attempt = attempt_id(delivery, hub);
        assert_eq!(delivery.uuid().get_version_num(), 8);
        assert_eq!(
            (delivery.to_string(), attempt.to_string()),
            (
                "dlv_0000000000008000852071119f51bd67".to_owned(),
                "att_cab5dbe4e467829eb7a43d488f4e7306".to_owned()
            )
        );
    }

    #[test]
    fn a_letter_and_a_request_have_attempts_of_their_own() {
        let [one, other] = [1, 2].map(|number| delivery_id(notification(number), &user("anna")));
        let letter = attempt_id(one, Target::Mailbox);
        assert_eq!(letter, attempt_id(one, Target::Mailbox));
        assert_ne!(letter, attempt_id(other, Target::Mailbox));
        let email = Target::Device {
            installation: InstallationId::from_uuid(Uuid::from_u128(2)),
            channel: Channel::Email,
        };
        assert_ne!(letter, attempt_id(one, email));
        let request = attempt_id(one, Target::Backend);
        assert_eq!(request, attempt_id(one, Target::Backend));
        assert_ne!(request, attempt_id(other, Target::Backend));
        assert_ne!(request, letter);
    }

    #[test]
    fn each_part_counts() {
        let delivery = delivery_id(notification(1), &user("anna"));
        assert_ne!(delivery, delivery_id(notification(2), &user("anna")));
        assert_ne!(delivery, delivery_id(notification(1), &user("Anna")));
    }

    #[test]
    fn a_delivery_leads_back_to_its_notification_and_user() {
        for number in [1, u128::MAX, 0x0199_0000_0000_7abc_8def_0000_0000_0001] {
            let (notification, user) = (notification(number), user("anna"));
            let delivery = delivery_id(notification, &user);
            let is_in =
                |[first, last]: [NotificationId; 2]| first <= notification && notification <= last;
            assert_eq!(
                notifications_of(delivery)
                    .filter(|range| is_in(*range))
                    .count(),
                1
            );
            assert_eq!(user_hash_of(delivery, notification), user_hash(&user));
        }
    }

    #[test]
    fn a_notification_of_version_7_is_in_the_first_range() {
        let notification = notification(0x0199_0000_0000_7abc_8def_0000_0000_0001);
        let delivery = delivery_id(notification, &user("anna"));
        let [first, last] = notifications_of(delivery).next().unwrap();
        assert!(first <= notification && notification <= last);
    }
}
