//! Descriptors and accounts that cannot be used: where, and what was expected.

use serde_json::{Value, json};
use vestnik_gateway::{Account, Descriptor, Evidence, Fault, RecipientKind};

use crate::fixture::settings;

fn good() -> Value {
    json!({
        "version": 1, "name": "own", "title": "Own", "recipient": "chat",
        "settings": {"token": {"secret": true}, "from": {"required": false}},
        "request": {
            "origin": "https://own.example", "path": "/send",
            "headers": {"authorization": "Bearer {settings.token}"},
            "json": {"to": "{chat}", "text": "{text}", "key": "{key}"},
        },
        "answers": [{"status": 200, "verdict": "accepted", "id": "/id"}],
        "chat": {"link": "https://own.example/{parameter}", "max": 64},
        "incoming": {
            "verify": {"kind": "header", "name": "x-secret", "secret": "{settings.token}"},
            "events": [{"kind": "delivered", "id": "/id"}],
        },
    })
}

/// The good descriptor with another value at a pointer; a value that is `null` is taken away.
fn with(pointer: &str, value: Value) -> Value {
    let mut descriptor = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = descriptor.pointer_mut(parent).unwrap();
    if let Some(entries) = parent.as_array_mut() {
        entries[name.parse::<usize>().unwrap()] = value;
    } else if value.is_null() {
        parent.as_object_mut().unwrap().remove(name);
    } else {
        parent[name] = value;
    }
    descriptor
}

fn refused(descriptor: &Value) -> String {
    Descriptor::parse(&descriptor.to_string())
        .unwrap_err()
        .to_string()
}

#[test]
fn the_good_descriptor_is_read() {
    let descriptor = Descriptor::parse(&good().to_string()).unwrap();
    assert_eq!(descriptor.name().as_str(), "own");
    assert_eq!(descriptor.recipient(), RecipientKind::Chat);
    assert_eq!(descriptor.evidence(), Evidence::Delivered);
    assert!(!descriptor.collapses() && !descriptor.binds_chats());
}

/// What is wrong: a pointer and the value there; `null` is no value.
fn wrong_requests() -> Vec<(&'static str, Value)> {
    vec![
        ("/request/path", json!(null)),
        ("/request/path", json!("send")),
        ("/request/path", json!("//evil.example/send")),
        ("/request/path", json!("/send?a=b")),
        ("/request/path", json!("/{settings.from?}")),
        ("/request/origin", json!("https://own.example/path")),
        ("/request/origin", json!("ftp://own.example")),
        ("/request/method", json!("DELETE")),
        ("/request/method", json!("GET")),
        ("/request/collapses", json!("yes")),
        ("/request/form", json!({"a": "b"})),
        ("/request/headers/host", json!("evil.example")),
        ("/request/headers/a b", json!("x")),
        ("/request/json/text", json!("{text")),
        ("/request/json/text", json!("text}")),
        ("/request/json/text", json!("{texts}")),
        ("/request/json/text", json!("{phone}")),
        ("/request/json/text", json!("{title}")),
        ("/request/json/text", json!("{text?}")),
        ("/request/json/text", json!("{chat:digits}")),
        ("/request/json/text", json!("{code}")),
        ("/request/json/text", json!("{code:9}")),
        ("/request/json/text", json!("{settings.other}")),
        ("/request/json/text", json!({"$if": "text", "then": 1})),
        ("/request/json/text", json!({"$if": "title"})),
    ]
}

