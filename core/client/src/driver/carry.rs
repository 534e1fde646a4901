//! What the engine asks for, begun.

mod network;
mod storage;

use super::task::Task;
use crate::{
    machine::engine::{Output, ToApp},
    storage::Files,
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
            ToApp::Forget => {
                self.waiting.forget();
                self.parts.shared.forget();
                let storage = &self.parts.storage;
                storage.try_to("the history is not closed", Files::hide);
            }
            ToApp::Login { user, outcome } => self.waiting.login_outcome(&user, &outcome),
            ToApp::Logout(result) => self.waiting.logout_outcome(result),
            ToApp::Flushed { is_empty } => self.waiting.flushed(is_empty),
            ToApp::TopicDone { topic, joins } => self.waiting.topic_done(&topic, joins),
            ToApp::TopicRefused { topic, code } => self.waiting.topic_refused(&topic, &code),
            ToApp::Tell(snapshot) => self.parts.shared.tell(snapshot),
        }
    }
}
