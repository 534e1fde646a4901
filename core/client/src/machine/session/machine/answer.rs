//! What the answers of the server and of the store mean for the session.

use std::time::Duration;

use vestnik_clock::Now;
use vestnik_inbox::planted::Plant;
use vestnik_model::{Open, ProblemCode, UserId};

use super::{REFUSED, Session};
use crate::machine::{
    CallFailure, CallNumber, Generation, Trouble,
    session::{
        access::{Access, Grant},
        call::{LoginOutcome, LogoutNote, NeedsIdentity, Output, StoreCall},
        state::{Login, Present, Progress, Purpose, State, Write},
    },
};

impl Session {
    pub(super) fn on_exchanged(
        &mut self,
        now: Now,
        call: CallNumber,
        result: Result<Grant, CallFailure>,
    ) {
        let Some(lane) = self.lane.take_if(|lane| lane.number == call) else {
            return;
        };
        let is_present = lane.generation == self.generation;
        match (&lane.purpose, result) {
            (Purpose::Logout, result) => self.on_errand_exchanged(now, lane.generation, result),
            (Purpose::Login(_), Ok(grant)) if !is_present => self.log_out(lane.generation, grant),
            (Purpose::Login(_) | Purpose::Refresh, _) if !is_present => {}
            (Purpose::Login(user), Ok(grant)) if grant.user != *user => {
                self.on_other_user(lane.generation, grant);
            }
            (Purpose::Login(_), Ok(grant)) => self.on_logged_in(now, grant),
            (Purpose::Login(_), Err(failure)) => self.on_login_failed(now, &failure),
            (Purpose::Refresh, Ok(grant)) => self.on_refreshed(now, grant),
            (Purpose::Refresh, Err(failure)) => self.on_refresh_failed(now, &failure),
        }
    }

    /// The server granted a login that nobody waits for any more.
    fn log_out(&mut self, generation: Generation, grant: Grant) {
        self.add_logout(generation, grant.refresh.clone());
        self.outputs.push_back(Output::Note(LogoutNote::Pending {
            generation,
            user: Some(grant.user),
            refresh: grant.refresh,
        }));
    }

    fn on_other_user(&mut self, generation: Generation, grant: Grant) {
        self.log_out(generation, grant);
        if let Some(login) = self.take_login() {
            self.refuse(login, NeedsIdentity::OtherUser, LoginOutcome::OtherUser);
        }
    }

    fn on_logged_in(&mut self, now: Now, grant: Grant) {
        let Some(login) = self.take_login() else {
            return;
        };
        self.worked();
        let access = self.access(now, &grant);
        self.make_durable(
            now,
            StoreCall::Login {
                user: login.user.clone(),
                refresh: grant.refresh.clone(),
            },
        );
        self.state = State::LoggedIn(Present {
            user: login.user,
            refresh: grant.refresh,
            access: Some(access),
            reserve: login.reserve,
            has_begun: false,
            former: login.former,
            is_awaited: login.is_awaited,
        });
    }

    fn access(&mut self, now: Now, grant: &Grant) -> Access {
        self.last_token = self.last_token.next();
        Access::new(self.last_token, grant.access.clone(), grant.expires_in, now)
    }

    fn on_login_failed(&mut self, now: Now, failure: &CallFailure) {
        let Some(mut login) = self.take_login() else {
            return;
        };
        match (code(failure), login.reserve.take()) {
            (Some(_), Some(newer)) => {
                login.identity = newer;
                self.state = State::LoggingIn(login);
            }
            (Some(code), None) => {
                let reason = NeedsIdentity::Refused(code.clone());
                self.refuse(login, reason, LoginOutcome::Refused(code));
            }
            (None, reserve) => {
                login.reserve = reserve;
                let (is_awaited, user) = (login.is_awaited, login.user.clone());
                self.state = State::LoggingIn(login);
                self.failed(now, failure);
                self.answer_login(is_awaited, user, LoginOutcome::Delayed(failure.trouble()));
            }
        }
    }

