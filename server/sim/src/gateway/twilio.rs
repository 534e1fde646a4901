//! Twilio: <https://www.twilio.com/docs/messaging/api/message-resource>, error codes in
//! <https://www.twilio.com/docs/api/errors>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::json;

use super::{
    hook::{Happening, Hook},
    platform::Documented,
    request::{Asked, Reply},
    state::State,
};

const ERRORS: [(u16, u32); 24] = [
    (400, 10_001),
    (429, 14_107),
    (401, 20_003),
    (403, 20_005),
    (404, 20_404),
    (429, 20_429),
    (500, 20_500),
    (503, 20_503),
    (400, 21_211),
    (400, 21_212),
    (400, 21_214),
    (400, 21_408),
    (400, 21_602),
    (400, 21_603),
    (400, 21_606),
    (400, 21_610),
    (429, 21_611),
    (400, 21_612),
    (400, 21_614),
    (400, 21_617),
    (400, 21_659),
    (400, 21_660),
    (429, 30_001),
    (400, 30_002),
];

pub(crate) fn documented() -> Vec<Documented> {
    let errors = ERRORS.iter().map(|(status, code)| {
        let more_info = format!("https://www.twilio.com/docs/errors/{code}");
        let error = json!({"code": code, "message": "x", "more_info": more_info, "status": status});
        Documented::json(code.to_string(), *status, &error)
    });
    errors.collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    let credentials = format!(
        "{}:{}",
        state.setting("key_sid"),
        state.setting("key_secret")
    );
    let wanted = format!("Basic {}", STANDARD.encode(credentials));
    if asked.header("authorization") != Some(wanted.as_str()) {
        return refuse("20003");
    }
    let account = format!("/2010-04-01/Accounts/{}", state.setting("account_sid"));
    match asked.path.strip_prefix(account.as_str()) {
        Some(".json") => Reply::json(
            200,
            &json!({"sid": state.setting("account_sid"), "status": "active"}),
        ),
        Some("/Messages.json") if asked.method == Method::POST => send(asked, state),
        _ => refuse("20404"),
    }
}

fn send(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let fields = asked.form().unwrap_or_default();
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let (to, text) = (field("To"), field("Body"));
    if text.is_empty() {
        return refuse("21602");
    }
    if text.chars().count() > 1_600 {
        return refuse("21617");
    }
    if field("From").is_empty() && field("MessagingServiceSid").is_empty() {
        return refuse("21603");
    }
    if !field("From").is_empty() && field("From") != state.setting("from") {
        return refuse("21606");
    }
    if !to.starts_with('+') || state.unknown.contains(to) {
        return refuse("21211");
    }
    if state.blocking.contains(to) {
        return refuse("21610");
    }
    let id = state.take(to, text, None, |number| format!("SM{number:032x}"));
    let message = json!({
        "sid": id, "status": "queued", "to": to, "body": text, "price": null, "price_unit": "USD", "error_code": null,
    });
    Reply::json(201, &message)
}

/// A status callback: a form, behind the basic authentication of the address that was configured.
pub(crate) fn hook(happening: &Happening, state: &State) -> Option<Hook> {
    let (id, fields) = match happening {
        Happening::Delivered { id } => (id, "MessageStatus=delivered"),
        Happening::Failed { id } => (id, "MessageStatus=undelivered&ErrorCode=30003"),
        // Of a short message nobody learns that it was read.
        Happening::Read { .. }
        | Happening::Started { .. }
        | Happening::Blocked { .. }
        | Happening::Unblocked { .. }
        | Happening::Handshake => return None,
    };
    let credentials = STANDARD.encode(format!("twilio:{}", state.setting("webhook_password")));
    let hook = Hook {
        method: "POST",
        query: String::new(),
        headers: vec![(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body: format!("MessageSid={id}&{fields}"),
    };
    Some(hook.with("authorization", format!("Basic {credentials}")))
}
