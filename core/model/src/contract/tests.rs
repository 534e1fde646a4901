use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    counts::Counts,
    cursor::Cursor,
    entry::{Arrival, Entry, Flag, Recall, StateChange},
    event::MAX_NUMBER,
    fact::{FactId, FactRefusal, FactResult},
    id::{DeliveryId, InstallationId, NotificationId, TopicName, UserId},
    installation::Permission,
    limits::FEATURES,
    notification::{ClickKind, ClickRequest, Notification, Priority},
    open::Open,
    problem::{FieldProblem, Problem, ProblemCode},
    reason::Reason,
    status::{DeliveryStatus, NotificationStatus},
    text::{Body, Title},
    warning::Warning,
};

fn cursor(seq: u64) -> Cursor {
    Cursor::parse(format!("0000002a:{seq}:c0ffee00")).unwrap()
}

fn time() -> Timestamp {
    "2026-11-21T09:00:00.25Z".parse().unwrap()
}

fn notification() -> Notification {
    Notification {
        id: NotificationId::from_uuid(Uuid::from_u128(1)),
        revision: 0,
        title: Title::parse("Заказ 8812").unwrap(),
        body: Body::parse("В пути 🚚").unwrap(),
        image: None,
        category: None,
        traffic_type: Open::default(),
        priority: Priority::High.into(),
        click: Some(
            ClickRequest {
                kind: ClickKind::App,
                url: "shop://orders/8812".to_owned(),
            }
            .into(),
        ),
        actions: vec![action()],
        data: None,
        accepted_at: time(),
        expires_at: time(),
    }
}

fn entries() -> Vec<Entry> {
    let id = notification().id;
    vec![
        Entry::Notification(Box::new(Arrival {
            id,
            at: time(),
            delivery_id: DeliveryId::from_uuid(Uuid::from_u128(2)),
            read_at: Some(time()),
            notification: notification(),
        })),
        Entry::State(StateChange {
            id,
            at: time(),
            flag: Flag::Read.into(),
            value: true,
            version: 3,
        }),
        Entry::Recall(Recall { id, at: time() }),
    ]
}

/// What is written reads back as the same, and with an unknown field beside the known ones too.
#[track_caller]
fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value, "{json}");
    let packed = rmp_serde::to_vec_named(value).unwrap();
    assert_eq!(
        rmp_serde::from_slice::<T>(&packed).unwrap(),
        *value,
        "{json}"
    );
    let mut newer = serde_json::to_value(value).unwrap();
    newer["fromALaterVersion"] = json!({"x": [1]});
    assert_eq!(
        serde_json::from_value::<T>(newer).unwrap(),
        *value,
        "{json}"
    );
}

fn hello() -> Hello {
    Hello {
        contract: CONTRACT,
        features: Feature::all(),
        installation_id: InstallationId::from_uuid(Uuid::from_u128(9)),
        cursor: Some(cursor(17)),
        locale: Some("ru".to_owned()),
        time_zone: Some("Europe/Moscow".to_owned()),
        permission: Some(Permission::Granted.into()),
        app_version: Some("1.2.3".to_owned()),
    }
}

#[test]
fn what_a_device_says() {
    let sync = Sync {
        cursor: None,
        limit: Some(50),
    };
    let fact =
        json!({"id": "f-1", "kind": "read", "notificationId": notification().id, "at": time()});
    let report = Report {
        facts: vec![serde_json::from_value(fact).unwrap()],
        cursor: Some(cursor(20)),
    };
    let update = UpdateState {
        permission: Some(Permission::Denied.into()),
        time_zone: Some("Asia/Omsk".to_owned()),
        ..UpdateState::default()
    };
    let subscribe = Subscribe {
        topic: TopicName::parse("orders").unwrap(),
    };
    check_round_trip(&hello());
    check_round_trip(&sync);
    check_round_trip(&report);
    check_round_trip(&update);
    check_round_trip(&subscribe);
    insta::assert_json_snapshot!(json!({
        "hello": hello(), "sync": sync, "report": report, "update": update, "subscribe": subscribe,
    }));
}

#[test]
fn what_the_server_answers() {
    let welcome = Welcome {
        contract: CONTRACT,
        features: Feature::all(),
        cursor: Some(cursor(20)),
        behind_by: 3,
        server_time: time(),
        limits: Limits {
            page_bytes: 262_144,
            report_bytes: 65_536,
            publish_bytes: 73_728,
        },
    };
    let page = Page {
        after: cursor(17),
        cursor: cursor(20),
        entries: entries(),
        more: true,
    };
    let id = |text: &str| FactId::parse(text).unwrap();
    let reported = Reported {
        results: vec![
            FactResult::taken(&id("1"), true),
            FactResult::taken(&id("2"), false),
            FactResult::refused("3", FactRefusal::UnknownKind),
        ],
    };
    check_round_trip(&welcome);
    check_round_trip(&page);
    check_round_trip(&reported);
    check_round_trip(&Done {});
    insta::assert_json_snapshot!(json!({
        "welcome": welcome, "page": page, "reported": reported, "done": Done {},
    }));
}

#[test]
fn what_the_server_calls() {
    let live = Entries {
        after: cursor(17),
        cursor: cursor(20),
        entries: entries(),
    };
    let drain = Drain {
        retry_after_ms: 750,
    };
    let behind = Behind { cursor: cursor(9) };
    let replaced = InstallationReplaced {
        reason: "limit".to_owned(),
    };
    check_round_trip(&live);
    check_round_trip(&drain);
    check_round_trip(&behind);
    check_round_trip(&replaced);
    insta::assert_json_snapshot!(json!({
        device::ENTRIES: live,
        device::BEHIND: behind,
        device::INSTALLATION_REPLACED: replaced,
        device::DRAIN: drain,
    }));
}

