use std::time::Duration;

use http::{Method, Request, Version};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use proptest::prelude::*;
use serde_json::{Value, json};
use vestnik_model::open::Word as _;

use super::*;
use vestnik_model::Reason;

use crate::{
    address::{ApnsAddress, Environment},
    build_error::BuildError,
    fixture::{EC_PEM, EC_PUBLIC_PEM, now, plain, push, sealed, time, with_answer, withdrawal},
    outcome::{Connection, Outcome, Remedy, Scope, Verdict},
    push::{Content, Push, Urgency},
};

fn key() -> ApnsKey {
    ApnsKey::new("TEAM567890", "KEY4567890", EC_PEM).unwrap()
}

fn topic() -> Topic {
    Topic::parse("com.example.shop").unwrap()
}

fn token() -> ProviderToken {
    key().token(now()).unwrap()
}

fn address() -> ApnsAddress {
    ApnsAddress::parse("00fc13ad", None).unwrap()
}

fn send(push: &Push) -> Result<Request<Vec<u8>>, BuildError> {
    send_at(push, Environment::Production, now())
}

fn send_at(
    push: &Push,
    environment: Environment,
    at: Timestamp,
) -> Result<Request<Vec<u8>>, BuildError> {
    let sender = Sender {
        hosts: &Hosts::default(),
        environment,
        topic: &topic(),
        token: &token(),
    };
    request(push, &address(), sender, at)
}

fn body(request: &Request<Vec<u8>>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn header<'a>(request: &'a Request<Vec<u8>>, name: &str) -> &'a str {
    request.headers()[name].to_str().unwrap()
}

#[test]
fn a_sealed_push_wakes_the_extension_with_a_generic_alert() {
    let push = push(sealed(3));
    let request = send(&push).unwrap();
    assert_eq!(
        (request.method(), request.version()),
        (&Method::POST, Version::HTTP_2)
    );
    assert_eq!(
        request.uri(),
        "https://api.push.apple.com/3/device/00fc13ad"
    );
    let collapse = push.notification.to_string();
    for (name, value) in [
        ("apns-topic", "com.example.shop"),
        ("apns-push-type", "alert"),
        ("apns-priority", "10"),
        ("apns-id", "0192f0c1-0000-7000-8000-000000000007"),
        ("apns-expiration", "1795860000"),
        ("apns-collapse-id", &collapse),
    ] {
        assert_eq!(header(&request, name), value, "{name}");
    }
    // As the core gives it to apps and extensions (`Ticket::identifier`).
    assert_eq!(collapse, "ntf_0192f0c1000070008000000000000008");
    assert_eq!(
        body(&request),
        json!({
            "aps": {"alert": {"title": "New message"}, "mutable-content": 1, "sound": "default"},
            "vestnik": {"v": 1, "id": "att_0192f0c1000070008000000000000007", "notification": "ntf_0192f0c1000070008000000000000008", "envelope": "-_v7"},
        })
    );
    let sandbox = send_at(&push, Environment::Sandbox, now()).unwrap();
    assert_eq!(sandbox.uri().host(), Some("api.sandbox.push.apple.com"));
}

#[test]
fn a_plain_push_has_its_text_where_the_system_reads_it() {
    let request = send(&push(Content::Plain(Box::new(plain())))).unwrap();
    assert_eq!(
        body(&request),
        json!({
            "aps": {
                "alert": {"title": "Order 8812", "body": "On its way 🚚"},
                "badge": 3, "mutable-content": 1, "sound": "default",
            },
            "vestnik": {
                "v": 1,
                "id": "att_0192f0c1000070008000000000000007", "notification": "ntf_0192f0c1000070008000000000000008",
                "link": "https://shop.example/orders/8812",
                "data": {"from": {"order": 8812}},
            },
        })
    );
}

