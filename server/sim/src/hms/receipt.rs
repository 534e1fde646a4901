//! The request by which Huawei reports what became of pushes.
//!
//! Source: <https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-msg-receipt>.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    device::Address,
    fleet::Fleet,
    gateway::Hook,
    hex,
    message::{Content, Event, Fate},
};

/// The user name that receipts are signed with.
pub(crate) const USER: &str = "vestnik-sim";
/// The most receipts of a request; a test with more messages asks again.
const MOST: usize = 100;

/// The receipts about what was taken for a device, the newest messages first, in the form of the version that each was
/// sent by.
pub(crate) fn receipts(
    fleet: &Fleet,
    (device, code): (&str, u32),
    secret: &str,
    (now, random): (Timestamp, [u8; 32]),
) -> Option<Hook> {
    let Address::Hms { token, .. } = &fleet.by_id(device)?.address else {
        return None;
    };
    let events = fleet.events(0).rev();
    let taken = events.filter(|event| event.device == device && event.fate == Fate::Delivered);
    let receipts = taken
        .take(MOST)
        .map(|event| receipt(event, token, code, now));
    let receipts: Vec<Value> = receipts.collect();
    let (at, nonce) = (now.as_millisecond().to_string(), hex::uuid(&random));
    let key = STANDARD.decode(secret).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let value = hmac::sign(&key, format!("{at}{nonce}{USER}").as_bytes());
    let proof = format!(
        "timestamp={at}; nonce={nonce}; value={}",
        STANDARD.encode(value)
    );
    Some(Hook::json(&json!({ "statuses": receipts })).with("x-huawei-callback-id", proof))
}

fn receipt(event: &Event, token: &str, code: u32, now: Timestamp) -> Value {
    let (tag, push_type) = match &event.message.content {
        Content::Hms { tag, push_type, .. } => (tag.as_deref(), push_type.as_deref()),
        Content::Fcm { .. }
        | Content::Apns { .. }
        | Content::WebPush { .. }
        | Content::Rustore { .. }
        | Content::Unreadable { .. } => (None, None),
    };
    let (id, at) = (&event.message.id, now.as_millisecond());
    match push_type.map(|word| word.parse::<u8>().unwrap_or_default()) {
        None => json!({
            "biTag": tag, "appid": "104577000", "token": token, "status": code, "timestamp": at,
            "requestId": id,
        }),
        Some(push_type) => json!({
            "biTag": tag, "appPackageName": "dev.vestnik.sim", "token": token, "pushType": push_type,
            "requestId": id, "deliveryStatus": {"result": code, "timestamp": at},
        }),
    }
}
