//! How routes are called.

use std::borrow::Cow;

use vestnik_model::{Channel, ProviderName, publish::StepChannel};

/// How a step goes.
pub(super) fn route(channel: StepChannel) -> Cow<'static, str> {
    let word = match channel {
        StepChannel::Push => "connection and push",
        StepChannel::Hub => "connection",
        StepChannel::Email => "e-mail",
        StepChannel::Webhook => "webhook",
        StepChannel::Gateway(name) => return Cow::Owned(name.to_string()),
    };
    Cow::Borrowed(word)
}

/// Who takes what goes over a route.
pub(super) fn service(channel: Channel) -> Cow<'static, str> {
    let word = match channel {
        Channel::Hub => "the server",
        Channel::Fcm => "FCM",
        Channel::Rustore => "RuStore",
        Channel::Hms => "Huawei Push Kit",
        Channel::Apns => "APNs",
        Channel::Webpush => "Web Push",
        Channel::Email => "the mail server",
        Channel::Webhook => "the App's backend",
        Channel::Gateway(name) => return Cow::Owned(format!("the gateway {name}")),
    };
    Cow::Borrowed(word)
}

/// The same, with the provider of a gateway, if it is known.
pub(super) fn taker(channel: Channel, provider: Option<ProviderName>) -> Cow<'static, str> {
    let service = service(channel);
    match provider {
        Some(provider) => Cow::Owned(format!("{service} (provider {provider})")),
        None => service,
    }
}