/// APNs refuses priority 10 for a push that shows nothing.
#[test]
fn type_and_priority_follow_from_what_is_shown() {
    for (urgency, shown, silent) in [
        (Urgency::High, "10", "5"),
        (Urgency::Normal, "10", "5"),
        (Urgency::Low, "5", "5"),
        (Urgency::VeryLow, "1", "5"),
    ] {
        let mut push = push(sealed(1));
        push.urgency = urgency;
        let request = send(&push).unwrap();
        assert_eq!(header(&request, "apns-priority"), shown);
        let is_passive = body(&request)["aps"]["interruption-level"] == "passive";
        assert_eq!(is_passive, urgency <= Urgency::Low);
        push.content = Content::Sealed {
            envelope: vec![1],
            alert: None,
        };
        let request = send(&push).unwrap();
        assert_eq!(header(&request, "apns-push-type"), "background");
        assert_eq!(header(&request, "apns-priority"), silent);
        assert_eq!(body(&request)["aps"], json!({"content-available": 1}));
    }
}

/// It takes the place of the notification that APNs may still store.
#[test]
fn a_withdrawal_goes_to_the_app_in_the_background() {
    let request = send(&push(withdrawal())).unwrap();
    assert_eq!(header(&request, "apns-push-type"), "background");
    assert_eq!(header(&request, "apns-priority"), "5");
    let shown = send(&push(sealed(3))).unwrap();
    let collapse = header(&shown, "apns-collapse-id");
    assert_eq!(header(&request, "apns-collapse-id"), collapse);
    assert_eq!(
        body(&request),
        json!({
            "aps": {"content-available": 1},
            "vestnik": {
                "v": 1, "id": "att_0192f0c1000070008000000000000007",
                "withdraws": "ntf_0192f0c1000070008000000000000008", "envelope": "-_v7",
            },
        })
    );
}

#[test]
fn an_expiry_is_absolute_and_bounded() {
    let mut push = push(sealed(1));
    let expiration = |push: &Push, at: &str| {
        let request = send_at(push, Environment::Production, time(at)).unwrap();
        header(&request, "apns-expiration").to_owned()
    };
    push.expires_at = time("2026-11-28T09:00:10.5Z");
    assert_eq!(expiration(&push, "2026-11-28T09:00:00Z"), "1795856410");
    // Less than a second is left: one try, nothing stored.
    assert_eq!(expiration(&push, "2026-11-28T09:00:10Z"), "0");
    push.expires_at = time("2027-11-28T09:00:00Z");
    let month = (now().as_second() + 30 * 24 * 60 * 60).to_string();
    assert_eq!(expiration(&push, "2026-11-28T09:00:00Z"), month);
    push.expires_at = now();
    assert!(matches!(send(&push), Err(BuildError::Expired { at }) if at == now()));
}

#[test]
fn the_largest_push_passes_and_one_byte_more_does_not() {
    let fits = |bytes| send(&push(sealed(bytes)));
    let largest = (0..4_096).rev().find(|bytes| fits(*bytes).is_ok()).unwrap();
    let room = MAX_PAYLOAD_BYTES - fits(largest).unwrap().body().len();
    assert!(room < 2, "{room}");
    let Err(BuildError::TooLarge { bytes, cap }) = fits(largest + 1) else {
        panic!("one byte more must be refused");
    };
    assert!(bytes > cap && cap == MAX_PAYLOAD_BYTES);
}

