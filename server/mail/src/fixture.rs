//! What the tests of several files write.

use serde_json::{Value, json};
use vestnik_model::email::EmailAddress;
use vestnik_model::{DeliveryId, Notification};

use crate::{
    letter::{From, Letter, Sender},
    tag::{ReturnPath, TagKey, TaggedPath},
};

pub(crate) fn notification(fields: Value) -> Notification {
    let mut whole = json!({
        "id": "ntf_0192f0c1000070008000000000000001", "title": "T",
        "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z",
    });
    let Value::Object(fields) = fields else {
        panic!("fields are an object");
    };
    for (name, field) in fields {
        whole[name] = field;
    }
    serde_json::from_value(whole).unwrap()
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn delivery() -> DeliveryId {
    "dlv_0192f0c1000070008000000000000007".parse().unwrap()
}

pub(crate) fn sender() -> Sender {
    let bounces = TaggedPath::new(address("bounce@shop.example")).unwrap();
    Sender {
        from: From::new(Some("Лавка"), address("news@shop.example")).unwrap(),
        reply_to: None,
        return_path: ReturnPath::Tagged(bounces),
        key: TagKey::new(&[7; 32]),
    }
}

pub(crate) fn letter<'a>(to: &'a EmailAddress, notification: &'a Notification) -> Letter<'a> {
    Letter {
        delivery: delivery(),
        to,
        notification,
        unsubscribe: None,
    }
}
