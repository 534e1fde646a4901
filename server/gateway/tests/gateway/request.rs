//! The request that each shipped descriptor makes.

use std::fmt::Write as _;

use http::Request;
use serde_json::{Value, json};
use vestnik_gateway::{BuildError, ChatId, Message, Provider, RecipientKind, To, shipped};
use vestnik_model::Reason;

use crate::fixture::{Person, now, provider, provider_with, settings};

/// A request as it goes over the wire, one header a line, and JSON in its lines.
pub(crate) fn shown(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    let mut headers: Vec<_> = request.headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        writeln!(
            text,
            "{name}: {}",
            String::from_utf8_lossy(value.as_bytes())
        )
        .unwrap();
    }
    text.push('\n');
    match serde_json::from_slice::<Value>(request.body()) {
        Ok(body) => text.push_str(&serde_json::to_string_pretty(&body).unwrap()),
        Err(_) => text.push_str(std::str::from_utf8(request.body()).unwrap()),
    }
    text
}

#[test]
fn each_shipped_descriptor_makes_its_request() {
    for descriptor in shipped::all() {
        let name = descriptor.name();
        let provider = provider(name.as_str());
        let person = Person::new();
        let message = Message {
            title: Some("Заказ"),
            link: Some("https://shop.example/o?id=7&x=1"),
            locale: Some("ru-RU"),
            callback: Some("https://vestnik.example/v1/gateways/app/sms/main"),
            ..person.message(&provider, "Код \"4821\"\nOk & done")
        };
        let request = provider.request(&message, now()).unwrap();
        insta::assert_snapshot!(name.as_str(), shown(&request));
    }
}

#[test]
fn each_shipped_descriptor_has_settings_for_its_fixture_and_a_check() {
    let names: Vec<_> = shipped::all()
        .map(|shipped| shipped.name().to_string())
        .collect();
    let wanted = [
        "sms",
        "sms_ru",
        "twilio",
        "flash_call",
        "telegram",
        "max",
        "vk",
        "whatsapp",
        "viber",
    ];
    assert_eq!(
        names, wanted,
        "a descriptor that cannot be read is left out"
    );
    for name in names {
        assert!(shipped::text(&name).unwrap().contains("version = 1"));
        let provider = provider(&name);
        let check = provider.check().unwrap().unwrap();
        assert_eq!(check.uri().host(), Some("gateway.example"));
        let phones = ["sms", "sms_ru", "twilio", "flash_call", "whatsapp"];
        let wanted = if phones.contains(&name.as_str()) {
            RecipientKind::Phone
        } else {
            RecipientKind::Chat
        };
        assert_eq!(provider.descriptor().recipient(), wanted);
    }
}

#[test]
fn a_value_that_is_absent_leaves_its_field_out() {
    let provider = provider_with(&json!("sms"), &json!({"token": "t"}));
    let person = Person::new();
    let request = provider
        .request(&person.message(&provider, "hi"), now())
        .unwrap();
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        body,
        json!({"to": "+79123456789", "text": "hi", "expires_in": 3600})
    );
}

#[test]
fn a_setting_chooses_between_two_bodies() {
    let mut without = settings("whatsapp");
    without.as_object_mut().unwrap().remove("template");
    let person = Person::new();
    let body = |settings: &Value| {
        let provider = provider_with(&json!("whatsapp"), settings);
        let request = provider
            .request(&person.message(&provider, "hi"), now())
            .unwrap();
        serde_json::from_slice::<Value>(request.body()).unwrap()
    };
    let free = body(&without);
    assert_eq!(free["type"], "text");
    assert_eq!(free["text"]["body"], "hi");
    assert_eq!(free.get("template"), None);
    let template = body(&settings("whatsapp"));
    assert_eq!(template["type"], "template");
    assert_eq!(template["template"]["name"], "notice");
    assert_eq!(template.get("text"), None);
}

