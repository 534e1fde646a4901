//! Requests that come in: proofs, handshakes, reports, chats.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde_json::{Value, json};
use vestnik_gateway::{
    ChatId, Event, Evidence, Incoming, MessageId, Provider, Received, State, Untrusted,
    incoming::{MAX_EVENTS, MAX_INCOMING_BYTES},
    shipped,
};
use vestnik_model::Reason;

use crate::fixture::{now, provider, provider_with, settings};

type Headers<'a> = &'a [(&'a str, &'a str)];

fn receive(
    provider: &Provider,
    (method, query): (&Method, &str),
    headers: Headers<'_>,
    body: &[u8],
) -> Result<Received, Untrusted> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    provider.incoming(&Incoming {
        method,
        query,
        headers: &headers,
        body,
        now: now(),
    })
}

fn post(provider: &Provider, headers: Headers<'_>, body: &str) -> Result<Received, Untrusted> {
    receive(provider, (&Method::POST, ""), headers, body.as_bytes())
}

fn mac(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let mac = hmac::sign(&key, text.as_bytes());
    mac.as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn chat(text: &str) -> ChatId {
    ChatId::parse(text).unwrap()
}

fn status(id: &str, state: State, at: &str) -> Event {
    Event::Status {
        id: MessageId::parse(id).unwrap(),
        state,
        at: at.parse().unwrap(),
        cost: None,
    }
}

const TELEGRAM: (&str, &str) = ("X-Telegram-Bot-Api-Secret-Token", "S3CRET-hook");

#[test]
fn telegram_tells_of_a_start_a_block_and_an_unblock() {
    let telegram = provider("telegram");
    let events = |update: Value| {
        post(&telegram, &[TELEGRAM], &update.to_string())
            .unwrap()
            .events
    };
    let at = "2026-11-30T11:59:00Z".parse().unwrap();
    let message = |kind: &str, text: &str| {
        json!({"update_id": 1, "message": {"message_id": 5, "date": 1_796_039_940,
            "chat": {"id": 42, "type": kind}, "from": {"id": 42}, "text": text}})
    };
    let started = Event::Started {
        parameter: "aZ0-_".to_owned(),
        chat: chat("42"),
        at,
    };
    assert_eq!(events(message("private", "/start aZ0-_")), [started]);
    for (kind, text) in [
        ("private", "/start"),
        ("private", "/start "),
        ("private", "please /start x"),
        ("group", "/start aZ0-_"),
        ("private", "hello"),
    ] {
        assert_eq!(events(message(kind, text)), [], "{kind} {text}");
    }
    let member = |status: &str| {
        json!({"update_id": 2, "my_chat_member": {"date": 1_796_039_940,
            "chat": {"id": 42, "type": "private"}, "from": {"id": 42},
            "new_chat_member": {"status": status, "user": {"id": 1, "is_bot": true}}}})
    };
    assert_eq!(
        events(member("kicked")),
        [Event::Blocked {
            chat: chat("42"),
            at,
            is_undated: false,
        }]
    );
    assert_eq!(
        events(member("member")),
        [Event::Unblocked {
            chat: chat("42"),
            at
        }]
    );
    assert_eq!(events(json!({"update_id": 3, "poll": {}})), []);
}

#[test]
fn a_request_without_its_proof_is_refused_and_not_read() {
    let good = r#"{"update_id":1}"#;
    let telegram = provider("telegram");
    assert!(post(&telegram, &[TELEGRAM], good).is_ok());
    let name = TELEGRAM.0;
    for headers in [
        &[][..],
        &[(name, "")],
        &[(name, "S3CRET-hoo")],
        &[(name, "S3CRET-hook2")],
        &[(name, "s3cret-hook")],
        &[("authorization", "S3CRET-hook")],
    ] {
        for body in [good, "no json"] {
            assert_eq!(post(&telegram, headers, body), Err(Untrusted::Unverified));
        }
    }
    assert_eq!(
        post(&telegram, &[TELEGRAM], "no json"),
        Err(Untrusted::Unreadable)
    );
}

#[test]
fn without_a_secret_nothing_is_believed_and_nothing_is_proven() {
    for (gateway, secret, most) in [
        ("telegram", "webhook_secret", Evidence::Handed),
        ("whatsapp", "app_secret", Evidence::Read),
        ("sms", "webhook_secret", Evidence::Delivered),
        ("twilio", "webhook_password", Evidence::Delivered),
    ] {
        assert_eq!(shipped(gateway).unwrap().evidence(), most);
        assert_eq!(provider(gateway).evidence(), most);
        let mut without = settings(gateway);
        without.as_object_mut().unwrap().remove(secret);
        let without = provider_with(&json!(gateway), &without);
        assert_eq!(without.evidence(), Evidence::Handed);
        let empty_mac = mac("", "{}");
        let hub = format!("sha256={empty_mac}");
        for headers in [
            &[][..],
            &[(TELEGRAM.0, "")],
            &[("x-hub-signature-256", hub.as_str())],
            &[
                ("x-signature", empty_mac.as_str()),
                ("x-timestamp", "1796040000"),
            ],
            &[("authorization", "Basic dHdpbGlvOg==")],
        ] {
            assert_eq!(
                post(&without, headers, "{}"),
                Err(Untrusted::Unverified),
                "{gateway}"
            );
        }
    }
}

#[test]
fn max_tells_of_a_start_and_a_stop() {
    let max = provider("max");
    let secret = [("X-Max-Bot-Api-Secret", "S3CRET-hook")];
    let events = |update: Value| post(&max, &secret, &update.to_string()).unwrap().events;
    let at = "2026-11-30T11:59:00Z".parse().unwrap();
    let started = |payload: Value| {
        events(
            json!({"update_type": "bot_started", "timestamp": 1_796_039_940_000_i64, "chat_id": 7,
            "user": {"user_id": 42, "first_name": "A"}, "payload": payload}),
        )
    };
    let unblocked = Event::Unblocked {
        chat: chat("42"),
        at,
    };
    let bound = Event::Started {
        parameter: "abc".to_owned(),
        chat: chat("42"),
        at,
    };
    assert_eq!(started(json!("abc")), [bound, unblocked.clone()]);
    assert_eq!(started(json!(null)), [unblocked]);
    let stopped = events(
        json!({"update_type": "bot_stopped", "timestamp": 1_796_039_940_000_i64,
        "chat_id": 7, "user": {"user_id": 42}}),
    );
    assert_eq!(
        stopped,
        [Event::Blocked {
            chat: chat("42"),
            at,
            is_undated: false,
        }]
    );
}

#[test]
fn vk_has_its_secret_in_the_body_and_wants_to_read_ok() {
    let vk = provider("vk");
    let event = |kind: &str, object: Value| {
        let body = json!({"type": kind, "group_id": 1, "event_id": "e", "v": "5.199",
            "secret": "S3CRET-hook", "object": object});
        post(&vk, &[], &body.to_string()).unwrap()
    };
    let message = event(
        "message_new",
        json!({"message": {"from_id": 42, "date": 1_796_039_940, "text": "hi", "ref": "abc", "ref_source": "x"}}),
    );
    assert_eq!(message.reply.body, "ok");
    let at = "2026-11-30T11:59:00Z".parse().unwrap();
    let parameter = "abc".to_owned();
    assert_eq!(
        message.events,
        [Event::Started {
            parameter,
            chat: chat("42"),
            at
        }]
    );
    let allowed = event("message_allow", json!({"user_id": 42, "key": "k"}));
    let (chat, at) = (chat("42"), now());
    assert_eq!(
        allowed.events,
        [
            Event::Started {
                parameter: "k".to_owned(),
                chat: chat.clone(),
                at
            },
            Event::Unblocked {
                chat: chat.clone(),
                at
            },
        ]
    );
    let denied = event("message_deny", json!({"user_id": 42}));
    let undated = Event::Blocked {
        chat,
        at,
        is_undated: true,
    };
    assert_eq!(denied.events, [undated]);

    let confirmation = json!({"type": "confirmation", "group_id": 1, "secret": "S3CRET-hook"});
    let confirmed = post(&vk, &[], &confirmation.to_string()).unwrap();
    assert_eq!(confirmed.reply.body, "S3CRET-confirmation");
    assert!(!format!("{confirmed:?}").contains("S3CRET"));
    for secret in [json!(null), json!("wrong"), json!(["S3CRET-hook"])] {
        let body = json!({"type": "confirmation", "group_id": 1, "secret": secret});
        assert_eq!(
            post(&vk, &[], &body.to_string()),
            Err(Untrusted::Unverified)
        );
    }
}

fn whatsapp_statuses(statuses: &Value) -> String {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{
        "field": "messages",
        "value": {"messaging_product": "whatsapp", "metadata": {}, "statuses": statuses},
    }]}]})
    .to_string()
}

