//! What an App's own backend is asked to deliver: the body of the requests of the channel `webhook`.
//!
//! ```
//! use vestnik_model::deliver::DeliverRequest;
//!
//! let body = r#"{"type": "notification.deliver", "timestamp": "2026-11-28T09:00:00Z", "data": {
//!     "notification_id": "ntf_00000000000000000000000000000001",
//!     "delivery_id": "dlv_00000000000000000000000000000001",
//!     "user": "anna", "content": {"title": "Your order has arrived"},
//!     "expires_at": "2026-11-29T09:00:00Z"}}"#;
//! let request: DeliverRequest = serde_json::from_str(body)?;
//! assert_eq!(request.data.user.as_str(), "anna");
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{DeliveryId, NotificationId, UserId},
    notification::Notification,
    view::ContentView,
};

/// The `type` of what a backend is asked to deliver.
pub const DELIVER: &str = "notification.deliver";

/// Asks an App's own backend to deliver a notification to a user. The same bytes each time that the same is
/// asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliverRequest {
    /// `notification.deliver`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When the notification was accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// What is to be delivered, and to whom.
    pub data: DeliverData,
}

/// What is to be delivered, and to whom. The user's addresses are not in it: a backend knows its users.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliverData {
    /// The notification.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub notification_id: NotificationId,
    /// Its delivery to this user.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub delivery_id: DeliveryId,
    /// The user, by the App's own name for them.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// What it says.
    pub content: ContentView,
    /// From when on it is not worth delivering.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
}

impl DeliverRequest {
    /// A notification to a user.
    #[must_use]
    pub fn new(delivery_id: DeliveryId, user: UserId, notification: Notification) -> Self {
        Self {
            kind: DELIVER.to_owned(),
            timestamp: notification.accepted_at,
            data: DeliverData {
                notification_id: notification.id,
                delivery_id,
                user,
                expires_at: notification.expires_at,
                content: notification.into(),
            },
        }
    }
}

/// Shows the delivery only: content and users stay out of logs.
impl fmt::Debug for DeliverRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeliverRequest")
            .field(&self.data.delivery_id)
            .finish()
    }
}

/// Shows the delivery only.
impl fmt::Debug for DeliverData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeliverData")
            .field(&self.delivery_id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_has_what_the_notification_says_and_no_address() {
        let notification: Notification = serde_json::from_value(json!({
            "id": "ntf_00000000000000000000000000000001", "title": "Your order has arrived",
            "body": "Pick it up by Friday.", "category": "orders", "image": "https://shop.example/a.png",
            "trafficType": "service", "priority": "high",
            "click": {"type": "app", "url": "shop://orders/42"},
            "actions": [{"id": "later", "type": "callback", "title": "Later"}],
            "data": {"order": 42},
            "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z",
        }))
        .unwrap();
        let delivery = "dlv_00000000000000000000000000000002".parse().unwrap();
        let user = UserId::parse("anna").unwrap();
        let request = DeliverRequest::new(delivery, user, notification);
        let expected = json!({
            "type": "notification.deliver",
            "timestamp": "2026-11-28T09:00:00Z",
            "data": {
                "notification_id": "ntf_00000000000000000000000000000001",
                "delivery_id": "dlv_00000000000000000000000000000002",
                "user": "anna",
                "content": {
                    "title": "Your order has arrived", "body": "Pick it up by Friday.",
                    "image": "https://shop.example/a.png", "category": "orders",
                    "traffic_type": "service", "priority": "high",
                    "click": {"type": "app", "url": "shop://orders/42"},
                    "actions": [{"id": "later", "type": "callback", "title": "Later"}],
                    "data": {"order": 42},
                },
                "expires_at": "2026-11-29T09:00:00Z",
            },
        });
        assert_eq!(serde_json::to_value(&request).unwrap(), expected);
        assert!(!format!("{request:?} {:?}", request.data).contains("anna"));
    }
}
