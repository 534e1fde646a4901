//! How long texts may be, and what is done about longer ones.

use serde_json::{Value, json};
use vestnik_gateway::{BuildError, Message};
use vestnik_model::Reason;

use crate::fixture::{Person, now, provider, provider_with};

#[derive(Default)]
struct Written<'a> {
    title: Option<&'a str>,
    body: &'a str,
    link: Option<&'a str>,
}

fn sent(lengths: &Value, written: &Written<'_>) -> Result<Value, BuildError> {
    let gateway = json!({
        "version": 1, "name": "own", "title": "Own", "recipient": "phone", "lengths": lengths,
        "request": {"path": "/", "json": {"text": "{text}", "title": "{title?}", "body": "{body}"}},
        "answers": [{"status": 200, "verdict": "accepted"}],
    });
    let provider = provider_with(&gateway, &json!({}));
    let person = Person::new();
    let message = Message {
        title: written.title,
        link: written.link,
        ..person.message(&provider, written.body)
    };
    let request = provider.request(&message, now());
    request.map(|request| serde_json::from_slice(request.body()).unwrap())
}

#[test]
fn the_body_is_cut_before_the_title_and_the_link() {
    let lengths = json!({"text": {"max": 30, "longer": "cut"}});
    let sent = sent(
        &lengths,
        &Written {
            title: Some("Parcel"),
            body: "Your parcel has come to the shop",
            link: Some("https://a.example"),
        },
    );
    // 6 + 1 + body + 1 + 17
    assert_eq!(sent.unwrap()["text"], "Parcel\nYour…\nhttps://a.example");
}

#[test]
fn a_text_whose_other_parts_are_too_long_is_cut_at_its_end() {
    let lengths = json!({"text": {"max": 10, "longer": "cut"}});
    let sent = sent(
        &lengths,
        &Written {
            title: Some("A very long title"),
            body: "text",
            ..Written::default()
        },
    );
    assert_eq!(sent.unwrap()["text"], "A very lo…");
}

#[test]
fn a_length_is_counted_as_the_gateway_counts() {
    let flags = "👍🏽".repeat(4);
    for (unit, max, wanted) in [
        ("characters", 8, flags.as_str()),
        ("characters", 4, "👍🏽👍…"),
        ("utf16", 16, flags.as_str()),
        ("utf16", 9, "👍🏽👍🏽…"),
        ("bytes", 32, flags.as_str()),
        ("bytes", 19, "👍🏽👍🏽…"),
    ] {
        let lengths = json!({"body": {"max": max, "unit": unit, "longer": "cut"}});
        let sent = sent(
            &lengths,
            &Written {
                body: &flags,
                ..Written::default()
            },
        );
        assert_eq!(sent.unwrap()["body"], wanted, "{unit} {max}");
    }
}

#[test]
fn a_joined_character_is_not_cut_in_its_joint() {
    let lengths = json!({"body": {"max": 3, "longer": "cut"}});
    let family = "👩\u{200d}👩\u{200d}👧";
    let sent = sent(
        &lengths,
        &Written {
            body: family,
            ..Written::default()
        },
    );
    assert_eq!(sent.unwrap()["body"], "👩…");
}

#[test]
fn a_text_that_must_not_be_cut_is_refused() {
    let lengths = json!({"title": {"max": 3, "longer": "refuse"}});
    let refused = sent(
        &lengths,
        &Written {
            title: Some("long"),
            body: "b",
            ..Written::default()
        },
    );
    let refused = refused.unwrap_err();
    assert!(matches!(refused, BuildError::TooLong { name: "title" }));
    assert_eq!(refused.reason(), Reason::ProviderPayloadTooLarge);
    let lengths = json!({"text": {"max": 3, "longer": "refuse"}});
    let refused = sent(
        &lengths,
        &Written {
            body: "long",
            ..Written::default()
        },
    );
    assert!(matches!(refused, Err(BuildError::TooLong { name: "text" })));
}

#[test]
fn an_sms_is_cut_at_a_number_of_parts_in_its_own_alphabet() {
    let lengths = json!({"text": {"max": 2, "unit": "sms_parts", "longer": "cut"}});
    let latin = "a".repeat(400);
    let text = sent(
        &lengths,
        &Written {
            body: &latin,
            ..Written::default()
        },
    )
    .unwrap();
    let text = text["text"].as_str().unwrap();
    assert_eq!((text.len(), &text[303..]), (306, "..."));
    let cyrillic = "я".repeat(400);
    let text = sent(
        &lengths,
        &Written {
            body: &cyrillic,
            ..Written::default()
        },
    )
    .unwrap();
    assert_eq!(text["text"].as_str().unwrap().chars().count(), 134);
}

#[test]
fn a_price_is_that_of_the_parts_where_the_gateway_counts_them() {
    let person = Person::new();
    let price = |gateway: &str, body: &str| {
        let account = json!({"providers": [{
            "name": "main", "gateway": gateway, "settings": crate::fixture::settings(gateway),
            "origin": "https://gateway.example", "price": {"amount": "3.20", "currency": "RUB"},
        }]});
        let account = vestnik_gateway::Account::parse(&account.to_string()).unwrap();
        let provider = account.providers()[0].clone();
        provider
            .price(&person.message(&provider, body))
            .unwrap()
            .to_string()
    };
    assert_eq!(price("sms_ru", "hi"), "3.20 RUB");
    assert_eq!(price("sms_ru", &"я".repeat(71)), "6.40 RUB");
    assert_eq!(price("whatsapp", &"я".repeat(71)), "3.20 RUB");
    let free = provider("sms_ru");
    assert_eq!(free.price(&person.message(&free, "hi")), None);
}