    /// Nobody is logged in; whose history was on the device stays known.
    fn refuse(&mut self, login: Login, reason: NeedsIdentity, outcome: LoginOutcome) {
        self.begin_generation();
        self.state = State::NeedsIdentity {
            user: login.former,
            reason,
        };
        self.answer_login(login.is_awaited, login.user, outcome);
    }

    fn on_refreshed(&mut self, now: Now, grant: Grant) {
        let access = self.access(now, &grant);
        let State::LoggedIn(present) = &mut self.state else {
            return;
        };
        if present.user != grant.user {
            return self.end(now, NeedsIdentity::OtherUser);
        }
        present.refresh = grant.refresh.clone();
        present.access = Some(access);
        self.worked();
        self.make_durable(
            now,
            StoreCall::Keep {
                refresh: grant.refresh,
            },
        );
    }

    fn on_refresh_failed(&mut self, now: Now, failure: &CallFailure) {
        match code(failure) {
            Some(code) => self.end(now, NeedsIdentity::Refused(code)),
            None => self.failed(now, failure),
        }
    }

    /// The session is over at the server. An identity token in reserve begins the next one.
    fn end(&mut self, now: Now, reason: NeedsIdentity) {
        let State::LoggedIn(present) = &mut self.state else {
            return;
        };
        let (user, reserve) = (present.user.clone(), present.reserve.take());
        self.begin_generation();
        self.outputs.push_back(Output::Ended {
            generation: self.generation,
            is_logout: false,
        });
        self.make_durable(now, StoreCall::End);
        let former = Some(user.clone());
        self.state = match reserve {
            Some(identity) => State::LoggingIn(Login {
                user,
                identity,
                reserve: None,
                former,
                is_awaited: false,
            }),
            None => State::NeedsIdentity {
                user: former,
                reason,
            },
        };
    }

    fn take_login(&mut self) -> Option<Login> {
        match std::mem::replace(&mut self.state, State::Nobody) {
            State::LoggingIn(login) => Some(login),
            state @ (State::Nobody
            | State::LoggedIn(_)
            | State::Leaving { .. }
            | State::Forgetting
            | State::NeedsIdentity { .. }) => {
                self.state = state;
                None
            }
        }
    }

    fn worked(&mut self) {
        self.backoff.reset();
        self.is_nudged = false;
        self.trouble = None;
        self.not_before = None;
    }

    fn failed(&mut self, now: Now, failure: &CallFailure) {
        self.pause(now, failure.trouble(), failure.retry_after());
    }

    fn pause(&mut self, now: Now, trouble: Trouble, asked: Option<Duration>) {
        match trouble {
            Trouble::Refused | Trouble::WrongAddress => self.backoff.at_least(REFUSED),
            Trouble::Unreachable
            | Trouble::CaptivePortal
            | Trouble::Throttled
            | Trouble::ServerBusy
            | Trouble::Storage
            | Trouble::Internal => {}
        }
        let is_nudged = std::mem::take(&mut self.is_nudged) && trouble == Trouble::Unreachable;
        let pause = self.backoff.fail(asked, now.random);
        self.trouble = Some(trouble);
        self.not_before = (!is_nudged).then_some(now.monotonic + pause);
    }

    pub(super) fn on_stored(&mut self, now: Now, generation: Generation, is_durable: bool) {
        if generation != self.generation {
            return;
        }
        if self.strays > 0 {
            self.strays -= 1;
            return;
        }
        let is_running = |write: &Write| matches!(write.progress, Progress::Running { .. });
        let Some(mut write) = self
            .write
            .take_if(|write| is_running(write) || write.unanswered > 0)
        else {
            return;
        };
        if !is_running(&write) {
            // It is the answer that was given up.
            write.unanswered -= 1;
            if !is_durable {
                self.write = Some(write);
                return;
            }
        }
        if is_durable {
            self.strays = write.unanswered;
            self.on_durable(write.call);
        } else {
            self.on_not_durable(now, write);
        }
    }

