//! An account at each shipped gateway, and messages. The secrets open nothing.

use std::time::Duration;

use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use vestnik_gateway::{Account, Answer, ChatId, Message, Outcome, Provider, RecipientKind, To};
use vestnik_model::{AttemptId, phone::PhoneNumber};

pub(crate) fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

pub(crate) fn attempt() -> AttemptId {
    "att_0192f0c1000070008000000000000007".parse().unwrap()
}

/// What an operator gives to a shipped gateway.
pub(crate) fn settings(gateway: &str) -> Value {
    match gateway {
        "sms" => json!({"token": "S3CRET-token", "from": "Shop", "webhook_secret": "S3CRET-hook"}),
        "sms_ru" => json!({"api_id": "S3CRET-id", "from": "Shop"}),
        "twilio" => json!({
            "account_sid": "AC1", "key_sid": "SK1", "key_secret": "S3CRET-key", "from": "+15005550006",
            "webhook_password": "S3CRET-hook"
        }),
        "flash_call" => json!({"key": "S3CRET-key", "service_id": "1692"}),
        "telegram" => json!({
            "token": "123456:S3CRET-token", "bot": "shop_bot", "webhook_secret": "S3CRET-hook"
        }),
        "max" => {
            json!({"token": "S3CRET-token", "bot": "shop_bot", "webhook_secret": "S3CRET-hook"})
        }
        "vk" => json!({
            "token": "S3CRET-token", "community": "shop", "webhook_secret": "S3CRET-hook",
            "confirmation": "S3CRET-confirmation"
        }),
        "whatsapp" => json!({
            "token": "S3CRET-token", "phone_number_id": "106540352242922", "template": "notice",
            "template_language": "ru", "app_secret": "S3CRET-app", "verify_token": "S3CRET-verify"
        }),
        "viber" => json!({"token": "S3CRET-token", "uri": "shop", "sender": "Shop"}),
        other => panic!("no settings for {other}"),
    }
}

/// A provider of a shipped gateway.
pub(crate) fn provider(gateway: &str) -> Provider {
    provider_with(&json!(gateway), &settings(gateway))
}

/// A provider of a gateway by its word or as an object.
pub(crate) fn provider_with(gateway: &Value, settings: &Value) -> Provider {
    let account = json!({"providers": [{
        "name": "main",
        "gateway": gateway,
        "settings": settings,
        "origin": "https://gateway.example",
    }]});
    let account = Account::parse(&account.to_string()).unwrap();
    account.providers()[0].clone()
}

/// Somebody to send to.
pub(crate) struct Person {
    phone: PhoneNumber,
    chat: ChatId,
}

impl Person {
    pub(crate) fn new() -> Self {
        Self {
            phone: PhoneNumber::parse("+79123456789").unwrap(),
            chat: ChatId::parse("987654321").unwrap(),
        }
    }

    pub(crate) fn by(&self, kind: RecipientKind) -> To<'_> {
        match kind {
            RecipientKind::Phone => To::Phone(&self.phone),
            RecipientKind::Chat => To::Chat(&self.chat),
        }
    }

    pub(crate) fn message<'a>(&'a self, provider: &Provider, body: &'a str) -> Message<'a> {
        Message {
            attempt: attempt(),
            to: self.by(provider.descriptor().recipient()),
            title: None,
            body,
            link: None,
            locale: None,
            callback: None,
            expires_at: now() + jiff::SignedDuration::from_hours(1),
        }
    }
}

/// What a provider makes of an answer.
pub(crate) fn outcome(provider: &Provider, status: u16, body: &str) -> Outcome {
    outcome_with(provider, status, &[], body)
}

pub(crate) fn outcome_with(
    provider: &Provider,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Outcome {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    let answer = Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        body: body.as_bytes(),
    };
    provider.outcome(&answer, now())
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
