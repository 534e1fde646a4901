//! Pending logouts, on their way to the server.

use vestnik_clock::Now;

use super::{LOGOUT_CALL, Session};
use crate::machine::{
    CallFailure, CallNumber, Generation, Secret,
    session::{access::Grant, call::Output, state::Purpose},
};

impl Session {
    /// The token was exchanged: the server is asked to end the session. Whether the next token is durable
    /// by then does not matter: should the former one be presented once more after this, the server
    /// takes it for a copy and ends the session too. If the machine sleeps meanwhile, all is done again
    /// when it wakes up.
    pub(super) fn continue_errand(&mut self, now: Now, generation: Generation, grant: Grant) {
        let note = self.logouts.exchanged(generation, &grant);
        self.outputs.extend(note.map(Output::Note));
        if self.is_suspended {
            return;
        }
        let call = self.take_lane(now, generation, Purpose::Logout, LOGOUT_CALL);
        self.outputs.push_back(Output::Delete {
            call,
            installation: grant.installation,
            token: grant.access,
            within: LOGOUT_CALL,
        });
    }

    pub(super) fn errand_failed(
        &mut self,
        now: Now,
        generation: Generation,
        failure: &CallFailure,
    ) {
        let note = self.logouts.failed(generation, failure, now);
        self.outputs.extend(note.map(Output::Note));
    }

    /// A session has to be ended at the server.
    pub(super) fn add_logout(&mut self, generation: Generation, refresh: Secret) {
        let dropped = self.logouts.add(generation, refresh);
        self.outputs.extend(dropped.map(Output::Note));
    }

    pub(super) fn on_deleted(
        &mut self,
        now: Now,
        call: CallNumber,
        result: Result<(), CallFailure>,
    ) {
        let Some(lane) = self.lane.take_if(|lane| lane.number == call) else {
            return;
        };
        match result {
            Ok(()) => {
                let note = self.logouts.done(lane.generation);
                self.outputs.push_back(Output::Note(note));
            }
            Err(failure) => self.errand_failed(now, lane.generation, &failure),
        }
    }
}
