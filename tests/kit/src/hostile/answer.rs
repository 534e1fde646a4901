//! Orders: what the server does instead of answering well.

use std::{fmt, sync::Arc};

use serde_json::{Value, json};
use vestnik_model::UserId;

use super::{
    gate::Gate,
    http::{End, HttpAnswer},
};

/// A call of the server: a target and its one argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The method.
    pub target: String,
    /// Its argument.
    pub argument: Value,
}

impl Call {
    /// A call.
    #[must_use]
    pub fn new(target: &str, argument: Value) -> Self {
        Self {
            target: target.to_owned(),
            argument,
        }
    }
}

type Edit = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// What is answered.
#[derive(Clone)]
pub(super) enum Kind {
    /// What a good server answers, edited.
    Good(Option<Edit>),
    /// To a REST request. A hub method fails with the status as its text.
    Http(HttpAnswer),
    /// To a hub method. A REST request gets it with status 200.
    Result(Value),
    /// To a hub method: its completion has this error. A REST request gets it as text with status 500.
    Error(String),
    /// Nothing, and the connection stands.
    Silence,
    /// The connection breaks.
    Cut,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good(_) => "Good",
            Self::Http(_) => "Http",
            Self::Result(_) => "Result",
            Self::Error(_) => "Error",
            Self::Silence => "Silence",
            Self::Cut => "Cut",
        })
    }
}

/// What comes before the answer of a hub method.
#[derive(Debug, Clone)]
pub(super) enum Cue {
    /// A call.
    Call(Call),
    /// A notification is published to a user, with its live call.
    Publish(UserId, u128),
}

/// An order: how one request or call is answered.
///
/// Answers that are not good do nothing: no token is rotated and no fact is stored, unless they are made
/// so by [`Answer::after_doing`].
///
/// ```
/// use vestnik_testkit::hostile::Answer;
///
/// let portal = Answer::captive_portal();
/// let busy = Answer::problem(503, "unavailable").header("Retry-After", "18446744073709551615");
/// let lost = Answer::cut().after_doing();
/// let later = Answer::good().edited(|welcome| welcome["serverTime"] = "2001-01-01T00:00:00Z".into());
/// ```
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) kind: Kind,
    pub(super) is_done: bool,
    pub(super) gate: Option<Gate>,
    pub(super) before: Vec<Cue>,
    pub(super) after: Vec<Call>,
    pub(super) is_coalesced: bool,
    pub(super) is_trickled: bool,
}

impl Answer {
    const fn of(kind: Kind, is_done: bool) -> Self {
        Self {
            kind,
            is_done,
            gate: None,
            before: Vec::new(),
            after: Vec::new(),
            is_coalesced: false,
            is_trickled: false,
        }
    }

    /// What a good server answers.
    #[must_use]
    pub const fn good() -> Self {
        Self::of(Kind::Good(None), true)
    }

    /// An HTTP answer without a body.
    #[must_use]
    pub const fn http(status: u16) -> Self {
        Self::of(Kind::Http(HttpAnswer::new(status)), false)
    }

    /// A problem document with any code.
    #[must_use]
    pub fn problem(status: u16, code: &str) -> Self {
        let document = json!({
            "type": format!("/problems/{code}"), "title": code, "status": status, "code": code,
            "detail": "ordered by a test",
        });
        Self::http(status).body("application/problem+json", document.to_string())
    }

    /// What a captive portal answers to everything: a redirect to its page.
    #[must_use]
    pub fn captive_portal() -> Self {
        Self::html(302).header("Location", "http://portal.invalid/login")
    }

