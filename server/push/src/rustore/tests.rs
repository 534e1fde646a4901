use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use vestnik_model::Reason;

use super::*;
use crate::{
    address::RustoreAddress,
    build_error::BuildError,
    field::{AccountError, Fault, Fields},
    fixture::{now, push, sealed, with_answer, withdrawal},
    origin::OriginError,
    outcome::{Connection, Outcome, Remedy, Scope, Verdict},
    push::Push,
};

fn account() -> Value {
    json!({ "project_id": "pr_J-7", "service_token": "PLANTED" })
}

fn fields(json: &Value) -> Fields {
    Fields::read(&json.to_string()).unwrap()
}

fn read(json: &Value) -> Result<Credentials, AccountError> {
    Credentials::of(fields(json))
}

fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut json = account();
    json[field] = value.into();
    json
}

fn credentials(json: &Value) -> Credentials {
    read(json).unwrap()
}

fn address() -> RustoreAddress {
    RustoreAddress::parse("hleEA9i8tVVD").unwrap()
}

fn send(push: &Push, json: &Value, host: usize) -> Result<http::Request<Vec<u8>>, BuildError> {
    request(push, &address(), (&credentials(json), host), now())
}

#[test]
fn a_push_is_data_only_and_goes_to_one_token() {
    let request = send(&push(sealed(3)), &account(), 0).unwrap();
    assert_eq!(
        request.uri(),
        "https://vkpns.rustore.ru/v1/projects/pr_J-7/messages:send"
    );
    assert_eq!(request.headers()["authorization"], "Bearer PLANTED");
    assert!(request.headers()["authorization"].is_sensitive());
    let mut body: Value = serde_json::from_slice(request.body()).unwrap();
    let data = body["message"]["data"].take();
    let parcel: Value = serde_json::from_str(data["vestnik"].as_str().unwrap()).unwrap();
    assert!(parcel["envelope"].is_string() && parcel["title"].is_null());
    assert_eq!(
        body,
        json!({ "message": { "token": "hleEA9i8tVVD", "data": null, "android": { "ttl": "3600s" } } })
    );
    let gone = send(&push(withdrawal()), &account(), 0).unwrap();
    assert!(String::from_utf8_lossy(gone.body()).contains("withdraws"));
}

#[test]
fn the_size_is_that_of_the_whole_body() {
    let fits = |bytes| send(&push(sealed(bytes)), &account(), 0);
    let most = (2_000..4_096).find(|bytes| fits(*bytes).is_err()).unwrap() - 1;
    let bytes = fits(most).unwrap().body().len();
    assert!((4_090..=MAX_PAYLOAD_BYTES).contains(&bytes), "{bytes}");
}

#[test]
fn hosts_are_a_list_in_order() {
    let json = with(
        "base_urls",
        json!(["https://a.example", "https://b.example"]),
    );
    for (host, wanted) in [(0, "a.example"), (1, "b.example"), (2, "a.example")] {
        let request = send(&push(sealed(1)), &json, host).unwrap();
        assert_eq!(request.uri().host(), Some(wanted));
    }
    assert_eq!(read(&json).unwrap().reserves(), 1);
}

#[test]
fn a_broken_account_is_refused_by_its_field() {
    let value = |field, fault| AccountError::Value { field, fault };
    let five = json!(["https://a.example"; 5].to_vec());
    for (json, wanted) in [
        (
            json!({ "service_token": "a" }),
            AccountError::Missing {
                field: "project_id",
            },
        ),
        (
            with("project_id", "a/b"),
            value("project_id", Fault::Segment),
        ),
        (
            with("service_token", "PLANTED token"),
            value("service_token", Fault::Token),
        ),
        (
            with("base_urls", five),
            value("base_urls", Fault::TooMany { max: 4 }),
        ),
        (
            with("base_urls", json!(["https://a.example/PLANTED"])),
            value("base_urls", Fault::Origin(OriginError::Surplus)),
        ),
    ] {
        assert_eq!(read(&json).err(), Some(wanted), "{json}");
    }
    assert!(matches!(
        read(&with("other", 1)).err(),
        Some(AccountError::Unknown { .. })
    ));
    let shown = format!("{:?}", read(&account()).unwrap());
    assert!(
        shown.contains("pr_J-7") && !shown.contains("PLANTED"),
        "{shown}"
    );
}

