mod answer;
mod receipt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};
use vestnik_model::TrafficType;

use super::*;
use crate::{
    address::HmsAddress,
    build_error::BuildError,
    field::{AccountError, Fault, Fields},
    fixture::{RSA_PEM, RSA_PUBLIC_PEM, now, plain, push, sealed, time, with_answer, withdrawal},
    push::{Content, Push, Urgency},
};

fn client() -> Value {
    json!({ "app_id": "104577123", "client_secret": "PLANTED/+=", })
}

fn project() -> Value {
    json!({
        "project_id": "388421841222199046", "key_id": "key-1", "private_key": RSA_PEM,
        "sub_account": "sub-7", "auth_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize",
    })
}

fn with(mut json: Value, field: &str, value: impl Into<Value>) -> Value {
    json[field] = value.into();
    json
}

fn fields(json: &Value) -> Fields {
    Fields::read(&json.to_string()).unwrap()
}

fn read(json: &Value) -> Result<Credentials, AccountError> {
    Credentials::of(&fields(json))
}

fn credentials(json: &Value) -> Credentials {
    read(json).unwrap()
}

fn token() -> AccessToken {
    let body = r#"{"access_token":"DgAB\/x+y=","expires_in":3600,"token_type":"Bearer"}"#;
    with_answer(200, None, body, |answer| {
        crate::oauth::answer(answer, now())
    })
    .unwrap()
}

fn address() -> HmsAddress {
    HmsAddress::parse("IQAAAACy0tRr").unwrap()
}

fn send(push: &Push, json: &Value) -> Result<Request<Vec<u8>>, BuildError> {
    let credentials = credentials(json);
    let sender = Sender {
        credentials: &credentials,
        token: &token(),
        validate_only: false,
    };
    request(push, &address(), sender, now())
}

fn body(request: &Request<Vec<u8>>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

/// What the app reads in the one name that it is given.
fn parcel(data: &Value) -> Value {
    let data: Value = match data.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => data.clone(),
    };
    assert_eq!(data.as_object().unwrap().len(), 1);
    serde_json::from_str(data["vestnik"].as_str().unwrap()).unwrap()
}

#[test]
fn version_1_is_data_only_with_one_token() {
    let request = send(&push(sealed(3)), &client()).unwrap();
    assert_eq!(
        request.uri(),
        "https://push-api.cloud.huawei.com/v1/104577123/messages:send"
    );
    assert_eq!(request.headers()["authorization"], "Bearer DgAB/x+y=");
    assert!(request.headers()["authorization"].is_sensitive());
    let mut body = body(&request);
    let read = parcel(&body["message"]["data"].take());
    assert_eq!(read["envelope"], URL_SAFE_NO_PAD.encode([0xfb; 3]));
    assert_eq!(read["title"], Value::Null);
    let attempt = push(sealed(3)).attempt.to_string();
    assert_eq!(
        body,
        json!({ "message": {
            "data": null,
            "android": { "urgency": "NORMAL", "category": "EXPRESS", "ttl": "3600s", "bi_tag": attempt },
            "token": ["IQAAAACy0tRr"],
        }})
    );
}

#[test]
fn only_an_app_with_the_right_sends_urgent_messages_and_only_those_that_show_something() {
    let urgency = |push: &Push, json: &Value| {
        let body = body(&send(push, json).unwrap());
        body["message"]["android"]["urgency"].clone()
    };
    let may = with(client(), "urgent", true);
    assert_eq!(urgency(&push(sealed(1)), &may), "HIGH");
    assert_eq!(urgency(&push(sealed(1)), &client()), "NORMAL");
    assert_eq!(urgency(&push(withdrawal()), &may), "NORMAL");
    let low = Push {
        urgency: Urgency::Low,
        ..push(sealed(1))
    };
    assert_eq!(urgency(&low, &may), "NORMAL");
}