#[test]
fn a_provider_token_is_signed_by_the_teams_key() {
    let request = send(&push(sealed(1))).unwrap();
    let token = header(&request, "authorization")
        .strip_prefix("bearer ")
        .unwrap();
    let key = DecodingKey::from_ec_pem(EC_PUBLIC_PEM.as_bytes()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    let read = decode::<Value>(token, &key, &rules).unwrap();
    assert_eq!(read.header.kid.as_deref(), Some("KEY4567890"));
    assert_eq!(
        read.claims,
        json!({"iss": "TEAM567890", "iat": now().as_second()})
    );
}

#[test]
fn a_provider_token_ages() {
    let token = token();
    for (minutes, wanted) in [
        (-5, Age::Young),
        (0, Age::Young),
        (19, Age::Young),
        (20, Age::Ripe),
        (49, Age::Ripe),
        (50, Age::Due),
        (59, Age::Due),
        (60, Age::TooOld),
    ] {
        let at = now() + SignedDuration::from_mins(minutes);
        assert_eq!(token.age(at), wanted, "{minutes}");
    }
    let mut push = push(sealed(1));
    push.expires_at = time("2026-11-29T09:00:00Z");
    let hour = now() + SignedDuration::from_hours(1);
    let late = send_at(&push, Environment::Production, hour);
    assert!(matches!(late, Err(BuildError::TokenTooOld)));
}

#[test]
fn keys_and_topics_are_checked_and_not_shown() {
    for (team, id) in [("TEAM", "KEY4567890"), ("TEAM567890", "KEY456789!")] {
        assert_eq!(
            ApnsKey::new(team, id, EC_PEM).unwrap_err(),
            ApnsKeyError::Id
        );
    }
    let error = ApnsKey::new("TEAM567890", "KEY4567890", "PLANTED").unwrap_err();
    assert!(!format!("{error:?}").contains("PLANTED"));
    for topic in ["", "com.example\r\nx: y", "a b", &"a".repeat(156)] {
        assert_eq!(Topic::parse(topic), Err(TopicError), "{topic}");
    }
    let token = token();
    let secret = token.bearer();
    let signature = secret.rsplit('.').next().unwrap();
    let shown = format!(
        "{:?} {token:?} {:?}",
        key(),
        send(&push(sealed(1))).unwrap().headers()
    );
    assert!(!shown.contains(signature), "{shown}");
}

fn read(status: u16, body: &str) -> Outcome {
    with_answer(status, None, body, |answer| outcome(answer, now()))
}

fn refused(reason: Reason, remedy: Remedy) -> Verdict {
    Verdict::Refused {
        reason,
        scope: Scope::Sender,
        remedy,
    }
}

fn throttled(scope: Scope, over: Connection) -> Verdict {
    let after = None;
    Verdict::Throttled { scope, after, over }
}

fn rejected(reason: Reason) -> Verdict {
    Verdict::Rejected { reason }
}

/// A row: what is wanted, the status, and Apple's reasons.
type Row = (Verdict, u16, &'static [&'static str]);

fn about_push_and_address() -> Vec<Row> {
    vec![
        (
            rejected(Reason::ProviderRejected),
            400,
            &[
                "BadCollapseId",
                "BadExpirationDate",
                "BadMessageId",
                "BadPriority",
                "DuplicateHeaders",
                "InvalidPushType",
                "MissingDeviceToken",
                "PayloadEmpty",
            ],
        ),
        (rejected(Reason::ProviderRejected), 404, &["BadPath"]),
        (
            rejected(Reason::ProviderRejected),
            405,
            &["MethodNotAllowed"],
        ),
        (
            rejected(Reason::ProviderPayloadTooLarge),
            413,
            &["PayloadTooLarge"],
        ),
        (Verdict::WrongEnvironment, 400, &["BadDeviceToken"]),
        (
            Verdict::dead(Reason::TokenMismatch),
            400,
            &["DeviceTokenNotForTopic"],
        ),
        (
            Verdict::dead(Reason::TokenDead),
            410,
            &["ExpiredToken", "Unregistered"],
        ),
    ]
}

fn about_sender_and_service() -> Vec<Row> {
    let auth = Reason::ConfigProviderAuth;
    let fresh = Verdict::Retry {
        reason: Reason::ProviderUnavailable,
        after: None,
        over: Connection::New,
    };
    vec![
        (
            refused(Reason::ConfigSenderNotAllowed, Remedy::Operator),
            400,
            &["BadTopic", "MissingTopic", "TopicDisallowed"],
        ),
        (
            refused(auth, Remedy::NewToken),
            403,
            &["ExpiredProviderToken", "InvalidProviderToken"],
        ),
        (
            refused(auth, Remedy::Operator),
            403,
            &[
                "BadCertificate",
                "BadCertificateEnvironment",
                "Forbidden",
                "MissingProviderToken",
            ],
        ),
        (
            refused(auth, Remedy::NewConnection),
            403,
            &["UnrelatedKeyIdInToken"],
        ),
        (
            refused(auth, Remedy::OtherEnvironment),
            403,
            &["BadEnvironmentKeyIdInToken", "BadEnvironmentKeyInToken"],
        ),
        (
            throttled(Scope::Sender, Connection::New),
            429,
            &["TooManyProviderTokenUpdates"],
        ),
        (
            throttled(Scope::Address, Connection::Any),
            429,
            &["TooManyRequests"],
        ),
        (
            Verdict::retry(Reason::ProviderInternal, None),
            500,
            &["InternalServerError"],
        ),
        (
            Verdict::retry(Reason::ProviderUnavailable, None),
            503,
            &["ServiceUnavailable"],
        ),
        (fresh.clone(), 503, &["Shutdown"]),
        (fresh, 400, &["IdleTimeout"]),
    ]
}