#[test]
fn whatsapp_signs_its_reports_and_asks_by_a_handshake() {
    let whatsapp = provider("whatsapp");
    let status_of = |id: &str, word: &str| {
        json!({"id": id, "status": word, "timestamp": "1796039940", "recipient_id": "79123456789",
            "errors": [{"code": 131_026, "title": "Message undeliverable"}]})
    };
    let body = whatsapp_statuses(&json!([
        status_of("wamid.1", "sent"),
        status_of("wamid.2", "delivered"),
        status_of("wamid.3", "read"),
        status_of("wamid.4", "failed"),
    ]));
    let signature = format!("sha256={}", mac("S3CRET-app", &body));
    let received = post(&whatsapp, &[("x-hub-signature-256", &signature)], &body).unwrap();
    let at = "2026-11-30T11:59:00Z";
    let reason = Reason::ProviderRejected;
    assert_eq!(
        received.events,
        [
            status("wamid.2", State::Delivered, at),
            status("wamid.3", State::Read, at),
            status("wamid.4", State::Failed { reason }, at),
        ]
    );
    let bare = mac("S3CRET-app", &body);
    let of_other_body = format!("sha256={}", mac("S3CRET-app", "{}"));
    let of_other_key = format!("sha256={}", mac("S3CRET-hook", &body));
    for wrong in [
        &bare,
        &of_other_body,
        &of_other_key,
        "sha256=",
        "sha256=zz",
        "sha1=00",
    ] {
        let refused = post(&whatsapp, &[("x-hub-signature-256", wrong)], &body);
        assert_eq!(refused, Err(Untrusted::Unverified), "{wrong}");
    }

    let ask = |query: &str| receive(&whatsapp, (&Method::GET, query), &[], b"");
    let asked = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=S3CRET-verify";
    assert_eq!(ask(asked).unwrap().reply.body, "1158201444");
    let wrong = asked.replace("S3CRET-verify", "S3CRET-verif");
    assert_eq!(ask(&wrong), Err(Untrusted::Unverified));
    assert_eq!(ask("hub.mode=unsubscribe"), Err(Untrusted::Method));
    assert_eq!(ask(""), Err(Untrusted::Method));
}

