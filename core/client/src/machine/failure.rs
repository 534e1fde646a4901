//! Why a call did not succeed, and what that means for the device.
//!
//! A transport reports a closed [`CallFailure`] and classifies nothing. The rule that matters most:
//! only a problem document of class `auth.*` [ends a session](CallFailure::ends_session). A captive
//! portal, a proxy, a content delivery network or an ingress in the middle of a deployment answers with
//! almost any status; none of them can say anything about the user's session.

use std::time::Duration;

use vestnik_model::{Open, Problem, ProblemCode};

/// Why a call did not succeed, as the transport saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFailure {
    /// No answer came: no route, no name, no TLS, a reset, a time-out. Whether the call was done is
    /// not known.
    NoAnswer,
    /// The server answered with a problem document.
    Problem {
        /// The problem's code.
        code: Open<ProblemCode>,
        /// Its HTTP status.
        status: u16,
        /// The pause that the server asks for, as it stands there: it may be absurd.
        retry_after: Option<Duration>,
    },
    /// Something answered that does not speak for the server: there is no problem document, or what
    /// should be an answer of the interface cannot be read.
    Foreign {
        /// The HTTP status.
        status: u16,
        /// What the answer is.
        body: ForeignBody,
        /// The pause that is asked for, as it stands there: it may be absurd.
        retry_after: Option<Duration>,
    },
}

/// What an answer is that does not speak for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignBody {
    /// A redirection, which a device never follows.
    Redirect {
        /// Whether it leads to another host than that of the request.
        leaves_host: bool,
    },
    /// A page for a browser.
    Html,
    /// Anything else, or nothing.
    Other,
}

/// What stands between the device and its server. It is told to the app; nothing of it ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The server cannot be reached.
    Unreachable,
    /// The network wants a person to sign in first, or a proxy answers in the server's place.
    CaptivePortal,
    /// Something answers at the server's address that is not a Vestnik server.
    WrongAddress,
    /// The server refuses, and repeating the same soon does not help.
    Refused,
    /// The server asks this device to slow down.
    Throttled,
    /// The server is restarting, overloaded or out of order.
    ServerBusy,
    /// The device's own storage failed.
    Storage,
    /// The engine failed and begins again. No machine makes this: who supervises the engine does.
    Internal,
}

impl CallFailure {
    /// Whether the answer ends the session that the call was made for: it is a problem document whose
    /// code is of class `auth`.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        match self {
            Self::Problem { code, .. } => code.as_str().starts_with("auth."),
            Self::NoAnswer | Self::Foreign { .. } => false,
        }
    }

    /// Whether it is worth trying with another access token. A bare 401 is enough for that: an exchange
    /// that the token did not need does no harm.
    #[must_use]
    pub fn is_about_token(&self) -> bool {
        match self {
            Self::Problem { status, .. } => self.ends_session() || *status == 401,
            Self::Foreign { status, .. } => *status == 401,
            Self::NoAnswer => false,
        }
    }

    /// Whether the server itself has understood the call and will not do it.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Problem { .. })
            && !self.is_about_token()
            && self.trouble() == Trouble::Refused
    }

    /// Whether the call may have been done all the same, or may still be.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        match self {
            Self::NoAnswer => true,
            Self::Problem { status, .. } => *status >= 500,
            Self::Foreign { status, .. } => !(400..500).contains(status),
        }
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::NoAnswer => Trouble::Unreachable,
            Self::Problem { code, status, .. } => code
                .known()
                .map_or_else(|| by_status(*status, Trouble::Refused), by_code),
            Self::Foreign { status, body, .. } => foreign(*status, *body),
        }
    }

    /// The pause that was asked for, as it stands there: it may be absurd.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoAnswer => None,
            Self::Problem { retry_after, .. } | Self::Foreign { retry_after, .. } => *retry_after,
        }
    }
}

impl From<&Problem> for CallFailure {
    fn from(problem: &Problem) -> Self {
        let seconds = problem.retry_after.map(u64::from);
        Self::Problem {
            code: problem.code.clone(),
            status: problem.status,
            retry_after: seconds.map(Duration::from_secs),
        }
    }
}

const fn by_code(code: ProblemCode) -> Trouble {
    match code {
        ProblemCode::RequestRateLimited => Trouble::Throttled,
        ProblemCode::RequestTimeout
        | ProblemCode::OutcomeUnknown
        | ProblemCode::IdempotencyRunning
        | ProblemCode::ProviderUnreachable
        | ProblemCode::Unavailable
        | ProblemCode::StorageFull
        | ProblemCode::Internal => Trouble::ServerBusy,
        ProblemCode::RequestMalformed
        | ProblemCode::RequestInvalid
        | ProblemCode::RequestTooLarge
        | ProblemCode::RequestMediaType
        | ProblemCode::IdempotencyMismatch
        | ProblemCode::AuthMissing
        | ProblemCode::AuthInvalid
        | ProblemCode::AuthExpired
        | ProblemCode::AuthReused
        | ProblemCode::AuthRevoked
        | ProblemCode::AuthSecretMismatch
        | ProblemCode::AuthForbidden
        | ProblemCode::NotFound
        | ProblemCode::MethodNotAllowed
        | ProblemCode::Conflict
        | ProblemCode::NotificationNotEditable
        | ProblemCode::NotificationExpired
        | ProblemCode::NotificationCancelled
        | ProblemCode::NotificationNothingLost
        | ProblemCode::EventsGap
        | ProblemCode::TopicUnknown
        | ProblemCode::TopicUnavailable
        | ProblemCode::AudienceUnknown
        | ProblemCode::AudienceNotReady
        | ProblemCode::AudienceFailed
        | ProblemCode::AudienceInUse
        | ProblemCode::AudienceFull
        | ProblemCode::AudienceOffset
        | ProblemCode::ProviderRefused => Trouble::Refused,
    }
}

