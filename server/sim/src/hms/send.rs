//! `POST /v1/{app}/messages:send` and `POST /v3/{project}/messages:send`.

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    authority,
    refusal::Refusal,
    rules::{self, Sent},
};
use crate::{
    device::{Address, Device},
    fcm::Bearers,
    fleet::Fleet,
    hex,
    incoming::Incoming,
    message::{Content, Message},
    reply::Reply,
    service::Service,
    shape::field,
};

/// What the simulator knows of one app at Huawei.
#[derive(Debug, Clone)]
pub(crate) struct HmsApp {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) project: String,
    pub(crate) sub_account: String,
    pub(crate) key_id: String,
    /// The `RSAPublicKey`.
    pub(crate) public_key: Vec<u8>,
}

/// Which interface a path is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Three,
}

/// Answers a request at Huawei's door that is not for the token endpoint.
pub(crate) fn send(
    app: &HmsApp,
    (bearers, fleet): (&Bearers, &mut Fleet),
    request: &Incoming,
    moment: (Timestamp, [u8; 32]),
) -> Reply {
    match accept(app, (bearers, fleet), request, moment) {
        Ok(accepted) => Reply::json(StatusCode::OK, &accepted),
        Err(refusal) => refusal.reply(),
    }
}

/// The device that a request addresses first, if its body can be read so far.
pub(crate) fn device_of<'a>(fleet: &'a Fleet, request: &Incoming) -> Option<&'a Device> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let holder = field(&body, "message").or_else(|| field(&body, "target"))?;
    let device = fleet.by_token(field(holder, "token")?.get(0)?.as_str()?)?;
    matches!(device.address, Address::Hms { .. }).then_some(device)
}

fn accept(
    app: &HmsApp,
    (bearers, fleet): (&Bearers, &mut Fleet),
    request: &Incoming,
    (now, random): (Timestamp, [u8; 32]),
) -> Result<Value, Refusal> {
    let version = path(app, request)?;
    match version {
        Version::One => authority::bearer(bearers, request, now)?,
        Version::Three => authority::signed(app, request, now)?,
    }
    if request.is_cut_short {
        return Err(Refusal::TooLong);
    }
    let unreadable = |error| Refusal::Structure(format!("{error}"));
    let body: Value = serde_json::from_slice(&request.body).map_err(unreadable)?;
    let push_type = request.header("push-type");
    let sent = match (version, push_type) {
        (Version::One, _) => rules::version_1(&body, request.body.len())?,
        (Version::Three, Some(push_type)) => {
            rules::version_3(&body, request.body.len(), push_type)?
        }
        (Version::Three, None) => {
            return Err(Refusal::Parameter("push-type is missing".to_owned()));
        }
    };
    let (good, illegal) = sorted(app, fleet, &sent, now);
    if good.is_empty() {
        return Err(match version {
            Version::One => Refusal::AllIllegal,
            Version::Three => Refusal::AllIllegalFor(Value::Object(illegal)),
        });
    }
    let id = hex::encode(&random[..12]);
    if !sent.is_test {
        let push_type = push_type.filter(|_| version == Version::Three);
        for device in &good {
            fleet.accept(device, message(&sent, push_type, &id, now), now);
        }
    }
    Ok(taken(version, (&good, illegal), &id))
}

/// The answer: some tokens may have been refused.
fn taken(version: Version, (good, illegal): (&[String], Map<String, Value>), id: &str) -> Value {
    if illegal.is_empty() {
        return json!({"code": "80000000", "msg": "Success", "requestId": id});
    }
    let tokens = illegal.values().filter_map(Value::as_array).flatten();
    let tokens: Vec<_> = tokens.cloned().collect();
    let (success, failure) = (good.len(), tokens.len());
    let message = match version {
        Version::One => json!({"success": success, "failure": failure, "illegal_tokens": tokens}),
        Version::Three => {
            json!({"success": success, "failure": failure, "illegalTokens": illegal})
        }
    };
    json!({"code": "80100000", "msg": message.to_string(), "requestId": id})
}

fn path(app: &HmsApp, request: &Incoming) -> Result<Version, Refusal> {
    let path = request.path.split('?').next().unwrap_or_default();
    let named = path.strip_suffix("/messages:send");
    let named = named.filter(|_| request.method == Method::POST);
    let parts = named.and_then(|named| named.strip_prefix('/')?.split_once('/'));
    let foreign = Refusal::Authentication("the path names another app or project");
    match parts {
        Some(("v1", id)) if id == app.id => Ok(Version::One),
        Some(("v3", project)) if project == app.project => Ok(Version::Three),
        Some(("v1" | "v3", _)) => Err(foreign),
        Some(_) | None => Err(Refusal::NoSuchService),
    }
}

/// The devices that can be sent to, and the other tokens by Huawei's word for what is wrong with them.
fn sorted(
    app: &HmsApp,
    fleet: &Fleet,
    sent: &Sent<'_>,
    now: Timestamp,
) -> (Vec<String>, Map<String, Value>) {
    let (mut good, mut illegal) = (Vec::new(), Map::new());
    for token in &sent.tokens {
        let device = fleet.by_token(token);
        let word = match device.map(|device| (&device.address, device.dead(now))) {
            Some((Address::Hms { project, .. }, None)) if *project == app.project => None,
            Some((Address::Hms { .. }, None)) => Some("noRight"),
            Some(_) | None => Some("tokenFormatError"),
        };
        match (word, device) {
            (None, Some(device)) => good.push(device.id.clone()),
            (word, _) => {
                let tokens = illegal
                    .entry(word.unwrap_or("tokenFormatError"))
                    .or_insert_with(|| json!([]));
                if let Some(tokens) = tokens.as_array_mut() {
                    tokens.push(json!(token));
                }
            }
        }
    }
    (good, illegal)
}

fn message(sent: &Sent<'_>, push_type: Option<&str>, id: &str, now: Timestamp) -> Message {
    let mut content = sent.content.clone();
    if let Some(fields) = content.as_object_mut() {
        for target in ["token", "topic", "condition"] {
            fields.remove(target);
        }
    }
    let end = now.saturating_add(SignedDuration::from_secs(sent.ttl));
    Message {
        id: id.to_owned(),
        service: Service::Hms,
        accepted_at: now,
        expires_at: Some(end.unwrap_or(Timestamp::MAX)),
        urgency: sent.urgency.clone(),
        collapse: sent.collapse.map(|key| key.to_string()),
        bytes: sent.bytes,
        content: Content::Hms {
            push_type: push_type.map(str::to_owned),
            tag: sent.tag.map(str::to_owned),
            message: content,
        },
    }
}
