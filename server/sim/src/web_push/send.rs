//! `POST {endpoint}`.

use http::{HeaderName, Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};

use super::{content, refusal::Refusal, vapid};
use crate::{
    device::{Address, Device, Ending},
    fleet::Fleet,
    hex,
    incoming::Incoming,
    message::Message,
    reply::Reply,
    service::Service,
    subscription::Subscription,
};

const PATH: &str = "/push/";
/// The largest body, in bytes: RFC 8030, 7.2.
const LARGEST: usize = 4_096;
/// The longest time to live, in seconds: 30 days, as Mozilla's service has it. A longer one is cut.
const LONGEST_TTL: u64 = 2_592_000;
/// The longest topic, in characters: RFC 8030, 5.4.
const LONGEST_TOPIC: usize = 32;
const TTL: HeaderName = HeaderName::from_static("ttl");

/// Answers a request at the door of Web Push.
pub(crate) fn send(
    origin: &str,
    fleet: &mut Fleet,
    request: &Incoming,
    (now, random): (Timestamp, [u8; 32]),
) -> Reply {
    let id = hex::encode(&random[..16]);
    match accept(origin, fleet, request, (&id, now)) {
        Ok(ttl) => Reply::empty(StatusCode::CREATED)
            .with(header::LOCATION, format!("{origin}/message/{id}"))
            .with(TTL, ttl),
        Err(refusal) => refusal.reply(),
    }
}

/// The device that a request addresses.
pub(crate) fn device_of<'a>(fleet: &'a Fleet, request: &Incoming) -> Option<&'a Device> {
    let device = fleet.by_token(request.path.strip_prefix(PATH)?)?;
    matches!(device.address, Address::WebPush(_)).then_some(device)
}

fn accept(
    origin: &str,
    fleet: &mut Fleet,
    request: &Incoming,
    (id, now): (&str, Timestamp),
) -> Result<u64, Refusal> {
    let device = device_of(fleet, request).ok_or(Refusal::NotFound)?;
    let Address::WebPush(subscription) = &device.address else {
        return Err(Refusal::NotFound);
    };
    if request.method != Method::POST {
        return Err(Refusal::Method);
    }
    authorised(origin, subscription, request, now)?;
    match device.dead(now).map(|death| death.ending) {
        Some(Ending::Unregistered) => return Err(Refusal::Gone),
        Some(Ending::Expired) => return Err(Refusal::NotFound),
        None => {}
    }
    let ttl = ttl(request)?;
    let urgency = urgency(request)?;
    let topic = topic(request)?;
    body(request)?;
    let content = content::read(subscription, &request.body);
    let seconds = i64::try_from(ttl).unwrap_or(i64::MAX);
    let end = now.saturating_add(SignedDuration::from_secs(seconds));
    let message = Message {
        id: id.to_owned(),
        service: Service::WebPush,
        accepted_at: now,
        expires_at: (ttl > 0).then(|| end.unwrap_or(Timestamp::MAX)),
        urgency,
        collapse: topic,
        bytes: request.body.len(),
        content,
    };
    let device = device.id.clone();
    fleet.accept(&device, message, now);
    Ok(ttl)
}

fn authorised(
    origin: &str,
    subscription: &Subscription,
    request: &Incoming,
    now: Timestamp,
) -> Result<(), Refusal> {
    let given = request.header(header::AUTHORIZATION.as_str());
    let key = vapid::check(given, origin, now)?;
    match subscription.sender {
        Some(sender) if sender != key => Err(Refusal::OtherKey),
        Some(_) | None => Ok(()),
    }
}

fn ttl(request: &Incoming) -> Result<u64, Refusal> {
    let given = request.headers.get(TTL).ok_or(Refusal::NoTtl)?;
    let given = given.to_str().map_err(|_| Refusal::BadTtl)?;
    if given.is_empty() || !given.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::BadTtl);
    }
    // So many digits that they do not fit are more than the longest as well.
    let seconds = given.parse().unwrap_or(LONGEST_TTL);
    Ok(seconds.min(LONGEST_TTL))
}

fn urgency(request: &Incoming) -> Result<String, Refusal> {
    let given = request.headers.get("urgency").map(|value| value.to_str());
    match given {
        None => Ok("normal".to_owned()),
        Some(Ok(word @ ("very-low" | "low" | "normal" | "high"))) => Ok(word.to_owned()),
        Some(_) => Err(Refusal::BadUrgency),
    }
}

fn topic(request: &Incoming) -> Result<Option<String>, Refusal> {
    let Some(given) = request.headers.get("topic") else {
        return Ok(None);
    };
    let topic = given.to_str().map_err(|_| Refusal::BadTopic)?;
    let is_topic = !topic.is_empty()
        && topic.len() <= LONGEST_TOPIC
        && topic
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_topic {
        Ok(Some(topic.to_owned()))
    } else {
        Err(Refusal::BadTopic)
    }
}

fn body(request: &Incoming) -> Result<(), Refusal> {
    if request.is_cut_short || request.body.len() > LARGEST {
        return Err(Refusal::TooLarge);
    }
    let encoding = request.header(header::CONTENT_ENCODING.as_str());
    if request.body.is_empty() || encoding == Some("aes128gcm") {
        Ok(())
    } else {
        Err(Refusal::Encoding)
    }
}
