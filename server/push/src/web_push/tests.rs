use std::time::Duration;

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vestnik_model::url::HttpsUrl;

use super::*;
use vestnik_model::Reason;

use crate::{
    address::{Subscription, SubscriptionKeys},
    build_error::BuildError,
    fixture::{
        EC_PEM, EC_PUBLIC_PEM, UA_AUTH, UA_PRIVATE, UA_PUBLIC, now, plain, push, sealed, time,
        with_answer, withdrawal,
    },
    origin::Origin,
    outcome::{Connection, Outcome, Remedy, Scope, Verdict},
    push::{Content, Push, Urgency},
};

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
}

fn keys() -> SubscriptionKeys {
    SubscriptionKeys::parse(UA_PUBLIC, UA_AUTH).unwrap()
}

fn subscription() -> Subscription {
    Subscription::new(
        "https://push.example/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        keys(),
    )
    .unwrap()
}

/// The sender's random bytes of RFC 8291, appendix A.
fn entropy() -> Entropy {
    Entropy {
        private: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt: bytes("DGv6ra1nlYgDCS1FRnbzlw"),
    }
}

fn key() -> VapidKey {
    VapidKey::from_pem(EC_PEM, Contact::parse("mailto:push@shop.example").unwrap()).unwrap()
}

fn token() -> VapidToken {
    key().token(subscription().origin(), now()).unwrap()
}

fn send(push: &Push, form: &Form, padding: Padding) -> Result<Request<Vec<u8>>, BuildError> {
    let subscription = subscription();
    let sender = Sender {
        token: &token(),
        form,
        padding,
        entropy: &entropy(),
    };
    request(push, &subscription, sender, now())
}

/// RFC 8291, appendix A, byte for byte.
#[test]
fn the_example_of_the_rfc_comes_out() {
    let content = b"When I grow up, I want to be a watermelon";
    let body = encrypt(content, &keys(), Padding::None, &entropy()).unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(body),
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml\
         mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT\
         pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    );
}

/// HMAC of RFC 2104 for keys of at most a block, by a hash of another crate than the encrypter's.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = block.map(|byte| byte ^ 0x36);
    let outer = block.map(|byte| byte ^ 0x5c);
    let inner = Sha256::new()
        .chain_update(inner)
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(outer)
        .chain_update(inner)
        .finalize()
        .into()
}

/// HKDF of RFC 5869 for at most one block of output.
fn hkdf(salt: &[u8], input: &[u8], info: &[u8]) -> [u8; 32] {
    let secret = hmac(salt, input);
    hmac(&secret, &[info, &[1]].concat())
}

/// What a browser does, from RFC 8291, 3.4 and RFC 8188, 2. None if the body is not for this
/// subscription or was changed.
fn decrypt(body: &[u8]) -> Option<Vec<u8>> {
    let (salt, rest) = body.split_at_checked(16)?;
    let (size, rest) = rest.split_at_checked(4)?;
    let (length, rest) = rest.split_first()?;
    let (sender, record) = rest.split_at_checked(usize::from(*length))?;
    let size = u32::from_be_bytes(size.try_into().ok()?);
    if record.len() > usize::try_from(size).ok()? {
        return None;
    }

    let private = PrivateKey::from_private_key(&ECDH_P256, &bytes::<32>(UA_PRIVATE)).ok()?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
    let shared = agree(&private, peer, (), |shared| Ok(shared.to_vec())).ok()?;
    let info = [b"WebPush: info\0", &bytes::<65>(UA_PUBLIC)[..], sender].concat();
    let input = hkdf(&bytes::<16>(UA_AUTH), &shared, &info);
    let key = hkdf(salt, &input, b"Content-Encoding: aes128gcm\0");
    let nonce = hkdf(salt, &input, b"Content-Encoding: nonce\0");

    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).ok()?);
    let nonce: [u8; NONCE_LEN] = nonce[..NONCE_LEN].try_into().ok()?;
    let mut record = record.to_vec();
    let clear = key.open_in_place(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    );
    let clear = clear.ok()?;
    let end = clear.iter().rposition(|byte| *byte != 0)?;
    (clear[end] == 2).then(|| clear[..end].to_vec())
}