#[test]
fn version_3_shows_the_generic_text_and_gives_the_app_the_same_data() {
    let request = send(&push(sealed(3)), &project()).unwrap();
    assert_eq!(
        request.uri(),
        "https://push-api.cloud.huawei.com/v3/388421841222199046/messages:send"
    );
    assert_eq!(request.headers()["push-type"], "0");
    let mut body = body(&request);
    let notification = &mut body["payload"]["notification"];
    let read = parcel(&notification["clickAction"]["data"].take());
    assert_eq!(read["envelope"], URL_SAFE_NO_PAD.encode([0xfb; 3]));
    let number = notification["notifyId"].take();
    assert!(number.as_u64().unwrap() <= u64::from(u32::MAX >> 1));
    let attempt = push(sealed(3)).attempt.to_string();
    assert_eq!(
        body,
        json!({
            "payload": { "notification": {
                "category": "EXPRESS", "title": "New message", "body": "New message",
                "clickAction": { "actionType": 0, "data": null },
                "notifyId": null, "foregroundShow": false,
            }},
            "target": { "token": ["IQAAAACy0tRr"] },
            "pushOptions": { "ttl": 3_600, "biTag": attempt },
        })
    );
}

#[test]
fn version_3_wakes_the_app_where_nothing_is_shown() {
    let request = send(&push(withdrawal()), &project()).unwrap();
    assert_eq!(request.headers()["push-type"], "6");
    let body = body(&request);
    let payload = body["payload"].as_object().unwrap();
    assert_eq!(payload.keys().collect::<Vec<_>>(), ["extraData"]);
    assert!(parcel(&payload["extraData"])["withdraws"].is_string());
}

#[test]
fn a_category_or_a_traffic_type_has_a_kind_of_huaweis() {
    let own = json!({ "orders": "TRAVEL", "informational": "WORK" });
    let own = with(client(), "categories", own);
    for (json, traffic_type, category, wanted) in [
        (client(), TrafficType::Transactional, None, "EXPRESS"),
        (client(), TrafficType::Service, None, "ACCOUNT"),
        (client(), TrafficType::Authentication, None, "ACCOUNT"),
        (client(), TrafficType::Informational, None, "SUBSCRIPTION"),
        (client(), TrafficType::Advertising, None, "MARKETING"),
        (
            client(),
            TrafficType::Advertising,
            Some("orders"),
            "MARKETING",
        ),
        (
            own.clone(),
            TrafficType::Transactional,
            Some("orders"),
            "TRAVEL",
        ),
        (
            own.clone(),
            TrafficType::Informational,
            Some("news"),
            "WORK",
        ),
        (own, TrafficType::Transactional, Some("news"), "EXPRESS"),
    ] {
        let push = Push {
            traffic_type,
            category: category.map(|name| name.parse().unwrap()),
            ..push(sealed(1))
        };
        let body = body(&send(&push, &json).unwrap());
        assert_eq!(body["message"]["android"]["category"], wanted, "{push:?}");
    }
}

#[test]
fn a_time_to_live_is_one_that_huawei_takes() {
    let ttl = |expires: &str| {
        let push = Push {
            expires_at: time(expires),
            ..push(sealed(1))
        };
        let of = |json: &Value| body(&send(&push, json).unwrap());
        let one = of(&client())["message"]["android"]["ttl"].clone();
        (one, of(&project())["pushOptions"]["ttl"].clone())
    };
    assert_eq!(ttl("2026-11-28T09:00:00.5Z"), (json!("1s"), json!(1)));
    let most = (json!("1296000s"), json!(1_296_000));
    assert_eq!(ttl("2026-12-28T09:00:00Z"), most);
    let late = Push {
        expires_at: now(),
        ..push(sealed(1))
    };
    let refused = send(&late, &client());
    assert!(matches!(refused, Err(BuildError::Expired { .. })));
}

