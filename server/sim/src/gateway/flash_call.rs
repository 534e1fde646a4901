//! uCaller: <https://developer.ucaller.ru>.

use http::Method;
use serde_json::json;

use super::{
    platform::Documented,
    request::{Asked, Reply},
    state::State,
};
use crate::hex;

const ERRORS: [(u32, &str); 19] = [
    (0, "This IP address is blocked"),
    (1, "Invalid request"),
    (2, "A required parameter is missing"),
    (3, "Invalid phone number"),
    (4, "The service is switched off"),
    (5, "The call could not be initialised"),
    (9, "Calls to this country are forbidden by the settings"),
    (18, "The limit of this number is reached"),
    (19, "Wait 15 seconds"),
    (20, "Not available for this country"),
    (401, "Authorization failed"),
    (405, "Method not allowed"),
    (429, "Too many requests"),
    (500, "Internal error"),
    (1001, "The account is blocked"),
    (1002, "Insufficient funds"),
    (1003, "This IP address is not allowed"),
    (1004, "The service is archived"),
    (1005, "The account's phone number must be verified"),
];

pub(crate) fn documented() -> Vec<Documented> {
    let errors = ERRORS.iter().map(|(code, error)| {
        Documented::json(
            code.to_string(),
            200,
            &json!({"status": false, "error": error, "code": code}),
        )
    });
    let unreachable = json!({
        "status": false, "ucaller_id": 57_251_317, "phone": "7900***0002", "code": "1234",
    });
    let unreachable = Documented::json("unreachable", 200, &unreachable);
    errors.chain([unreachable]).collect()
}

pub(crate) fn answer(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    let bearer = format!("{}.{}", state.setting("key"), state.setting("service_id"));
    if asked.bearer() != Some(bearer.as_str()) {
        return refuse("401");
    }
    match asked.path.as_str() {
        "/v1.0/getBalance" => Reply::json(
            200,
            &json!({"status": true, "rub_balance": 84.6, "tariff": "startup"}),
        ),
        "/v1.0/initCall" if asked.method == Method::POST => call(asked, state),
        _ => refuse("405"),
    }
}

fn call(asked: &Asked, state: &mut State) -> Reply {
    let refuse = |name: &str| Reply::documented(&documented(), name);
    if let Some(name) = state.refused() {
        return refuse(&name);
    }
    let Some(body) = asked.json() else {
        return refuse("1");
    };
    // The number as a text is an invalid request.
    let Some(phone) = body["phone"].as_u64() else {
        return refuse("1");
    };
    let phone = phone.to_string();
    if !(11..=15).contains(&phone.len()) || state.unknown.contains(&phone) {
        return refuse("3");
    }
    if state.blocking.contains(&phone) {
        return refuse("unreachable");
    }
    let code = body["code"].as_str().unwrap_or_default();
    let is_code =
        code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()) && code != "0000";
    if !is_code {
        return refuse("2");
    }
    let key = body["unique"].as_str();
    if key.is_some_and(|key| !hex::is_uuid(key)) {
        return refuse("2");
    }
    let is_repeated = key.is_some_and(|key| state.has_taken(key));
    let id = state.take(&phone, code, key, |number| number.to_string());
    let mut answer = json!({
        "status": true, "ucaller_id": id.parse::<u64>().unwrap_or_default(), "phone": "7912***6789", "code": code,
    });
    if let Some(key) = key {
        answer["unique_request_id"] = json!(key);
        if is_repeated {
            answer["exists"] = json!(true);
        }
    }
    Reply::json(200, &answer)
}