#[test]
fn viber_signs_by_its_token() {
    let viber = provider("viber");
    let send = |event: Value| {
        let body = event.to_string();
        let signature = mac("S3CRET-token", &body);
        post(&viber, &[("x-viber-content-signature", &signature)], &body)
            .unwrap()
            .events
    };
    let report = |word: &str| {
        send(json!({"event": word, "timestamp": 1_796_039_940_000_i64,
            "message_token": 5_741_311_803_571_721_087_u64, "user_id": "01234567890A=", "desc": "x"}))
    };
    let at = "2026-11-30T11:59:00Z";
    let id = "5741311803571721087";
    let reason = Reason::ProviderRejected;
    assert_eq!(report("delivered"), [status(id, State::Delivered, at)]);
    assert_eq!(report("seen"), [status(id, State::Read, at)]);
    assert_eq!(report("failed"), [status(id, State::Failed { reason }, at)]);
    let (chat, at) = (chat("01234567890A="), at.parse().unwrap());
    assert_eq!(
        report("unsubscribed"),
        [Event::Blocked {
            chat: chat.clone(),
            at,
            is_undated: false,
        }]
    );
    let started = send(
        json!({"event": "conversation_started", "timestamp": 1_796_039_940_000_i64,
        "message_token": 1, "type": "open", "context": "abc", "user": {"id": "01234567890A="},
        "subscribed": false}),
    );
    let parameter = "abc".to_owned();
    assert_eq!(
        started,
        [Event::Started {
            parameter,
            chat: chat.clone(),
            at
        }]
    );
    let subscribed = send(
        json!({"event": "subscribed", "timestamp": 1_796_039_940_000_i64,
        "user": {"id": "01234567890A="}}),
    );
    let unblocked = [Event::Unblocked { chat, at }];
    assert_eq!(subscribed, unblocked);
    // The first message subscribes, too, and no "subscribed" says so.
    let message = send(
        json!({"event": "message", "timestamp": 1_796_039_940_000_i64, "message_token": 1,
        "sender": {"id": "01234567890A="}, "message": {"type": "text", "text": "Hello"}}),
    );
    assert_eq!(message, unblocked);
    assert_eq!(send(json!({"event": "webhook", "timestamp": 1})), []);
}

