//! Telegram: <https://core.telegram.org/bots/api>; the descriptions of errors are those of the Bot API server,
//! <https://github.com/tdlib/telegram-bot-api>.

use http::Method;
use serde_json::json;

use super::{
    hook::{Happening, Hook},
    platform::Documented,
    request::{Asked, Reply},
    state::State,
};

const FORBIDDEN: [&str; 7] = [
    "bot was blocked by the user",
    "bot can't initiate conversation with a user",
    "bot was kicked from the group chat",
    "bot is not a member of the channel chat",
    "user is deactivated",
    "the group chat was deleted",
    "bot can't send messages to bots",
];
const BAD_REQUEST: [&str; 7] = [
    "chat not found",
    "user not found",
    "PEER_ID_INVALID",
    "chat_id is empty",
    "message is too long",
    "message text is empty",
    "can't parse entities",
];

pub(crate) fn documented() -> Vec<Documented> {
    let error = |code: u16, description: String| json!({"ok": false, "error_code": code, "description": description});
    let forbidden = FORBIDDEN
        .map(|text| Documented::json(text, 403, &error(403, format!("Forbidden: {text}"))));
    let bad = BAD_REQUEST
        .map(|text| Documented::json(text, 400, &error(400, format!("Bad Request: {text}"))));
    let mut upgraded = error(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat".to_owned(),
    );
    upgraded["parameters"] = json!({"migrate_to_chat_id": -1_001_234});
    let mut flood = error(429, "Too Many Requests: retry after 34".to_owned());
    flood["parameters"] = json!({"retry_after": 34});
    let rest = [
        Documented::json("group upgraded", 400, &upgraded),
        Documented::json("Too Many Requests", 429, &flood),
        Documented::json("Unauthorized", 401, &error(401, "Unauthorized".to_owned())),
        Documented::json("Not Found", 404, &error(404, "Not Found".to_owned())),
        Documented::json(
            "Internal Server Error",
            500,
            &error(500, "Internal Server Error".to_owned()),
        ),
    ];
    forbidden.into_iter().chain(bad).chain(rest).collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    let Some((token, method)) = asked
        .path
        .strip_prefix("/bot")
        .and_then(|path| path.split_once('/'))
    else {
        return refuse("Not Found");
    };
    if token != state.setting("token") {
        return refuse("Unauthorized");
    }
    match method {
        "getMe" => Reply::json(
            200,
            &json!({"ok": true, "result": {"id": 123_456, "is_bot": true, "first_name": "Sim"}}),
        ),
        "sendMessage" if asked.method == Method::POST => send(asked, state),
        _ => refuse("Not Found"),
    }
}

fn send(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let body = asked.json().unwrap_or_default();
    let number = body["chat_id"].as_i64().map(|number| number.to_string());
    let name = body["chat_id"].as_str().map(str::to_owned);
    let Some(chat) = number.or(name).filter(|chat| !chat.is_empty()) else {
        return refuse("chat_id is empty");
    };
    let text = body["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return refuse("message text is empty");
    }
    if text.encode_utf16().count() > 4_096 {
        return refuse("message is too long");
    }
    if state.unknown.contains(&chat) {
        return refuse("chat not found");
    }
    if state.blocking.contains(&chat) {
        return refuse("bot was blocked by the user");
    }
    let id = state.take(&chat, text, None, |number| number.to_string());
    let id: u64 = id.parse().unwrap_or_default();
    let message = json!({
        "message_id": id, "date": state.now.as_second(), "chat": {"id": body["chat_id"], "type": "private"}, "text": text,
    });
    Reply::json(200, &json!({"ok": true, "result": message}))
}

/// An update: <https://core.telegram.org/bots/api#update>; the secret of setWebhook is in a header.
pub(crate) fn hook(happening: &Happening, state: &State) -> Option<Hook> {
    let person =
        |chat: &str| json!({"id": chat.parse::<i64>().unwrap_or_default(), "type": "private"});
    let member = |chat: &str, status: &str| {
        json!({"update_id": 1, "my_chat_member": {
            "chat": person(chat), "from": {"id": 1}, "date": state.now.as_second(),
            "old_chat_member": {"status": "member"}, "new_chat_member": {"status": status, "user": {"id": 123_456}},
        }})
    };
    let update = match happening {
        Happening::Started { parameter, chat } => json!({"update_id": 1, "message": {
            "message_id": 1, "date": state.now.as_second(), "chat": person(chat), "from": {"id": 1},
            "text": format!("/start {parameter}"), "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        }}),
        Happening::Blocked { chat } => member(chat, "kicked"),
        Happening::Unblocked { chat } => member(chat, "member"),
        Happening::Delivered { .. }
        | Happening::Read { .. }
        | Happening::Failed { .. }
        | Happening::Handshake => {
            return None;
        }
    };
    let secret = state.setting("webhook_secret");
    Some(Hook::json(&update).with("x-telegram-bot-api-secret-token", secret))
}
