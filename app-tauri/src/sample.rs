//! Rows of a history, for tests.

use vestnik_model::{Action, ActionKind, Click, ClickKind, NotificationId};

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

/// An unread row with a button of each kind, and one that opens a screen of another app.
pub(crate) fn with_buttons(number: usize) -> Row {
    let mut row = row(number);
    let button = |id: &str, kind: ActionKind, url: Option<&str>| Action {
        id: id.to_owned(),
        kind: kind.into(),
        title: id.to_owned(),
        url: url.map(str::to_owned),
        placeholder: None,
    };
    row.notification.actions = vec![
        button("pay", ActionKind::Link, Some("https://shop.example/pay")),
        button("answer", ActionKind::Reply, None),
        button("ok", ActionKind::Callback, None),
        button("app", ActionKind::Link, Some("shop://order/1")),
    ];
    row
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