fn opened(request: &Request<Vec<u8>>) -> Value {
    serde_json::from_slice(&decrypt(request.body()).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_encrypted_opens(
        content in proptest::collection::vec(any::<u8>(), 0..=MAX_CLEAR_BYTES),
        private in any::<[u8; 32]>(),
        salt in any::<[u8; 16]>(),
        is_padded in any::<bool>(),
    ) {
        let padding = if is_padded { Padding::Block } else { Padding::None };
        let body = encrypt(&content, &keys(), padding, &Entropy { private, salt }).unwrap();
        prop_assert!(body.len() <= 4_096);
        prop_assert_eq!(decrypt(&body), Some(content));
    }

    #[test]
    fn a_changed_byte_is_found_out(at in 0..144_usize, by in 1..=255_u8) {
        let content = b"When I grow up, I want to be a watermelon";
        let mut body = encrypt(content, &keys(), Padding::None, &entropy()).unwrap();
        // A larger record size would be read the same; all else is bound.
        prop_assume!(!(16..20).contains(&at));
        body[at] ^= by;
        prop_assert_eq!(decrypt(&body), None);
    }
}

#[test]
fn padding_hides_the_length_up_to_a_block() {
    let length = |bytes: usize| {
        let content = vec![7; bytes];
        let body = encrypt(&content, &keys(), Padding::Block, &entropy()).unwrap();
        assert_eq!(decrypt(&body).unwrap(), content);
        body.len()
    };
    let header = 86 + 16;
    for (content, wanted) in [
        (0, 256),
        (255, 256),
        (256, 512),
        (3_839, 3_840),
        (3_840, 3_994),
        (MAX_CLEAR_BYTES, 3_994),
    ] {
        assert_eq!(length(content), header + wanted, "{content}");
    }
    assert_eq!((MAX_CLEAR_BYTES, length(MAX_CLEAR_BYTES)), (3_993, 4_096));
    let error = encrypt(&[7; 3_994], &keys(), Padding::Block, &entropy()).unwrap_err();
    assert!(matches!(
        error,
        BuildError::TooLarge {
            bytes: 3_994,
            cap: 3_993
        }
    ));
}

#[test]
fn bytes_that_are_no_key_are_drawn_again() {
    for private in [[0; 32], [255; 32]] {
        let entropy = Entropy {
            private,
            salt: [1; 16],
        };
        let error = encrypt(b"x", &keys(), Padding::None, &entropy).unwrap_err();
        assert!(matches!(error, BuildError::Entropy) && error.reason().is_none());
    }
}

#[test]
fn a_request_says_what_rfc_8030_asks_for() {
    let push = push(sealed(3));
    let request = send(&push, &Form::Worker, Padding::Block).unwrap();
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(
        request.uri(),
        "https://push.example/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"
    );
    let topic = push.collapse.as_ref().unwrap();
    for (name, value) in [
        ("ttl", "3600"),
        ("urgency", "high"),
        ("topic", topic.as_str()),
        ("content-encoding", "aes128gcm"),
        ("content-type", "application/octet-stream"),
    ] {
        assert_eq!(request.headers()[name], value, "{name}");
    }
    assert!(topic.as_str().len() <= 32);
    assert_eq!(
        opened(&request),
        json!({"vestnik": {
            "v": 1,
            "id": "att_0192f0c1000070008000000000000007", "notification": "ntf_0192f0c1000070008000000000000008",
            "envelope": "-_v7",
            "title": "New message",
        }})
    );
}

#[test]
fn time_to_live_and_urgency_are_the_pushs() {
    let mut push = push(sealed(3));
    push.collapse = None;
    for (urgency, word) in [
        (Urgency::VeryLow, "very-low"),
        (Urgency::Low, "low"),
        (Urgency::Normal, "normal"),
        (Urgency::High, "high"),
    ] {
        push.urgency = urgency;
        let request = send(&push, &Form::Worker, Padding::None).unwrap();
        assert_eq!(request.headers()["urgency"], word);
        assert!(!request.headers().contains_key("topic"));
    }
    push.expires_at = time("2027-11-28T09:00:00Z");
    let request = send(&push, &Form::Worker, Padding::None).unwrap();
    assert_eq!(request.headers()["ttl"], "2592000");
    push.expires_at = now();
    let error = send(&push, &Form::Worker, Padding::None).unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ExpiredTtl));
}

