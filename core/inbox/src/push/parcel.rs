//! The form of a push.

use serde_json::{Map, Value};
use vestnik_model::NotificationId;

use super::undrawn::Undrawn;

/// The most bytes of a push that are read: four times what the services carry.
pub const PARCEL_BYTES: usize = 16 * 1_024;

/// The version of the form.
const VERSION: u64 = 1;
/// The member of a push that has the parcel.
const MEMBER: &str = "vestnik";
/// The members of a parcel that name what it brings, and what it withdraws.
const NOTIFICATION: &str = "notification";
const WITHDRAWS: &str = "withdraws";

/// A push, whichever service brought it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    /// Without one it can only be a hint, or a withdrawal.
    pub(super) notification: Option<NotificationId>,
    /// What is to be taken off the screen.
    pub(super) withdraws: Option<NotificationId>,
    /// In base64url.
    pub(super) envelope: Option<String>,
}

impl Parcel {
    /// Reads a push. A later version's parcel is a hint: the log has what it brings.
    pub(super) fn parse(push: &[u8]) -> Result<Self, Undrawn> {
        if push.len() > PARCEL_BYTES {
            return Err(Undrawn::TooLarge);
        }
        let whole: Value = serde_json::from_slice(push).map_err(|_| Undrawn::Malformed)?;
        let parcel = object(whole)
            .and_then(unwrapped)
            .ok_or(Undrawn::Malformed)?;
        let version = parcel.get("v").and_then(number).ok_or(Undrawn::Malformed)?;
        let notification = named(&parcel, NOTIFICATION);
        let withdraws = named(&parcel, WITHDRAWS);
        let envelope = text(&parcel, "envelope").filter(|_| version == VERSION);
        Ok(Self {
            notification,
            withdraws,
            envelope: envelope.map(str::to_owned),
        })
    }
}

/// The parcel itself, or the one that a service's JSON carries as an object or as the text of one. What does
/// not say so is ours only if it names a notification: other senders to the same app have a `v`, too.
fn unwrapped(mut whole: Map<String, Value>) -> Option<Map<String, Value>> {
    match whole.remove(MEMBER) {
        None => {
            let is_ours = [NOTIFICATION, WITHDRAWS]
                .iter()
                .any(|name| named(&whole, name).is_some());
            is_ours.then_some(whole)
        }
        Some(Value::String(text)) => object(serde_json::from_str(&text).ok()?),
        Some(inner) => object(inner),
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

/// A service may carry texts only.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn text<'a>(parcel: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    parcel.get(name)?.as_str()
}

fn named(parcel: &Map<String, Value>, name: &str) -> Option<NotificationId> {
    text(parcel, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "ntf_00000000000000000000000000000001";

    fn parse(push: &Value) -> Result<Parcel, Undrawn> {
        Parcel::parse(push.to_string().as_bytes())
    }

    #[test]
    fn each_service_brings_the_same_parcel() {
        let parcel = json!({"v": 1, "id": "att_1", "notification": ID, "envelope": "AQID"});
        let texts = json!({"v": "1", "id": "att_1", "notification": ID, "envelope": "AQID"});
        let expected = Parcel {
            notification: Some(ID.parse().unwrap()),
            withdraws: None,
            envelope: Some("AQID".to_owned()),
        };
        for push in [
            &parcel,
            &texts,
            &json!({"aps": {"mutable-content": 1}, "vestnik": parcel}),
            &json!({"aps": {"mutable-content": 1}, "vestnik": parcel.to_string()}),
            &json!({"vestnik": texts.to_string(), "from": "another part of the app"}),
            &json!({"web_push": 8030, "notification": {"title": "New"}, "vestnik": parcel}),
        ] {
            assert_eq!(parse(push).as_ref(), Ok(&expected), "{push}");
        }
    }

    #[test]
    fn a_parcel_without_an_envelope_and_one_of_a_later_version_are_hints() {
        for hint in [
            json!({"v": 1, "id": "att_1", "notification": ID}),
            json!({"v": 2, "notification": ID, "envelope": {"parts": 3}}),
            json!({"v": 2, "notification": ID, "envelope": "AQID"}),
        ] {
            let parcel = parse(&hint).unwrap();
            assert_eq!(parcel.notification, Some(ID.parse().unwrap()));
            assert_eq!(parcel.envelope, None, "{hint}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for wrong in [
            json!([]),
            json!({}),
            json!({"v": -1}),
            json!({"v": "one"}),
            json!({"vestnik": 7}),
            json!({"vestnik": "{"}),
            json!({"user": "anna", "notification": {}}),
            json!({"v": "3", "type": "of another sender"}),
            json!({"v": 1, "notification": {"title": "of another sender"}}),
        ] {
            assert_eq!(parse(&wrong), Err(Undrawn::Malformed), "{wrong}");
        }
        assert_eq!(Parcel::parse(b"\xff"), Err(Undrawn::Malformed));
        let large = vec![b' '; PARCEL_BYTES + 1];
        assert_eq!(Parcel::parse(&large), Err(Undrawn::TooLarge));
    }
}
