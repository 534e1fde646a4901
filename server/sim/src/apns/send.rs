//! `POST /3/device/{token}`.

use http::{HeaderName, Method, StatusCode, header};
use jiff::Timestamp;

use super::{
    message::{self, Sent},
    payload,
    provider_token::{ProviderKey, ProviderTokens},
    push_type::PushType,
    reason::{APNS_ID, Reason},
    request::{self, Headers},
};
use crate::{
    device::{Address, Device, Ending},
    fleet::Fleet,
    hex,
    incoming::Incoming,
    reply::Reply,
    service::Environment,
};

const PATH: &str = "/3/device/";
/// The longest device token, in bytes of its hexadecimal form. Apple: "at most 100 bytes".
const LONGEST_TOKEN: usize = 200;

/// A team of the developer programme: its keys and its app.
#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) keys: Vec<ProviderKey>,
    pub(crate) bundle: String,
}

/// Answers a request at a door of APNs.
pub(crate) fn send(
    team: &Team,
    (tokens, fleet): (&mut ProviderTokens, &mut Fleet),
    (request, environment): (&Incoming, Environment),
    (now, random): (Timestamp, [u8; 32]),
) -> Reply {
    let name = request::name(&request.headers, &random);
    let shown = name.clone().unwrap_or_else(|_| hex::uuid(&random));
    let outcome = name.and_then(|name| {
        let sender = (team, &mut *tokens);
        accept(sender, fleet, (request, environment), (name, now))
    });
    let reply = match outcome {
        Ok(()) => Reply::empty(StatusCode::OK),
        Err(reason) => reason.reply(),
    };
    let reply = reply.with(APNS_ID, &shown);
    match environment {
        // Only the development environment gives it: it finds the notification in Apple's console.
        Environment::Sandbox => {
            let unique = hex::uuid(&random).to_uppercase();
            reply.with(HeaderName::from_static("apns-unique-id"), unique)
        }
        Environment::Production => reply,
    }
}

/// The device that a request addresses.
pub(crate) fn device_of<'a>(fleet: &'a Fleet, request: &Incoming) -> Option<&'a Device> {
    let token = request.path.strip_prefix(PATH)?;
    let device = fleet.by_token(&token.to_ascii_lowercase())?;
    matches!(device.address, Address::Apns { .. }).then_some(device)
}

fn accept(
    (team, tokens): (&Team, &mut ProviderTokens),
    fleet: &mut Fleet,
    (request, environment): (&Incoming, Environment),
    (name, now): (String, Timestamp),
) -> Result<(), Reason> {
    let token = request.path.strip_prefix(PATH).ok_or(Reason::BadPath)?;
    if request.method != Method::POST {
        return Err(Reason::MethodNotAllowed);
    }
    let given = request.header(header::AUTHORIZATION.as_str());
    let bearer = given.and_then(|given| {
        let (scheme, token) = given.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let at = (request.connection, environment);
    tokens.check((&team.id, &team.keys), bearer, at, now)?;
    let headers = request::read(&request.headers)?;
    if request.is_cut_short || request.body.len() > headers.push_type.largest() {
        return Err(Reason::PayloadTooLarge);
    }
    let bundle = bundle(team, &headers)?;
    check_token(token)?;
    let device = device_of(fleet, request).ok_or(Reason::BadDeviceToken)?;
    check_device(device, (bundle, headers.push_type), environment, now)?;
    let payload = payload::read(&request.body, headers.push_type, device.kind)?;
    let id = device.id.clone();
    let sent = Sent {
        id: name,
        headers: &headers,
        payload,
        bytes: request.body.len(),
    };
    fleet.accept(&id, message::accepted(sent, now), now);
    Ok(())
}

/// The app that the topic names.
fn bundle<'a>(team: &Team, headers: &Headers<'a>) -> Result<&'a str, Reason> {
    let suffix = headers.push_type.suffix();
    let bundle = headers.topic.strip_suffix(suffix).ok_or(Reason::BadTopic)?;
    if bundle == team.bundle {
        return Ok(bundle);
    }
    // A topic of this app that belongs to another push type, or of an app of somebody else.
    if bundle
        .strip_prefix(&team.bundle)
        .is_some_and(|rest| rest.starts_with('.'))
    {
        return Err(Reason::BadTopic);
    }
    Err(Reason::TopicDisallowed)
}

fn check_token(token: &str) -> Result<(), Reason> {
    if token.is_empty() {
        return Err(Reason::MissingDeviceToken);
    }
    let is_hex = token.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && token.len() <= LONGEST_TOKEN {
        Ok(())
    } else {
        Err(Reason::BadDeviceToken)
    }
}

fn check_device(
    device: &Device,
    (bundle, push_type): (&str, PushType),
    environment: Environment,
    now: Timestamp,
) -> Result<(), Reason> {
    let Address::Apns {
        bundle: of,
        environment: within,
        ..
    } = &device.address
    else {
        return Err(Reason::BadDeviceToken);
    };
    if *within != environment {
        return Err(Reason::BadDeviceToken);
    }
    if of != bundle || !push_type.fits(device.kind) {
        return Err(Reason::DeviceTokenNotForTopic);
    }
    match device.dead(now) {
        None => Ok(()),
        Some(death) => Err(match death.ending {
            Ending::Unregistered => Reason::Unregistered(death.at),
            Ending::Expired => Reason::ExpiredToken(death.at),
        }),
    }
}
