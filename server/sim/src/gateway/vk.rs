//! VK: <https://dev.vk.com/method/messages.send>, <https://dev.vk.com/reference/errors> and the schema,
//! <https://github.com/VKCOM/vk-api-schema>.

use http::Method;
use serde_json::json;

use super::{
    hook::{Happening, Hook},
    platform::Documented,
    request::{Asked, Reply},
    state::State,
};

/// The codes that every method has, and those of `messages.send`.
const ERRORS: [(u32, &str); 56] = [
    (1, "Unknown error occurred"),
    (
        2,
        "Application is disabled. Enable your application or use test mode",
    ),
    (3, "Unknown method passed"),
    (4, "Incorrect signature"),
    (5, "User authorization failed"),
    (6, "Too many requests per second"),
    (7, "Permission to perform this action is denied"),
    (8, "Invalid request"),
    (9, "Flood control"),
    (10, "Internal server error"),
    (13, "Runtime error occurred during code invocation"),
    (14, "Captcha needed"),
    (15, "Access denied"),
    (17, "Validation required"),
    (18, "User was deleted or banned"),
    (
        20,
        "Permission to perform this action is denied for non-standalone applications",
    ),
    (
        21,
        "Permission to perform this action is allowed only for standalone and OpenAPI applications",
    ),
    (23, "This method was disabled"),
    (24, "Confirmation required"),
    (27, "Group authorization failed"),
    (28, "Application authorization failed"),
    (29, "Rate limit reached"),
    (37, "User was banned"),
    (38, "Unknown application"),
    (39, "Unknown user"),
    (42, "IP is not allowed"),
    (43, "This section is temporary unavailable"),
    (
        100,
        "One of the parameters specified was missing or invalid",
    ),
    (104, "Not found"),
    (113, "Invalid user id"),
    (203, "Access to group denied"),
    (900, "Can't send messages for users from blacklist"),
    (901, "Can't send messages for users without permission"),
    (
        902,
        "Can't send messages to this user due to their privacy settings",
    ),
    (911, "Keyboard format is invalid"),
    (
        912,
        "This is a chat bot feature, change this status in settings",
    ),
    (913, "Too many forwarded messages"),
    (914, "Message is too long"),
    (917, "You don't have access to this chat"),
    (921, "Can't forward these messages"),
    (922, "You left this chat"),
    (925, "You are not admin of this chat"),
    (936, "Contact not found"),
    (940, "Too many posts in messages"),
    (943, "Cannot use this intent"),
    (944, "Limits overflow for this intent"),
    (945, "Chat was disabled"),
    (946, "Chat not supported"),
    (950, "Can't send message, reply timed out"),
    (962, "You can't access donut chat without subscription"),
    (969, "Message cannot be forwarded"),
    (985, "Cannot write to notifications only groups"),
    (987, "Need message request"),
    (988, "Pending message request"),
    (1012, "Writing is disabled for this chat"),
    (3610, "User is deactivated"),
];

pub(crate) fn documented() -> Vec<Documented> {
    let errors = ERRORS.iter().map(|(code, message)| {
        let error =
            json!({"error": {"error_code": code, "error_msg": message, "request_params": []}});
        Documented::json(code.to_string(), 200, &error)
    });
    errors.collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if asked.bearer() != Some(state.setting("token")) {
        return refuse("5");
    }
    let version = |fields: &std::collections::BTreeMap<String, String>| fields.contains_key("v");
    match asked.path.as_str() {
        "/method/groups.getById" if version(&asked.query) => Reply::json(
            200,
            &json!({"response": {"groups": [{"id": 1, "name": "Sim"}], "profiles": []}}),
        ),
        "/method/messages.send" if asked.method == Method::POST => send(asked, state),
        "/method/groups.getById" => refuse("8"),
        _ => refuse("3"),
    }
}

fn send(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let fields = asked.form().unwrap_or_default();
    // "v" is required since 2021, "random_id" since version 5.90.
    if !fields.contains_key("v") {
        return refuse("8");
    }
    let number = |name: &str| {
        fields
            .get(name)
            .filter(|value| value.parse::<i64>().is_ok())
    };
    let (Some(user), Some(key)) = (number("user_id"), number("random_id")) else {
        return refuse("100");
    };
    let text = fields.get("message").map_or("", String::as_str);
    if text.is_empty() {
        return refuse("100");
    }
    if text.encode_utf16().count() > 9_000 {
        return refuse("914");
    }
    if state.unknown.contains(user) {
        return refuse("113");
    }
    if state.blocking.contains(user) {
        return refuse("901");
    }
    let key = Some(key.as_str()).filter(|key| *key != "0");
    let id = state.take(user, text, key, |number| number.to_string());
    Reply::json(
        200,
        &json!({"response": id.parse::<u64>().unwrap_or_default()}),
    )
}

/// An event of the Callback API: <https://dev.vk.com/api/callback/getting-started>; the secret is in the body.
pub(crate) fn hook(happening: &Happening, state: &State) -> Option<Hook> {
    let user = |chat: &str| chat.parse::<i64>().unwrap_or_default();
    let (kind, object) = match happening {
        Happening::Started { parameter, chat } => (
            "message_new",
            json!({"message": {
                "id": 1, "date": state.now.as_second(), "from_id": user(chat), "peer_id": user(chat), "text": "hi",
                "ref": parameter, "ref_source": "link",
            }, "client_info": {}}),
        ),
        Happening::Blocked { chat } => ("message_deny", json!({"user_id": user(chat)})),
        Happening::Unblocked { chat } => ("message_allow", json!({"user_id": user(chat)})),
        Happening::Handshake => ("confirmation", json!(null)),
        Happening::Delivered { .. } | Happening::Read { .. } | Happening::Failed { .. } => {
            return None;
        }
    };
    let mut event = json!({
        "group_id": 1, "type": kind, "event_id": "e1", "v": "5.199", "secret": state.setting("webhook_secret"),
    });
    if !object.is_null() {
        event["object"] = object;
    }
    Some(Hook::json(&event))
}
