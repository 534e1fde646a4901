use std::time::Duration;

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
    fixture::{RSA_PEM, RSA_PUBLIC_PEM, now, plain, push, sealed, with_answer},
    outcome::{Connection, Outcome, Remedy, Scope, Verdict},
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
    with_answer(200, None, body, |answer| oauth::answer(answer, now())).unwrap()
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
            "android": {"collapse_key": key, "priority": "HIGH", "ttl": "3600s"},
            "apns": {
                "headers": {
                    "apns-push-type": "alert",
                    "apns-priority": "10",
                    "apns-expiration": "1795860000",
                    "apns-collapse-id": key,
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
    for content in [sealed(3), Content::Plain(Box::new(plain())), hint] {
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
    use oauth::TokenRefusal;
    let read = |status, header, body: &str| {
        with_answer(status, header, body, |answer| oauth::answer(answer, now()))
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
        "the service account was refused: 400 invalid_grant"
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

fn read(status: u16, header: Option<(&'static str, &str)>, body: &str) -> Outcome {
    with_answer(status, header, body, |answer| outcome(answer, now()))
}

/// An error as FCM writes it, with its own code.
fn error(status: u16, word: &str, code: &str, more: &str) -> String {
    let kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
    format!(
        r#"{{"error":{{"code":{status},"message":"m","status":"{word}","details":[
            {{"@type":"{kind}","errorCode":"{code}"}}{more}]}}}}"#
    )
}

fn violation(field: &str) -> String {
    format!(
        r#",{{"@type":"type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations":[{{"field":"{field}","description":"d"}}]}}"#
    )
}

fn rejected(reason: Reason) -> Verdict {
    Verdict::Rejected { reason }
}

fn refused(reason: Reason, remedy: Remedy) -> Verdict {
    Verdict::Refused { reason, remedy }
}

fn throttled(seconds: u64) -> Verdict {
    Verdict::Throttled {
        scope: Scope::Unsaid,
        after: Some(Duration::from_secs(seconds)),
        over: Connection::Any,
    }
}

/// Checks an error with its usual status, FCM's own code and more details.
fn check(status: u16, code: &str, more: &str, wanted: &Verdict) {
    let word = match code {
        "UNREGISTERED" => "NOT_FOUND",
        "SENDER_ID_MISMATCH" => "PERMISSION_DENIED",
        "QUOTA_EXCEEDED" => "RESOURCE_EXHAUSTED",
        "THIRD_PARTY_AUTH_ERROR" => "UNAUTHENTICATED",
        "UNSPECIFIED_ERROR" => "INTERNAL",
        same => same,
    };
    let read = read(status, None, &error(status, word, code, more));
    assert_eq!(&read.verdict, wanted, "{code} {more}");
    assert_eq!(read.said.to_string(), format!("{status} {code}"));
}

#[test]
fn every_documented_error_has_its_verdict() {
    let dead = Verdict::dead(Reason::TokenDead);
    let internal = Verdict::retry(Reason::ProviderInternal, None);
    let busy = Verdict::retry(Reason::ProviderUnavailable, None);
    let operator = refused(Reason::ConfigProviderAuth, Remedy::Operator);
    check(404, "UNREGISTERED", "", &dead);
    check(
        403,
        "SENDER_ID_MISMATCH",
        "",
        &Verdict::dead(Reason::TokenMismatch),
    );
    check(429, "QUOTA_EXCEEDED", "", &throttled(60));
    check(503, "UNAVAILABLE", "", &busy);
    check(500, "INTERNAL", "", &internal);
    check(401, "THIRD_PARTY_AUTH_ERROR", "", &operator);
    check(500, "UNSPECIFIED_ERROR", "", &internal);
}

#[test]
fn a_bad_argument_kills_an_address_only_if_it_is_the_address() {
    let code = "INVALID_ARGUMENT";
    let (dead, reason) = (Verdict::dead(Reason::TokenDead), Reason::ProviderRejected);
    check(400, code, &violation("message.token"), &dead);
    check(400, code, &violation("message.fid"), &dead);
    check(
        400,
        code,
        &violation("message.data[0].value"),
        &rejected(reason),
    );
    check(
        400,
        code,
        &violation("message.android.ttl"),
        &rejected(reason),
    );
    check(400, code, "", &Verdict::Suspect { reason });
}

