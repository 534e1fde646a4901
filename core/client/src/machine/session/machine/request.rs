//! What the app and the other machines ask for.

use vestnik_clock::Now;
use vestnik_inbox::planted::Plant;
use vestnik_model::UserId;

use super::{FLUSH, Session};
use crate::machine::{
    Secret, TokenNumber,
    session::{
        call::{LoginOutcome, LogoutNote, Output, StoreCall},
        state::{Login, Present, State},
    },
};

impl Session {
    pub(super) fn on_login(&mut self, now: Now, user: UserId, identity: Secret) {
        match &mut self.state {
            State::LoggingIn(login) if login.user == user => {
                login.reserve = Some(identity);
                login.is_awaited = true;
            }
            State::LoggedIn(present) if present.user == user => {
                present.reserve = Some(identity);
                let present_has_begun = present.has_begun;
                present.is_awaited |= !present.has_begun;
                self.answer_login(present_has_begun, user, LoginOutcome::Done);
            }
            State::Nobody | State::LoggingIn(_) | State::NeedsIdentity { .. } => {
                let former = self.owner();
                self.begin_login(login(user, identity, former));
            }
            State::LoggedIn(_) | State::Leaving { .. } | State::Forgetting => {
                self.queue_login(user, identity);
                self.leave(now);
            }
        }
    }

    /// The login begins once the former user is logged out.
    fn queue_login(&mut self, user: UserId, identity: Secret) {
        match &mut self.next {
            Some(next) if next.user == user => next.reserve = Some(identity),
            Some(_) | None => {
                self.drop_next();
                self.next = Some(login(user, identity, None));
            }
        }
    }

    /// Whose history is on the device while nobody is logged in.
    fn owner(&self) -> Option<UserId> {
        match &self.state {
            State::NeedsIdentity { user, .. } => user.clone(),
            State::LoggingIn(login) => login.former.clone(),
            State::Nobody | State::LoggedIn(_) | State::Leaving { .. } | State::Forgetting => None,
        }
    }

    /// Begins a login. One that was under way is overtaken.
    pub(super) fn begin_login(&mut self, login: Login) {
        if let State::LoggingIn(former) = &self.state {
            let (is_awaited, user) = (former.is_awaited, former.user.clone());
            self.answer_login(is_awaited, user, LoginOutcome::Overtaken);
        }
        self.begin_generation();
        self.state = State::LoggingIn(login);
    }

    pub(super) fn on_logout(&mut self, now: Now) {
        if self.lane.is_some() && Plant::LogoutIsForgotten.is_on() {
            return;
        }
        self.drop_next();
        self.leave(now);
    }

    fn drop_next(&mut self) {
        if let Some(login) = self.next.take() {
            self.answer_login(true, login.user, LoginOutcome::Overtaken);
        }
    }

    /// Ends the session for its user. If facts wait, they are reported first.
    fn leave(&mut self, now: Now) {
        match std::mem::replace(&mut self.state, State::Nobody) {
            State::Nobody => self.outputs.push_back(Output::Logout(Ok(()))),
            State::LoggedIn(present) if present.has_begun => {
                self.wants_token = false;
                // If the program ends while facts are reported, the next one finishes the logout.
                self.outputs.push_back(Output::Note(LogoutNote::Pending {
                    generation: self.generation,
                    user: Some(present.user.clone()),
                    refresh: present.refresh.clone(),
                }));
                self.state = State::Leaving {
                    present,
                    until: now.monotonic + FLUSH,
                };
                self.outputs.extend([Output::Leaving, Output::Flush]);
            }
            State::LoggedIn(present) => {
                let (is_awaited, user) = (present.is_awaited, present.user.clone());
                self.answer_login(is_awaited, user, LoginOutcome::Overtaken);
                self.forget(now, Some(present));
            }
            State::LoggingIn(login) => {
                self.answer_login(login.is_awaited, login.user, LoginOutcome::Overtaken);
                self.forget(now, None);
            }
            State::NeedsIdentity { .. } => self.forget(now, None),
            state @ (State::Leaving { .. } | State::Forgetting) => self.state = state,
        }
    }

    /// The facts that waited are reported, or were waited for long enough.
    pub(super) fn on_flushed(&mut self, now: Now) {
        match std::mem::replace(&mut self.state, State::Nobody) {
            State::Leaving { present, .. } => self.forget(now, Some(present)),
            state @ (State::Nobody
            | State::LoggingIn(_)
            | State::LoggedIn(_)
            | State::Forgetting
            | State::NeedsIdentity { .. }) => self.state = state,
        }
    }

    /// Nothing of the session is left in memory; the store follows.
    fn forget(&mut self, now: Now, present: Option<Present>) {
        let ended = self.generation;
        self.begin_generation();
        self.state = State::Forgetting;
        let pending = present.map(|present| {
            self.add_logout(ended, present.refresh.clone());
            LogoutNote::Pending {
                generation: ended,
                user: Some(present.user),
                refresh: present.refresh,
            }
        });
        self.outputs.push_back(Output::Ended {
            generation: self.generation,
            is_logout: true,
        });
        self.make_durable(now, StoreCall::Logout(pending));
    }

    pub(super) fn on_want_token(&mut self, now: Now, refused: Option<TokenNumber>) {
        let is_durable = self.write.is_none();
        let State::LoggedIn(present) = &mut self.state else {
            return;
        };
        let is_refused = |number| refused == Some(number);
        present.access = present
            .access
            .take()
            .filter(|access| access.is_usable(now) && !is_refused(access.number));
        match &present.access {
            Some(access) if is_durable => self.outputs.push_back(Output::Token {
                number: access.number,
                token: access.token.clone(),
            }),
            Some(_) | None => self.wants_token = true,
        }
    }

    /// Answers the logins of a user, if any waits.
    pub(super) fn answer_login(&mut self, is_awaited: bool, user: UserId, outcome: LoginOutcome) {
        if is_awaited {
            self.outputs.push_back(Output::Login { user, outcome });
        }
    }
}

const fn login(user: UserId, identity: Secret, former: Option<UserId>) -> Login {
    Login {
        user,
        identity,
        reserve: None,
        former,
        is_awaited: true,
    }
}
