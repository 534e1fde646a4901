//! MAX: <https://dev.max.ru/docs-api>.

use http::Method;
use serde_json::json;

use super::{
    hook::{Happening, Hook},
    platform::Documented,
    request::{Asked, Reply},
    state::State,
};

pub(crate) fn documented() -> Vec<Documented> {
    let errors = [
        (
            400,
            "proto.payload",
            "text: size must be between 0 and 4000",
        ),
        (401, "verify.token", "Invalid access_token"),
        (403, "chat.denied", "error.dialog.suspended"),
        (404, "not.found", "User not found"),
        (405, "method.not.allowed", "Method not allowed"),
        (429, "too.many.requests", "Too many requests"),
        (500, "internal.error", "Internal error"),
        (503, "service.unavailable", "Service unavailable"),
    ];
    let errors = errors.iter().map(|(status, code, message)| {
        Documented::json(*code, *status, &json!({"code": code, "message": message}))
    });
    errors.collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if asked.header("authorization") != Some(state.setting("token")) {
        return refuse("verify.token");
    }
    if asked.is(&Method::GET, "/me") {
        return Reply::json(
            200,
            &json!({"user_id": 1, "first_name": "Sim", "is_bot": true}),
        );
    }
    if asked.path != "/messages" {
        return refuse("not.found");
    }
    if asked.method != Method::POST {
        return refuse("method.not.allowed");
    }
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let user = asked
        .query
        .get("user_id")
        .filter(|user| user.parse::<i64>().is_ok());
    let body = asked.json().unwrap_or_default();
    let text = body["text"]
        .as_str()
        .filter(|text| text.encode_utf16().count() <= 4_000);
    let (Some(user), Some(text)) = (user, text) else {
        return refuse("proto.payload");
    };
    if state.unknown.contains(user) {
        return refuse("not.found");
    }
    if state.blocking.contains(user) {
        return refuse("chat.denied");
    }
    let id = state.take(user, text, None, |number| format!("mid.{number:016x}"));
    Reply::json(
        200,
        &json!({"message": {
            "recipient": {"chat_id": 1, "chat_type": "dialog", "user_id": user.parse::<i64>().unwrap_or_default()},
            "timestamp": state.now.as_millisecond(),
            "body": {"mid": id, "seq": 1, "text": text},
        }}),
    )
}

/// An update: <https://dev.max.ru/docs-api/objects/Update>; the secret of the subscription is in a header.
pub(crate) fn hook(happening: &Happening, state: &State) -> Option<Hook> {
    let update = |kind: &str, chat: &str| {
        json!({
            "update_type": kind, "timestamp": state.now.as_millisecond(), "chat_id": 1,
            "user": {"user_id": chat.parse::<i64>().unwrap_or_default(), "first_name": "A", "is_bot": false},
        })
    };
    let update = match happening {
        Happening::Started { parameter, chat } => {
            let mut update = update("bot_started", chat);
            update["payload"] = json!(parameter);
            update
        }
        Happening::Blocked { chat } => update("bot_stopped", chat),
        Happening::Unblocked { chat } => update("bot_started", chat),
        Happening::Delivered { .. }
        | Happening::Read { .. }
        | Happening::Failed { .. }
        | Happening::Handshake => {
            return None;
        }
    };
    Some(Hook::json(&update).with("x-max-bot-api-secret", state.setting("webhook_secret")))
}
