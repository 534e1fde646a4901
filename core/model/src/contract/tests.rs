use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{
    notification::{Click, ClickKind, Priority, TrafficType},
    receipt::ReceiptKind,
    text::{Body, Title},
};

fn cursor(seq: u64) -> Cursor {
    Cursor {
        epoch: Epoch(0xc0de),
        seq,
    }
}

fn time() -> Timestamp {
    "2026-11-21T09:00:00.25Z".parse().unwrap()
}

fn notification() -> Notification {
    Notification {
        id: NotificationId::from_uuid(Uuid::from_u128(1)),
        title: Title::parse("Заказ 8812").unwrap(),
        body: Body::parse("В пути 🚚").unwrap(),
        image: None,
        category: None,
        traffic_type: TrafficType::Transactional,
        priority: Priority::High,
        click: Some(Click {
            kind: ClickKind::App,
            url: "shop://orders/8812".to_owned(),
        }),
        data: None,
        accepted_at: time(),
        expires_at: time(),
    }
}

fn envelope() -> Envelope {
    Envelope {
        cursor: cursor(3),
        delivery_id: DeliveryId::from_uuid(Uuid::from_u128(2)),
        read_at: None,
        notification: notification(),
    }
}

fn state_change() -> StateChange {
    StateChange {
        cursor: cursor(4),
        id: notification().id,
        state: HistoryState::Read,
        at: time(),
    }
}

/// What is written reads back as the same.
#[track_caller]
fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value, "{json}");
}

#[test]
fn what_a_device_says() {
    let hello = Hello {
        installation_id: InstallationId::from_uuid(Uuid::from_u128(9)),
        cursor: Some(cursor(17)),
        locale: Some("ru".to_owned()),
        time_zone: Some("Europe/Moscow".to_owned()),
        permission: Some(Permission::Granted),
        app_version: Some("1.2.3".to_owned()),
    };
    let receipt = Receipt {
        notification_id: notification().id,
        kind: ReceiptKind::Read,
        at: time(),
    };
    let report = Report {
        receipts: vec![receipt],
    };
    let sync = Sync {
        cursor: None,
        limit: Some(50),
    };
    check_round_trip(&hello);
    check_round_trip(&report);
    check_round_trip(&sync);
    insta::assert_json_snapshot!(json!({"hello": hello, "report": report, "sync": sync}));
}

#[test]
fn what_the_server_answers() {
    let welcome = Welcome {
        epoch: EpochText(Epoch(0xc0de)),
        cursor: cursor(20),
        behind_by: 3,
        server_time: time(),
    };
    let page = Page {
        entries: vec![
            Entry::Notification(Box::new(envelope())),
            Entry::State(state_change()),
        ],
        cursor: cursor(4),
        more: true,
    };
    check_round_trip(&welcome);
    check_round_trip(&page);
    insta::assert_json_snapshot!(json!({"welcome": welcome, "page": page}));
}

#[test]
fn what_the_server_calls() {
    let drain = Drain {
        retry_after_ms: 750,
    };
    let behind = Behind { cursor: cursor(9) };
    check_round_trip(&drain);
    check_round_trip(&behind);
    insta::assert_json_snapshot!(json!({
        device::NOTIFY: [envelope()],
        device::STATE_CHANGED: [state_change()],
        device::BEHIND: behind,
        device::DRAIN: drain,
    }));
}

#[test]
fn what_a_sender_sees() {
    let change = StatusChange {
        id: notification().id,
        status: NotificationStatus::Sending,
        counts: Counts {
            pending: 1,
            delivered: 2,
            ..Counts::default()
        },
        delivery: Some(DeliveryChange {
            id: DeliveryId::from_uuid(Uuid::from_u128(2)),
            user: crate::id::UserId::parse("u-42").unwrap(),
            status: DeliveryStatus::Delivered,
        }),
        at: time(),
    };
    let published = Published {
        id: notification().id,
        status: NotificationStatus::Queued,
        replayed: false,
    };
    check_round_trip(&change);
    check_round_trip(&published);
    insta::assert_json_snapshot!(json!({"change": change, "published": published}));
}

#[test]
fn a_misspelt_argument_is_refused() {
    let hello = json!({"installation_id": "ins_00000000000000000000000000000009"});
    assert!(serde_json::from_value::<Hello>(hello).is_err());
}
