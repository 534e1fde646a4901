//! Calls of the app that wait for an answer of the engine.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use vestnik_model::{Open, ProblemCode, TopicName, UserId};

use crate::{
    error::{Error, Login, LoginError},
    machine::session::LoginOutcome,
};

/// Answers a login.
pub(super) type LoginAnswer = oneshot::Sender<Result<Login, LoginError>>;
/// Answers a call that gives nothing.
pub(super) type Answer = oneshot::Sender<Result<(), Error>>;

/// Calls of the app that wait for an answer of the engine. Each is answered at the latest when the
/// engine begins again or ends, because dropping it is an answer too.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// In the order in which they came. A login stays until its final outcome, answered or not.
    logins: VecDeque<(UserId, Option<LoginAnswer>)>,
    logouts: Vec<Answer>,
    flushes: Vec<oneshot::Sender<bool>>,
    catch_ups: Vec<oneshot::Sender<bool>>,
    topics: Vec<Topic>,
}

#[derive(Debug)]
struct Topic {
    topic: TopicName,
    joins: bool,
    answer: Answer,
}

impl Waiting {
    pub(super) fn login(&mut self, user: UserId, answer: LoginAnswer) {
        let is_over =
            |waiting: &Option<LoginAnswer>| waiting.as_ref().is_none_or(oneshot::Sender::is_closed);
        if let Some((last, waiting)) = self.logins.back_mut()
            && *last == user
            && is_over(waiting)
        {
            *waiting = Some(answer);
        } else {
            self.logins.push_back((user, Some(answer)));
        }
    }

    /// What came of a login of a user: it is that of the oldest calls, if they were of this user.
    pub(super) fn login_outcome(&mut self, user: &UserId, outcome: &LoginOutcome) {
        let (answer, is_final) = match outcome {
            LoginOutcome::Done => (Ok(Login::Done), true),
            LoginOutcome::Refused(code) => (Err(LoginError::Refused(code.clone())), true),
            LoginOutcome::OtherUser => (Err(LoginError::OtherUser), true),
            LoginOutcome::Overtaken => (Err(LoginError::Overtaken), true),
            LoginOutcome::Delayed(trouble) => (Ok(Login::Pending(*trouble)), false),
        };
        let count = self
            .logins
            .iter()
            .take_while(|(one, _)| one == user)
            .count();
        for (_, waiting) in self.logins.iter_mut().take(count) {
            if let Some(waiting) = waiting.take() {
                drop(waiting.send(answer.clone()));
            }
        }
        if is_final {
            self.logins.drain(..count);
        }
    }

    pub(super) fn logout(&mut self, answer: Answer) {
        self.logouts.retain(|waiting| !waiting.is_closed());
        self.logouts.push(answer);
    }

    pub(super) fn logout_outcome(&mut self, result: &Result<(), Error>) {
        for waiting in self.logouts.drain(..) {
            drop(waiting.send(result.clone()));
        }
    }

    pub(super) fn flush(&mut self, answer: oneshot::Sender<bool>) {
        self.flushes.retain(|waiting| !waiting.is_closed());
        self.flushes.push(answer);
    }

    pub(super) fn flushed(&mut self, is_empty: bool) {
        for waiting in self.flushes.drain(..) {
            // Who stopped waiting needs no answer.
            waiting.send(is_empty).ok();
        }
    }

    pub(super) fn catch_up(&mut self, answer: oneshot::Sender<bool>) {
        self.catch_ups.retain(|waiting| !waiting.is_closed());
        self.catch_ups.push(answer);
    }

    pub(super) fn caught_up(&mut self, is_read: bool) {
        for waiting in self.catch_ups.drain(..) {
            waiting.send(is_read).ok();
        }
    }

    /// A wish of the app; the opposite one that waited is overtaken.
    pub(super) fn topic(&mut self, topic: TopicName, joins: bool, answer: Answer) {
        let overtaken = |one: &mut Topic| one.topic == topic && one.joins != joins;
        for one in self.topics.extract_if(.., overtaken) {
            drop(one.answer.send(Err(Error::Overtaken)));
        }
        // The wish of a caller that stopped waiting is kept by the engine and the storage.
        self.topics.retain(|one| !one.answer.is_closed());
        self.topics.push(Topic {
            topic,
            joins,
            answer,
        });
    }

    pub(super) fn topic_done(&mut self, topic: &TopicName, joins: bool) {
        let is_done = |one: &mut Topic| one.topic == *topic && one.joins == joins;
        for one in self.topics.extract_if(.., is_done) {
            drop(one.answer.send(Ok(())));
        }
    }

    pub(super) fn topic_refused(&mut self, topic: &TopicName, code: &Open<ProblemCode>) {
        for one in self.topics.extract_if(.., |one| one.topic == *topic) {
            drop(one.answer.send(Err(Error::Refused(code.clone()))));
        }
    }

    /// Nobody is logged in any more.
    pub(super) fn forget(&mut self) {
        for one in self.topics.drain(..) {
            drop(one.answer.send(Err(Error::LoggedOut)));
        }
    }
}
