//! What a broadcast worker hands over for sending: one message to devices, or to mailboxes, by its key.
//!
//! Two doors in the shape of the services that such a worker calls. Each message becomes a
//! [`PublishRequest`], so that everything else is the same as for any other notification;
//! `docs/broadcast.md` has the guide.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    audience::{AudienceRequest, MAX_LISTED},
    email::EmailAddress,
    id::{InstallationId, NotificationId},
    problem::{FieldCode, FieldProblem, Problem},
    publish::{ContentRequest, Data, Goal, PublishRequest, StepChannel, StepRequest},
};

/// A message to devices.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PushMessage {
    /// What names the message, 1 to 64 characters. Repeated within 24 hours with the same content it is
    /// sent once; with other content it is refused.
    pub key: String,
    /// One line, 1 to 256 characters.
    pub title: String,
    /// Plain text, up to 4,000 characters.
    pub text: String,
    /// The installations that it is for, 1 to 2,000.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub device_ids: Vec<InstallationId>,
    /// By which channels each person is reached, one after another; their devices when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<StepRequest>>,
    /// For how many seconds it is worth delivering; 7 days when absent, 28 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// The sender's own data, handed to the app untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Data>,
}

/// A message to mailboxes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EmailMessage {
    /// What names the message, as that of a [`PushMessage`]. The two kinds do not share keys.
    pub key: String,
    /// The subject, 1 to 256 characters.
    pub title: String,
    /// Plain text, up to 4,000 characters.
    pub text: String,
    /// The addresses that it is for, 1 to 2,000, as they were set for users.
    pub emails: Vec<String>,
    /// For how many seconds it is worth delivering; 7 days when absent, 28 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
}

/// The message is stored and will be sent. What becomes of it is told by its notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageAccepted {
    /// What to ask for its fate by.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub notification_id: NotificationId,
    /// For whom it was taken.
    pub success_receivers: Receivers,
    /// Whether this answer is that of an earlier message with the same key.
    #[serde(default)]
    pub replayed: bool,
}

/// For whom a message was taken, each once, as the request spells them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receivers {
    /// Installations.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub device_ids: Vec<InstallationId>,
    /// E-mail addresses.
    pub emails: Vec<String>,
}

/// A message as a publish request.
#[derive(Debug, Clone, PartialEq)]
pub struct Translated {
    /// The request.
    pub request: PublishRequest,
    /// For whom it is.
    pub receivers: Receivers,
    list: List,
}

/// Words the problems of a publish request for the sender of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording(List);

/// The list of receivers that a kind of message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    DeviceIds,
    Emails,
}

impl PushMessage {
    /// The publish request that it stands for.
    #[must_use]
    pub fn translate(self) -> Translated {
        let Self {
            key,
            title,
            text,
            device_ids,
            steps,
            ttl_seconds,
            data,
        } = self;
        let content = ContentRequest {
            data,
            ..content(title, text)
        };
        let request = PublishRequest {
            to: AudienceRequest {
                installations: device_ids.clone(),
                ..AudienceRequest::default()
            },
            steps,
            ttl_seconds,
            ..request("send_messages_push", key, content)
        };
        let receivers = Receivers {
            device_ids: once(device_ids),
            emails: Vec::new(),
        };
        Translated {
            request,
            receivers,
            list: List::DeviceIds,
        }
    }
}

impl EmailMessage {
    /// The publish request that it stands for.
    ///
    /// # Errors
    /// A [`Problem`] that points at each address that is none.
    pub fn translate(self) -> Result<Translated, Problem> {
        let Self {
            key,
            title,
            text,
            emails,
            ttl_seconds,
        } = self;
        let addresses = parse_all(&emails).map_err(Problem::invalid)?;
        let step = StepRequest {
            channel: StepChannel::Email,
            wait_for: Some(Goal::default()),
            within_seconds: None,
            on_unproven: None,
        };
        let request = PublishRequest {
            to: AudienceRequest {
                emails: addresses,
                ..AudienceRequest::default()
            },
            steps: Some(vec![step]),
            ttl_seconds,
            ..request("send_messages_email", key, content(title, text))
        };
        let receivers = Receivers {
            device_ids: Vec::new(),
            emails: once(emails),
        };
        Ok(Translated {
            request,
            receivers,
            list: List::Emails,
        })
    }
}

impl Translated {
    /// Whose problems these are, to be kept while the request is published.
    #[must_use]
    pub const fn wording(&self) -> Wording {
        Wording(self.list)
    }
}

impl Wording {
    /// The problem with pointers into the message.
    #[must_use]
    pub fn problem(self, problem: Problem) -> Problem {
        if problem.errors.is_empty() {
            return problem;
        }
        let errors = problem.errors.into_iter();
        Problem::invalid(errors.map(|error| self.0.renamed(error)).collect())
    }
}

impl List {
    const fn pointer(self) -> &'static str {
        match self {
            Self::DeviceIds => "/device_ids",
            Self::Emails => "/emails",
        }
    }

    fn renamed(self, error: FieldProblem) -> FieldProblem {
        let FieldProblem {
            pointer,
            code,
            detail,
        } = error;
        if pointer == "/to" {
            return FieldProblem::new(self.pointer(), FieldCode::Missing, "must not be empty");
        }
        let own = OWN.iter().find_map(|(of_request, own)| {
            let rest = pointer.strip_prefix(of_request)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{own}{rest}"))
        });
        FieldProblem {
            pointer: own.unwrap_or(pointer),
            code,
            detail,
        }
    }
}

/// Where a publish request has what a message has elsewhere.
const OWN: &[(&str, &str)] = &[
    ("/to/installations", "/device_ids"),
    ("/to/emails", "/emails"),
    ("/notification/title", "/title"),
    ("/notification/body", "/text"),
    ("/notification/data", "/data"),
    ("/external_id", "/key"),
    ("/idempotency_key", "/key"),
];