    /// No answer has come for so long that none is expected, and none to what was asked before. If one
    /// comes after all, it counts for the same write only.
    pub(super) fn give_up_write(&mut self, now: Now) {
        self.strays = 0;
        if let Some(mut write) = self.write.take() {
            write.unanswered += 1;
            self.on_not_durable(now, write);
        }
    }

    /// What is not durable is tried again.
    fn on_not_durable(&mut self, now: Now, write: Write) {
        self.pause(now, Trouble::Storage, None);
        let at = self.not_before.take().unwrap_or(now.monotonic);
        match &write.call {
            StoreCall::Login { user, .. } => {
                let is_awaited =
                    matches!(&self.state, State::LoggedIn(present) if present.is_awaited);
                let delayed = LoginOutcome::Delayed(Trouble::Storage);
                self.answer_login(is_awaited, user.clone(), delayed);
            }
            StoreCall::Logout(_) => {
                self.outputs
                    .push_back(Output::Logout(Err(Trouble::Storage)));
            }
            StoreCall::Keep { .. } | StoreCall::End => {}
        }
        self.write = Some(Write {
            progress: Progress::Due(at),
            ..write
        });
    }

    fn on_durable(&mut self, call: StoreCall) {
        self.worked();
        match call {
            StoreCall::Login { user, .. } => self.on_login_durable(user),
            StoreCall::Keep { .. } => self.hand_out(),
            StoreCall::End => {}
            StoreCall::Logout(_) => self.on_logout_durable(),
        }
    }

    /// Gives a token that was just granted to all who wait, however short it holds: a server that grants
    /// tokens without a life must not be asked without end.
    fn hand_out(&mut self) {
        let State::LoggedIn(present) = &self.state else {
            return;
        };
        // It may have been refused or have expired while it was made durable.
        if let Some(access) = &present.access {
            self.wants_token = false;
            self.outputs.push_back(Output::Token {
                number: access.number,
                token: access.token.clone(),
            });
        }
    }

    fn on_login_durable(&mut self, user: UserId) {
        let State::LoggedIn(present) = &mut self.state else {
            return;
        };
        present.has_begun = true;
        let refresh = present.refresh.clone();
        let is_awaited = std::mem::take(&mut present.is_awaited);
        let former = present.former.take().filter(|former| *former != user);
        self.outputs.push_back(Output::Began {
            generation: self.generation,
            user: user.clone(),
            former,
        });
        self.answer_login(is_awaited, user, LoginOutcome::Done);
        if Plant::LogoutOfThePresent.is_on() && self.generation > Generation::new(2) {
            self.add_logout(self.generation, refresh);
        }
        self.hand_out();
    }

    fn on_logout_durable(&mut self) {
        self.state = State::Nobody;
        self.outputs.push_back(Output::Logout(Ok(())));
        if let Some(login) = self.next.take() {
            self.begin_login(login);
        }
    }

    fn on_errand_exchanged(
        &mut self,
        now: Now,
        generation: Generation,
        result: Result<Grant, CallFailure>,
    ) {
        match result {
            Ok(grant) => self.continue_errand(now, generation, grant),
            Err(failure) => self.errand_failed(now, generation, &failure),
        }
    }
}

/// The code by which the server ends what it was asked for, if it does.
fn code(failure: &CallFailure) -> Option<Open<ProblemCode>> {
    match failure {
        CallFailure::Problem { code, .. } if failure.ends_session() => Some(code.clone()),
        CallFailure::Foreign { .. } if Plant::PortalEndsSession.is_on() => {
            Some(Open::Known(ProblemCode::AuthInvalid))
        }
        CallFailure::Problem { .. } | CallFailure::NoAnswer | CallFailure::Foreign { .. } => None,
    }
}
