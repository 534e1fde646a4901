//! What the engine asks for, begun.

mod network;
mod storage;

use std::sync::{Arc, PoisonError};

use vestnik_inbox::StoreError;

use super::task::Task;
use crate::{
    error::Error,
    machine::{
        engine::{Output, ToApp},
        session::Standing,
    },
};

impl Task {
    /// Begins one thing that the engine asks for.
    pub(super) fn carry(&mut self, output: Output) {
        match output {
            Output::Network(output) => self.carry_to_network(output),
            Output::Storage(output) => self.carry_to_storage(output),
            Output::App(output) => self.carry_to_app(output),
        }
    }

    fn carry_to_app(&mut self, output: ToApp) {
        match output {
            ToApp::Forget => self.forget(),
            ToApp::Login { user, outcome } => self.waiting.login_outcome(&user, &outcome),
            ToApp::Logout(Ok(())) => self.waiting.logout_outcome(&Ok(())),
            ToApp::Logout(Err(_)) => {
                let failure = self.take_failure();
                self.waiting.logout_outcome(&Err(failure));
            }
            ToApp::Flushed { is_empty } => self.waiting.flushed(is_empty),
            ToApp::CaughtUp { is_read } => self.waiting.caught_up(is_read),
            ToApp::TopicDone { topic, joins } => self.waiting.topic_done(&topic, joins),
            ToApp::TopicRefused { topic, code } => self.waiting.topic_refused(&topic, &code),
            ToApp::Tell(snapshot) => self.parts.shared.tell(snapshot),
        }
    }

    /// Why the session is not durable. If the storage has not answered, too much waits there.
    fn take_failure(&self) -> Error {
        let mut failure = self
            .not_durable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.take().unwrap_or(Error::Storage(StoreError::Busy))
    }

    /// Nothing of the former user is given out from now on, although the storage still works on what
    /// was asked of it before.
    fn forget(&mut self) {
        self.waiting.forget();
        self.parts.shared.forget();
        let present = match self.engine.snapshot().standing {
            Standing::LoggedIn { user } => Some(user),
            Standing::Nobody
            | Standing::LoggingIn { .. }
            | Standing::LoggingOut
            | Standing::NeedsIdentity { .. } => None,
        };
        let shared = Arc::clone(&self.parts.shared);
        let storage = &self.parts.storage;
        storage.try_to("the history is not closed", move |files| {
            shared.hide();
            files.hide_former(present.as_ref())
        });
    }
}