fn wrong_rest() -> Vec<(&'static str, Value)> {
    vec![
        ("/version", json!(null)),
        ("/version", json!(2)),
        ("/name", json!("Own Gateway")),
        ("/name", json!("email")),
        ("/title", json!("")),
        ("/recipient", json!("email")),
        ("/surprise", json!(1)),
        ("/settings/token/secret", json!("yes")),
        ("/settings/token/form", json!("word")),
        ("/settings/Token", json!({})),
        ("/settings/from/default", json!("a b")),
        ("/answers", json!([])),
        ("/answers/0/status", json!(99)),
        ("/answers/0/status", json!("6xx")),
        ("/answers/0/verdict", json!("ok")),
        ("/answers/0/id", json!("id")),
        ("/answers/0/reason", json!("token.dead")),
        ("/answers/0/when", json!({"at": "/x"})),
        (
            "/answers/0/when",
            json!({"at": "/x", "is": 1, "exists": true}),
        ),
        ("/answers/0/when", json!({"at": "/x", "between": [2, 1]})),
        ("/answers/0", json!({"verdict": "accepted"})),
        (
            "/answers/0",
            json!({"status": 400, "verdict": "dead", "reason": "email.bounced"}),
        ),
        ("/lengths", json!({"text": {"max": 0, "longer": "cut"}})),
        ("/lengths", json!({"text": {"max": 10}})),
        ("/text", json!({"parts": ["title"]})),
        ("/limits", json!({"per_second": 0})),
        ("/said", json!("code")),
        ("/chat/link", json!("/{parameter}")),
        ("/incoming/verify/kind", json!("none")),
        ("/incoming/verify/secret", json!("abc")),
        ("/incoming/events/0/kind", json!("sent")),
        ("/incoming/events/0/chat", json!("/chat")),
        ("/check", json!({"path": "/me"})),
    ]
}