#[test]
fn a_repetition_has_the_key_of_its_attempt_and_another_attempt_another_one() {
    let person = Person::new();
    for gateway in ["sms", "vk", "flash_call"] {
        let provider = provider(gateway);
        assert!(provider.collapses());
        let message = person.message(&provider, "code 1234");
        let build = |message: &Message<'_>, now| shown(&provider.request(message, now).unwrap());
        let later = now() + jiff::SignedDuration::from_mins(5);
        let key = |text: &str| {
            let at = ["idempotency-key: ", "random_id=", "\"unique\": \""];
            let at = at.iter().find_map(|at| text.split_once(at)).unwrap().1;
            at.split(['\n', '&', '"']).next().unwrap().to_owned()
        };
        let first = key(&build(&message, now()));
        assert_eq!(key(&build(&message, later)), first, "{gateway}");
        let other = Message {
            attempt: "att_0192f0c1000070008000000000000008".parse().unwrap(),
            ..message
        };
        assert_ne!(key(&build(&other, now())), first, "{gateway}");
    }
    assert!(!provider("telegram").collapses());
}

fn refused(provider: &Provider, message: &Message<'_>) -> BuildError {
    provider.request(message, now()).unwrap_err()
}

#[test]
fn what_makes_no_request_says_why() {
    let person = Person::new();
    let telegram = provider("telegram");
    let message = person.message(&telegram, "hi");

    let expired = Message {
        expires_at: now(),
        ..message
    };
    assert_eq!(refused(&telegram, &expired).reason(), Reason::ExpiredTtl);

    let to = person.by(RecipientKind::Phone);
    assert_eq!(
        refused(&telegram, &Message { to, ..message }).reason(),
        Reason::RecipientNoAddress
    );

    // Also where the address is not in the request, because it is in the settings.
    let gateway = json!({
        "version": 1, "name": "own", "title": "Own", "recipient": "phone",
        "request": {"path": "/", "text": "{text}"},
        "answers": [{"status": 200, "verdict": "accepted"}],
    });
    let own = provider_with(&gateway, &json!({}));
    let to = person.by(RecipientKind::Chat);
    assert!(matches!(
        refused(&own, &Message { to, ..message }),
        BuildError::Recipient
    ));

    let name = ChatId::parse("@shop").unwrap();
    let to = To::Chat(&name);
    let no_number = refused(&telegram, &Message { to, ..message });
    assert!(matches!(no_number, BuildError::NotNumber { name: "chat" }));

    let call = provider("flash_call");
    for body in ["no code", "12345", "1234 and 5678"] {
        let none = refused(&call, &person.message(&call, body));
        assert!(matches!(none, BuildError::Code { digits: 4 }), "{body}");
    }
}

#[test]
fn a_masked_request_has_no_secret() {
    let person = Person::new();
    for descriptor in shipped::all() {
        let provider = provider(descriptor.name().as_str());
        let message = person.message(&provider, "code 1234");
        let masked = shown(&provider.masked_request(&message, now()).unwrap());
        assert!(!masked.contains("S3CRET"), "{masked}");
        assert!(
            masked.contains("***") || masked.contains("%2A%2A%2A"),
            "{masked}"
        );
    }
}

#[test]
fn a_link_opens_a_chat_and_carries_its_parameter() {
    for (gateway, wanted) in [
        ("telegram", "https://t.me/shop_bot?start=aZ0-_"),
        ("max", "https://max.ru/shop_bot?start=aZ0-_"),
        ("vk", "https://vk.me/shop?ref=aZ0-_"),
        ("viber", "viber://pa?chatURI=shop&context=aZ0-_"),
    ] {
        let provider = provider(gateway);
        assert_eq!(provider.link("aZ0-_").as_deref(), Some(wanted));
        assert!(provider.descriptor().binds_chats());
        let most = provider.link_parameter_max().unwrap();
        assert!(provider.link(&"x".repeat(most)).is_some());
        for bad in ["", "a b", "a&b", "я", &"x".repeat(most + 1)] {
            assert_eq!(provider.link(bad), None, "{bad}");
        }
    }
    assert_eq!(provider("sms").link("x"), None);
}