/// Apple's table, with what each reason means to us.
#[test]
fn every_documented_reason_has_its_verdict() {
    let mut rows = about_push_and_address();
    rows.extend(about_sender_and_service());
    let words: usize = rows.iter().map(|(_, _, words)| words.len()).sum();
    assert_eq!(words, Rejection::WORDS.len());
    for (wanted, status, words) in rows {
        for word in words {
            assert_eq!(
                Rejection::from_word(word).unwrap().status(),
                status,
                "{word}"
            );
            let read = read(status, &format!(r#"{{"reason":"{word}"}}"#));
            assert_eq!(read.verdict, wanted, "{word}");
            assert_eq!(read.said.to_string(), format!("{status} {word}"));
        }
    }
}

#[test]
fn a_death_has_its_time_if_apple_says_so() {
    let since = |body: &str| {
        let Verdict::Dead { reason, since } = read(410, body).verdict else {
            panic!("410 is a death: {body}");
        };
        assert_eq!(reason, Reason::TokenDead);
        since
    };
    let at = since(r#"{"reason":"Unregistered","timestamp":1795856400123}"#);
    assert_eq!(at, Some(time("2026-11-28T09:00:00.123Z")));
    for body in [
        r#"{"reason":"Unregistered"}"#,
        r#"{"reason":"Unregistered","timestamp":9223372036854775807}"#,
        r#"{"reason":"Unregistered","timestamp":"soon"}"#,
        "",
        "<html>",
    ] {
        assert_eq!(since(body), None, "{body}");
    }
}

#[test]
fn without_a_known_reason_the_status_counts() {
    for (status, wanted) in [
        (400, rejected(Reason::ProviderRejected)),
        (403, refused(Reason::ConfigProviderAuth, Remedy::Operator)),
        (404, rejected(Reason::ProviderRejected)),
        (413, rejected(Reason::ProviderPayloadTooLarge)),
        (429, throttled(Scope::Unsaid, Connection::Any)),
        (500, Verdict::retry(Reason::ProviderInternal, None)),
        (502, Verdict::retry(Reason::ProviderUnavailable, None)),
        (504, Verdict::retry(Reason::ProviderTimeout, None)),
        (302, rejected(Reason::Unknown)),
        (418, rejected(Reason::Unknown)),
    ] {
        for body in [
            "",
            "{}",
            r#"{"reason":"BadWeather"}"#,
            r#"{"reason":7}"#,
            "[",
            "\u{0}",
        ] {
            assert_eq!(read(status, body).verdict, wanted, "{status} {body}");
        }
    }
}

#[test]
fn an_accepted_push_has_its_id_and_a_wait_is_kept() {
    let id = Some(("apns-id", "0192f0c1-0000-7000-8000-000000000007"));
    let read = with_answer(200, id, "", |answer| outcome(answer, now()));
    let Verdict::Accepted { id: Some(id) } = read.verdict else {
        panic!("the push was accepted");
    };
    assert_eq!(id.as_str(), "0192f0c1-0000-7000-8000-000000000007");
    let wait = Some(("retry-after", "30"));
    let body = r#"{"reason":"ServiceUnavailable"}"#;
    let read = with_answer(503, wait, body, |answer| outcome(answer, now()));
    let half = Some(Duration::from_secs(30));
    assert_eq!(
        read.verdict,
        Verdict::retry(Reason::ProviderUnavailable, half)
    );
}

proptest! {
    #[test]
    fn no_answer_panics_and_only_a_proof_kills(status in 300_u16..600, body in ".{0,200}") {
        let read = read(status, &body);
        let is_dead = matches!(read.verdict, Verdict::Dead { .. });
        prop_assert_eq!(is_dead, status == 410);
    }

    #[test]
    fn what_apple_says_has_no_address(word in "[ -~]{0,80}") {
        let body = json!({"reason": word}).to_string();
        let said = read(400, &body).said;
        let is_word = |word: &String| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        prop_assert!(said.word.as_ref().is_none_or(is_word));
    }
}
