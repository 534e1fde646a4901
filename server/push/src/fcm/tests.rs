mod answer;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use vestnik_model::Reason;

use crate::{
    address::FcmAddress,
    build_error::BuildError,
    fixture::{RSA_PEM, RSA_PUBLIC_PEM, now, plain, push, sealed, with_answer, withdrawal},
    push::{Content, Push, Urgency},
};

fn account() -> ServiceAccount {
    let file = json!({
        "type": "service_account",
        "project_id": "shop-1",
        "private_key_id": "abad1dea",
        "private_key": RSA_PEM,
        "client_email": "push@shop-1.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    ServiceAccount::from_json(&file.to_string()).unwrap()
}

fn token() -> AccessToken {
    let body = r#"{"access_token":"ya29.PLANTED","expires_in":3599,"token_type":"Bearer"}"#;
    with_answer(200, None, body, |answer| {
        crate::oauth::answer(answer, now())
    })
    .unwrap()
}

fn send(push: &Push, address: &FcmAddress) -> Result<Request<Vec<u8>>, BuildError> {
    send_at(push, address, now())
}

fn send_at(
    push: &Push,
    address: &FcmAddress,
    at: Timestamp,
) -> Result<Request<Vec<u8>>, BuildError> {
    let account = account();
    let sender = Sender {
        origin: &production(),
        project: account.project(),
        token: &token(),
        validate_only: false,
    };
    request(push, address, sender, at)
}

fn body(request: &Request<Vec<u8>>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn address() -> FcmAddress {
    FcmAddress::token("cJ7:APA91b").unwrap()
}

#[test]
fn a_sealed_push_is_data_and_a_generic_alert() {
    let request = send(&push(sealed(3)), &address()).unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(
        request.uri(),
        "https://fcm.googleapis.com/v1/projects/shop-1/messages:send"
    );
    assert_eq!(request.headers()["authorization"], "Bearer ya29.PLANTED");
    assert!(!format!("{:?}", request.headers()).contains("PLANTED"));
    let key = push(sealed(3)).collapse.unwrap();
    let key = key.as_str();
    assert_eq!(
        body(&request),
        json!({"message": {
            "token": "cJ7:APA91b",
            "data": {"vestnik": concat!(
                r#"{"v":1,"id":"att_0192f0c1000070008000000000000007","#,
                r#""notification":"ntf_0192f0c1000070008000000000000008","envelope":"-_v7"}"#,
            )},
            "android": {"priority": "HIGH", "ttl": "3600s"},
            "apns": {
                "headers": {
                    "apns-push-type": "alert",
                    "apns-priority": "10",
                    "apns-expiration": "1795860000",
                    "apns-collapse-id": "ntf_0192f0c1000070008000000000000008",
                },
                "payload": {"aps": {
                    "alert": {"title": "New message"}, "mutable-content": 1, "sound": "default",
                }},
            },
            "webpush": {"headers": {"Urgency": "high", "Topic": key}},
        }})
    );
}

#[test]
fn a_plain_push_carries_its_content_as_one_text() {
    let address = FcmAddress::installation("cJ7xPq0rT1uVwXyZ012345").unwrap();
    let request = send(&push(Content::Plain(Box::new(plain()))), &address).unwrap();
    let message = &body(&request)["message"];
    assert_eq!(message["fid"], "cJ7xPq0rT1uVwXyZ012345");
    assert_eq!(message.get("token"), None);
    let parcel = message["data"]["vestnik"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(parcel).unwrap(),
        json!({
            "v": 1,
            "id": "att_0192f0c1000070008000000000000007",
            "notification": "ntf_0192f0c1000070008000000000000008",
            "title": "Order 8812",
            "body": "On its way 🚚",
            "link": "https://shop.example/orders/8812",
            "badge": 3,
            "data": {"from": {"order": 8812}},
        })
    );
    assert_eq!(message["apns"]["payload"]["aps"]["badge"], 3);
}

/// <https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type>
#[test]
fn no_name_of_the_data_is_one_that_fcm_keeps_for_itself() {
    let hint = Content::Hint { alert: None };
    for content in [
        sealed(3),
        withdrawal(),
        Content::Plain(Box::new(plain())),
        hint,
    ] {
        let message = body(&send(&push(content), &address()).unwrap());
        let data = message["message"]["data"].as_object().unwrap();
        assert!(!data.is_empty());
        for name in data.keys() {
            assert!(!["from", "notification", "message_type", "collapse_key"].contains(&&**name));
            assert!(!name.starts_with("google") && !name.starts_with("gcm"));
        }
    }
}

#[test]
fn a_push_that_shows_nothing_wakes_the_app_without_haste() {
    let silent = Content::Sealed {
        envelope: vec![1],
        alert: None,
    };
    let message = body(&send(&push(silent), &address()).unwrap());
    let message = &message["message"];
    assert_eq!(message["android"]["priority"], "NORMAL");
    assert_eq!(
        message["apns"]["payload"],
        json!({"aps": {"content-available": 1}})
    );
    assert_eq!(message["apns"]["headers"]["apns-push-type"], "background");
    assert_eq!(message["apns"]["headers"]["apns-priority"], "5");
    let mut quiet = push(sealed(1));
    quiet.urgency = Urgency::Low;
    let message = body(&send(&quiet, &address()).unwrap());
    assert_eq!(message["message"]["android"]["priority"], "NORMAL");
}

#[test]
fn a_withdrawal_names_no_notification_to_draw() {
    let message = body(&send(&push(withdrawal()), &address()).unwrap());
    let message = &message["message"];
    let parcel = message["data"]["vestnik"].as_str().unwrap();
    let parcel: Value = serde_json::from_str(parcel).unwrap();
    assert_eq!(
        parcel,
        json!({
            "v": 1, "id": "att_0192f0c1000070008000000000000007",
            "withdraws": "ntf_0192f0c1000070008000000000000008", "envelope": "-_v7",
        })
    );
    assert_eq!(message["android"]["priority"], "NORMAL");
    assert_eq!(message["apns"]["headers"]["apns-push-type"], "background");
}

#[test]
fn a_check_only_request_says_so() {
    let (origin, token, account) = (production(), token(), account());
    let sender = Sender {
        origin: &origin,
        project: account.project(),
        token: &token,
        validate_only: true,
    };
    let request = request(&push(sealed(3)), &address(), sender, now()).unwrap();
    assert_eq!(body(&request)["validate_only"], true);
}

#[test]
fn the_largest_push_passes_and_one_byte_more_does_not() {
    let fits = |bytes| send(&push(sealed(bytes)), &address());
    let largest = (0..4_096).rev().find(|bytes| fits(*bytes).is_ok()).unwrap();
    assert!((2_700..3_072).contains(&largest), "{largest}");
    let Err(BuildError::TooLarge { bytes, cap }) = fits(largest + 1) else {
        panic!("one byte more must be refused");
    };
    assert!(bytes > cap && cap == MAX_PAYLOAD_BYTES);
    // What FCM will send to APNs is counted as it will be.
    let request = fits(largest).unwrap();
    let message = &body(&request)["message"];
    let mut merged = message["data"].clone();
    merged["aps"] = message["apns"]["payload"]["aps"].clone();
    let room = MAX_PAYLOAD_BYTES - merged.to_string().len();
    assert!(
        room < 2,
        "a byte of the envelope takes two of base64 at most: {room}"
    );
}

#[test]
fn time_to_live_is_what_is_left_and_has_a_cap() {
    let mut push = push(sealed(3));
    let ttl = |push: &Push, at: &str| {
        let request = send_at(push, &address(), crate::fixture::time(at)).unwrap();
        body(&request)["message"]["android"]["ttl"].clone()
    };
    push.expires_at = crate::fixture::time("2026-11-28T09:30:00Z");
    assert_eq!(ttl(&push, "2026-11-28T09:29:58.5Z"), "1s");
    assert_eq!(ttl(&push, "2026-11-28T09:29:59.5Z"), "0s");
    push.expires_at = crate::fixture::time("2027-11-28T10:00:00Z");
    assert_eq!(ttl(&push, "2026-11-28T09:29:58Z"), "2419200s");
    push.expires_at = now();
    let error = send(&push, &address()).unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ExpiredTtl));
}

#[test]
fn a_token_past_its_end_sends_nothing() {
    let later = crate::fixture::time("2026-11-28T09:59:59Z");
    assert!(!token().is_due(now()) && token().is_due(later));
    let mut push = push(sealed(3));
    push.expires_at = crate::fixture::time("2026-11-29T10:00:00Z");
    let error = send_at(&push, &address(), later).unwrap_err();
    assert!(matches!(error, BuildError::TokenTooOld), "{error}");
}

#[test]
fn an_assertion_is_signed_for_googles_token_service() {
    let request = oauth::request(&account(), now()).unwrap();
    assert_eq!(request.uri(), "https://oauth2.googleapis.com/token");
    assert_eq!(
        request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    let form = String::from_utf8(request.into_body()).unwrap();
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let assertion = form.strip_prefix(grant).unwrap();

    let key = DecodingKey::from_rsa_pem(RSA_PUBLIC_PEM.as_bytes()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&["https://oauth2.googleapis.com/token"]);
    rules.validate_exp = false;
    let read = decode::<Value>(assertion, &key, &rules).unwrap();
    assert_eq!(read.header.kid.as_deref(), Some("abad1dea"));
    assert_eq!(
        read.claims,
        json!({
            "iss": "push@shop-1.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": now().as_second(),
            "exp": now().as_second() + 3_600,
        })
    );
}

#[test]
fn the_token_services_answers_are_told_apart() {
    use crate::oauth::TokenRefusal;
    let read = |status, header, body: &str| {
        with_answer(status, header, body, |answer| {
            crate::oauth::answer(answer, now())
        })
    };
    let token = read(200, None, r#"{"access_token":"a","expires_in":3600}"#).unwrap();
    let end = now() + SignedDuration::from_hours(1);
    assert!(token.is_expired(end) && !token.is_expired(now()));
    for body in [
        "",
        "{}",
        r#"{"access_token":"","expires_in":3600}"#,
        r#"{"access_token":"a b","expires_in":3600}"#,
        r#"{"access_token":"a","expires_in":0}"#,
        r#"{"access_token":"a","expires_in":-9223372036854775808}"#,
    ] {
        assert_eq!(
            read(200, None, body).unwrap_err(),
            TokenRefusal::Unreadable,
            "{body}"
        );
    }
    let denied = read(
        400,
        None,
        r#"{"error":"invalid_grant","error_description":"x@y"}"#,
    );
    assert_eq!(
        denied.unwrap_err().to_string(),
        "the account was refused: 400 invalid_grant"
    );
    let denied = read(401, None, "").unwrap_err();
    assert_eq!(denied.reason(), Reason::ConfigProviderAuth);
    let later = read(503, Some(("retry-after", "7")), "").unwrap_err();
    assert_eq!(later.reason(), Reason::ProviderUnavailable);
    assert!(
        matches!(later, TokenRefusal::Later { after: Some(after), .. } if after.as_secs() == 7)
    );
    let forever = read(
        200,
        None,
        r#"{"access_token":"a","expires_in":9223372036854775807}"#,
    );
    assert!(
        forever
            .unwrap()
            .is_expired(now() + SignedDuration::from_hours(24))
    );
}

#[test]
fn a_broken_account_is_refused_without_showing_it() {
    let good = json!({
        "project_id": "shop-1", "private_key_id": "1", "private_key": RSA_PEM,
        "client_email": "a@b", "token_uri": "https://oauth2.googleapis.com/token",
    });
    for (field, value) in [
        ("project_id", "../x"),
        ("project_id", ""),
        ("private_key", "PLANTED"),
        ("token_uri", "PLANTED"),
        ("token_uri", "ftp://PLANTED/x"),
    ] {
        let mut file = good.clone();
        file[field] = value.into();
        let error = ServiceAccount::from_json(&file.to_string()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("PLANTED"), "{field}");
    }
    let shown = format!("{:?} {:?}", account(), token());
    assert!(
        !shown.contains("PLANTED") && !shown.contains("iam"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn no_envelope_shows_in_clear(word in "[a-z]{12}") {
        let content = Content::Sealed { envelope: word.as_bytes().to_vec(), alert: None };
        let request = send(&push(content), &address()).unwrap();
        let body = String::from_utf8(request.into_body()).unwrap();
        prop_assert!(!body.contains(&word));
        prop_assert!(body.contains(&URL_SAFE_NO_PAD.encode(&word)));
    }
}