#[test]
fn a_service_of_ones_own_signs_the_time_too() {
    let sms = provider("sms");
    let body = json!({"reports": [
        {"id": "1", "status": "delivered", "at": "2026-11-30T11:59:00Z",
            "cost": {"amount": "0.05", "currency": "EUR"}},
        {"id": "2", "status": "unknown_number", "at": "2026-11-30T11:59:00Z"},
        {"id": "3", "status": "undeliverable"},
        {"id": "4", "status": "expired", "at": "2036-01-01T00:00:00Z"},
        {"id": "", "status": "delivered"},
        {"status": "delivered"},
        7,
    ]})
    .to_string();
    let send = |time: i64, signed: i64| {
        let signature = mac("S3CRET-hook", &format!("{signed}.{body}"));
        let time = time.to_string();
        post(
            &sms,
            &[("x-signature", &signature), ("x-timestamp", &time)],
            &body,
        )
    };
    let time = now().as_second();
    let events = send(time, time).unwrap().events;
    let at = "2026-11-30T11:59:00Z";
    let failed = |reason| State::Failed { reason };
    assert_eq!(events.len(), 4);
    let first = MessageId::parse("1").unwrap();
    let costs = events.iter().filter_map(|event| match event {
        Event::Status { id, cost, .. } => (*id == first).then_some(*cost),
        Event::Started { .. } | Event::Blocked { .. } | Event::Unblocked { .. } => None,
    });
    let cost = costs.flatten().next();
    assert_eq!(cost.unwrap().to_string(), "0.05 EUR");
    assert!(events.contains(&status("2", failed(Reason::TokenDead), at)));
    // A time that is missing, or lies ahead, is that of the report.
    let came = "2026-11-30T12:00:00Z";
    assert!(events.contains(&status("3", failed(Reason::SmsUndeliverable), came)));
    assert!(events.contains(&status("4", failed(Reason::ProviderTimeout), came)));

    assert!(send(time - 300, time - 300).is_ok());
    for (given, signed) in [
        (time - 301, time - 301),
        (time + 301, time + 301),
        (time, time - 1),
    ] {
        assert_eq!(send(given, signed), Err(Untrusted::Unverified));
    }
}

