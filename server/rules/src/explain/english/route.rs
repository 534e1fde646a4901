//! How routes are called.

use vestnik_model::{Channel, publish::StepChannel};

/// How a step goes.
pub(super) const fn route(channel: StepChannel) -> &'static str {
    match channel {
        StepChannel::Push => "connection and push",
        StepChannel::Hub => "connection",
        StepChannel::Email => "e-mail",
        StepChannel::Webhook => "webhook",
    }
}

/// Who takes what goes over a route.
pub(super) const fn service(channel: Channel) -> &'static str {
    match channel {
        Channel::Hub => "the server",
        Channel::Fcm => "FCM",
        Channel::Apns => "APNs",
        Channel::Webpush => "Web Push",
        Channel::Email => "the mail server",
        Channel::Webhook => "the App's backend",
    }
}
