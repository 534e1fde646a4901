//! Which input concerns which machine.

use vestnik_clock::Now;

use super::Engine;
use crate::machine::{
    CallFailure, CallNumber, ConnectionNumber, Generation,
    connection::{self, Nudge},
    consent,
    engine::{Answer, Command, Done, Event, Input},
    registration, report, session, sync,
};

impl Engine {
    /// Hands an input to the machine that it concerns.
    pub(super) fn dispatch(&mut self, now: Now, input: Input) {
        match input {
            Input::App(command) => self.on_command(now, command),
            Input::Call { call, answer } => self.on_answer(now, call, answer),
            Input::Session { generation, result } => self.on_done(now, generation, result),
            Input::Connection { connection, event } => self.on_event(now, connection, event),
            Input::Tick => self.on_tick(now),
        }
    }

    fn on_command(&mut self, now: Now, command: Command) {
        match command {
            Command::Login { user, identity } => {
                self.feed_session(now, session::Input::Login { user, identity });
            }
            Command::Logout => self.feed_session(now, session::Input::Logout),
            Command::GoOnline => self.feed_connection(now, connection::Input::GoOnline),
            Command::GoOffline => self.feed_connection(now, connection::Input::GoOffline),
            Command::Suspend => {
                self.nudges.sleep();
                self.feed_session(now, session::Input::Suspend);
                self.feed_connection(now, connection::Input::Suspend);
            }
            Command::Resume => {
                self.nudges.wake();
                self.feed_session(now, session::Input::Resume);
                self.feed_connection(now, connection::Input::Resume);
            }
            Command::Nudge(nudge) => {
                if let Some(nudge) = self.nudges.take(now, nudge) {
                    self.nudge(now, nudge);
                }
            }
            Command::Flush => {
                self.is_flushing = true;
                self.feed_report(now, report::Input::Flush { until: None });
            }
            Command::CatchUp => {
                self.is_catching_up = true;
                self.feed_sync(now, sync::Input::CatchUp);
                // A connection that only seems to stand is found out sooner by a probe than by the read.
                self.on_command(now, Command::Nudge(Nudge::NetworkChanged));
            }
            Command::Opened(at) => {
                self.feed_registration(now, registration::Input::Opened(at));
            }
            Command::Change(change) => {
                self.feed_registration(now, registration::Input::Change(change));
            }
            Command::PushAddress(address) => {
                self.feed_registration(now, registration::Input::PushAddress(address));
            }
            Command::ForgetPushAddress(kind) => {
                self.feed_registration(now, registration::Input::ForgetPushAddress(kind));
            }
            Command::AskOptOuts => self.feed_consent(now, consent::Input::Ask),
            Command::TellAgain => self.feed_registration(now, registration::Input::TellAgain),
            Command::Topic { topic, joins } => {
                self.wish(now, topic, joins);
            }
        }
    }

    pub(super) fn nudge(&mut self, now: Now, nudge: Nudge) {
        self.feed_session(now, session::Input::Nudge);
        self.feed_connection(now, connection::Input::Nudge(nudge));
    }

    fn on_answer(&mut self, now: Now, call: CallNumber, answer: Answer) {
        let input = match answer {
            Answer::Exchanged(result) => session::Input::Exchanged { call, result },
            Answer::Deleted(result) => session::Input::Deleted { call, result },
        };
        self.feed_session(now, input);
    }

    fn on_done(&mut self, now: Now, generation: Generation, done: Done) {
        match done {
            Done::Stored { is_durable } => {
                let input = session::Input::Stored {
                    generation,
                    is_durable,
                };
                self.feed_session(now, input);
            }
            Done::Stands(stands) => self.on_stands(now, generation, stands),
            Done::Applied { cursor, outbox } => {
                self.feed_sync(now, sync::Input::Applied { generation, cursor });
                self.feed_report(now, report::Input::Outbox { generation, outbox });
            }
            Done::Stale { cursor } => {
                self.feed_sync(now, sync::Input::Stale { generation, cursor });
            }
            Done::NotApplied => self.feed_sync(now, sync::Input::StoreFailed { generation }),
            Done::Rebuilt { cursor, outbox } => {
                self.feed_sync(now, sync::Input::Rebuilt { generation, cursor });
                self.feed_report(now, report::Input::Outbox { generation, outbox });
            }
            Done::Outbox(outbox) => {
                self.feed_report(now, report::Input::Outbox { generation, outbox });
            }
            Done::Taken(facts) => {
                self.feed_report(now, report::Input::Taken { generation, facts });
            }
            Done::Settled(outbox) => {
                self.feed_report(now, report::Input::Settled { generation, outbox });
            }
            Done::Put { version, result } => self.on_put(now, generation, version, result),
            Done::OptOutChanges(changes) => {
                let input = consent::Input::Changes {
                    generation,
                    changes,
                };
                self.feed_consent(now, input);
            }
            Done::OptOuts { call, result } => {
                let input = consent::Input::Answer {
                    generation,
                    call,
                    result,
                };
                self.feed_consent(now, input);
            }
        }
    }

    fn on_put(
        &mut self,
        now: Now,
        generation: Generation,
        version: u64,
        result: Result<(), CallFailure>,
    ) {
        let input = registration::Input::Put {
            generation,
            version,
            result,
        };
        self.feed_registration(now, input);
    }

    fn on_event(&mut self, now: Now, connection: ConnectionNumber, event: Event) {
        match event {
            Event::Opened(result) => {
                self.feed_connection(now, connection::Input::Opened { connection, result });
            }
            Event::Greeted(result) => self.on_greeted(now, connection, result),
            Event::Lost { may_return } => {
                let input = connection::Input::Lost {
                    connection,
                    may_return,
                };
                self.feed_connection(now, input);
            }
            Event::Drain(after) => {
                self.feed_connection(now, connection::Input::Drain { connection, after });
            }
            Event::Replaced => self.feed_connection(now, connection::Input::Replaced(connection)),
            Event::Probed { is_alive } => {
                let input = connection::Input::Probed {
                    connection,
                    is_alive,
                };
                self.feed_connection(now, input);
            }
            Event::Page(page) => self.feed_sync(now, sync::Input::Page { connection, page }),
            Event::Entries(entries) => {
                let input = sync::Input::Entries {
                    connection,
                    entries,
                };
                self.feed_sync(now, input);
            }
            Event::Behind(end) => self.feed_sync(now, sync::Input::Behind { connection, end }),
            Event::Answered(result) => {
                self.feed_report(now, report::Input::Answered { connection, result });
            }
            Event::TopicTold(result) => {
                self.feed_registration(now, registration::Input::TopicTold { connection, result });
            }
        }
    }
}
