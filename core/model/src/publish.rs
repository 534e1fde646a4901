//! A sender asks the server to notify an audience: by REST and through the hub, one validator.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    audience::{Audience, AudienceRequest},
    id::{CategoryName, NotificationId},
    notification::{ClickRequest, Notification, Priority, TrafficType},
    open::{Open, null_is_default},
    problem::{FieldCode, FieldProblem, Problem},
    status::NotificationStatus,
    text::{Body, HttpsUrl, TextError, Title},
    warning::Warning,
};

/// The longest a notification may wait for its devices: 28 days, FCM's ceiling.
pub const MAX_TTL_SECONDS: u32 = 28 * 24 * 60 * 60;
/// The time to live of a notification whose sender says nothing: 7 days.
pub const DEFAULT_TTL_SECONDS: u32 = 7 * 24 * 60 * 60;
/// The most bytes `data` may take as JSON, so that the whole fits a push service's payload.
pub const MAX_DATA_BYTES: usize = 2_048;
/// The most characters a sender's own reference may have.
pub const MAX_REFERENCE_CHARS: usize = 64;

/// What a sender sends. Unknown fields are refused, so that a misspelt one is not lost silently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// Whom to notify.
    pub to: AudienceRequest,
    /// What to say.
    pub notification: ContentRequest,
    /// For how many seconds it is worth delivering; 7 days when absent, 28 at most.
    #[serde(default, alias = "ttlSeconds", skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// The sender's own number for it, up to 64 characters, found again in every answer.
    #[serde(default, alias = "externalId", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The process it belongs to, up to 64 characters, found again in every answer.
    #[serde(
        default,
        alias = "correlationId",
        skip_serializing_if = "Option::is_none"
    )]
    pub correlation_id: Option<String>,
    /// Repeating a request with the same key publishes once. The `Idempotency-Key` header says
    /// the same; giving both with different values is refused.
    #[serde(
        default,
        alias = "idempotencyKey",
        skip_serializing_if = "Option::is_none"
    )]
    pub idempotency_key: Option<String>,
}

/// What to say, as a sender writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContentRequest {
    /// One line, 1 to 256 characters.
    pub title: String,
    /// Plain text, up to 4,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// An `https` address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The kind of content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub category: Option<CategoryName>,
    /// Why it is sent.
    #[serde(
        default,
        alias = "trafficType",
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub traffic_type: TrafficType,
    /// How urgently it asks for attention.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub priority: Priority,
    /// What a tap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<ClickRequest>,
    /// The sender's own data, up to 2,048 bytes of JSON, handed to the app untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Map<String, Value>>,
}

/// A publish request, checked: what the server stores and works by.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Whom to notify.
    pub audience: Audience,
    /// What to say.
    pub content: Content,
    /// For how long it is worth delivering.
    pub ttl: SignedDuration,
    /// The sender's own number for it.
    pub external_id: Option<String>,
    /// The process it belongs to.
    pub correlation_id: Option<String>,
}

/// What to say, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The line by which a person recognises it.
    pub title: Title,
    /// What it says.
    pub body: Body,
    /// A picture.
    pub image: Option<HttpsUrl>,
    /// The kind of content.
    pub category: Option<CategoryName>,
    /// Why it is sent.
    pub traffic_type: TrafficType,
    /// How urgently it asks for attention.
    pub priority: Priority,
    /// What a tap opens.
    pub click: Option<ClickRequest>,
    /// The sender's own data.
    pub data: Option<Map<String, Value>>,
}

impl Publication {
    /// Checks a request and reports every problem at once.
    ///
    /// # Errors
    /// A [`Problem`] whose `errors` point at the fields.
    pub fn parse(request: PublishRequest) -> Result<Self, Problem> {
        let PublishRequest {
            to,
            notification,
            ttl_seconds,
            external_id,
            correlation_id,
            idempotency_key,
        } = request;
        let mut problems = Problems::default();
        let audience = problems.take_all(Audience::parse(to));
        let content = Content::parse(notification, &mut problems);
        let ttl = problems.check("/ttl_seconds", parse_ttl(ttl_seconds));
        problems.check("/external_id", check_reference(external_id.as_deref()));
        problems.check(
            "/correlation_id",
            check_reference(correlation_id.as_deref()),
        );
        problems.check(
            "/idempotency_key",
            check_idempotency_key(idempotency_key.as_deref()),
        );
        match (audience, content, ttl) {
            (Some(audience), Some(content), Some(ttl)) if problems.is_empty() => Ok(Self {
                audience,
                content,
                ttl,
                external_id,
                correlation_id,
            }),
            _ => Err(Problem::invalid(problems.0)),
        }
    }

