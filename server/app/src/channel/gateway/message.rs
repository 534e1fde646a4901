//! What is sent of a try.

use vestnik_gateway::{Message, To};
use vestnik_model::{ClickKind, Notification};
use vestnik_rules::gateway::Recipient;
use vestnik_store::dispatch::Begun;

/// What is sent of a try.
pub(super) fn message<'a>(begun: &'a Begun, to: &'a Recipient) -> Message<'a> {
    let to = match to {
        Recipient::Phone(number) => To::Phone(number),
        Recipient::Chat(chat) => To::Chat(chat),
    };
    let notification = &begun.notification;
    Message {
        attempt: begun.attempt,
        to,
        title: Some(notification.title.as_str()),
        body: notification.body.as_str(),
        link: link(notification),
        locale: None,
        callback: None,
        expires_at: notification.expires_at,
    }
}

/// The address that a person can open outside the app.
fn link(notification: &Notification) -> Option<&str> {
    let click = notification.click.as_ref()?;
    match click.kind.known()? {
        ClickKind::Link | ClickKind::Webview => Some(&click.url),
        ClickKind::App => None,
    }
}
