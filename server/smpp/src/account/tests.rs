use serde_json::{Value, json};

use super::*;

fn whole() -> Value {
    json!({
        "host": "SMSC.example", "system_id": "shop", "password": "secret08", "source": "Shop",
    })
}

fn with(field: &str, value: Value) -> Result<Account, AccountError> {
    let mut account = whole();
    account[field] = value;
    Account::parse(&account.to_string())
}

#[test]
fn what_is_left_out_has_its_usual_value() {
    let account = Account::parse(&whole().to_string()).unwrap();
    assert_eq!(account.place().to_string(), "smsc.example:3550");
    assert!(account.place().is_secure());
    let config = account.config();
    assert_eq!((config.window.get(), config.per_second), (10, None));
    assert_eq!(config.login.version, Version::V3_4);
    let form = account.form();
    assert_eq!((form.coding, form.joining), (Coding::Gsm7, Joining::Udh8));
    assert_eq!((form.max_parts, form.receipts), (10, Receipts::All));
    let plain = with("security", json!("none")).unwrap();
    assert_eq!(plain.place().to_string(), "smsc.example:2775");
}

#[test]
fn every_field_is_read() {
    let account = json!({
        "host": "127.0.0.1", "port": 2776, "security": "none", "system_id": "shop",
        "password": "secret08", "system_type": "VMA", "version": "5.0", "source": "8080",
        "source_ton": 0, "source_npi": 1, "service_type": "CMT", "coding": "latin1_default",
        "joining": "sar", "max_parts": 3, "receipts": "last", "receipt_ids": "decimal",
        "window": 200, "per_second": 30,
    });
    let account = Account::parse(&account.to_string()).unwrap();
    let (config, form) = (account.config(), account.form());
    assert_eq!(config.login.version, Version::V5_0);
    assert_eq!(config.receipt_ids, ReceiptIds::Decimal);
    assert_eq!(config.coding, Coding::Latin1Default);
    assert_eq!(config.per_second.unwrap().get(), 30);
    assert_eq!(form.joining, Joining::Sar);
    assert_eq!((form.max_parts, form.receipts), (3, Receipts::Last));
    assert_eq!(form.service_type, "CMT");
    let wanted = Source::parse("8080").unwrap().with(Some(0), Some(1));
    assert_eq!(form.source, wanted);
}

#[test]
fn what_is_wrong_is_told_by_its_field() {
    for (field, value, fault) in [
        ("host", json!("a b"), Fault::Host),
        ("port", json!(0), Fault::Port),
        ("port", json!("2775"), Fault::Port),
        ("security", json!("starttls"), Fault::Security),
        ("system_id", json!("sixteen__letters"), Fault::SystemId),
        ("password", json!("nine_char"), Fault::Password),
        ("password", json!(12_345_678), Fault::Text),
        ("system_type", json!("thirteen_char"), Fault::SystemType),
        ("version", json!("3.3"), Fault::Version),
        ("source", json!("Лавка"), Fault::Source),
        ("source_ton", json!(256), Fault::Octet),
        ("source_npi", json!(-1), Fault::Octet),
        ("service_type", json!("sixsix"), Fault::ServiceType),
        ("coding", json!("utf8"), Fault::Coding),
        ("joining", json!("udh"), Fault::Joining),
        ("max_parts", json!(51), Fault::MaxParts),
        ("receipts", json!(true), Fault::Text),
        ("receipt_ids", json!("hex"), Fault::ReceiptIds),
        ("window", json!(201), Fault::Window),
        ("per_second", json!(0), Fault::PerSecond),
        ("root_certificates", json!("x"), Fault::Certificates),
    ] {
        let error = with(field, value).unwrap_err();
        assert_eq!(error, AccountError::Value { field, fault });
        assert_eq!(error.field(), Some(field));
    }
    let mut slow = whole();
    slow["per_second"] = json!(1);
    slow["max_parts"] = json!(7);
    let (field, fault) = ("max_parts", Fault::TooSlow);
    let refused = Account::parse(&slow.to_string()).unwrap_err();
    assert_eq!(refused, AccountError::Value { field, fault });
    slow.as_object_mut().unwrap().remove("max_parts");
    let slow = Account::parse(&slow.to_string()).unwrap();
    assert_eq!(slow.form().max_parts, 6);
    for field in ["host", "system_id", "password", "source"] {
        assert_eq!(
            with(field, Value::Null).unwrap_err(),
            AccountError::Missing { field }
        );
    }
    assert_eq!(
        with("pasword", json!("x")).unwrap_err(),
        AccountError::Unknown
    );
    assert_eq!(Account::parse("[]").unwrap_err(), AccountError::NotObject);
    let (line, column) = (1, 2);
    assert_eq!(
        Account::parse("{x").unwrap_err(),
        AccountError::Json { line, column }
    );
}

#[test]
fn an_account_shows_no_secret() {
    let account = Account::parse(&whole().to_string()).unwrap();
    let shown = format!("{account:?} {:?}", account.config());
    assert!(
        !shown.contains("secret08") && !shown.contains("shop"),
        "{shown}"
    );
    let error = with("password", json!("secret-that-is-long")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("that-is-long"));
}

#[test]
fn accounts_of_one_login_are_told_from_those_of_one_bind() {
    let account = |fields: Value| {
        let mut account = whole();
        for (field, value) in fields.as_object().unwrap() {
            account[field] = value.clone();
        }
        Account::parse(&account.to_string()).unwrap()
    };
    let own = account(json!({}));
    for (fields, binds, logs_in) in [
        (json!({"source": "Store", "window": 3}), true, true),
        (json!({"password": "other"}), true, false),
        (json!({"system_id": "store"}), false, false),
        (json!({"system_type": "x"}), false, false),
        (json!({"port": 2775}), false, false),
    ] {
        let other = account(fields.clone());
        let is = (own.binds_as(&other), own.has_login_of(&other));
        assert_eq!(is, (binds, logs_in), "{fields}");
    }
}