#[test]
fn a_declarative_push_can_be_shown_without_a_worker() {
    let navigate = HttpsUrl::parse("https://shop.example/").unwrap();
    let form = Form::Declarative { navigate };
    let push_plain = push(Content::Plain(Box::new(plain())));
    let tag = push_plain.collapse.as_ref().unwrap().as_str();
    let request = send(&push_plain, &form, Padding::Block).unwrap();
    assert_eq!(
        opened(&request),
        json!({
            "web_push": 8030,
            "notification": {
                "title": "Order 8812",
                "body": "On its way 🚚",
                "navigate": "https://shop.example/orders/8812",
                "tag": tag,
            },
            "app_badge": 3,
            "vestnik": {
                "v": 1,
                "id": "att_0192f0c1000070008000000000000007", "notification": "ntf_0192f0c1000070008000000000000008",
                "link": "https://shop.example/orders/8812",
                "data": {"from": {"order": 8812}},
            },
        })
    );
    let opened = opened(&send(&push(sealed(3)), &form, Padding::Block).unwrap());
    assert_eq!(opened["mutable"], true);
    assert_eq!(opened["notification"]["navigate"], "https://shop.example/");
    let silent = push(Content::Sealed {
        envelope: vec![1],
        alert: None,
    });
    let error = send(&silent, &form, Padding::Block).unwrap_err();
    assert!(matches!(error, BuildError::NoAlert));
    // What withdraws is for the service worker: a browser must not show it.
    let request = send(&push(withdrawal()), &form, Padding::Block).unwrap();
    let withdrawal = self::opened(&request);
    assert!(withdrawal.get("web_push").is_none());
}

#[test]
fn the_largest_push_passes_and_one_byte_more_does_not() {
    let fits = |bytes| send(&push(sealed(bytes)), &Form::Worker, Padding::Block);
    let largest = (0..4_096).rev().find(|bytes| fits(*bytes).is_ok()).unwrap();
    assert_eq!(fits(largest).unwrap().body().len(), 4_096);
    let error = fits(largest + 1).unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ProviderPayloadTooLarge));
}

#[test]
fn a_vapid_token_is_signed_for_the_origin() {
    let request = send(&push(sealed(3)), &Form::Worker, Padding::None).unwrap();
    let header = request.headers()["authorization"].to_str().unwrap();
    let (token, public) = header
        .strip_prefix("vapid t=")
        .unwrap()
        .split_once(", k=")
        .unwrap();
    assert_eq!(public, key().public());
    let verifier = DecodingKey::from_ec_pem(EC_PUBLIC_PEM.as_bytes()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["https://push.example"]);
    rules.validate_exp = false;
    let read = decode::<Value>(token, &verifier, &rules).unwrap();
    assert_eq!(read.header.typ.as_deref(), Some("JWT"));
    let exp = read.claims["exp"].as_i64().unwrap();
    assert!((1..=24 * 60 * 60).contains(&(exp - now().as_second())));
    assert_eq!(read.claims["sub"], "mailto:push@shop.example");
    assert!(!format!("{:?}", request.headers()).contains(token));
}

#[test]
fn a_vapid_token_is_used_where_and_while_it_is_good() {
    let (push, subscription, entropy) = (push(sealed(3)), subscription(), entropy());
    let send = |token: &VapidToken, hours| {
        let sender = Sender {
            token,
            form: &Form::Worker,
            padding: Padding::None,
            entropy: &entropy,
        };
        let mut push = push.clone();
        push.expires_at = time("2026-12-28T10:00:00Z");
        request(
            &push,
            &subscription,
            sender,
            now() + SignedDuration::from_hours(hours),
        )
    };
    let good = token();
    assert!(send(&good, 11).is_ok() && good.is_due(now() + SignedDuration::from_hours(11)));
    assert!(!good.is_due(now()));
    assert!(matches!(send(&good, 12), Err(BuildError::TokenTooOld)));
    let elsewhere = Origin::parse("https://push.example:8443").unwrap();
    let foreign = key().token(&elsewhere, now()).unwrap();
    assert!(matches!(send(&foreign, 0), Err(BuildError::TokenForeign)));
}

