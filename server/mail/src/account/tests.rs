use serde_json::{Value, json};

use super::*;
use crate::fixture::delivery;

fn parse(fields: &Value) -> Result<Account, AccountError> {
    Account::parse(&fields.to_string())
}

#[test]
fn an_account_needs_a_host_and_a_sender() {
    let account =
        parse(&json!({"host": "SMTP.Shop.example", "from": "news@shop.example"})).unwrap();
    let relay = account.relay();
    assert_eq!(relay.place.to_string(), "smtp.shop.example:465");
    assert_eq!(relay.security, Security::Tls);
    assert!(relay.login.is_none() && relay.roots.is_empty());
    assert_eq!(relay.helo.as_str(), "shop.example");
    let sender = account.sender(TagKey::new(&[7; 32]));
    assert_eq!(sender.envelope_sender(delivery()), "news@shop.example");
}

#[test]
fn everything_can_be_said() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let account = parse(&json!({
        "host": "127.0.0.1", "port": 2525, "security": "none", "user": "u", "password": "p",
        "from": "news@shop.example", "from_name": "Лавка", "reply_to": "help@shop.example",
        "bounces": "bounce@shop.example", "helo": "[192.0.2.1]", "connections": 50,
        "root_certificates": made.cert.pem(),
    }));
    let account = account.unwrap();
    let relay = account.relay();
    assert_eq!(relay.place.to_string(), "127.0.0.1:2525");
    assert_eq!(relay.security, Security::Loopback);
    assert_eq!(relay.login.as_ref().map(Login::user), Some("u"));
    assert_eq!((relay.roots.len(), relay.connections.get()), (1, 50));
    assert_eq!(relay.helo.as_str(), "[192.0.2.1]");
    let sender = account.sender(TagKey::new(&[7; 32]));
    assert_eq!(sender.from.name(), Some("Лавка"));
    assert!(sender.reply_to.is_some());
    let bounces = sender.envelope_sender(delivery());
    assert!(bounces.starts_with("bounce+"), "{bounces}");
}

#[test]
fn the_usual_ports_follow_the_security() {
    for (security, port) in [("tls", 465), ("starttls", 587), ("none", 25)] {
        let fields = json!({"host": "a.b", "from": "a@b.cd", "security": security});
        assert_eq!(parse(&fields).unwrap().relay().place.port(), port);
    }
}

#[test]
fn what_is_wrong_is_told_by_its_field_and_never_shown() {
    for (field, value) in [
        ("host", json!("PLANTED host")),
        ("host", json!("")),
        ("host", json!(7)),
        ("port", json!("PLANTED")),
        ("port", json!(0)),
        ("port", json!(65_536)),
        ("security", json!("PLANTED")),
        ("user", json!("PLANTED\0")),
        ("password", json!("PLANTED\0")),
        ("from", json!("PLANTED")),
        ("from_name", json!("PLANTED\n")),
        ("reply_to", json!("PLANTED")),
        ("bounces", json!("PLANTED+x@a.example")),
        ("helo", json!("PLANTED helo")),
        ("connections", json!(51)),
        ("root_certificates", json!("PLANTED")),
    ] {
        let mut fields = json!({
            "host": "a.b", "from": "a@b.cd", "user": "u", "password": "p",
        });
        fields[field] = value;
        let refused = parse(&fields).unwrap_err();
        let at_fault = if field == "user" { "password" } else { field };
        assert_eq!(refused.field(), Some(at_fault), "{refused}");
        let printed = format!("{refused} {refused:?}");
        assert!(!printed.contains("PLANTED"), "{printed}");
    }
}

#[test]
fn what_is_missing_or_unknown_is_refused() {
    for (fields, error) in [
        (
            json!({"from": "a@b.cd"}),
            AccountError::Missing { field: "host" },
        ),
        (
            json!({"host": "a.b"}),
            AccountError::Missing { field: "from" },
        ),
        (
            json!({"host": "a.b", "from": "a@b.cd", "user": "u"}),
            AccountError::Missing { field: "password" },
        ),
        (
            json!({"host": "a.b", "from": "a@b.cd", "password": "p"}),
            AccountError::Missing { field: "user" },
        ),
        (
            json!({"host": "a.b", "from": "a@b.cd", "PLANTED": "p"}),
            AccountError::Unknown,
        ),
        (json!(["a"]), AccountError::NotObject),
    ] {
        assert_eq!(parse(&fields).unwrap_err(), error);
    }
    let refused = Account::parse("{\"host\": PLANTED").unwrap_err();
    assert_eq!(
        refused,
        AccountError::Json {
            line: 1,
            column: 10
        }
    );
    let long = " ".repeat(64 * 1_024 + 1);
    assert_eq!(Account::parse(&long).unwrap_err(), AccountError::TooLong);
}

#[test]
fn debug_shows_no_credentials() {
    let account = parse(&json!({
        "host": "a.b", "from": "PLANTED@b.cd", "user": "PLANTED", "password": "PLANTED",
    }));
    let printed = format!("{:?}", account.unwrap());
    assert!(!printed.contains("PLANTED"), "{printed}");
}