    /// A page for people.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let page = "<!doctype html><title>Welcome</title><p>Please sign in to use this network.";
        Self::http(status).body("text/html; charset=utf-8", page)
    }

    /// A result of a hub method, as it is.
    #[must_use]
    pub const fn result(value: Value) -> Self {
        Self::of(Kind::Result(value), false)
    }

    /// A hub method's refusal with any code.
    #[must_use]
    pub fn refusal(code: &str) -> Self {
        Self::result(json!({"problem": {"code": code, "detail": "ordered by a test"}}))
    }

    /// A hub method's completion with an error.
    #[must_use]
    pub fn error(text: &str) -> Self {
        Self::of(Kind::Error(text.to_owned()), false)
    }

    /// No answer; the connection stands until the device ends it.
    #[must_use]
    pub const fn silence() -> Self {
        Self::of(Kind::Silence, false)
    }

    /// No answer; the connection breaks.
    #[must_use]
    pub const fn cut() -> Self {
        Self::of(Kind::Cut, false)
    }

    /// The same, and what was asked for is done.
    #[must_use]
    pub fn after_doing(self) -> Self {
        Self {
            is_done: true,
            ..self
        }
    }

    /// A good answer with changes: they are made to its JSON.
    #[must_use]
    pub fn edited(self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self {
            kind: Kind::Good(Some(Arc::new(edit))),
            is_done: true,
            ..self
        }
    }

    /// The same, sent when the gate opens. What was asked for is done before.
    #[must_use]
    pub fn held(self, gate: &Gate) -> Self {
        Self {
            gate: Some(gate.clone()),
            ..self
        }
    }

    /// The same; these calls come before it. For hub methods.
    #[must_use]
    pub fn preceded_by(mut self, calls: impl IntoIterator<Item = Call>) -> Self {
        self.before.extend(calls.into_iter().map(Cue::Call));
        self
    }

    /// The same; a notification is published after the answer is made and before it is sent. For hub
    /// methods.
    #[must_use]
    pub fn preceded_by_notification(mut self, user: &UserId, number: u128) -> Self {
        self.before.push(Cue::Publish(user.clone(), number));
        self
    }

    /// The same; these calls follow it. For hub methods.
    #[must_use]
    pub fn followed_by(mut self, calls: impl IntoIterator<Item = Call>) -> Self {
        self.after.extend(calls);
        self
    }

    /// The same; the answer and all calls around it come in one WebSocket frame.
    #[must_use]
    pub fn coalesced(self) -> Self {
        Self {
            is_coalesced: true,
            ..self
        }
    }

    /// An HTTP answer with a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with_http(|http| http.header(name, value))
    }

    /// An HTTP answer with a body.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.with_http(|http| HttpAnswer {
            body: body.into(),
            ..http.header("Content-Type", content_type)
        })
    }

    /// An HTTP answer whose connection breaks before the last bytes of its body.
    #[must_use]
    pub fn cut_in_body(self) -> Self {
        self.ending(End::Cut)
    }

    /// An HTTP answer whose last bytes never come, while the connection stands.
    #[must_use]
    pub fn stalled_in_body(self) -> Self {
        self.ending(End::Stall)
    }

    /// An HTTP answer whose body goes on for ever.
    #[must_use]
    pub fn endless(self) -> Self {
        self.ending(End::Endless)
    }

    /// The same; each byte is written by itself.
    #[must_use]
    pub fn trickled(self) -> Self {
        Self {
            is_trickled: true,
            ..self
        }
    }

    fn ending(self, end: End) -> Self {
        self.with_http(|http| HttpAnswer { end, ..http })
    }

    /// Changes an HTTP answer; one of another kind stays as it is.
    fn with_http(self, change: impl FnOnce(HttpAnswer) -> HttpAnswer) -> Self {
        match self.kind {
            Kind::Http(http) => Self {
                kind: Kind::Http(change(http)),
                ..self
            },
            Kind::Good(_) | Kind::Result(_) | Kind::Error(_) | Kind::Silence | Kind::Cut => self,
        }
    }
}

/// An order that depends on the JSON of what it answers.
#[derive(Clone)]
pub(super) struct Decision(Arc<dyn Fn(&Value) -> Answer + Send + Sync>);

impl Decision {
    pub(super) fn new(decide: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    pub(super) fn answer(&self, body: &Value) -> Answer {
        (self.0)(body)
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decision")
    }
}
