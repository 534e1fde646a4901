//! A publish request, checked: what the server stores and works by.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    check::{Problems, check_idempotency_key, check_reference, parse_ttl},
    content::Content,
    request::PublishRequest,
    schedule::Schedule,
    steps::Steps,
};
use crate::{
    audience::Audience,
    entry::{Arrival, Entry},
    id::{DeliveryId, NotificationId},
    limits::ENTRY_BYTES,
    notification::Notification,
    problem::{Problem, ProblemCode},
    wire_size,
};

/// A publish request, checked: what the server stores and works by.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Whom to notify.
    pub audience: Audience,
    /// What to say.
    pub content: Content,
    /// When to send it.
    pub schedule: Schedule,
    /// For how long it is worth delivering, counted from the time to which it is scheduled.
    pub ttl: SignedDuration,
    /// By which channels each person is reached.
    pub steps: Steps,
    /// The sender's own number for it.
    pub external_id: Option<String>,
    /// The process it belongs to.
    pub correlation_id: Option<String>,
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
            schedule,
            ttl_seconds,
            steps,
            external_id,
            correlation_id,
            idempotency_key,
        } = request;
        let mut problems = Problems::default();
        let audience = problems.take_all(Audience::parse(to));
        let content = Content::parse(notification, &mut problems);
        let schedule = problems.take_all(Schedule::parse(&schedule));
        let ttl = problems.check("/ttl_seconds", parse_ttl(ttl_seconds));
        let steps = Steps::parse(steps, &mut problems);
        problems.check("/external_id", check_reference(external_id.as_deref()));
        problems.check(
            "/correlation_id",
            check_reference(correlation_id.as_deref()),
        );
        problems.check(
            "/idempotency_key",
            check_idempotency_key(idempotency_key.as_deref()),
        );
        match (audience, content, schedule, ttl, steps) {
            (Some(audience), Some(content), Some(schedule), Some(ttl), Some(steps))
                if problems.is_empty() =>
            {
                Self {
                    audience,
                    content,
                    schedule,
                    ttl,
                    steps,
                    external_id,
                    correlation_id,
                }
                .check_size()
            }
            _ => Err(Problem::invalid(problems.0)),
        }
    }

    /// Refuses a publication whose entry is larger than [`ENTRY_BYTES`], so that no page can be made
    /// that a client's default limit refuses.
    fn check_size(self) -> Result<Self, Problem> {
        let bytes = self.entry_bytes();
        if bytes <= ENTRY_BYTES {
            return Ok(self);
        }
        let detail = format!("the notification takes {bytes} bytes of at most {ENTRY_BYTES}");
        Err(Problem::new(ProblemCode::RequestTooLarge, detail))
    }

    /// The bytes of this publication's entry in a user's log, in the larger of the hub's encodings and
    /// with the longest ids and times.
    #[must_use]
    pub fn entry_bytes(&self) -> usize {
        let longest = Timestamp::MAX;
        let id = NotificationId::from_uuid(Uuid::max());
        let entry = Entry::Notification(Box::new(Arrival {
            id,
            at: longest,
            delivery_id: DeliveryId::from_uuid(Uuid::max()),
            read_at: Some(longest),
            notification: Notification {
                expires_at: longest,
                ..self.accept(id, longest)
            },
        }));
        // An entry is a tree of texts and numbers under text names: it always has a size.
        wire_size::of(&entry).unwrap_or(usize::MAX)
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
            revision: 0,
            title,
            body,
            image,
            category,
            traffic_type: traffic_type.into(),
            priority: priority.into(),
            click: click.map(Into::into),
            data,
            accepted_at,
            expires_at: self.schedule.expires_at(accepted_at, self.ttl),
        }
    }
}

#[cfg(test)]
mod tests;
