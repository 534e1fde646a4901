//! What is shown of secrets, numbers and texts: nothing.

use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use vestnik_gateway::{Account, Answer, Incoming, shipped};

use crate::fixture::{Person, now, provider, settings};

#[test]
fn debug_shows_no_secret_no_number_and_no_text() {
    let person = Person::new();
    for descriptor in shipped::all() {
        let name = descriptor.name();
        let account = json!({"providers": [{
            "name": "main", "gateway": name, "settings": settings(name.as_str()),
            "origin": "https://gateway.example",
        }]});
        let account = Account::parse(&account.to_string()).unwrap();
        let provider = provider(name.as_str());
        let message = person.message(&provider, "SECRET-TEXT");
        let answer = Answer {
            status: StatusCode::OK,
            headers: &HeaderMap::new(),
            body: b"SECRET-TEXT",
        };
        let incoming = Incoming {
            method: &Method::POST,
            query: "SECRET-TEXT",
            headers: &HeaderMap::new(),
            body: b"SECRET-TEXT",
            now: now(),
        };
        let shown = format!("{account:?} {provider:?} {message:?} {answer:?} {incoming:?}");
        for secret in ["S3CRET", "SECRET-TEXT", "79123456789", "987654321"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn no_error_has_what_stands_in_the_wrong_place() {
    let secret = "S3CRET-value";
    let telegram = |settings| json!({"name": "main", "gateway": "telegram", "settings": settings});
    for provider in [
        telegram(json!({"token": format!("{secret} with a space"), "bot": "b"})),
        telegram(json!({"token": secret, "bot": secret, secret: "x"})),
        telegram(json!({"token": [secret], "bot": "b"})),
        telegram(json!({"token": secret, "bot": format!("{secret} b")})),
        json!({"name": secret, "gateway": "telegram"}),
        json!({"name": "main", "gateway": secret}),
        json!({"name": "main", "gateway": "sms", "origin": secret, "settings": {"token": secret}}),
        json!({"name": "main", "gateway": "telegram", "price": secret}),
        json!({secret: secret}),
        json!(secret),
    ] {
        let wrong = Account::parse(&json!({"providers": [provider]}).to_string()).unwrap_err();
        let shown = format!("{wrong} {wrong:?}");
        assert!(!shown.contains("S3CRET"), "{shown}");
    }
    for text in [r#"{"providers": S3CRET}"#, r#"{"S3CRET": 1}"#, "S3CRET"] {
        let wrong = Account::parse(text).unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains("S3CRET"));
    }
}