fn answered(status: u16, header: Option<(&'static str, &str)>, body: &str) -> Outcome {
    with_answer(status, header, body, |answer| outcome(answer, now()))
}

fn error(status: u16, word: &str) -> String {
    json!({ "error": { "code": status, "message": "m", "status": word } }).to_string()
}

const fn refused(reason: Reason) -> Verdict {
    Verdict::Refused {
        reason,
        scope: Scope::Sender,
        remedy: Remedy::Operator,
    }
}

const fn throttled(seconds: u64) -> Verdict {
    Verdict::Throttled {
        scope: Scope::Unsaid,
        after: Some(Duration::from_secs(seconds)),
        over: Connection::Any,
    }
}

#[test]
fn every_documented_error_has_its_verdict() {
    let reason = Reason::ProviderRejected;
    for (status, word, wanted) in [
        (400, "INVALID_ARGUMENT", Verdict::Rejected { reason }),
        (
            403,
            "PERMISSION_DENIED",
            refused(Reason::ConfigProviderAuth),
        ),
        (
            401,
            "PERMISSION_DENIED",
            refused(Reason::ConfigProviderAuth),
        ),
        (404, "NOT_FOUND", Verdict::dead(Reason::TokenDead)),
        (429, "TOO_MANY_REQUESTS", throttled(60)),
        (
            500,
            "INTERNAL",
            Verdict::retry(Reason::ProviderInternal, None),
        ),
        // FCM's word, which is not documented here.
        (404, "UNREGISTERED", Verdict::Suspect { reason }),
    ] {
        let read = answered(status, None, &error(status, word));
        assert_eq!(read.verdict, wanted, "{word}");
        assert_eq!(read.said.to_string(), format!("{status} {word}"));
    }
    let read = answered(
        429,
        Some(("retry-after", "9")),
        &error(429, "TOO_MANY_REQUESTS"),
    );
    assert_eq!(read.verdict, throttled(9));
    assert_eq!(
        answered(200, None, "{}").verdict,
        Verdict::Accepted { id: None }
    );
}

#[test]
fn an_answer_without_a_word_is_worth_its_status() {
    for (status, wanted) in [
        (
            400,
            Verdict::Rejected {
                reason: Reason::ProviderRejected,
            },
        ),
        (401, refused(Reason::ConfigProviderAuth)),
        (403, refused(Reason::ConfigProviderAuth)),
        (404, refused(Reason::ConfigSenderNotAllowed)),
        (
            410,
            Verdict::Suspect {
                reason: Reason::ProviderRejected,
            },
        ),
        (
            413,
            Verdict::Rejected {
                reason: Reason::ProviderPayloadTooLarge,
            },
        ),
        (
            418,
            Verdict::Rejected {
                reason: Reason::Unknown,
            },
        ),
        (429, throttled(60)),
        (502, Verdict::retry(Reason::ProviderUnavailable, None)),
        (504, Verdict::retry(Reason::ProviderTimeout, None)),
    ] {
        for body in [
            "",
            "<html>",
            r#"{"error":{}}"#,
            r#"{"error":{"status":"NEW"}}"#,
        ] {
            assert_eq!(
                answered(status, None, body).verdict,
                wanted,
                "{status} {body}"
            );
        }
    }
}

proptest! {
    #[test]
    fn only_its_word_kills_a_token(status in 300_u16..600, word in "[A-Z_]{1,20}") {
        let read = answered(status, None, &error(status, &word));
        let is_dead = matches!(read.verdict, Verdict::Dead { .. });
        prop_assert_eq!(is_dead, word == "NOT_FOUND");
    }
}
