//! SMS.RU: <https://sms.ru/api/send>.

use http::Method;
use serde_json::json;

use super::{
    platform::Documented,
    request::{Asked, Reply},
    state::State,
};

/// Codes that stand beside a number.
const OF_NUMBER: [u32; 18] = [
    201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 220, 230, 231, 232,
];
/// Codes of a request as a whole.
const OF_REQUEST: [u32; 9] = [200, 201, 202, 204, 220, 300, 301, 302, 500];

pub(crate) fn documented() -> Vec<Documented> {
    let of_number = OF_NUMBER.iter().map(|code| {
        let number = json!({"status": "ERROR", "status_code": code, "status_text": "x"});
        let answer = json!({"status": "OK", "status_code": 100, "sms": {"79123456789": number}, "balance": 1.5});
        Documented::json(code.to_string(), 200, &answer)
    });
    let of_request = OF_REQUEST.iter().map(|code| {
        let answer = json!({"status": "ERROR", "status_code": code, "status_text": "x"});
        Documented::json(format!("request {code}"), 200, &answer)
    });
    of_number.chain(of_request).collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    let fields = asked.form().unwrap_or_default();
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    if field("api_id") != state.setting("api_id") {
        return refuse("request 200");
    }
    if asked.method != Method::POST || field("json") != "1" {
        return refuse("210");
    }
    match asked.path.as_str() {
        "/auth/check" => return Reply::json(200, &json!({"status": "OK", "status_code": 100})),
        "/sms/send" => {}
        _ => return refuse("211"),
    }
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let (to, text) = (field("to"), field("msg"));
    if text.is_empty() {
        return refuse("203");
    }
    let is_number = to.len() == 11 && to.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || state.unknown.contains(to) {
        return refuse("202");
    }
    if state.blocking.contains(to) {
        return refuse("209");
    }
    let id = state.take(to, text, None, |number| format!("000000-{number}"));
    let number = json!({"status": "OK", "status_code": 100, "sms_id": id});
    Reply::json(
        200,
        &json!({"status": "OK", "status_code": 100, "sms": {to: number}, "balance": 4_122.56}),
    )
}
