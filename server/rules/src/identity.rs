//! Ids that are derived, not drawn.
//!
//! The delivery of a notification to a user always has the same id, and so has the attempt of a
//! delivery at an installation. Expanding a part of an audience twice, or noting a hand-over twice,
//! therefore writes the same rows again.
//!
//! ```
//! use uuid::Uuid;
//! use vestnik_model::{NotificationId, UserId};
//! use vestnik_rules::identity::delivery_id;
//!
//! let notification = NotificationId::from_uuid(Uuid::from_u128(7));
//! let user = UserId::parse("anna")?;
//! assert_eq!(delivery_id(notification, &user), delivery_id(notification, &user));
//! # Ok::<(), vestnik_model::id::ParseIdError>(())
//! ```

use aws_lc_rs::digest::{Context, SHA256};
use uuid::{Builder, Uuid};
use vestnik_model::{AttemptId, DeliveryId, InstallationId, NotificationId, UserId};

/// The id of the delivery of a notification to a user.
#[must_use]
pub fn delivery_id(notification: NotificationId, user: &UserId) -> DeliveryId {
    let uuid = derived(notification.uuid(), user.as_str().as_bytes());
    DeliveryId::from_uuid(uuid)
}

/// The id of the attempt of a delivery at an installation.
#[must_use]
pub fn attempt_id(delivery: DeliveryId, installation: InstallationId) -> AttemptId {
    let uuid = derived(delivery.uuid(), installation.uuid().as_bytes());
    AttemptId::from_uuid(uuid)
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
        let attempt = attempt_id(delivery, InstallationId::from_uuid(Uuid::from_u128(2)));
        assert_eq!(delivery.uuid().get_version_num(), 8);
        assert_eq!(
            (delivery.to_string(), attempt.to_string()),
            (
                "dlv_bc665502c2c388a9a49140a1eab84a04".to_owned(),
                "att_0c3578a434be8c198064eb835b5d0c43".to_owned()
            )
        );
    }

    #[test]
    fn each_part_counts() {
        let delivery = delivery_id(notification(1), &user("anna"));
        assert_ne!(delivery, delivery_id(notification(2), &user("anna")));
        assert_ne!(delivery, delivery_id(notification(1), &user("Anna")));
    }
}
