//! Requests that a platform sends: reports, updates, handshakes.

use std::{collections::HashSet, fmt};

use http::{HeaderMap, HeaderName, Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    condition::Condition,
    event::{Event, EventRule, State},
    fault::Invalid,
    form,
    node::Node,
    pointer::Pointer,
    recipient::RecipientKind,
    request::template,
    setting::Settings,
    template::{Scope, Template},
    values::Values,
    verify::{Verify, equals, secret},
};

/// The most bytes of a body that is read: what `WhatsApp` may send, which batches up to 1,000 updates in at most 3 MiB
/// (Meta, "Cloud API, Webhooks"). The others send less.
pub const MAX_INCOMING_BYTES: usize = 3 * 1_024 * 1_024;
/// The most events of one request: ten of each update of the largest batch. A request with more is refused whole, so
/// that nothing of what is acknowledged is lost.
pub const MAX_EVENTS: usize = 10_000;
/// The most bytes of a body that is parsed for the proof in it.
const MAX_UNPROVED_BYTES: usize = 64 * 1_024;
/// The most handshakes of a descriptor.
const MAX_CHALLENGES: usize = 4;

/// A request that came in at the webhook of a provider.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a Method,
    /// The query, without the question mark.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

/// Shows the method and a length: all else may be a secret.
impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("method", self.method)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Incoming<'a> {
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What it reports, in the order of the descriptor's rules; nothing for a handshake, or for what is not
    /// asked about.
    pub events: Vec<Event>,
    /// What the platform wants to read.
    pub reply: Reply,
}

/// What a platform wants to read.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The media type; none for an empty body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: String,
}

/// The body of a handshake may be a secret.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why a request is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// The gateway reports nothing.
    #[error("the gateway sends no requests")]
    Unexpected,
    /// The method is another one.
    #[error("the gateway reports by POST")]
    Method,
    /// It has too many bytes.
    #[error("the request has more than {MAX_INCOMING_BYTES} bytes")]
    TooLarge,
    /// It has too many events.
    #[error("the request has more than {MAX_EVENTS} events")]
    TooMany,
    /// It does not prove to be from the platform.
    #[error("the request does not prove to be from the gateway")]
    Unverified,
    /// The body is not of the form that the descriptor says.
    #[error("the body cannot be read")]
    Unreadable,
}

impl Untrusted {
    /// The status to answer with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unexpected => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge | Self::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unverified => StatusCode::UNAUTHORIZED,
            Self::Unreadable => StatusCode::BAD_REQUEST,
        }
    }
}

/// How requests that come in are read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IncomingRules {
    format: Format,
    verify: Verify,
    reply: Option<String>,
    challenges: Vec<Challenge>,
    pub(crate) events: Vec<EventRule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Form,
}

/// A handshake by which a platform asks whether this server wants its requests.
#[derive(Debug, Clone, PartialEq)]
struct Challenge {
    /// By GET, whose values are in the query, or by POST.
    is_get: bool,
    when: Vec<Condition>,
    /// A secret of the request; without it the request is verified as any other.
    proof: Option<(Pointer, Template)>,
    reply: ChallengeReply,
}

#[derive(Debug, Clone, PartialEq)]
enum ChallengeReply {
    Text(Template),
    At(Pointer),
}

impl IncomingRules {
    pub(crate) fn read(
        node: &Node<'_>,
        settings: Scope<'_>,
        recipient: RecipientKind,
    ) -> Result<Self, Invalid> {
        let fields = node.object(&["format", "verify", "reply", "challenges", "events"])?;
        let formats = [("json", Format::Json), ("form", Format::Form)];
        let format = fields.map("format", |node| node.word(&formats))?;
        let challenges = fields.map("challenges", |node| {
            let challenges = node.list(MAX_CHALLENGES)?;
            let read = challenges
                .iter()
                .map(|node| Challenge::read(node, settings));
            read.collect()
        })?;
        Ok(Self {
            format: format.unwrap_or(Format::Json),
            verify: Verify::read(&fields.need("verify")?, settings)?,
            reply: fields.map("reply", |node| node.text(200).map(str::to_owned))?,
            challenges: challenges.unwrap_or_default(),
            events: EventRule::read_all(&fields.need("events")?, recipient)?,
        })
    }

    /// Whether there is a report that proves a state.
    pub(crate) fn proves(&self, state: State) -> bool {
        self.events.iter().any(|rule| rule.state() == Some(state))
    }