#[test]
fn twilio_sends_forms_behind_basic_authentication() {
    let twilio = provider("twilio");
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let good = basic("twilio:S3CRET-hook");
    let send = |body: &str| {
        post(&twilio, &[("authorization", &good)], body)
            .unwrap()
            .events
    };
    let came = "2026-11-30T12:00:00Z";
    let failed = |reason| State::Failed { reason };
    let sid = "SM0123456789abcdef0123456789abcdef";
    for (word, code, wanted) in [
        ("queued", None, None),
        ("sent", None, None),
        ("delivered", None, Some(State::Delivered)),
        ("read", None, Some(State::Delivered)),
        (
            "undelivered",
            Some("30005"),
            Some(failed(Reason::TokenDead)),
        ),
        ("failed", Some("30006"), Some(failed(Reason::TokenDead))),
        (
            "undelivered",
            Some("30007"),
            Some(failed(Reason::ProviderContentRejected)),
        ),
        (
            "undelivered",
            Some("30003"),
            Some(failed(Reason::SmsUndeliverable)),
        ),
        ("failed", None, Some(failed(Reason::SmsUndeliverable))),
    ] {
        let code = code
            .map(|code| format!("&ErrorCode={code}"))
            .unwrap_or_default();
        let body = format!("MessageSid={sid}&MessageStatus={word}&To=%2B79123456789{code}");
        let wanted: Vec<_> = wanted
            .map(|state| status(sid, state, came))
            .into_iter()
            .collect();
        assert_eq!(send(&body), wanted, "{body}");
    }
    for wrong in [
        basic("twilio:"),
        basic("other:S3CRET-hook"),
        good.replace("Basic", "Bearer"),
        String::new(),
    ] {
        let refused = post(&twilio, &[("authorization", &wrong)], "a=b");
        assert_eq!(refused, Err(Untrusted::Unverified), "{wrong}");
    }
}

#[test]
fn what_is_not_asked_for_is_refused_by_its_kind() {
    let telegram = provider("telegram");
    let put = receive(&telegram, (&Method::PUT, ""), &[TELEGRAM], b"{}");
    assert_eq!(put, Err(Untrusted::Method));
    assert_eq!(
        receive(&telegram, (&Method::GET, ""), &[TELEGRAM], b""),
        Err(Untrusted::Method)
    );
    let long = vec![b' '; MAX_INCOMING_BYTES + 1];
    let long = receive(&telegram, (&Method::POST, ""), &[TELEGRAM], &long);
    assert_eq!(long, Err(Untrusted::TooLarge));
    let none = post(&provider("sms_ru"), &[], "{}");
    assert_eq!(none, Err(Untrusted::Unexpected));
    for (refusal, wanted) in [
        (Untrusted::Unexpected, StatusCode::NOT_FOUND),
        (Untrusted::Method, StatusCode::METHOD_NOT_ALLOWED),
        (Untrusted::TooLarge, StatusCode::PAYLOAD_TOO_LARGE),
        (Untrusted::TooMany, StatusCode::PAYLOAD_TOO_LARGE),
        (Untrusted::Unverified, StatusCode::UNAUTHORIZED),
        (Untrusted::Unreadable, StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(refusal.status(), wanted);
    }
}

#[test]
fn a_request_with_more_events_than_are_taken_is_refused_whole() {
    let whatsapp = provider("whatsapp");
    let one = json!({"id": "wamid.1", "status": "delivered", "timestamp": "1796039940"});
    let events = |number: usize| {
        let body = whatsapp_statuses(&Value::Array(vec![one.clone(); number]));
        let signature = format!("sha256={}", mac("S3CRET-app", &body));
        let received = post(&whatsapp, &[("x-hub-signature-256", &signature)], &body);
        received.map(|received| received.events.len())
    };
    assert_eq!(events(MAX_EVENTS), Ok(MAX_EVENTS));
    assert_eq!(events(MAX_EVENTS + 1), Err(Untrusted::TooMany));
}
