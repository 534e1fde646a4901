//! The canonical form of a publish request, by which two requests with one idempotency key are told
//! apart.
//!
//! The form has the fields that are set to something other than their default, sorted by name, behind
//! a version. A later version that adds a field with a default therefore gives the same bytes for the
//! same request, so that a request repeated across an upgrade is the same request. This holds only as
//! long as every optional field of [`PublishRequest`] is left out of its JSON when it has its default.
//! When the form of an existing field changes, the version has to change, and stored forms of the
//! former version have to be compared by the former rules.

use serde_json::Value;

use super::request::PublishRequest;

/// The version and the separator in front of the form.
const PREFIX: &[u8] = b"vestnik-publish-1\n";

/// The canonical form of a request, to be hashed. The idempotency key itself is left out: it is what
/// the form is looked up by, and may come in a header instead.
///
/// ```
/// use vestnik_model::publish::{PublishRequest, canonical};
///
/// let request: PublishRequest = serde_json::from_str(
///     r#"{"notification": {"title": "Hi", "priority": "normal"}, "to": {"users": ["anna"]}}"#,
/// )?;
/// let form = br#"{"notification":{"title":"Hi"},"to":{"users":["anna"]}}"#;
/// assert_eq!(canonical(&request), [b"vestnik-publish-1\n", &form[..]].concat());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn canonical(request: &PublishRequest) -> Vec<u8> {
    let keyless = PublishRequest {
        idempotency_key: None,
        ..request.clone()
    };
    // A request is a tree of texts, numbers and lists under text names: it always is a value.
    let value = serde_json::to_value(&keyless).unwrap_or_default();
    let mut form = PREFIX.to_vec();
    write(&value, &mut form);
    form
}

/// Writes a value with the names of each object in the order of their bytes, whatever order the map
/// of `serde_json` keeps in this build.
fn write(value: &Value, form: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            write_list(form, *b"{}", fields, |(name, field), form| {
                form.extend(Value::from(name.as_str()).to_string().into_bytes());
                form.push(b':');
                write(field, form);
            });
        }
        Value::Array(elements) => write_list(form, *b"[]", elements, write),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            form.extend(value.to_string().into_bytes());
        }
    }
}

fn write_list<T>(
    form: &mut Vec<u8>,
    [open, close]: [u8; 2],
    elements: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    form.push(open);
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            form.push(b',');
        }
        write(element, form);
    }
    form.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(value: Value) -> String {
        let request = serde_json::from_value(value).unwrap();
        String::from_utf8(canonical(&request)).unwrap()
    }

    #[test]
    fn the_form_of_a_full_request_never_changes() {
        let full = json!({
            "to": {"users": ["u"], "topics": ["t"], "exclude_users": ["x"],
                "installations": ["ins_00000000000000000000000000000001"]},
            "notification": {"title": "T \"q\"", "body": "b\n", "image": "https://a/b", "category": "c",
                "trafficType": "service", "priority": "high",
                "click": {"type": "link", "url": "https://a"}, "data": {"z": null, "a": [1.5, {}]}},
            "schedule": {"sendAt": "2026-11-21T09:00:00Z", "respectQuietHours": false},
            "ttlSeconds": 5, "external_id": "e", "correlation_id": "c", "idempotency_key": "k",
        });
        // A hash of this text is stored: if this assertion fails, PREFIX has to change.
        let expected = concat!(
            "vestnik-publish-1\n",
            r#"{"correlation_id":"c","external_id":"e","notification":{"body":"b\n","category":"c","#,
            r#""click":{"type":"link","url":"https://a"},"data":{"a":[1.5,{}],"z":null},"#,
            r#""image":"https://a/b","priority":"high","title":"T \"q\"","traffic_type":"service"},"#,
            r#""schedule":{"respect_quiet_hours":false,"send_at":"2026-11-21T09:00:00Z"},"#,
            r#""to":{"exclude_users":["x"],"installations":["ins_00000000000000000000000000000001"],"#,
            r#""topics":["t"],"users":["u"]},"ttl_seconds":5}"#,
        );
        assert_eq!(form(full), expected);
    }

    #[test]
    fn spelling_and_defaults_make_no_difference() {
        let plain = form(json!({"to": {"users": ["u"]}, "notification": {"title": "t"}}));
        let expected = r#"{"notification":{"title":"t"},"to":{"users":["u"]}}"#;
        assert_eq!(plain, format!("vestnik-publish-1\n{expected}"));
        let explicit = json!({
            "notification": {"priority": null, "trafficType": "transactional", "body": "", "title": "t",
                "data": null},
            "idempotencyKey": "k", "to": {"topics": [], "users": ["u"]},
            "schedule": {"respect_quiet_hours": true, "on_missed_window": "next_allowed"},
        });
        assert_eq!(form(explicit), plain);
        let other = json!({"to": {"users": ["u"]}, "notification": {"title": "t", "data": {}}});
        assert_ne!(form(other), plain);
    }
}
