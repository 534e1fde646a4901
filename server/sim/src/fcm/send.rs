//! `POST /v1/projects/{project}/messages:send`.

use http::{Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    message,
    oauth::{Account, Bearers, Worth},
    refusal::Refusal,
    rules::{self, Target},
    schema,
};
use crate::{
    device::{Address, Device, Kind},
    fleet::Fleet,
    hex,
    incoming::Incoming,
    reply::Reply,
    shape::{self, field},
};

/// What the simulator knows of one Firebase project.
#[derive(Debug, Clone)]
pub(crate) struct FcmProject {
    pub(crate) id: String,
    pub(crate) account: Account,
}

/// Answers a request at FCM's door that is not for the token endpoint.
pub(crate) fn send(
    project: &FcmProject,
    (bearers, fleet): (&Bearers, &mut Fleet),
    request: &Incoming,
    (now, random): (Timestamp, [u8; 32]),
) -> Reply {
    match accept(project, (bearers, fleet), request, (now, random)) {
        Ok(name) => Reply::json(StatusCode::OK, &json!({"name": name})),
        Err(refusal) => refusal.reply(),
    }
}

/// The device that a request addresses, if its body can be read so far.
pub(crate) fn device_of<'a>(fleet: &'a Fleet, request: &Incoming) -> Option<&'a Device> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let message = field(&body, "message")?;
    let address = field(message, "token").or_else(|| field(message, "fid"))?;
    let device = fleet.by_token(address.as_str()?)?;
    matches!(device.address, Address::Fcm { .. }).then_some(device)
}

fn accept(
    project: &FcmProject,
    (bearers, fleet): (&Bearers, &mut Fleet),
    request: &Incoming,
    (now, random): (Timestamp, [u8; 32]),
) -> Result<String, Refusal> {
    let named = path(request)?;
    authorised(bearers, request, now)?;
    if named != project.id {
        return Err(Refusal::Project(named.to_owned()));
    }
    let body = body(request)?;
    shape::check(schema::REQUEST, &body, "")?;
    let nothing = || Refusal::Invalid {
        field: "message".to_owned(),
        what: "Message is not set.".to_owned(),
    };
    let sent = field(&body, "message").ok_or_else(nothing)?;
    let device = match rules::check(sent)? {
        Target::Device { field, value } => Some(device(project, fleet, (field, &value), now)?),
        // Nobody subscribes to topics here: a message to one is accepted and reaches nobody.
        Target::Topics => None,
    };
    let prefix = format!("projects/{}/messages", project.id);
    if field(&body, "validate_only").and_then(Value::as_bool) == Some(true) {
        return Ok(format!("{prefix}/fake_message_id"));
    }
    let name = format!(
        "{prefix}/0:{}%{}",
        now.as_microsecond(),
        hex::encode(&random[..8])
    );
    if let Some(id) = device {
        fleet.take_rate(&id, now).map_err(Refusal::Quota)?;
        fleet.accept(&id, message::accepted(sent, name.clone(), now), now);
    }
    Ok(name)
}

/// The project that the path names.
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

fn authorised(bearers: &Bearers, request: &Incoming, now: Timestamp) -> Result<(), Refusal> {
    let given = request.header(header::AUTHORIZATION.as_str());
    let (scheme, token) = given
        .and_then(|given| given.split_once(' '))
        .ok_or(Refusal::NoCredentials)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoCredentials);
    }
    match bearers.worth(token.trim(), now) {
        Worth::Valid => Ok(()),
        Worth::Expired => Err(Refusal::ExpiredCredentials),
        Worth::Unknown => Err(Refusal::BadCredentials),
    }
}

fn body(request: &Incoming) -> Result<Value, Refusal> {
    if request.is_cut_short {
        return Err(Refusal::TooBig);
    }
    serde_json::from_slice(&request.body).map_err(|error| Refusal::Shape {
        field: String::new(),
        what: format!("Invalid JSON payload received. {error}"),
    })
}

fn device(
    project: &FcmProject,
    fleet: &Fleet,
    (field, value): (&str, &str),
    now: Timestamp,
) -> Result<String, Refusal> {
    let found = fleet.by_token(value).filter(|device| match field {
        "fid" => device.kind == Kind::FcmFid,
        _ => device.kind == Kind::FcmToken,
    });
    let Some(device) = found else {
        return Err(unknown(field, value));
    };
    if device.dead(now).is_some() {
        return Err(Refusal::Unregistered);
    }
    match &device.address {
        Address::Fcm { project: of, .. } if *of != project.id => Err(Refusal::SenderIdMismatch),
        Address::Fcm { .. }
        | Address::Apns { .. }
        | Address::WebPush(_)
        | Address::Hms { .. }
        | Address::Rustore { .. } => Ok(device.id.clone()),
    }
}

/// An address that could be one was given out and is gone; anything else was never an address.
fn unknown(field: &str, value: &str) -> Refusal {
    let is_shaped = match field {
        "fid" => value.len() == 22 && value.bytes().all(is_base64url),
        _ => value.split_once(':').is_some_and(|(id, rest)| {
            id.len() == 22 && rest.starts_with("APA91b") && rest.bytes().all(is_base64url)
        }),
    };
    if is_shaped {
        return Refusal::Unregistered;
    }
    Refusal::Invalid {
        field: format!("message.{field}"),
        what: "The registration token is not a valid FCM registration token".to_owned(),
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