fn content(title: String, text: String) -> ContentRequest {
    ContentRequest {
        title,
        body: text,
        ..ContentRequest::default()
    }
}

/// A request that is recognised by the kind of its message and the key.
fn request(kind: &str, key: String, notification: ContentRequest) -> PublishRequest {
    PublishRequest {
        notification,
        idempotency_key: Some(format!("{kind}:{key}")),
        external_id: Some(key),
        ..PublishRequest::default()
    }
}

fn parse_all(emails: &[String]) -> Result<Vec<EmailAddress>, Vec<FieldProblem>> {
    if emails.len() > MAX_LISTED {
        let detail = format!(
            "must have at most {MAX_LISTED} entries, has {}",
            emails.len()
        );
        return Err(vec![FieldProblem::new(
            "/emails",
            FieldCode::TooLong,
            detail,
        )]);
    }
    let (mut addresses, mut problems) = (Vec::new(), Vec::new());
    for (index, email) in emails.iter().enumerate() {
        match EmailAddress::parse(email) {
            Ok(address) => addresses.push(address),
            Err(error) => problems.push(FieldProblem::new(
                format!("/emails/{index}"),
                FieldCode::Malformed,
                error.to_string(),
            )),
        }
    }
    if problems.is_empty() {
        Ok(addresses)
    } else {
        Err(problems)
    }
}

/// Each entry once, where it stands first.
fn once<T: Ord + Clone>(mut all: Vec<T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.retain(|one| seen.insert(one.clone()));
    all
}

/// Shows the key and the number of receivers only: content and addresses stay out of logs.
impl fmt::Debug for PushMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushMessage")
            .field("key", &self.key)
            .field("device_ids", &self.device_ids.len())
            .finish_non_exhaustive()
    }
}

/// Shows the key and the number of receivers only: content and addresses stay out of logs.
impl fmt::Debug for EmailMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailMessage")
            .field("key", &self.key)
            .field("emails", &self.emails.len())
            .finish_non_exhaustive()
    }
}

/// Shows numbers only.
impl fmt::Debug for Receivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receivers")
            .field("device_ids", &self.device_ids.len())
            .field("emails", &self.emails.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::publish::Publication;

    const DEVICE: &str = "ins_00000000000000000000000000000001";

    fn push(changed: &str, value: Value) -> Translated {
        let mut message = json!({
            "key": "notice-17", "title": "t", "text": "x", "device_ids": [DEVICE],
        });
        message[changed] = value;
        let message: PushMessage = serde_json::from_value(message).unwrap();
        message.translate()
    }

    fn letter(emails: &[&str]) -> EmailMessage {
        let message = json!({"key": "k", "title": "t", "text": "x", "emails": emails});
        serde_json::from_value(message).unwrap()
    }

    fn pointers(translated: &Translated) -> Vec<String> {
        let problem = Publication::parse(translated.request.clone()).unwrap_err();
        let problem = translated.wording().problem(problem);
        assert!(problem.detail.starts_with(&problem.errors[0].pointer));
        problem.errors.into_iter().map(|of| of.pointer).collect()
    }

    #[test]
    fn a_problem_points_into_the_message() {
        for (field, value, pointer) in [
            ("key", json!(""), "/key"),
            ("key", json!("k".repeat(65)), "/key"),
            ("title", json!(""), "/title"),
            ("text", json!("x".repeat(4_001)), "/text"),
            ("device_ids", json!([]), "/device_ids"),
            ("device_ids", json!(vec![DEVICE; 2_001]), "/device_ids"),
            ("steps", json!([]), "/steps"),
            ("ttl_seconds", json!(0), "/ttl_seconds"),
            ("data", json!({"n": 9_007_199_254_740_993_u64}), "/data/n"),
        ] {
            assert_eq!(pointers(&push(field, value)), [pointer]);
        }
        assert_eq!(pointers(&letter(&[]).translate().unwrap()), ["/emails"]);
        let problem = letter(&["a@b.example", "anna", "b@"])
            .translate()
            .unwrap_err();
        let wrong: Vec<_> = problem
            .errors
            .iter()
            .map(|of| of.pointer.as_str())
            .collect();
        assert_eq!(wrong, ["/emails/1", "/emails/2"]);
        assert!(letter(&["a@b.example"; 2_001]).translate().is_err());
    }

    #[test]
    fn receivers_are_named_once_as_they_were_spelt() {
        let translated = letter(&["B@Shop.Example", "a@shop.example", "B@Shop.Example"])
            .translate()
            .unwrap();
        let expected = ["B@Shop.Example", "a@shop.example"];
        assert_eq!(translated.receivers.emails, expected);
        assert!(Publication::parse(translated.request).is_ok());
        let translated = push("device_ids", json!([DEVICE, DEVICE]));
        assert_eq!(translated.receivers.device_ids.len(), 1);
    }

    #[test]
    fn a_push_and_a_letter_of_one_key_are_two_messages() {
        let by_letter = letter(&["a@b.example"]).translate().unwrap().request;
        let push = push("key", json!("k")).request;
        assert_eq!(by_letter.external_id, push.external_id);
        assert_ne!(by_letter.idempotency_key, push.idempotency_key);
    }

    #[test]
    fn neither_content_nor_addresses_are_printed() {
        let message = json!({"key": "k", "title": "PLANTED", "text": "PLANTED", "emails": ["PLANTED@a.example"]});
        let message: EmailMessage = serde_json::from_value(message).unwrap();
        assert!(!format!("{message:?}").contains("PLANTED"));
        let receivers = message.translate().unwrap().receivers;
        assert!(!format!("{receivers:?}").contains("PLANTED"));
    }
}
