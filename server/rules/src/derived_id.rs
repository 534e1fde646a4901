//! Identifiers that are computed from what they identify, so that a repeated write addresses the
//! same row.

use aws_lc_rs::digest::{Context, SHA256};
use uuid::{Builder, Uuid};
use vestnik_model::{AttemptId, DeliveryId, InstallationId, NotificationId, UserId};

/// The id of the delivery of a notification to a user.
#[must_use]
pub fn delivery_id(notification: NotificationId, user: &UserId) -> DeliveryId {
    DeliveryId::from_uuid(derived(
        notification.uuid().as_bytes(),
        user.as_str().as_bytes(),
    ))
}

/// The id of the attempt of a delivery at an installation.
#[must_use]
pub fn attempt_id(delivery: DeliveryId, installation: InstallationId) -> AttemptId {
    AttemptId::from_uuid(derived(
        delivery.uuid().as_bytes(),
        installation.uuid().as_bytes(),
    ))
}

/// A UUID of version 8 (RFC 9562, section 5.8) from the SHA-256 of 16 bytes and a suffix.
fn derived(prefix: &[u8; 16], suffix: &[u8]) -> Uuid {
    let mut context = Context::new(&SHA256);
    context.update(prefix);
    context.update(suffix);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&context.finish().as_ref()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTIFICATION: Uuid = Uuid::from_u128(0x0192_f0c1_2b3c_7d4e_8f50_a1b2_c3d4_e5f6);

    fn delivery(user: &str) -> DeliveryId {
        let user = UserId::parse(user).unwrap();
        delivery_id(NotificationId::from_uuid(NOTIFICATION), &user)
    }

    /// Stored rows are found by these ids: a release that derives others loses them.
    #[test]
    fn ids_are_those_of_stored_rows() {
        let delivery = delivery("anna");
        let attempt = attempt_id(delivery, InstallationId::from_uuid(Uuid::from_u128(1)));
        assert_eq!(
            delivery.uuid().to_string(),
            "fdc16c7f-b6c1-8e1c-9f3e-a6088cd04ba0"
        );
        assert_eq!(
            attempt.uuid().to_string(),
            "9bc2552d-6743-89a4-8f50-a7c30df83b6e"
        );
    }

    #[test]
    fn ids_are_uuids_of_version_8() {
        let id = delivery("anna").uuid();
        assert_eq!(id.get_version_num(), 8);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn users_and_installations_have_ids_of_their_own() {
        assert_ne!(delivery("anna"), delivery("boris"));
        let attempt = |n| {
            attempt_id(
                delivery("anna"),
                InstallationId::from_uuid(Uuid::from_u128(n)),
            )
        };
        assert_ne!(attempt(1), attempt(2));
    }
}
