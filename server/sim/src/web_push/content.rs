//! What the browser hands to the app, or draws by itself.

use serde_json::Value;

use super::decrypt::decrypt;
use crate::{hex, message::Content, subscription::Subscription};

/// The value of `web_push` that marks a declarative message: the number of the RFC.
const DECLARATIVE: u64 = 8030;

/// Reads a body as the browser of a subscription.
pub(super) fn read(to: &Subscription, body: &[u8]) -> Content {
    if body.is_empty() {
        // A push without content is allowed: it only wakes the service worker.
        return clear(Vec::new());
    }
    match decrypt(to, body) {
        Ok(text) => clear(text),
        Err(error) => Content::Unreadable {
            why: error.to_string(),
        },
    }
}

fn clear(bytes: Vec<u8>) -> Content {
    match String::from_utf8(bytes) {
        Ok(text) => Content::WebPush {
            declarative: is_declarative(&text),
            text: Some(text),
            hex: None,
        },
        Err(error) => Content::WebPush {
            text: None,
            hex: Some(hex::encode(error.as_bytes())),
            declarative: false,
        },
    }
}

/// W3C Push API, "declarative push message": a JSON object with `"web_push": 8030` and a notification
/// with a title and an address to navigate to.
fn is_declarative(text: &str) -> bool {
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    let is_text = |name: &str| message["notification"][name].is_string();
    message["web_push"].as_u64() == Some(DECLARATIVE) && is_text("title") && is_text("navigate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declarative_message_needs_the_number_a_title_and_an_address() {
        let whole = r#"{"web_push":8030,"notification":{"title":"a","navigate":"https://a/"}}"#;
        assert!(is_declarative(whole));
        for (from, to) in [
            ("8030", "8031"),
            ("8030", "\"8030\""),
            ("title", "titel"),
            ("navigate", "click"),
            ("notification", "note"),
        ] {
            assert!(!is_declarative(&whole.replace(from, to)), "{to}");
        }
        assert!(!is_declarative("text"));
    }
}