#[test]
fn a_contact_is_a_mailbox_or_a_page() {
    for good in ["mailto:a@b.example", "https://shop.example/push"] {
        assert!(Contact::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a@b.example",
        "mailto:",
        "mailto:@b",
        "mailto:a@b c",
        "http://a",
        "tel:1",
    ] {
        assert_eq!(Contact::parse(bad), Err(ContactError), "{bad}");
    }
}

fn read(status: u16, header: Option<(&'static str, &str)>, body: &str) -> Outcome {
    with_answer(status, header, body, |answer| outcome(answer, now()))
}

#[test]
fn every_status_has_its_verdict() {
    let refused = |scope, remedy| Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
        scope,
        remedy,
    };
    let rejected = |reason| Verdict::Rejected { reason };
    let accepted = Verdict::Accepted { id: None };
    for (status, wanted) in [
        (200, accepted.clone()),
        (201, accepted.clone()),
        (202, accepted.clone()),
        (204, accepted),
        (301, rejected(Reason::Unknown)),
        (307, rejected(Reason::Unknown)),
        (400, rejected(Reason::ProviderRejected)),
        (401, refused(Scope::Unsaid, Remedy::NewToken)),
        (403, refused(Scope::Address, Remedy::Operator)),
        (404, Verdict::dead(Reason::TokenDead)),
        (408, Verdict::retry(Reason::ProviderTimeout, None)),
        (410, Verdict::dead(Reason::TokenDead)),
        (413, rejected(Reason::ProviderPayloadTooLarge)),
        (418, rejected(Reason::Unknown)),
        (
            429,
            Verdict::Throttled {
                scope: Scope::Unsaid,
                after: None,
                over: Connection::Any,
            },
        ),
        (500, Verdict::retry(Reason::ProviderInternal, None)),
        (502, Verdict::retry(Reason::ProviderUnavailable, None)),
        (503, Verdict::retry(Reason::ProviderUnavailable, None)),
        (504, Verdict::retry(Reason::ProviderTimeout, None)),
        (599, Verdict::retry(Reason::ProviderInternal, None)),
    ] {
        for body in ["", "<html>", r#"{"reason":7}"#, r#"{"errno":102}"#] {
            assert_eq!(read(status, None, body).verdict, wanted, "{status} {body}");
        }
    }
}

#[test]
fn a_wait_is_a_number_or_a_date() {
    for wait in ["120", "Sat, 28 Nov 2026 09:02:00 GMT"] {
        let wait = Some(("retry-after", wait));
        let after = Some(Duration::from_secs(120));
        let (scope, over) = (Scope::Unsaid, Connection::Any);
        assert_eq!(
            read(429, wait, "").verdict,
            Verdict::Throttled { scope, after, over }
        );
        let retry = Verdict::retry(Reason::ProviderUnavailable, after);
        assert_eq!(read(503, wait, "").verdict, retry);
    }
}

#[test]
fn what_services_say_is_kept_and_where_the_push_lies_is_not_shown() {
    assert_eq!(
        read(410, None, r#"{"errno":106}"#).said.to_string(),
        "410 errno_106"
    );
    let apple = read(403, None, r#"{"reason":"BadJwtToken"}"#);
    assert_eq!(apple.said.to_string(), "403 BadJwtToken");
    let another = Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
        scope: Scope::Sender,
        remedy: Remedy::NewToken,
    };
    assert_eq!(apple.verdict, another);
    let place = Some(("location", "https://push.example/d/PLANTED"));
    let read = read(201, place, "");
    assert!(!format!("{read:?}").contains("PLANTED"));
    let Verdict::Accepted { id: Some(id) } = read.verdict else {
        panic!("the push was accepted");
    };
    assert_eq!(id.as_str(), "https://push.example/d/PLANTED");
}
