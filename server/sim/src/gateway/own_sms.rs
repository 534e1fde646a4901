//! An SMS service of one's own, by the contract that its descriptor documents.

use http::Method;
use serde_json::json;

use super::{
    hook::{Happening, Hook},
    platform::Documented,
    request::{Asked, Reply},
    signature::mac,
    state::State,
};

const ERRORS: [(u16, &str); 10] = [
    (401, "unauthorized"),
    (402, "no_funds"),
    (403, "sender_not_allowed"),
    (422, "unknown_number"),
    (422, "not_mobile"),
    (422, "opted_out"),
    (422, "too_long"),
    (422, "content_refused"),
    (429, "number_throttled"),
    (503, "try_again"),
];

pub(crate) fn documented() -> Vec<Documented> {
    let errors = ERRORS.iter();
    let errors =
        errors.map(|(status, word)| Documented::json(*word, *status, &json!({"error": word})));
    errors.collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if asked.bearer() != Some(state.setting("token")) {
        return refuse("unauthorized");
    }
    if asked.is(&Method::GET, "/account") {
        return Reply::json(200, &json!({}));
    }
    if !asked.is(&Method::POST, "/messages") {
        return Reply::json(404, &json!({"error": "not_found"}));
    }
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let body = asked.json().unwrap_or_default();
    let (to, text) = (
        body["to"].as_str().unwrap_or_default(),
        body["text"].as_str().unwrap_or_default(),
    );
    if text.is_empty() {
        return refuse("content_refused");
    }
    if !to.starts_with('+') || state.unknown.contains(to) {
        return refuse("unknown_number");
    }
    if state.blocking.contains(to) {
        return refuse("opted_out");
    }
    let key = asked.header("idempotency-key").map(str::to_owned);
    let id = state.take(to, text, key.as_deref(), |number| format!("m-{number}"));
    Reply::json(
        201,
        &json!({"id": id, "cost": {"amount": "0.05", "currency": "EUR"}}),
    )
}

/// A report, whose signature is over the time and the body.
pub(crate) fn hook(happening: &Happening, state: &State) -> Option<Hook> {
    let (id, status) = match happening {
        Happening::Delivered { id } => (id, "delivered"),
        Happening::Failed { id } => (id, "undeliverable"),
        Happening::Read { .. }
        | Happening::Started { .. }
        | Happening::Blocked { .. }
        | Happening::Unblocked { .. }
        | Happening::Handshake => return None,
    };
    let hook = Hook::json(
        &json!({"reports": [{"id": id, "status": status, "at": state.now.to_string()}]}),
    );
    let time = state.now.as_second().to_string();
    let signature = mac(
        state.setting("webhook_secret"),
        &format!("{time}.{}", hook.body),
    );
    Some(
        hook.with("x-timestamp", time)
            .with("x-signature", signature),
    )
}
