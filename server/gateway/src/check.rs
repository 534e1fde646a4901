//! Whether an account works, without a message to anyone.

use http::{Request, StatusCode};
use vestnik_model::Reason;

use crate::{
    answer::Answer,
    build_error::BuildError,
    condition::Condition,
    fault::Invalid,
    node::Node,
    origin::Origin,
    request::{self, RequestTemplate},
    setting::Settings,
    status::StatusRange,
    template::Scope,
    values::Values,
};

/// The most rules.
const MAX_RULES: usize = 16;

/// What the answer to a check means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// The gateway takes the account's credentials.
    Good,
    /// It does not, or not for this sender.
    Refused(Reason),
    /// It cannot say now.
    Unknown(Reason),
}

/// A request that sends nothing to anyone, and what its answers mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckRules {
    request: RequestTemplate,
    answers: Vec<CheckRule>,
}

#[derive(Debug, Clone, PartialEq)]
struct CheckRule {
    statuses: Vec<StatusRange>,
    when: Vec<Condition>,
    health: Health,
}

impl CheckRules {
    pub(crate) fn read(node: &Node<'_>, settings: Scope<'_>) -> Result<Self, Invalid> {
        let known: Vec<_> = request::FIELDS.iter().copied().chain(["answers"]).collect();
        let fields = node.object(&known)?;
        let optional = Scope {
            optional: true,
            ..settings
        };
        let rules = fields.need("answers")?.list(MAX_RULES)?;
        let rules: Result<Vec<_>, _> = rules.iter().map(CheckRule::read).collect();
        Ok(Self {
            request: RequestTemplate::read(&fields, optional)?,
            answers: rules?,
        })
    }

    pub(crate) fn build(
        &self,
        origin: &Origin,
        settings: &Settings,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        self.request.build(origin, &Values::of(settings))
    }

    /// What an answer means by the first rule that fits; without one, only refused credentials are told.
    pub(crate) fn health(&self, answer: &Answer<'_>) -> Health {
        let value = answer.value();
        let rule = self.answers.iter().find(|rule| {
            let of_status = rule.statuses.is_empty()
                || rule.statuses.iter().any(|range| range.has(answer.status));
            of_status && rule.when.iter().all(|condition| condition.holds(&value))
        });
        match rule {
            Some(rule) => rule.health,
            None => match answer.status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Health::Refused(Reason::ConfigProviderAuth)
                }
                StatusCode::TOO_MANY_REQUESTS => Health::Unknown(Reason::ProviderThrottled),
                status if status.is_server_error() => Health::Unknown(Reason::ProviderUnavailable),
                _ => Health::Unknown(Reason::Unknown),
            },
        }
    }
}

impl CheckRule {
    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["status", "when", "health", "reason"])?;
        let healths = [("good", 0), ("refused", 1), ("unknown", 2)];
        let health = fields.need("health")?.word(&healths)?;
        let reasons = [
            Reason::ConfigProviderAuth,
            Reason::ConfigSenderNotAllowed,
            Reason::ConfigQuota,
        ];
        let reasons = reasons.map(|reason| (reason.as_str(), reason));
        let reason = fields.map("reason", |node| node.word(&reasons))?;
        let statuses = fields.map("status", StatusRange::read_all)?;
        let when = fields.map("when", Condition::read_all)?;
        if statuses.is_none() && when.is_none() {
            return Err(node.rule("must have a status or a condition"));
        }
        Ok(Self {
            statuses: statuses.unwrap_or_default(),
            when: when.unwrap_or_default(),
            health: match health {
                0 => Health::Good,
                1 => Health::Refused(reason.unwrap_or(Reason::ConfigProviderAuth)),
                _ => Health::Unknown(Reason::ProviderUnavailable),
            },
        })
    }
}
