//! The account of an App for its own backend: where requests go, and what they are signed with.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use vestnik_model::{problem::FieldCode, url::check_url, webhook::DEFAULT_OVERLAP_HOURS};
use vestnik_rules::webhook::{Keys, Target};
use vestnik_webhook::SigningKey;

/// The most bytes of an account's JSON.
const MAX_BYTES: usize = 16 * 1_024;
const URL: &str = "url";
const SECRET: &str = "secret";

/// Why what an administrator wrote is no account. Values are never told: they are secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", .field.map(|field| format!("{field} ")).unwrap_or_default())]
pub(crate) struct AccountError {
    /// The field at fault, if one is.
    pub(crate) field: Option<&'static str>,
    pub(crate) code: FieldCode,
    detail: String,
}

/// Reads `{"url": "https://…", "secret": "whsec_…"}`. Whether the address may be connected to is not looked at.
pub(crate) fn parse(json: &str) -> Result<Target, AccountError> {
    let fields = fields(json)?;
    let url = text(&fields, URL)?;
    if let Err(error) = check_url(url, &["https", "http"], "https://") {
        return Err(malformed(URL, &error.to_string()));
    }
    if url.contains('#') {
        return Err(malformed(URL, "must have no fragment"));
    }
    let secret = text(&fields, SECRET)?;
    let key = SigningKey::parse(secret).map_err(|error| malformed(SECRET, &error.to_string()))?;
    Ok(Target {
        url: url.to_owned(),
        keys: Keys::new(key.secret()),
    })
}

/// A new account that takes the place of another: the former secret signs beside the new one for a day, so that
/// the backend can change over.
pub(crate) fn rotated(former: Target, new: Target, now: Timestamp) -> Target {
    let keys = if former.keys.current() == new.keys.current() {
        former.keys
    } else {
        let overlap = SignedDuration::from_hours(i64::from(DEFAULT_OVERLAP_HOURS));
        let until = now.saturating_add(overlap).unwrap_or(now);
        former.keys.rotated(new.keys.current().to_owned(), until)
    };
    Target { keys, ..new }
}

fn fields(json: &str) -> Result<Map<String, Value>, AccountError> {
    let whole = |code, detail: &str| AccountError {
        field: None,
        code,
        detail: detail.to_owned(),
    };
    if json.len() > MAX_BYTES {
        let detail = format!("an account has at most {MAX_BYTES} bytes");
        return Err(whole(FieldCode::TooLong, &detail));
    }
    // The library's own message may have a part of the text in it.
    let Ok(Value::Object(fields)) = serde_json::from_str(json) else {
        return Err(whole(FieldCode::Malformed, "must be a JSON object"));
    };
    if fields.keys().any(|name| name != URL && name != SECRET) {
        let detail = "a field is unknown; an account has url and secret";
        return Err(whole(FieldCode::Malformed, detail));
    }
    Ok(fields)
}

fn text<'a>(fields: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, AccountError> {
    match fields.get(field) {
        None | Some(Value::Null) => Err(AccountError {
            field: Some(field),
            code: FieldCode::Missing,
            detail: "is required".to_owned(),
        }),
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(malformed(field, "must be a text that is not empty")),
    }
}

fn malformed(field: &'static str, detail: &str) -> AccountError {
    AccountError {
        field: Some(field),
        code: FieldCode::Malformed,
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn account(url: &str, secret: &str) -> Target {
        parse(&serde_json::json!({"url": url, "secret": secret}).to_string()).unwrap()
    }

    #[test]
    fn what_is_wrong_is_told_by_its_field_and_never_by_its_value() {
        use FieldCode::{Malformed, Missing, TooLong};
        let long = " ".repeat(MAX_BYTES + 1);
        for (json, field, code) in [
            ("PLANTED", None, Malformed),
            ("[]", None, Malformed),
            (long.as_str(), None, TooLong),
            (
                r#"{"url": "https://a.example", "PLANTED": 1}"#,
                None,
                Malformed,
            ),
            (r#"{"secret": "whsec_PLANTED"}"#, Some(URL), Missing),
            (r#"{"url": "ftp://PLANTED"}"#, Some(URL), Malformed),
            (
                r#"{"url": "https://a.example/#PLANTED"}"#,
                Some(URL),
                Malformed,
            ),
            (r#"{"url": "https://a.example"}"#, Some(SECRET), Missing),
            (
                r#"{"url": "https://a.example", "secret": 7}"#,
                Some(SECRET),
                Malformed,
            ),
            (
                r#"{"url": "https://a.example", "secret": "PLANTED"}"#,
                Some(SECRET),
                Malformed,
            ),
        ] {
            let error = parse(json).unwrap_err();
            assert_eq!((error.field, error.code), (field, code), "{json}");
            assert!(!error.to_string().contains("PLANTED"), "{error}");
        }
    }

    #[test]
    fn a_former_secret_signs_for_a_day_beside_the_new_one() {
        let now: Timestamp = "2026-11-28T09:00:00Z".parse().unwrap();
        let day = SignedDuration::from_hours(24);
        let [old, new] = [
            account("https://a.example/", KEY),
            account("https://b.example/", OTHER),
        ];
        let turned = rotated(old, new, now);
        assert_eq!(turned.url, "https://b.example/");
        assert_eq!(turned.keys.signing(now), [OTHER, KEY]);
        assert_eq!(turned.keys.signing(now + day), [OTHER]);
        // The address alone changes: both go on as they did.
        let moved = rotated(turned, account("https://c.example/", OTHER), now + day / 2);
        assert_eq!(moved.url, "https://c.example/");
        assert_eq!(moved.keys.signing(now), [OTHER, KEY]);
    }
}