    pub(crate) fn receive(
        &self,
        incoming: &Incoming<'_>,
        settings: &Settings,
    ) -> Result<Received, Untrusted> {
        if incoming.body.len() > MAX_INCOMING_BYTES || incoming.query.len() > MAX_INCOMING_BYTES {
            return Err(Untrusted::TooLarge);
        }
        let values = Values::of(settings);
        if *incoming.method == Method::GET {
            let query = form::read(incoming.query);
            let reply = self.challenged(true, &query, (incoming, &values))?;
            return reply.map(Received::only).ok_or(Untrusted::Method);
        }
        if *incoming.method != Method::POST {
            return Err(Untrusted::Method);
        }
        // Nobody is to have a body parsed who has not proved to be the platform, unless the proof is in the body.
        if self.is_proved_by_body() {
            if incoming.body.len() > MAX_UNPROVED_BYTES {
                return Err(Untrusted::TooLarge);
            }
        } else if !self.verify.holds(incoming, &Value::Null, &values) {
            return Err(Untrusted::Unverified);
        }
        let body = self.body(incoming);
        let read = body.as_ref().unwrap_or(&Value::Null);
        if let Some(reply) = self.challenged(false, read, (incoming, &values))? {
            return Ok(Received::only(reply));
        }
        // What is not verified is not even said to be unreadable.
        if !self.verify.holds(incoming, read, &values) {
            return Err(Untrusted::Unverified);
        }
        let body = body.ok_or(Untrusted::Unreadable)?;
        Ok(Received {
            events: self.events(&body, incoming.now)?,
            reply: Reply::text(self.reply.clone().unwrap_or_default()),
        })
    }

    fn is_proved_by_body(&self) -> bool {
        let mut challenges = self.challenges.iter();
        self.verify.reads_body() || challenges.any(|challenge| !challenge.is_get)
    }

    fn body(&self, incoming: &Incoming<'_>) -> Option<Value> {
        match self.format {
            Format::Json => serde_json::from_slice(incoming.body).ok(),
            Format::Form => std::str::from_utf8(incoming.body).ok().map(form::read),
        }
    }

    /// The events of a body. Of the rules about statuses, the first that fits an element is the one that counts.
    fn events(&self, body: &Value, now: Timestamp) -> Result<Vec<Event>, Untrusted> {
        let mut events = Vec::new();
        let mut with_status: HashSet<*const Value> = HashSet::new();
        for rule in &self.events {
            let found = rule.events(body, (now, MAX_EVENTS));
            for (element, event) in found.ok_or(Untrusted::TooMany)? {
                let is_status = matches!(event, Event::Status { .. });
                if is_status && !with_status.insert(std::ptr::from_ref(element)) {
                    continue;
                }
                if events.len() >= MAX_EVENTS {
                    return Err(Untrusted::TooMany);
                }
                events.push(event);
            }
        }
        Ok(events)
    }

    /// The answer to a handshake; none if the request is none.
    fn challenged(
        &self,
        is_get: bool,
        given: &Value,
        (incoming, values): (&Incoming<'_>, &Values<'_>),
    ) -> Result<Option<Reply>, Untrusted> {
        let mut challenges = self.challenges.iter();
        let challenge = challenges.find(|challenge| {
            challenge.is_get == is_get && challenge.when.iter().all(|when| when.holds(given))
        });
        let Some(challenge) = challenge else {
            return Ok(None);
        };
        let is_verified = match &challenge.proof {
            Some((at, secret)) => equals(secret, at.first(given).and_then(Value::as_str), values),
            None => self.verify.holds(incoming, given, values),
        };
        if !is_verified {
            return Err(Untrusted::Unverified);
        }
        let text = match &challenge.reply {
            ChallengeReply::Text(text) => text.render(values).ok().flatten(),
            ChallengeReply::At(at) => at.first(given).and_then(crate::condition::word),
        };
        text.map(|text| Some(Reply::text(text)))
            .ok_or(Untrusted::Unreadable)
    }
}

impl Challenge {
    fn read(node: &Node<'_>, settings: Scope<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["method", "when", "proof", "reply", "reply_at"])?;
        let methods = [("GET", true), ("POST", false)];
        let proof = fields.map("proof", |node| {
            let fields = node.object(&["at", "secret"])?;
            let at = fields.need("at")?.pointer()?;
            Ok((at, secret(&fields, "secret", settings)?))
        })?;
        let optional = Scope {
            optional: true,
            ..settings
        };
        let reply = match fields.map("reply", |node| template(node, optional))? {
            Some(text) => ChallengeReply::Text(text),
            None => ChallengeReply::At(fields.need("reply_at")?.pointer()?),
        };
        Ok(Self {
            is_get: fields.need("method")?.word(&methods)?,
            when: Condition::read_all(&fields.need("when")?)?,
            proof,
            reply,
        })
    }
}

impl Received {
    const fn only(reply: Reply) -> Self {
        Self {
            events: Vec::new(),
            reply,
        }
    }
}

impl Reply {
    fn text(body: String) -> Self {
        let content_type = (!body.is_empty()).then_some("text/plain; charset=utf-8");
        Self {
            status: StatusCode::OK,
            content_type,
            body,
        }
    }
}

impl IncomingRules {
    /// Whether the operator gave what requests are verified by.
    pub(crate) fn is_usable(&self, values: &Values<'_>) -> bool {
        self.verify.is_usable(values)
    }

    /// Whether any body can prove to be from the platform.
    pub(crate) fn reads_bodies(&self, values: &Values<'_>) -> bool {
        let mut challenges = self.challenges.iter();
        self.is_usable(values)
            || challenges.any(|challenge| !challenge.is_get && challenge.proof.is_some())
    }
}
