//! A sender changes a notification that is scheduled.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    check::{Problems, parse_ttl},
    content::Content,
    request::ContentRequest,
    schedule::{Schedule, ScheduleRequest},
};
use crate::problem::{FieldCode, FieldProblem, Problem};

/// What a sender changes of a notification: each member that is given replaces the former one as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NotificationPatch {
    /// What to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<ContentRequest>,
    /// When to send it; `{}` is at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleRequest>,
    /// For how many seconds it is worth delivering, counted from the time to which it is scheduled.
    #[serde(alias = "ttlSeconds", skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
}

/// A [`NotificationPatch`], checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// What to say from now on.
    pub content: Option<Content>,
    /// When to send it.
    pub schedule: Option<Schedule>,
    /// For how long it is worth delivering.
    pub ttl: Option<SignedDuration>,
}

impl Patch {
    /// Checks a request and reports every problem at once.
    ///
    /// # Errors
    /// A [`Problem`] whose `errors` point at the fields, or that says that the notification is too large.
    pub fn parse(request: NotificationPatch) -> Result<Self, Problem> {
        let NotificationPatch {
            notification,
            schedule,
            ttl_seconds,
        } = request;
        let mut problems = Problems::default();
        if notification.is_none() && schedule.is_none() && ttl_seconds.is_none() {
            let detail = "must name at least one of notification, schedule or ttl_seconds";
            problems
                .0
                .push(FieldProblem::new("", FieldCode::Missing, detail));
        }
        let content = notification.and_then(|content| Content::parse(content, &mut problems));
        let schedule = schedule.and_then(|schedule| problems.take_all(Schedule::parse(&schedule)));
        let ttl = ttl_seconds
            .and_then(|seconds| problems.check("/ttl_seconds", parse_ttl(Some(seconds))));
        if !problems.is_empty() {
            return Err(Problem::invalid(problems.0));
        }
        content.as_ref().map_or(Ok(()), Content::check_size)?;
        Ok(Self {
            content,
            schedule,
            ttl,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{limits::ENTRY_BYTES, problem::ProblemCode};

    fn request(value: Value) -> NotificationPatch {
        serde_json::from_value(value).unwrap()
    }

    fn parse(value: Value) -> Result<Patch, Problem> {
        Patch::parse(request(value))
    }

    #[test]
    fn each_member_is_changed_alone() {
        let patch = parse(json!({"ttl_seconds": 60})).unwrap();
        assert_eq!(patch.ttl, Some(SignedDuration::from_secs(60)));
        assert_eq!((patch.content, patch.schedule), (None, None));
        let patch = parse(json!({"schedule": {}})).unwrap();
        assert_eq!(patch.schedule, Some(Schedule::default()));
        let patch = parse(json!({"notification": {"title": "Other"}})).unwrap();
        assert_eq!(patch.content.unwrap().title.as_str(), "Other");
    }

    #[test]
    fn each_wrong_field_is_named() {
        let wrong = json!({
            "notification": {"title": ""}, "schedule": {"send_at": "at nine"}, "ttl_seconds": 0,
        });
        let problem = parse(wrong).unwrap_err();
        let pointers: Vec<_> = problem
            .errors
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        let expected = ["/notification/title", "/schedule/send_at", "/ttl_seconds"];
        assert_eq!(pointers, expected);
        assert_eq!(parse(json!({})).unwrap_err().errors[0].pointer, "");
        // Whom it is for cannot be changed.
        let to = json!({"to": {"users": ["anna"]}});
        serde_json::from_value::<NotificationPatch>(to).unwrap_err();
    }

    #[test]
    fn what_makes_it_too_large_is_refused() {
        let mut patch = parse(json!({"notification": {"title": "t"}})).unwrap();
        let content = patch.content.as_mut().unwrap();
        content.data = json!({"x": "y".repeat(ENTRY_BYTES)}).as_object().cloned();
        let problem = content.check_size().unwrap_err();
        assert_eq!(problem.code, ProblemCode::RequestTooLarge);
    }
}
