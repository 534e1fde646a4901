//! Rows of a history, for tests.

use vestnik_model::{Click, ClickKind, NotificationId};

use crate::model::Row;

/// The id of a sample.
pub(crate) fn id(number: usize) -> NotificationId {
    format!("ntf_{number:032x}").parse().unwrap()
}

/// An unread row.
pub(crate) fn row(number: usize) -> Row {
    let notification = serde_json::json!({
        "id": id(number),
        "title": format!("Order {number}"),
        "body": "It is on its way.",
        "category": "orders",
        "acceptedAt": "2026-11-21T10:00:00Z",
        "expiresAt": "2026-12-21T10:00:00Z",
    });
    Row {
        notification: serde_json::from_value(notification).unwrap(),
        is_read: false,
        received_at: "2026-11-21T10:00:01Z".parse().unwrap(),
        read_at: None,
    }
}

/// A read row.
pub(crate) fn read(number: usize) -> Row {
    let read_at = Some("2026-11-21T11:00:00Z".parse().unwrap());
    Row {
        is_read: true,
        read_at,
        ..row(number)
    }
}

/// An unread row that opens something.
pub(crate) fn linking(number: usize, kind: ClickKind, url: &str) -> Row {
    let mut row = row(number);
    row.notification.click = Some(Click {
        kind: kind.into(),
        url: url.to_owned(),
    });
    row
}
