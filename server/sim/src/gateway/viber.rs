//! Viber: <https://developers.viber.com/docs/api/rest-bot-api/>.

use http::Method;
use serde_json::json;

use super::{
    hook::{Happening, Hook},
    platform::Documented,
    request::{Asked, Reply},
    signature::mac,
    state::State,
};

const ERRORS: [(u32, &str); 25] = [
    (1, "invalidUrl"),
    (2, "invalidAuthToken"),
    (3, "badData"),
    (4, "missingData"),
    (5, "receiverNotRegistered"),
    (6, "receiverNotSubscribed"),
    (7, "publicAccountBlocked"),
    (8, "publicAccountNotFound"),
    (9, "publicAccountSuspended"),
    (10, "webhookNotSet"),
    (11, "receiverNoSuitableDevice"),
    (12, "tooManyRequests"),
    (13, "apiVersionNotSupported"),
    (14, "incompatibleWithVersion"),
    (15, "publicAccountNotAuthorized"),
    (16, "inchatReplyMessageNotAllowed"),
    (17, "publicAccountIsNotInline"),
    (18, "noPublicChat"),
    (19, "cannotSendBroadcast"),
    (20, "broadcastNotAllowed"),
    (21, "unsupportedCountry"),
    (22, "paymentUnsupported"),
    (23, "freeMessagesExceeded"),
    (24, "noBalance"),
    (99, "generalError"),
];

pub(crate) fn documented() -> Vec<Documented> {
    let errors = ERRORS.iter().map(|(status, message)| {
        Documented::json(
            *message,
            200,
            &json!({"status": status, "status_message": message}),
        )
    });
    errors.collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if asked.header("x-viber-auth-token") != Some(state.setting("token")) {
        return refuse("invalidAuthToken");
    }
    if asked.is(&Method::POST, "/pa/get_account_info") {
        return Reply::json(
            200,
            &json!({"status": 0, "status_message": "ok", "id": "pa:1", "name": "Sim"}),
        );
    }
    if !asked.is(&Method::POST, "/pa/send_message") {
        return refuse("invalidUrl");
    }
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let Some(body) = asked.json() else {
        return refuse("badData");
    };
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let name = body["sender"]["name"].as_str().unwrap_or_default();
    let (to, message) = (text("receiver"), text("text"));
    if to.is_empty() || name.is_empty() || text("type") != "text" || message.is_empty() {
        return refuse("missingData");
    }
    if name.chars().count() > 28 || message.chars().count() > 7_000 {
        return refuse("badData");
    }
    if state.unknown.contains(to) {
        return refuse("receiverNotRegistered");
    }
    if state.blocking.contains(to) {
        return refuse("receiverNotSubscribed");
    }
    let id = state.take(to, message, None, |number| {
        (5_741_311_803_571_720_000 + number).to_string()
    });
    let token: u64 = id.parse().unwrap_or_default();
    Reply::json(
        200,
        &json!({"status": 0, "status_message": "ok", "message_token": token, "chat_hostname": "SN-1_"}),
    )
}

/// A callback; its signature is over the body, by the token.
pub(crate) fn hook(happening: &Happening, state: &State) -> Option<Hook> {
    let event = |word: &str| json!({"event": word, "timestamp": state.now.as_millisecond()});
    let report = |word: &str, id: &str| {
        let mut event = event(word);
        event["message_token"] = json!(id.parse::<u64>().unwrap_or_default());
        event["user_id"] = json!("01234567890A=");
        event
    };
    let body = match happening {
        Happening::Delivered { id } => report("delivered", id),
        Happening::Read { id } => report("seen", id),
        Happening::Failed { id } => report("failed", id),
        Happening::Started { parameter, chat } => {
            let mut event = event("conversation_started");
            event["type"] = json!("open");
            event["context"] = json!(parameter);
            event["user"] = json!({"id": chat, "name": "A"});
            event["subscribed"] = json!(false);
            event
        }
        Happening::Blocked { chat } => {
            let mut event = event("unsubscribed");
            event["user_id"] = json!(chat);
            event
        }
        Happening::Unblocked { chat } => {
            let mut event = event("subscribed");
            event["user"] = json!({"id": chat, "name": "A"});
            event
        }
        // What set_webhook sends to see whether the address answers.
        Happening::Handshake => event("webhook"),
    };
    let hook = Hook::json(&body);
    let signature = mac(state.setting("token"), &hook.body);
    Some(hook.with("x-viber-content-signature", signature))
}
