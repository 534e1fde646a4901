use serde_json::{Value, json};

use super::*;
use crate::{
    fixture::{EC_PEM, RSA_PEM},
    key::KeyError,
    origin::OriginError,
};

const CERTIFICATE: &str = include_str!("../../../outbound/tests/certificate/root.pem");

fn google() -> Value {
    json!({
        "type": "service_account",
        "project_id": "shop-1",
        "private_key_id": "abad1dea",
        "private_key": RSA_PEM,
        "client_email": "push@shop-1.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

fn apple() -> Value {
    json!({
        "team_id": "ABCDE12345",
        "key_id": "KEY1234567",
        "private_key": EC_PEM,
        "topic": "com.example.shop",
    })
}

fn vapid() -> Value {
    json!({
        "private_key": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
        "contact": "mailto:push@shop.example",
    })
}

fn huawei() -> Value {
    json!({ "app_id": "104577123", "client_secret": "s" })
}

fn rustore() -> Value {
    json!({ "project_id": "p1", "service_token": "t" })
}

fn parse(service: Service, json: &Value) -> Result<Account, AccountError> {
    Account::parse(service, &json.to_string())
}

fn with(mut json: Value, field: &str, value: impl Into<Value>) -> Value {
    json[field] = value.into();
    json
}

#[test]
fn each_service_reads_its_account() {
    for (service, json) in [
        (Service::Fcm, google()),
        (Service::Apns, apple()),
        (Service::WebPush, vapid()),
        (Service::Hms, huawei()),
        (Service::Rustore, rustore()),
    ] {
        let plain = parse(service, &json).unwrap();
        assert_eq!(plain.service(), service);
        let own = parse(service, &with(json, "root_certificates", CERTIFICATE)).unwrap();
        assert_ne!(plain.trust, own.trust);
        assert_ne!(plain.fingerprint, own.fingerprint);
    }
    assert!(parse(Service::WebPush, &with(vapid(), "private_key", EC_PEM)).is_ok());
}

#[test]
fn services_are_where_the_account_says() {
    let fcm = parse(
        Service::Fcm,
        &with(google(), "base_url", "http://127.0.0.1:9100"),
    );
    let Credentials::Fcm(fcm) = fcm.unwrap().credentials else {
        panic!("it is an account of FCM");
    };
    assert_eq!(fcm.origin.as_str(), "http://127.0.0.1:9100");
    let json = with(apple(), "production_url", "https://sim.example:8443");
    let Credentials::Apns(apns) = parse(Service::Apns, &json).unwrap().credentials else {
        panic!("it is an account of APNs");
    };
    assert_eq!(apns.hosts.production.as_str(), "https://sim.example:8443");
    assert_eq!(apns.hosts.sandbox, Hosts::default().sandbox);
}

#[test]
fn browsers_are_given_the_public_key_of_web_push_only() {
    let key = parse(Service::WebPush, &vapid())
        .unwrap()
        .subscription_key();
    assert_eq!(
        key.as_deref(),
        Some(
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        )
    );
    let apns = parse(Service::Apns, &apple()).unwrap();
    assert_eq!(apns.subscription_key(), None);
}

#[test]
fn an_optional_field_may_be_null() {
    assert!(parse(Service::Apns, &with(apple(), "sandbox_url", Value::Null)).is_ok());
}

fn check_fault(service: Service, json: &Value, field: &'static str, value: &str, fault: Fault) {
    let error = parse(service, &with(json.clone(), field, value)).unwrap_err();
    assert_eq!(error, AccountError::Value { field, fault });
    assert_eq!(error.field(), Some(field));
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains(field) && !shown.contains("PLANTED"),
        "{shown}"
    );
}

#[test]
fn the_field_of_google_at_fault_is_named_and_what_is_in_it_is_not() {
    let kind = KeyError::Kind { wanted: "RSA" };
    for (field, value, fault) in [
        ("project_id", "../PLANTED", Fault::ProjectId),
        ("client_email", "", Fault::Empty),
        ("private_key", "PLANTED", KeyError::Pem.into()),
        ("private_key", EC_PEM, kind.into()),
        ("token_uri", "ftp://PLANTED/x", OriginError::Scheme.into()),
        ("base_url", "https://PLANTED/x", OriginError::Surplus.into()),
        ("root_certificates", "PLANTED", Fault::Certificates),
    ] {
        check_fault(Service::Fcm, &google(), field, value, fault);
    }
}

#[test]
fn the_field_of_apple_at_fault_is_named_and_what_is_in_it_is_not() {
    let kind = KeyError::Kind { wanted: "P-256" };
    for (field, value, fault) in [
        ("team_id", "PLANTED", Fault::AppleId),
        ("key_id", "PLANTED-9!", Fault::AppleId),
        ("private_key", RSA_PEM, kind.into()),
        (
            "topic",
            "com example PLANTED",
            crate::apns::TopicError.into(),
        ),
        ("sandbox_url", "PLANTED", OriginError::Address.into()),
    ] {
        check_fault(Service::Apns, &apple(), field, value, fault);
    }
}

#[test]
fn the_field_of_web_push_at_fault_is_named_and_what_is_in_it_is_not() {
    for (field, value, fault) in [
        ("private_key", "PLANTED", KeyError::Scalar.into()),
        ("contact", "PLANTED", crate::web_push::ContactError.into()),
        ("navigate", "http://PLANTED", Fault::Https),
    ] {
        check_fault(Service::WebPush, &vapid(), field, value, fault);
    }
}

#[test]
fn a_missing_field_and_one_of_another_type_are_named() {
    for (service, json, fields) in [
        (Service::Fcm, google(), &["project_id", "private_key"][..]),
        (
            Service::Apns,
            apple(),
            &["team_id", "key_id", "private_key", "topic"],
        ),
        (Service::WebPush, vapid(), &["private_key", "contact"]),
    ] {
        for field in fields {
            let mut without = json.clone();
            without.as_object_mut().unwrap().remove(*field);
            let error = parse(service, &without).unwrap_err();
            assert_eq!(error, AccountError::Missing { field });
            let error = parse(service, &with(json.clone(), field, json!(["PLANTED"]))).unwrap_err();
            assert_eq!(error, AccountError::NotText { field });
        }
    }
}

#[test]
fn an_unknown_field_is_refused_except_in_googles_own_file() {
    assert!(
        parse(
            Service::Fcm,
            &with(google(), "universe_domain", "googleapis.com")
        )
        .is_ok()
    );
    for (service, json) in [(Service::Apns, apple()), (Service::WebPush, vapid())] {
        let error = parse(service, &with(json, "PLANTED", "x")).unwrap_err();
        assert!(matches!(error, AccountError::Unknown { .. }), "{error:?}");
        assert!(!error.to_string().contains("PLANTED"), "{error}");
    }
}

#[test]
fn what_is_no_object_is_refused_without_showing_it() {
    let long = "x".repeat(70_000);
    for (text, wanted) in [
        ("", AccountError::Json { line: 1, column: 0 }),
        ("{\n\"PLANTED", AccountError::Json { line: 2, column: 8 }),
        ("\"PLANTED\"", AccountError::NotObject),
        ("[\"PLANTED\"]", AccountError::NotObject),
        (&long, AccountError::TooLong { max: 65_536 }),
    ] {
        let error = Account::parse(Service::Apns, text).unwrap_err();
        assert_eq!(error, wanted);
        assert!(!format!("{error} {error:?}").contains("PLANTED"));
    }
}

#[test]
fn no_secret_of_an_account_is_shown() {
    for (service, json) in [
        (Service::Fcm, google()),
        (Service::Apns, apple()),
        (Service::WebPush, vapid()),
    ] {
        let shown = format!("{:#?}", parse(service, &json).unwrap());
        for secret in ["PRIVATE", "MIG", "MII", "yfWPiYE"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

/// Another key of VAPID than that of [`vapid`].
const OTHER_KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

fn rotate(service: Service, former: &Value, new: &Value) -> Result<Value, RotationError> {
    let rotated = rotated(service, &former.to_string(), &new.to_string());
    rotated.map(|rotated| serde_json::from_str(&rotated).unwrap())
}

/// Registrations belong to a project, device tokens to an app.
#[test]
fn credentials_of_another_project_or_app_are_no_rotation() {
    let renewed = with(google(), "private_key_id", "feedface");
    assert_eq!(rotate(Service::Fcm, &google(), &renewed), Ok(renewed));
    let other = with(google(), "project_id", "shop-2");
    let field = "project_id";
    let refused = Err(RotationError::Elsewhere(Elsewhere { field }));
    assert_eq!(rotate(Service::Fcm, &google(), &other), refused);
    let renewed = with(apple(), "key_id", "KEY7654321");
    assert_eq!(rotate(Service::Apns, &apple(), &renewed), Ok(renewed));
    let (other, field) = (with(apple(), "topic", "com.example.bank"), "topic");
    let refused = Err(RotationError::Elsewhere(Elsewhere { field }));
    assert_eq!(rotate(Service::Apns, &apple(), &other), refused);
    // What cannot be read binds nothing, and what replaces it must be readable.
    let broken = json!({});
    assert!(rotate(Service::Apns, &broken, &apple()).is_ok());
    assert!(rotate(Service::Apns, &apple(), &broken).is_err());
}

#[test]
fn credentials_set_in_place_of_others_are_for_their_addresses() {
    let keeps = |service, former: &Value, new: &Value| {
        keeps_addresses(&former.to_string(), &parse(service, new).unwrap())
    };
    let other = with(google(), "project_id", "shop-2");
    let field = "project_id";
    assert_eq!(
        keeps(Service::Fcm, &google(), &other),
        Err(Elsewhere { field })
    );
    assert_eq!(keeps(Service::Fcm, &google(), &google()), Ok(()));
    let (other, field) = (with(apple(), "topic", "com.example.bank"), "topic");
    assert_eq!(
        keeps(Service::Apns, &apple(), &other),
        Err(Elsewhere { field })
    );
    // A service that wants another key of Web Push keeps the subscription.
    let other = with(vapid(), "private_key", OTHER_KEY);
    assert_eq!(keeps(Service::WebPush, &vapid(), &other), Ok(()));
    assert_eq!(keeps(Service::Apns, &json!({}), &apple()), Ok(()));
}

/// RFC 8292, 4.2: subscriptions take pushes of the key that they were made with.
#[test]
fn a_rotated_key_of_web_push_is_kept_for_its_subscriptions() {
    let first = vapid();
    let second = with(vapid(), "private_key", OTHER_KEY);
    let rotated = rotate(Service::WebPush, &first, &second).unwrap();
    assert_eq!(rotated["private_key"], OTHER_KEY);
    assert_eq!(rotated["former_keys"], json!([first["private_key"]]));
    let account = parse(Service::WebPush, &rotated).unwrap();
    assert_eq!(
        account.subscription_key(),
        parse(Service::WebPush, &second).unwrap().subscription_key()
    );
    // The same key in another form is the same key, whoever names it.
    let third = with(vapid(), "private_key", EC_PEM);
    let rotated = rotate(Service::WebPush, &rotated, &third).unwrap();
    assert_eq!(
        rotated["former_keys"],
        json!([OTHER_KEY, first["private_key"]])
    );
    let back = rotate(Service::WebPush, &rotated, &second).unwrap();
    assert_eq!(back["former_keys"], json!([EC_PEM, first["private_key"]]));
    // A new contact of the same key changes no key.
    let renamed = with(first.clone(), "contact", "mailto:ops@shop.example");
    assert_eq!(rotate(Service::WebPush, &first, &renamed), Ok(renamed));
}

#[test]
fn former_keys_are_few_and_keys() {
    let json = |keys: Value| with(vapid(), "former_keys", keys);
    let field = "former_keys";
    let wrong = |keys| parse(Service::WebPush, &json(keys)).unwrap_err();
    let max = MAX_FORMER_KEYS;
    let too_many = AccountError::Value {
        field,
        fault: Fault::TooMany { max },
    };
    assert_eq!(wrong(json!([OTHER_KEY, "", "", "", ""])), too_many);
    assert_eq!(wrong(json!(OTHER_KEY)), AccountError::NotTexts { field });
    assert_eq!(wrong(json!([1])), AccountError::NotTexts { field });
    assert_eq!(wrong(json!(["secret"])).field(), Some(field));
    assert!(!wrong(json!(["secret"])).to_string().contains("secret"));
}