    /// The notification that this publication becomes when it is accepted.
    #[must_use]
    pub fn accept(&self, id: NotificationId, accepted_at: Timestamp) -> Notification {
        let Content {
            title,
            body,
            image,
            category,
            traffic_type,
            priority,
            click,
            data,
        } = self.content.clone();
        Notification {
            id,
            title,
            body,
            image,
            category,
            traffic_type: traffic_type.into(),
            priority: priority.into(),
            click: click.map(Into::into),
            data,
            accepted_at,
            expires_at: accepted_at.checked_add(self.ttl).unwrap_or(Timestamp::MAX),
        }
    }
}

impl Content {
    fn parse(request: ContentRequest, problems: &mut Problems) -> Option<Self> {
        let ContentRequest {
            title,
            body,
            image,
            category,
            traffic_type,
            priority,
            click,
            data,
        } = request;
        let title = problems.check(
            "/notification/title",
            Title::parse(&title).map_err(malformed),
        );
        let body = problems.check("/notification/body", Body::parse(&body).map_err(malformed));
        let image = image
            .map(|url| HttpsUrl::parse(&url).map_err(malformed))
            .transpose();
        let image = problems.check("/notification/image", image);
        let click_check = click
            .as_ref()
            .map_or(Ok(()), ClickRequest::check)
            .map_err(malformed);
        problems.check("/notification/click/url", click_check);
        problems.check("/notification/data", check_data(data.as_ref()));
        Some(Self {
            title: title?,
            body: body?,
            image: image?,
            category,
            traffic_type,
            priority,
            click,
            data,
        })
    }
}

/// The server took the notification: it is stored and will not be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub struct PublishAccepted {
    /// What to ask for its fate by.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: NotificationId,
    /// Its status now.
    pub status: NotificationStatus,
    /// Whether this answer is that of an earlier request with the same idempotency key.
    #[serde(default)]
    pub replayed: bool,
    /// What the sender should know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Warning>))]
    pub warnings: Vec<Open<Warning>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

type Wrong = (FieldCode, String);

#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn check<T>(&mut self, pointer: &str, result: Result<T, Wrong>) -> Option<T> {
        result
            .map_err(|(code, detail)| self.0.push(FieldProblem::new(pointer, code, detail)))
            .ok()
    }

    fn take_all<T>(&mut self, result: Result<T, Vec<FieldProblem>>) -> Option<T> {
        result
            .map_err(|mut problems| self.0.append(&mut problems))
            .ok()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn malformed(error: TextError) -> Wrong {
    let code = match error {
        TextError::Empty => FieldCode::Missing,
        TextError::TooLong { .. } => FieldCode::TooLong,
        TextError::Control | TextError::Scheme(_) => FieldCode::Malformed,
    };
    (code, error.to_string())
}

fn parse_ttl(seconds: Option<u32>) -> Result<SignedDuration, Wrong> {
    let seconds = seconds.unwrap_or(DEFAULT_TTL_SECONDS);
    if (1..=MAX_TTL_SECONDS).contains(&seconds) {
        Ok(SignedDuration::from_secs(i64::from(seconds)))
    } else {
        Err((
            FieldCode::OutOfRange,
            format!("must be 1 to {MAX_TTL_SECONDS}"),
        ))
    }
}

fn check_reference(text: Option<&str>) -> Result<(), Wrong> {
    check_plain(text, MAX_REFERENCE_CHARS)
}

/// Checks an idempotency key wherever it came from: 1 to 255 printable characters.
///
/// # Errors
/// What is wrong with it, in code and words.
pub fn check_idempotency_key(key: Option<&str>) -> Result<(), (FieldCode, String)> {
    check_plain(key, 255)
}

fn check_plain(text: Option<&str>, max: usize) -> Result<(), Wrong> {
    let Some(text) = text else { return Ok(()) };
    if text.is_empty() {
        return Err((FieldCode::Missing, "must not be empty".to_owned()));
    }
    if text.chars().count() > max {
        return Err((
            FieldCode::TooLong,
            format!("must have at most {max} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err((
            FieldCode::Malformed,
            "must not contain control characters".to_owned(),
        ));
    }
    Ok(())
}

fn check_data(data: Option<&Map<String, Value>>) -> Result<(), Wrong> {
    let bytes = data.map_or(0, |data| Value::Object(data.clone()).to_string().len());
    if bytes > MAX_DATA_BYTES {
        let detail = format!("must be at most {MAX_DATA_BYTES} bytes of JSON, is {bytes}");
        return Err((FieldCode::TooLong, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
