//! `WhatsApp`: <https://developers.facebook.com/documentation/business-messaging/whatsapp>, error codes in
//! `…/support/error-codes`.

use http::Method;
use serde_json::{Value, json};

use super::{
    hook::{Happening, Hook},
    platform::Documented,
    request::{Asked, Reply},
    signature::mac,
    state::State,
};

/// Status, code and title.
const ERRORS: [(u16, u32, &str); 41] = [
    (401, 0, "AuthException"),
    (400, 1, "API Unknown"),
    (503, 2, "API Service"),
    (500, 3, "API Method"),
    (400, 4, "API Too Many Calls"),
    (403, 10, "Permission Denied"),
    (400, 33, "Parameter value is not valid"),
    (400, 100, "Invalid parameter"),
    (401, 190, "Access token has expired"),
    (403, 200, "API Permission"),
    (403, 299, "API Permission"),
    (403, 368, "Temporarily blocked for policies violations"),
    (400, 80_007, "Rate limit issues"),
    (429, 130_429, "Rate limit hit"),
    (400, 130_472, "User's number is part of an experiment"),
    (
        403,
        130_497,
        "Business account is restricted from messaging users in this country",
    ),
    (500, 131_000, "Something went wrong"),
    (403, 131_005, "Access denied"),
    (400, 131_008, "Required parameter is missing"),
    (400, 131_009, "Parameter value is not valid"),
    (500, 131_016, "Service unavailable"),
    (400, 131_021, "Recipient cannot be sender"),
    (400, 131_026, "Message undeliverable"),
    (403, 131_031, "Account has been locked"),
    (
        400,
        131_037,
        "WhatsApp provided number needs display name approval before message can be sent",
    ),
    (400, 131_042, "Business eligibility payment issue"),
    (500, 131_045, "Incorrect certificate"),
    (400, 131_047, "Re-engagement message"),
    (400, 131_048, "Spam Rate limit hit"),
    (400, 131_049, "Meta chose not to deliver"),
    (400, 131_050, "User has stopped marketing messages"),
    (400, 131_051, "Unsupported message type"),
    (
        400,
        131_056,
        "(Business Account, Consumer Account) pair rate limit hit",
    ),
    (500, 131_057, "Account in maintenance mode"),
    (400, 132_000, "Template Param Count Mismatch"),
    (404, 132_001, "Template does not Exist"),
    (400, 132_005, "Template Hydrated Text Too Long"),
    (400, 132_012, "Template Parameter Format Mismatch"),
    (400, 132_015, "Template is Paused"),
    (503, 133_004, "Server Temporarily Unavailable"),
    (400, 133_010, "Phone number Not Registered"),
];

pub(crate) fn documented() -> Vec<Documented> {
    let errors = ERRORS.iter().map(|(status, code, title)| {
        let error = json!({"error": {
            "message": format!("(#{code}) {title}"), "type": "OAuthException", "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": title}, "fbtrace_id": "Az8or2yhqkZfEZ",
        }});
        Documented::json(code.to_string(), *status, &error)
    });
    errors.collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if asked.bearer() != Some(state.setting("token")) {
        return refuse("190");
    }
    let number = state.setting("phone_number_id");
    // The version comes first: "/v23.0/106540352242922/messages".
    let path = asked
        .path
        .strip_prefix("/v")
        .and_then(|path| path.split_once('/'));
    let Some(rest) = path.and_then(|(_, path)| path.strip_prefix(number)) else {
        return refuse("100");
    };
    match rest {
        "" if asked.method == Method::GET => Reply::json(200, &json!({"id": number})),
        "/messages" if asked.method == Method::POST => send(asked, state),
        _ => refuse("100"),
    }
}

fn send(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let body = asked.json().unwrap_or_default();
    let to = body["to"].as_str().unwrap_or_default();
    if body["messaging_product"] != "whatsapp" || to.is_empty() {
        return refuse("131008");
    }
    if !to.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse("131009");
    }
    let text = match body["type"].as_str() {
        Some("text") => body["text"]["body"].as_str().map(str::to_owned),
        Some("template") => match template(&body["template"], state) {
            Ok(text) => Some(text),
            Err(code) => return refuse(code),
        },
        _ => return refuse("131051"),
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return refuse("131008");
    };
    if text.encode_utf16().count() > 4_096 {
        return refuse("131009");
    }
    if state.unknown.contains(to) || state.blocking.contains(to) {
        return refuse("131026");
    }
    let id = state.take(to, &text, None, |number| format!("wamid.HBgL{number:012X}"));
    let contact = json!({"input": to, "wa_id": to});
    let message = json!({"id": id, "message_status": "accepted"});
    Reply::json(
        200,
        &json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}),
    )
}

/// The parameter of the approved template, which has one and no line breaks.
fn template(template: &Value, state: &State) -> Result<String, &'static str> {
    if template["name"] != state.settings["template"] || !template["language"]["code"].is_string() {
        return Err("132001");
    }
    let body = template["components"].as_array().and_then(|components| {
        components
            .iter()
            .find(|component| component["type"] == "body")
    });
    let parameters = body.and_then(|body| body["parameters"].as_array());
    let Some([parameter]) = parameters.map(Vec::as_slice) else {
        return Err("132000");
    };
    let text = parameter["text"]
        .as_str()
        .filter(|_| parameter["type"] == "text")
        .ok_or("132012")?;
    if text.contains(['\n', '\t']) || text.contains("     ") {
        return Err("132012");
    }
    if text.encode_utf16().count() > 1_024 {
        return Err("132005");
    }
    Ok(text.to_owned())
}

/// A status: `…/webhooks/reference/messages/status`; the signature is over the body, by the app's secret. The
/// handshake is a GET with the verify token.
pub(crate) fn hook(happening: &Happening, state: &State) -> Option<Hook> {
    let status = |id: &str, word: &str| json!({"id": id, "status": word, "timestamp": state.now.as_second().to_string(), "recipient_id": "1"});
    let status = match happening {
        Happening::Delivered { id } => status(id, "delivered"),
        Happening::Read { id } => status(id, "read"),
        Happening::Failed { id } => {
            let mut status = status(id, "failed");
            status["errors"] = json!([{"code": 131_026, "title": "Message undeliverable"}]);
            status
        }
        Happening::Handshake => {
            let token = state.setting("verify_token");
            return Some(Hook {
                method: "GET",
                query: format!(
                    "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"
                ),
                headers: Vec::new(),
                body: String::new(),
            });
        }
        Happening::Started { .. } | Happening::Blocked { .. } | Happening::Unblocked { .. } => {
            return None;
        }
    };
    let value = json!({"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1"}, "statuses": [status]});
    let hook = Hook::json(&json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }));
    let signature = mac(state.setting("app_secret"), &hook.body);
    Some(hook.with("x-hub-signature-256", format!("sha256={signature}")))
}
