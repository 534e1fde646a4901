//! How routes are called.

use std::borrow::Cow;

use vestnik_model::{Channel, ProviderName, publish::StepChannel};

/// How a step goes.
pub(super) fn route(channel: StepChannel) -> Cow<'static, str> {
    let word = match channel {
        StepChannel::Push => "соединение и push",
        StepChannel::Hub => "соединение",
        StepChannel::Email => "почта",
        StepChannel::Webhook => "вебхук",
        StepChannel::Gateway(name) => return Cow::Owned(name.to_string()),
    };
    Cow::Borrowed(word)
}

/// Who takes what goes over a route.
pub(super) fn service(channel: Channel) -> Cow<'static, str> {
    let word = match channel {
        Channel::Hub => "сервер",
        Channel::Fcm => "FCM",
        Channel::Rustore => "RuStore",
        Channel::Hms => "Huawei Push Kit",
        Channel::Apns => "APNs",
        Channel::Webpush => "Web Push",
        Channel::Email => "SMTP",
        Channel::Webhook => "webhook",
        Channel::Gateway(name) => return Cow::Owned(name.to_string()),
    };
    Cow::Borrowed(word)
}

/// The same, with the provider of a gateway, if it is known.
pub(super) fn taker(channel: Channel, provider: Option<ProviderName>) -> Cow<'static, str> {
    let service = service(channel);
    match provider {
        Some(provider) => Cow::Owned(format!("{service} (поставщик {provider})")),
        None => service,
    }
}