#[test]
fn the_size_is_that_of_the_body_without_its_token() {
    for json in [client(), project()] {
        let fits = |bytes| send(&push(sealed(bytes)), &json);
        let most = (2_000..4_096).find(|bytes| fits(*bytes).is_err()).unwrap() - 1;
        let request = fits(most).unwrap();
        let counted = request.body().len() - "IQAAAACy0tRr".len();
        assert!((4_090..=MAX_PAYLOAD_BYTES).contains(&counted), "{counted}");
        let refused = fits(most + 1).unwrap_err();
        assert!(matches!(refused, BuildError::TooLarge { cap: 4_096, .. }));
    }
}

#[test]
fn content_that_huawei_may_read_is_drawn_by_the_app_too() {
    let body = body(&send(&push(Content::Plain(Box::new(plain()))), &client()).unwrap());
    let read = parcel(&body["message"]["data"]);
    assert_eq!(read["title"], "Order 8812");
}

#[test]
fn a_check_delivers_nothing() {
    for (json, pointer) in [
        (client(), "/validate_only"),
        (project(), "/pushOptions/testMessage"),
    ] {
        let credentials = credentials(&json);
        let sender = Sender {
            credentials: &credentials,
            token: &token(),
            validate_only: true,
        };
        let address = HmsAddress::parse("x").unwrap();
        let request = request(&push(sealed(1)), &address, sender, now()).unwrap();
        assert_eq!(body(&request).pointer(pointer), Some(&json!(true)));
    }
}

#[test]
fn a_secret_is_exchanged_as_a_form() {
    let Interface::Application(application) = credentials(&client()).interface else {
        panic!("it is version 1");
    };
    let request = exchange(&application).unwrap();
    assert_eq!(
        request.uri(),
        "https://oauth-login.cloud.huawei.com/oauth2/v3/token"
    );
    assert_eq!(
        request.body(),
        b"grant_type=client_credentials&client_id=104577123&client_secret=PLANTED%2F%2B%3D"
    );
}

#[test]
fn a_service_account_signs_by_ps256_for_an_hour() {
    let Interface::Project(project) = credentials(&project()).interface else {
        panic!("it is version 3");
    };
    let signed = sign(&project, now()).unwrap();
    let text = signed.bearer();
    let text = text.strip_prefix("Bearer ").unwrap();
    let key = DecodingKey::from_rsa_pem(RSA_PUBLIC_PEM.as_bytes()).unwrap();
    let mut validation = Validation::new(Algorithm::PS256);
    validation.validate_exp = false;
    validation.set_audience(&["https://oauth-login.cloud.huawei.com/oauth2/v3/token"]);
    let read = decode::<Value>(text, &key, &validation).unwrap();
    assert_eq!(read.header.kid.as_deref(), Some("key-1"));
    assert_eq!(
        read.claims,
        json!({
            "iss": "sub-7",
            "aud": "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
            "iat": now().as_second(),
            "exp": now().as_second() + 3_600,
        })
    );
    assert!(!signed.is_expired(now()));
}

#[test]
fn a_broken_account_is_refused_by_its_field() {
    let value = |field, fault| AccountError::Value { field, fault };
    for (json, wanted) in [
        (json!({}), AccountError::Missing { field: "app_id" }),
        (
            with(client(), "app_id", "../x"),
            value("app_id", Fault::Segment),
        ),
        (
            with(client(), "client_secret", ""),
            value("client_secret", Fault::Empty),
        ),
        (
            with(client(), "urgent", "PLANTED"),
            AccountError::NotFlag { field: "urgent" },
        ),
        (
            with(client(), "categories", "PLANTED"),
            AccountError::NotTextMap {
                field: "categories",
            },
        ),
        (
            with(client(), "categories", json!({ "a": "planted" })),
            value("categories", Fault::HuaweiCategory),
        ),
        (
            with(project(), "project_id", ""),
            value("project_id", Fault::Empty),
        ),
    ] {
        assert_eq!(read(&json).err(), Some(wanted), "{json}");
    }
    let shown = format!("{:?}", credentials(&client()));
    assert!(
        shown.contains("104577123") && !shown.contains("PLANTED"),
        "{shown}"
    );
}