#[test]
fn what_a_sender_sees() {
    let change = StatusChange {
        version: 12,
        id: notification().id,
        status: NotificationStatus::Sending,
        is_recalled: true,
        counts: Counts {
            pending: 1,
            delivered: 2,
            ..Counts::default()
        },
        warnings: vec![],
        deliveries: vec![DeliveryChange {
            id: DeliveryId::from_uuid(Uuid::from_u128(2)),
            user: UserId::parse("u-42").unwrap(),
            status: DeliveryStatus::Undelivered,
            reason: Some(Reason::DeliveryUnconfirmed.into()),
            late: false,
        }],
        at: time(),
    };
    let published = Published {
        id: notification().id,
        status: NotificationStatus::Sent,
        replayed: false,
        warnings: vec![Warning::AudienceEmpty.into()],
    };
    check_round_trip(&change);
    check_round_trip(&published);
    insta::assert_json_snapshot!(json!({"change": change, "published": published}));
}

#[test]
fn what_a_sender_says() {
    let watch = Watch {
        notification_id: notification().id,
        after: Some(12),
    };
    let named = OfNotification {
        notification_id: notification().id,
    };
    let hello = SenderHello {
        contract: CONTRACT,
        features: vec![],
    };
    insta::assert_json_snapshot!(json!({"watch": watch, "cancel": named, "hello": hello}));
    for (after, is_read) in [
        (MAX_NUMBER, true),
        (MAX_NUMBER + 1, false),
        (u64::MAX, false),
    ] {
        let after = Some(after);
        let value = serde_json::to_value(Watch {
            after,
            ..watch.clone()
        })
        .unwrap();
        let read = serde_json::from_value::<Watch>(value);
        assert_eq!(read.is_ok(), is_read, "{after:?}");
    }
    let mut misspelt = serde_json::to_value(watch).unwrap();
    misspelt["afterr"] = json!(1);
    assert!(serde_json::from_value::<Watch>(misspelt).is_err());
}

#[test]
fn a_refusal_is_told_from_a_result() {
    let problem = Problem::unknown_topic(1).retry_after(7);
    let refused: Answer<Done> = Answer::Refused {
        problem: problem.into(),
    };
    insta::assert_json_snapshot!(refused);
    check_round_trip(&refused);
    check_round_trip(&Answer::Done(Done {}));
    let null: Answer<Done> = serde_json::from_value(json!({"problem": null})).unwrap();
    assert_eq!(null.into_result(), Ok(Done {}));
}

#[test]
fn an_odd_refusal_is_no_success() {
    let answer: Answer<Done> =
        serde_json::from_value(json!({"problem": {"code": "odd.new", "errors": [{"x": 1}, 7]}}))
            .unwrap();
    let problem = answer.into_result().unwrap_err();
    assert_eq!(
        (problem.code.as_str(), problem.errors.len()),
        ("odd.new", 0)
    );
    assert!(serde_json::from_value::<Answer<Done>>(json!({"problem": "no"})).is_err());
}

#[test]
fn a_problem_has_the_hubs_spelling() {
    let error = FieldProblem::new(
        "/ttl_seconds",
        crate::FieldCode::OutOfRange,
        "must be 1 to 9",
    );
    let problem = HubProblem::from(Problem::invalid(vec![error]));
    assert_eq!(problem.detail, "/ttlSeconds must be 1 to 9");
    assert_eq!(problem.errors[0].pointer, "/ttlSeconds");
    assert_eq!(problem.open_code(), ProblemCode::RequestInvalid);
}

#[test]
fn a_device_with_odd_texts_is_served() {
    let mut odd = serde_json::to_value(hello()).unwrap();
    odd["locale"] = json!("");
    odd["timeZone"] = json!(7);
    odd["appVersion"] = json!("1".repeat(129));
    odd["permission"] = json!("sometimes");
    odd["features"] = json!(["recall", "teleport", 7]);
    let read: Hello = serde_json::from_value(odd).unwrap();
    assert_eq!(
        (read.locale, read.time_zone, read.app_version),
        (None, None, None)
    );
    assert_eq!(read.permission.unwrap().as_str(), "sometimes");
    let features: Vec<_> = read.features.iter().map(Open::as_str).collect();
    assert_eq!(features, ["recall", "teleport"]);
    let many: SenderHello = serde_json::from_value(json!({"features": vec!["x"; 1_000]})).unwrap();
    assert_eq!((many.contract, many.features.len()), (1, FEATURES));
}

#[test]
fn one_bad_entry_stops_no_other() {
    let page: Page = serde_json::from_value(json!({
        "after": "a", "cursor": "b",
        "entries": [null, {"kind": "notification", "id": "x"}, {"kind": "hologram"}, entries()[2]],
    }))
    .unwrap();
    let kinds: Vec<_> = page.entries.iter().map(Entry::kind).collect();
    assert_eq!(kinds, ["", "notification", "hologram", "recall"]);
    assert!(matches!(page.entries[3], Entry::Recall(_)));
    assert_eq!(
        serde_json::to_value(&page.entries[2]).unwrap(),
        json!({"kind": "hologram"})
    );
    assert_eq!(
        serde_json::to_value(&page.entries[0]).unwrap(),
        Value::Object(serde_json::Map::new())
    );
}

fn action() -> crate::Action {
    crate::Action {
        id: "answer".to_owned(),
        kind: crate::ActionKind::Reply.into(),
        title: "Answer".to_owned(),
        url: None,
        placeholder: Some("Your message".to_owned()),
    }
}
