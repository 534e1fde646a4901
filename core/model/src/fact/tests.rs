use serde_json::json;

use super::*;

const ID: &str = "ntf_00000000000000000000000000000001";

fn fact(value: Value) -> Fact {
    serde_json::from_value(value).unwrap()
}

fn parsed(value: Value) -> Result<Claim, FactRefusal> {
    fact(value).parse().map(|parsed| parsed.claim)
}

#[test]
fn each_kind_takes_its_parts() {
    let at = "2026-11-28T09:00:00Z";
    for value in [
        json!({"id": "1", "kind": "delivered", "notificationId": ID, "at": at}),
        json!({"id": "1", "kind": "read", "notification_id": ID, "at": at, "unknown": 1}),
        json!({"id": "1", "kind": "actioned", "notificationId": ID, "at": at, "body": {"action": "pay"}}),
        json!({"id": "1", "kind": "read_up_to", "upTo": "0000002a:17:c0ffee00", "at": at}),
        json!({"id": "1", "kind": "flag", "notificationId": ID, "at": at, "version": 2, "body": {"flag": "archived", "value": true}}),
        json!({"id": "1", "kind": "reply", "notificationId": ID, "at": at, "body": {"text": "да"}}),
        json!({"id": "1", "kind": "not_shown", "notificationId": ID, "at": at, "body": {"reason": "blocked.os"}}),
    ] {
        assert!(parsed(value.clone()).is_ok(), "{value}");
        let again = serde_json::to_value(fact(value.clone())).unwrap();
        assert_eq!(fact(again), fact(value));
    }
}

#[test]
fn each_fault_has_its_code() {
    let at = "2026-11-28T09:00:00Z";
    for (value, code) in [
        (
            json!({"id": "1", "kind": "yawned", "notificationId": ID, "at": at}),
            FactRefusal::UnknownKind,
        ),
        (
            json!({"id": "", "kind": "read", "notificationId": ID, "at": at}),
            FactRefusal::Malformed,
        ),
        (
            json!({"id": "1", "kind": "read", "at": at}),
            FactRefusal::Malformed,
        ),
        (
            json!({"id": "1", "kind": "read", "notificationId": "x", "at": at}),
            FactRefusal::UnknownNotification,
        ),
        (
            json!({"id": "1", "kind": "read_up_to", "at": at}),
            FactRefusal::Malformed,
        ),
        (
            json!({"id": "1", "kind": "flag", "notificationId": ID, "at": at, "version": 1, "body": {"flag": "pinned", "value": true}}),
            FactRefusal::UnknownKind,
        ),
        (
            json!({"id": "1", "kind": "flag", "notificationId": ID, "at": at, "body": {"flag": "read", "value": true}}),
            FactRefusal::Malformed,
        ),
        (
            json!({"id": "1", "kind": "reply", "notificationId": ID, "at": at, "body": {"text": "x".repeat(2_001)}}),
            FactRefusal::TooLarge,
        ),
        (
            json!({"id": "1", "kind": "reply", "notificationId": ID, "at": at, "body": {"text": "a", "pad": "x".repeat(9_000)}}),
            FactRefusal::TooLarge,
        ),
    ] {
        assert_eq!(parsed(value.clone()), Err(code), "{value}");
    }
}

#[test]
fn a_reply_stays_out_of_logs() {
    let reply = fact(
        json!({"id": "1", "kind": "reply", "notificationId": ID, "at": "2026-11-28T09:00:00Z", "body": {"text": "geheim"}}),
    );
    let shown = format!("{reply:?} {:?}", reply.parse().unwrap());
    assert!(!shown.contains("geheim"));
}