#[test]
fn a_fault_has_its_place_and_what_was_expected() {
    let faults = wrong_requests().into_iter().chain(wrong_rest());
    let faults = faults.map(|(pointer, value)| {
        let fault = refused(&with(pointer, value.clone()));
        format!("{pointer} {value}\n  {fault}")
    });
    let faults: Vec<_> = faults.collect();
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn a_key_must_be_in_a_request_that_collapses_by_it() {
    let mut descriptor = with("/request/collapses", json!(true));
    assert!(Descriptor::parse(&descriptor.to_string()).is_ok());
    descriptor["request"]["json"]
        .as_object_mut()
        .unwrap()
        .remove("key");
    assert_eq!(
        refused(&descriptor),
        "/request/collapses: must not be true for a request without {key}"
    );
}

#[test]
fn a_gateway_of_numbers_has_no_chats() {
    let mut descriptor = with("/recipient", json!("phone"));
    descriptor["request"]["json"]["to"] = json!("{phone}");
    assert!(refused(&descriptor).starts_with("/chat: "));
    descriptor.as_object_mut().unwrap().remove("chat");
    assert!(Descriptor::parse(&descriptor.to_string()).is_ok());
    descriptor["incoming"]["events"][0] = json!({"kind": "blocked", "chat": "/c"});
    assert!(refused(&descriptor).starts_with("/incoming/events/0/kind: "));
}

#[test]
fn a_syntax_error_has_its_line() {
    for (text, wanted) in [
        (
            "version = 1\nname = ",
            "is no TOML: wrong at line 2, column 8",
        ),
        ("{\n \"a\": }", "is no JSON: wrong at line 2, column 7"),
        (
            "version = 1\nversion = 2",
            "is no TOML: wrong at line 2, column 1",
        ),
    ] {
        let wrong = Descriptor::parse(text).unwrap_err();
        assert_eq!(wrong.to_string(), wanted, "{text}");
    }
    let long = Descriptor::parse(&"#".repeat(70_000)).unwrap_err();
    assert_eq!(long.fault, Fault::TooLong { max: 65_536 });
    let deep = format!("{{\"request\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    assert!(Descriptor::parse(&deep).is_err());
}

fn account(providers: &Value) -> Result<Account, String> {
    let account = json!({"providers": providers});
    Account::parse(&account.to_string()).map_err(|wrong| wrong.to_string())
}

fn telegram(name: &str) -> Value {
    json!({"name": name, "gateway": "telegram", "settings": settings("telegram")})
}

#[test]
fn an_account_has_up_to_four_providers_in_order() {
    let main = json!({"name": "main", "gateway": "twilio", "settings": settings("twilio")});
    let mut own = good();
    own["recipient"] = json!("phone");
    own["request"]["json"]["to"] = json!("{phone}");
    own.as_object_mut().unwrap().remove("chat");
    own.as_object_mut().unwrap().remove("incoming");
    let inline = json!({"name": "own", "gateway": own, "settings": {"token": "t"}});
    let both = account(&json!([main, inline])).unwrap();
    let names: Vec<_> = both
        .providers()
        .iter()
        .map(|provider| provider.name().to_string())
        .collect();
    assert_eq!(names, ["main", "own"]);
    assert_eq!(both.recipient(), RecipientKind::Phone);
    // The one of them reports no deliveries.
    assert_eq!(both.evidence(), Evidence::Handed);
    assert_eq!(
        both.providers()[0].origin().as_str(),
        "https://api.twilio.com"
    );
    assert_ne!(
        both.providers()[0].fingerprint(),
        both.providers()[1].fingerprint()
    );
}

#[test]
fn a_fault_of_an_account_has_its_place() {
    let sms = json!({"name": "sms", "gateway": "sms", "origin": "https://sms.example", "settings": {"token": "t"}});
    let mut missing = telegram("main");
    missing["settings"].as_object_mut().unwrap().remove("token");
    let mut no_settings = telegram("main");
    no_settings.as_object_mut().unwrap().remove("settings");
    let mut no_origin = sms.clone();
    no_origin.as_object_mut().unwrap().remove("origin");
    let bad_inline =
        json!({"name": "own", "gateway": with("/answers/0/verdict", json!("ok")), "settings": {}});
    let many: Vec<_> = ["a", "b", "c", "d", "e"].map(telegram).to_vec();
    let faults: Vec<_> = [
        json!([]),
        json!(many),
        json!([telegram("main"), telegram("main")]),
        json!([telegram("main"), sms]),
        json!([telegram("main"), telegram("backup")]),
        json!([telegram("Main")]),
        json!([missing]),
        json!([no_settings]),
        json!([no_origin]),
        json!([bad_inline]),
        json!([{"name": "main", "gateway": "smoke"}]),
        json!([{"name": "main", "gateway": "telegram", "price": {"amount": "x", "currency": "RUB"}}]),
    ]
    .iter()
    .map(|providers| account(providers).unwrap_err())
    .collect();
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn an_order_by_price_needs_prices_that_can_be_compared() {
    // To a chat only one provider can write.
    let sms = |name: &str| json!({"name": name, "gateway": "sms", "origin": "https://sms.example", "settings": settings("sms")});
    let priced = |name: &str, amount: &str, currency: &str| {
        let mut provider = sms(name);
        provider["price"] = json!({"amount": amount, "currency": currency});
        provider
    };
    let account = |order: &str, providers: &[Value]| {
        let account = json!({"order": order, "providers": providers});
        Account::parse(&account.to_string()).map_err(|wrong| wrong.to_string())
    };
    let both = [
        priced("dear", "3.20", "RUB"),
        priced("cheap", "1.10", "RUB"),
    ];
    let price = |order| {
        let account = account(order, &both).unwrap();
        account
            .price()
            .unwrap()
            .provider
            .map(|name| name.to_string())
    };
    assert_eq!(price("written").as_deref(), Some("dear"));
    assert_eq!(price("price").as_deref(), Some("cheap"));
    let mixed = [priced("main", "1", "RUB"), priced("backup", "1", "EUR")];
    assert!(account("written", &mixed).is_ok());
    let without = [priced("main", "1", "RUB"), sms("backup")];
    for (providers, pointer) in [
        (&mixed, "/providers/1/price/currency"),
        (&without, "/providers/1/price"),
    ] {
        let wrong = account("price", providers).unwrap_err();
        assert!(wrong.starts_with(&format!("{pointer}: ")), "{wrong}");
    }
    assert!(
        account("random", &both)
            .unwrap_err()
            .starts_with("/order: ")
    );
}