/// Google's page of error codes shows one without a code of FCM's own.
#[test]
fn a_violation_counts_without_the_code() {
    for (field, wanted) in [
        ("message.token", Verdict::dead(Reason::TokenDead)),
        ("message.data[0].value", rejected(Reason::ProviderRejected)),
    ] {
        let details = violation(field);
        let details = details.trim_start_matches(',');
        let body = format!(
            r#"{{"error":{{"code":400,"status":"INVALID_ARGUMENT","details":[{details}]}}}}"#
        );
        let read = read(400, None, &body);
        assert_eq!(read.verdict, wanted, "{field}");
        assert_eq!(read.said.to_string(), "400 INVALID_ARGUMENT");
    }
}

#[test]
fn without_its_own_code_the_status_counts() {
    let (auth, operator) = (Reason::ConfigProviderAuth, Remedy::Operator);
    for (status, word, wanted) in [
        (400, "INVALID_ARGUMENT", rejected(Reason::ProviderRejected)),
        (401, "UNAUTHENTICATED", refused(auth, Remedy::NewToken)),
        (403, "PERMISSION_DENIED", refused(auth, operator)),
        (
            404,
            "NOT_FOUND",
            refused(Reason::ConfigSenderNotAllowed, operator),
        ),
        (413, "", rejected(Reason::ProviderPayloadTooLarge)),
        (429, "RESOURCE_EXHAUSTED", throttled(60)),
        (408, "", Verdict::retry(Reason::ProviderTimeout, None)),
        (
            500,
            "INTERNAL",
            Verdict::retry(Reason::ProviderInternal, None),
        ),
        (502, "", Verdict::retry(Reason::ProviderUnavailable, None)),
        (
            503,
            "UNAVAILABLE",
            Verdict::retry(Reason::ProviderUnavailable, None),
        ),
        (504, "", Verdict::retry(Reason::ProviderTimeout, None)),
        (599, "", Verdict::retry(Reason::ProviderInternal, None)),
        (302, "", rejected(Reason::Unknown)),
        (418, "", rejected(Reason::Unknown)),
    ] {
        let json = format!(r#"{{"error":{{"status":"{word}"}}}}"#);
        for body in [json.as_str(), "", "<html>", r#"{"error":"x"}"#, "[]"] {
            assert_eq!(read(status, None, body).verdict, wanted, "{status} {body}");
        }
    }
    // A code of tomorrow is no proof of anything.
    let newer = error(404, "NOT_FOUND", "FOLDED", "");
    assert_eq!(
        read(404, None, &newer).verdict,
        refused(Reason::ConfigSenderNotAllowed, operator)
    );
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    let wait = Some(("retry-after", "120"));
    let quota = error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "");
    assert_eq!(read(429, wait, &quota).verdict, throttled(120));
    let minutes = Some(Duration::from_secs(120));
    let busy = error(503, "UNAVAILABLE", "UNAVAILABLE", "");
    assert_eq!(
        read(503, wait, &busy).verdict,
        Verdict::retry(Reason::ProviderUnavailable, minutes)
    );
}

#[test]
fn an_accepted_push_has_its_name() {
    let read = read(200, None, r#"{"name":"projects/shop-1/messages/0:1500"}"#);
    let Verdict::Accepted { id: Some(id) } = read.verdict else {
        panic!("the push was accepted");
    };
    assert_eq!(id.as_str(), "projects/shop-1/messages/0:1500");
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(1_025));
    for body in ["", "{}", long.as_str(), r#"{"name":"a b"}"#] {
        let read = self::read(200, None, body);
        assert_eq!(read.verdict, Verdict::Accepted { id: None }, "{body}");
    }
}

#[test]
fn a_body_past_the_bound_is_not_parsed() {
    let huge = format!(
        "{}{}",
        error(404, "NOT_FOUND", "UNREGISTERED", ""),
        " ".repeat(16 * 1_024)
    );
    let wanted = refused(Reason::ConfigSenderNotAllowed, Remedy::Operator);
    assert_eq!(read(404, None, &huge).verdict, wanted);
}

proptest! {
    #[test]
    fn no_answer_panics_and_only_a_proof_kills(status in 300_u16..600, body in ".{0,200}") {
        let read = read(status, None, &body);
        let is_dead = matches!(read.verdict, Verdict::Dead { .. });
        prop_assert!(!is_dead);
    }

    #[test]
    fn no_envelope_shows_in_clear(word in "[a-z]{12}") {
        let content = Content::Sealed { envelope: word.as_bytes().to_vec(), alert: None };
        let request = send(&push(content), &address()).unwrap();
        let body = String::from_utf8(request.into_body()).unwrap();
        prop_assert!(!body.contains(&word));
        prop_assert!(body.contains(&URL_SAFE_NO_PAD.encode(&word)));
    }
}
