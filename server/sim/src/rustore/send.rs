//! `POST /v1/projects/{project}/messages:send`.

use http::{Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{refusal::Refusal, schema};
use crate::{
    device::{Address, Device},
    fleet::Fleet,
    hex,
    incoming::Incoming,
    message::{Content, Message},
    reply::Reply,
    service::Service,
    shape::{self, field, seconds},
};

/// The most bytes of a message.
const LARGEST: usize = 4_096;
/// For how many seconds a message without a time to live is kept. `RuStore` documents none.
const USUAL_TTL: f64 = 2_419_200.0;

/// What the simulator knows of one project at `RuStore`.
#[derive(Debug, Clone)]
pub(crate) struct RustoreProject {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// Answers a request at `RuStore`'s door.
pub(crate) fn send(
    project: &RustoreProject,
    fleet: &mut Fleet,
    request: &Incoming,
    moment: (Timestamp, [u8; 32]),
) -> Reply {
    match accept(project, fleet, request, moment) {
        Ok(()) => Reply::json(StatusCode::OK, &json!({})),
        Err(refusal) => refusal.reply(),
    }
}

/// The device that a request addresses, if its body can be read so far.
pub(crate) fn device_of<'a>(fleet: &'a Fleet, request: &Incoming) -> Option<&'a Device> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let token = field(field(&body, "message")?, "token")?.as_str()?;
    let device = fleet.by_token(token)?;
    matches!(device.address, Address::Rustore { .. }).then_some(device)
}

fn accept(
    project: &RustoreProject,
    fleet: &mut Fleet,
    request: &Incoming,
    (now, random): (Timestamp, [u8; 32]),
) -> Result<(), Refusal> {
    let named = path(request)?;
    let bearer = request.header(header::AUTHORIZATION.as_str());
    let is_ours = bearer.and_then(|given| given.strip_prefix("Bearer ")) == Some(&project.token);
    if !is_ours || named != project.id {
        return Err(Refusal::Denied);
    }
    let invalid = |what: &str| Refusal::Invalid(what.to_owned());
    if request.is_cut_short || request.body.len() > LARGEST {
        return Err(invalid("Message is too big"));
    }
    let body = serde_json::from_slice(&request.body);
    let body: Value = body.map_err(|error| Refusal::Invalid(error.to_string()))?;
    shape::check(schema::REQUEST, &body, "")?;
    let message = field(&body, "message").ok_or_else(|| invalid("message is missing"))?;
    let token = field(message, "token").and_then(Value::as_str);
    let token = token.ok_or_else(|| invalid("token is missing"))?;
    let device = fleet.by_token(token).filter(|device| {
        matches!(device.address, Address::Rustore { .. }) && device.dead(now).is_none()
    });
    let device = device.ok_or(Refusal::NotFound)?.id.clone();
    if field(&body, "validate_only").and_then(Value::as_bool) != Some(true) {
        let bytes = request.body.len();
        let message = stored(message, bytes, hex::encode(&random[..12]), now)?;
        fleet.accept(&device, message, now);
    }
    Ok(())
}

fn path(request: &Incoming) -> Result<&str, Refusal> {
    let path = request.path.split('?').next().unwrap_or_default();
    let project = path
        .strip_prefix("/v1/projects/")
        .and_then(|rest| rest.strip_suffix("/messages:send"))
        .filter(|project| !project.is_empty() && !project.contains('/'));
    project
        .filter(|_| request.method == Method::POST)
        .ok_or(Refusal::NoSuchPage)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the time to live has been checked"
)]
fn stored(sent: &Value, bytes: usize, id: String, now: Timestamp) -> Result<Message, Refusal> {
    let ttl = field(sent, "android").and_then(|android| field(android, "ttl"));
    let ttl = ttl.and_then(Value::as_str).and_then(seconds);
    let ttl = ttl.unwrap_or(USUAL_TTL);
    if !(0.0..=USUAL_TTL).contains(&ttl) {
        return Err(Refusal::Invalid("ttl is out of range".to_owned()));
    }
    let end = now.saturating_add(SignedDuration::from_millis((ttl * 1_000.0) as i64));
    let mut message = sent.clone();
    if let Some(fields) = message.as_object_mut() {
        fields.remove("token");
    }
    Ok(Message {
        id,
        service: Service::Rustore,
        accepted_at: now,
        expires_at: (ttl > 0.0).then(|| end.unwrap_or(Timestamp::MAX)),
        urgency: String::new(),
        collapse: None,
        bytes,
        content: Content::Rustore { message },
    })
}
