//! Hostile texts in every position of a request.

use proptest::prelude::*;
use serde_json::{Value, json};
use vestnik_gateway::{ChatId, Message, To};

use crate::fixture::{Person, now, provider, provider_with};

/// A gateway that has the text, the title and the chat everywhere.
fn everywhere(body: &Value) -> Value {
    json!({
        "version": 1, "name": "own", "title": "Own", "recipient": "chat",
        "request": {
            "path": "/chats/{chat}/send",
            "query": {"q": "{text}"},
            "headers": {"x-title": "{title?}", "x-text": "{text}"},
            body.as_object().unwrap().keys().next().unwrap(): body.as_object().unwrap().values().next().unwrap(),
        },
        "answers": [{"status": 200, "verdict": "accepted"}],
    })
}

/// Texts that people and attackers write.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("\",\"chat_id\":1,\"x\":\"".to_owned()),
        Just("a\r\nX-Evil: 1\r\n\r\nbody".to_owned()),
        Just("&to=1#/../..\\?%00%0a".to_owned()),
        Just("\0\u{1}\u{7f}\u{85}\u{2028}".to_owned()),
        Just("\u{202e}اختبار\u{2066}שלום\u{2069}".to_owned()),
        Just("{settings.token}{{}}{text}".to_owned()),
        Just("😀".repeat(20_000)),
    ]
}

/// What is left of a text: control characters are shown by nobody.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.replace(|c: char| c.is_control() && c != '\n' && c != '\t', "")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn chats() -> impl Strategy<Value = String> {
    "[!-~]{1,128}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_text_stays_in_its_string_of_json(text in hostile(), title in hostile()) {
        let provider = provider("telegram");
        let person = Person::new();
        let message = Message { title: Some(&title), ..person.message(&provider, &text) };
        let request = provider.request(&message, now()).unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let object = body.as_object().unwrap();
        prop_assert_eq!(object.len(), 2);
        prop_assert_eq!(&object["chat_id"], &json!(987_654_321));
        let sent = object["text"].as_str().unwrap();
        prop_assert!(sent.encode_utf16().count() <= 4_096);
        let whole = [clean(&title), clean(&text)];
        let whole: Vec<_> = whole.iter().filter(|part| !part.is_empty()).cloned().collect();
        let whole = whole.join("\n");
        if whole.encode_utf16().count() <= 4_096 {
            prop_assert_eq!(sent, whole);
        } else {
            let (beginning, _) = sent.rsplit_once('…').unwrap();
            prop_assert!(whole.starts_with(beginning.trim_end()));
        }
    }

    #[test]
    fn a_text_stays_in_its_field(text in hostile()) {
        let provider = provider("vk");
        let person = Person::new();
        let request = provider.request(&person.message(&provider, &text), now()).unwrap();
        let body = String::from_utf8(request.body().clone()).unwrap();
        let fields: Vec<_> = body.split('&').map(|field| field.split_once('=').unwrap()).collect();
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        prop_assert_eq!(names, ["message", "random_id", "user_id", "v"]);
        let sent = decoded(fields[0].1);
        if clean(&text).encode_utf16().count() <= 4_096 {
            prop_assert_eq!(sent, clean(&text));
        }
    }

    #[test]
    fn values_stay_in_path_query_and_headers(
        chat in chats(),
        text in hostile().prop_filter("an address has a bound", |text| text.len() < 3_000),
    ) {
        let provider = provider_with(&everywhere(&json!({"text": "{body}"})), &json!({}));
        let chat = ChatId::parse(&chat).unwrap();
        let person = Person::new();
        let message = Message {
            to: To::Chat(&chat),
            title: Some(&text),
            ..person.message(&provider, &text)
        };
        let built = provider.request(&message, now());
        if matches!(chat.as_str(), "." | "..") {
            prop_assert!(built.is_err());
            return Ok(());
        }
        let request = built.unwrap();
        prop_assert_eq!(request.uri().host(), Some("gateway.example"));
        let segments: Vec<_> = request.uri().path().split('/').collect();
        prop_assert_eq!(segments.len(), 4);
        prop_assert_eq!(decoded(segments[2]), chat.as_str());
        let (name, value) = request.uri().query().unwrap().split_once('=').unwrap();
        prop_assert_eq!(name, "q");
        let of_text = decoded(value);
        prop_assert!(of_text.contains(&clean(&text)));
        prop_assert!(request.headers().len() <= 3);
        prop_assert!(request.headers().get("x-evil").is_none());
        prop_assert_eq!(request.body(), &clean(&text).into_bytes());
    }

    #[test]
    fn no_descriptor_panics(text in any::<String>()) {
        drop(vestnik_gateway::Descriptor::parse(&text));
        drop(vestnik_gateway::Account::parse(&text));
    }
}

#[test]
fn no_chat_leads_out_of_its_path() {
    let provider = provider_with(&everywhere(&json!({"text": "{body}"})), &json!({}));
    let person = Person::new();
    let path = |chat: &str| {
        let chat = ChatId::parse(chat).unwrap();
        let to = To::Chat(&chat);
        let message = Message {
            to,
            ..person.message(&provider, "x")
        };
        provider
            .request(&message, now())
            .map(|request| request.uri().path().to_owned())
    };
    for away in [".", ".."] {
        assert!(matches!(path(away), Err(vestnik_gateway::BuildError::Path)));
    }
    assert_eq!(path("../../x").unwrap(), "/chats/..%2F..%2Fx/send");
    assert_eq!(path("%2e%2e").unwrap(), "/chats/%252e%252e/send");
    assert_eq!(path("...").unwrap(), "/chats/.../send");
}

#[test]
fn what_is_too_large_for_an_address_is_refused() {
    let provider = provider_with(&everywhere(&json!({"text": "{body}"})), &json!({}));
    let person = Person::new();
    let text = "x".repeat(20_000);
    let refused = provider.request(&person.message(&provider, &text), now());
    assert!(matches!(
        refused,
        Err(vestnik_gateway::BuildError::TooLarge { .. })
    ));
}