const fn foreign(status: u16, body: ForeignBody) -> Trouble {
    match body {
        ForeignBody::Redirect { leaves_host: true } => Trouble::CaptivePortal,
        ForeignBody::Redirect { leaves_host: false } => Trouble::WrongAddress,
        ForeignBody::Html if status < 400 => Trouble::CaptivePortal,
        ForeignBody::Html | ForeignBody::Other => by_status(status, Trouble::WrongAddress),
    }
}

/// What a status alone says; `unreadable` is for an answer that should have been readable.
const fn by_status(status: u16, unreadable: Trouble) -> Trouble {
    match status {
        // RFC 9110, section 15.5.8, and RFC 6585, section 6: a proxy or a network wants to be paid.
        407 | 511 => Trouble::CaptivePortal,
        404 | 405 | 410 => unreadable,
        429 => Trouble::Throttled,
        408 | 425 | 500.. => Trouble::ServerBusy,
        400.. => Trouble::Refused,
        _ => unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(status: u16) -> CallFailure {
        foreign_answer(status, ForeignBody::Html)
    }

    fn foreign_answer(status: u16, body: ForeignBody) -> CallFailure {
        CallFailure::Foreign {
            status,
            body,
            retry_after: None,
        }
    }

    fn problem(code: &str, status: u16) -> CallFailure {
        CallFailure::Problem {
            code: Open::read(code),
            status,
            retry_after: None,
        }
    }

    #[test]
    fn every_answer_is_some_kind_of_trouble() {
        let redirect = |leaves_host| foreign_answer(302, ForeignBody::Redirect { leaves_host });
        let other = |status| foreign_answer(status, ForeignBody::Other);
        let cases = [
            (CallFailure::NoAnswer, Trouble::Unreachable),
            (redirect(true), Trouble::CaptivePortal),
            (redirect(false), Trouble::WrongAddress),
            (html(200), Trouble::CaptivePortal),
            (html(511), Trouble::CaptivePortal),
            (html(407), Trouble::CaptivePortal),
            (html(403), Trouble::Refused),
            (html(401), Trouble::Refused),
            (html(404), Trouble::WrongAddress),
            (html(503), Trouble::ServerBusy),
            (other(200), Trouble::WrongAddress),
            (other(429), Trouble::Throttled),
            (other(408), Trouble::ServerBusy),
            (other(502), Trouble::ServerBusy),
            (problem("request.rate_limited", 429), Trouble::Throttled),
            (problem("unavailable", 503), Trouble::ServerBusy),
            (problem("storage.full", 507), Trouble::ServerBusy),
            (problem("request.invalid", 422), Trouble::Refused),
            (problem("not_found", 404), Trouble::Refused),
            (problem("auth.invalid", 401), Trouble::Refused),
            (problem("weather.bad", 503), Trouble::ServerBusy),
            (problem("weather.bad", 404), Trouble::Refused),
            (problem("weather.bad", 422), Trouble::Refused),
        ];
        for (failure, trouble) in cases {
            assert_eq!(failure.trouble(), trouble, "{failure:?}");
        }
    }

    #[test]
    fn only_a_problem_of_class_auth_ends_a_session() {
        let of_class = ProblemCode::ALL
            .iter()
            .filter(|code| problem(code.as_str(), code.status()).ends_session());
        assert!(
            of_class
                .clone()
                .all(|code| code.as_str().starts_with("auth."))
        );
        assert_eq!(of_class.count(), 7);
        assert!(problem("auth.device_banned", 401).ends_session());
        for status in 100..600 {
            assert!(!html(status).ends_session(), "{status}");
            assert!(!problem("authority", status).ends_session(), "{status}");
        }
        assert!(!CallFailure::NoAnswer.ends_session());
    }

    #[test]
    fn a_bare_401_is_worth_another_token() {
        assert!(html(401).is_about_token());
        assert!(problem("auth.revoked", 401).is_about_token());
        assert!(!html(403).is_about_token() && !html(302).is_about_token());
        assert!(!CallFailure::NoAnswer.is_about_token());
    }

    #[test]
    fn a_refusal_is_the_servers_own() {
        assert!(problem("request.invalid", 422).is_refusal());
        assert!(!problem("unavailable", 503).is_refusal());
        assert!(!problem("auth.forbidden", 403).is_refusal());
        assert!(!html(403).is_refusal());
    }
}
