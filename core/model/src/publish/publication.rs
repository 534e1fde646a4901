//! A publish request, checked: what the server stores and works by.

use jiff::{SignedDuration, Timestamp};

use super::{
    check::{Problems, check_idempotency_key, check_reference, parse_ttl},
    content::{Content, Named},
    error_policy::ErrorPolicy,
    request::PublishRequest,
    schedule::Schedule,
    steps::Steps,
};
use crate::{audience::Audience, id::NotificationId, notification::Notification, problem::Problem};

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
    /// How many lost deliveries are an error.
    pub error_policy: ErrorPolicy,
    /// The sender's own number for it.
    pub external_id: Option<String>,
    /// The process it belongs to.
    pub correlation_id: Option<String>,
    /// What it is about: it takes the place of earlier ones with the same key.
    pub collapse_key: Option<String>,
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
            error_policy,
            external_id,
            correlation_id,
            collapse_key,
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
        problems.check("/collapse_key", check_reference(collapse_key.as_deref()));
        problems.check(
            "/idempotency_key",
            check_idempotency_key(idempotency_key.as_deref()),
        );
        match (audience, content, schedule, ttl, steps) {
            (Some(audience), Some(content), Some(schedule), Some(ttl), Some(steps))
                if problems.is_empty() =>
            {
                content.check_size()?;
                Ok(Self {
                    audience,
                    content,
                    schedule,
                    ttl,
                    steps,
                    error_policy,
                    external_id,
                    correlation_id,
                    collapse_key,
                })
            }
            _ => Err(Problem::invalid(problems.0)),
        }
    }

    /// The bytes of this publication's entry in a user's log, in the larger of the hub's encodings and
    /// with the longest ids and times.
    #[must_use]
    pub fn entry_bytes(&self) -> usize {
        self.content.entry_bytes()
    }

    /// The notification that this publication becomes when it is accepted.
    #[must_use]
    pub fn accept(&self, id: NotificationId, accepted_at: Timestamp) -> Notification {
        self.content.notification(Named {
            id,
            accepted_at,
            expires_at: self.schedule.expires_at(accepted_at, self.ttl),
        })
    }
}

#[cfg(test)]
mod tests;
