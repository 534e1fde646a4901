//! What one machine says to the others, and what is left over.

use vestnik_clock::Now;
use vestnik_inbox::planted::Plant;

use super::Engine;
use crate::machine::{
    ConnectionNumber, Secret, TokenNumber,
    connection::{self, Failed},
    consent,
    engine::{Greeting, ToApp, ToNetwork, ToStorage},
    registration, report, session,
    sync::{self, Broken},
};

impl Engine {
    /// Carries what one machine says to the others until none says anything more. The session goes
    /// first, so that what belongs to a session that is over is dropped before anything else is done.
    pub(super) fn route(&mut self, now: Now) {
        loop {
            if let Some(output) = self.session.poll() {
                self.on_session_output(now, output);
            } else if let Some(output) = self.connection.poll() {
                self.on_connection_output(now, output);
            } else if let Some(output) = self.sync.poll() {
                self.on_sync_output(now, output);
            } else if let Some(output) = self.report.poll() {
                self.on_report_output(now, output);
            } else if let Some(output) = self.registration.poll() {
                self.on_registration_output(now, output);
            } else if let Some(output) = self.consent.poll() {
                self.on_consent_output(now, output);
            } else {
                return;
            }
        }
    }

    fn on_session_output(&mut self, now: Now, output: session::Output) {
        match output {
            session::Output::Exchange {
                call,
                exchange,
                within,
            } => self.put(ToNetwork::Exchange {
                call,
                exchange,
                within,
            }),
            session::Output::Delete {
                call,
                installation,
                token,
                within,
            } => self.put(ToNetwork::Delete {
                call,
                installation,
                token,
                within,
            }),
            session::Output::Store { generation, call } => {
                self.put(ToStorage::Store { generation, call });
            }
            session::Output::Note(note) => self.put(ToStorage::Note(note)),
            session::Output::Token { number, token } => self.on_token(now, number, &token),
            session::Output::Began {
                generation,
                user,
                former,
            } => {
                if former.is_some() {
                    self.put(ToApp::Forget);
                }
                self.ask_store(generation, user);
            }
            session::Output::Leaving => self.feed_sync(now, sync::Input::End),
            session::Output::Flush => self.feed_report(now, report::Input::Flush { until: None }),
            session::Output::Ended { is_logout, .. } => self.on_ended(now, is_logout),
            session::Output::Login { user, outcome } => {
                self.put(ToApp::Login { user, outcome });
            }
            session::Output::Logout(result) => self.put(ToApp::Logout(result)),
        }
    }

    fn on_token(&mut self, now: Now, number: TokenNumber, token: &Secret) {
        let token = || token.clone();
        let input = connection::Input::Token {
            number,
            token: token(),
        };
        self.feed_connection(now, input);
        let input = registration::Input::Token {
            number,
            token: token(),
        };
        self.feed_registration(now, input);
        let input = consent::Input::Token {
            number,
            token: token(),
        };
        self.feed_consent(now, input);
    }

    /// Nothing of the session is left in any machine.
    fn on_ended(&mut self, now: Now, is_logout: bool) {
        self.asking = None;
        self.feed_sync(now, sync::Input::End);
        self.feed_report(now, report::Input::End);
        self.feed_registration(now, registration::Input::End);
        self.feed_consent(now, consent::Input::End);
        self.feed_connection(now, connection::Input::Session(false));
        if is_logout && !Plant::FormerIsShown.is_on() {
            self.put(ToApp::Forget);
        }
    }

    fn on_connection_output(&mut self, now: Now, output: connection::Output) {
        match output {
            connection::Output::WantToken { refused } => {
                self.feed_session(now, session::Input::WantToken { refused });
            }
            connection::Output::Connect { connection, token } => {
                self.put(ToNetwork::Connect { connection, token });
            }
            connection::Output::Greet(connection) => self.greet(now, connection),
            connection::Output::Up(connection) => {
                let up = report::Input::Up {
                    connection,
                    report_bytes: self.report_bytes,
                };
                self.feed_report(now, up);
                self.feed_registration(now, registration::Input::Up(connection));
                self.feed_consent(now, consent::Input::Up(connection));
            }
            connection::Output::Down(connection) => {
                self.feed_sync(now, sync::Input::Lost(connection));
                self.feed_report(now, report::Input::Down(connection));
                self.feed_registration(now, registration::Input::Down(connection));
                self.feed_consent(now, consent::Input::Down(connection));
            }
            connection::Output::Close(connection) => {
                self.put(ToNetwork::Close(connection));
            }
            connection::Output::Probe { connection, within } => {
                self.put(ToNetwork::Probe { connection, within });
            }
        }
    }

    fn greet(&mut self, now: Now, connection: ConnectionNumber) {
        self.greeted_at = Some(now.monotonic);
        let state = self.registration.state();
        let greeting = Greeting {
            cursor: self.sync.cursor().cloned(),
            locale: state.locale.clone(),
            time_zone: state.time_zone.clone(),
            permission: state.permission.clone(),
            app_version: state.app_version.clone(),
        };
        self.put(ToNetwork::Greet {
            connection,
            greeting: Box::new(greeting),
        });
        self.feed_sync(now, sync::Input::Greeted(connection));
    }

    fn on_sync_output(&mut self, now: Now, output: sync::Output) {
        match output {
            sync::Output::Read {
                connection,
                from,
                limit,
            } => self.put(ToNetwork::Read {
                connection,
                from,
                limit,
            }),
            sync::Output::Apply {
                generation,
                proposal,
            } => self.put(ToStorage::Apply {
                generation,
                proposal,
            }),
            sync::Output::CaughtUp => self.caught_up(true),
            sync::Output::Broken { connection, reason } => {
                let failure = match reason {
                    Broken::Read(failure) => Failed::Call(failure),
                    Broken::Stuck => Failed::Stuck,
                    Broken::Storage => Failed::Storage,
                };
                let input = connection::Input::Failed {
                    connection,
                    failure,
                };
                self.feed_connection(now, input);
            }
        }
    }

    fn on_report_output(&mut self, now: Now, output: report::Output) {
        match output {
            report::Output::Take {
                generation,
                facts,
                bytes,
            } => self.put(ToStorage::Take {
                generation,
                facts,
                bytes,
            }),
            report::Output::Send(connection) => self.put(ToNetwork::Report(connection)),
            report::Output::Settle {
                generation,
                settlement,
            } => self.put(ToStorage::Settle {
                generation,
                settlement,
            }),
            report::Output::Flushed { is_empty } => self.on_flushed(now, is_empty),
            report::Output::Doubtful(connection) => {
                self.feed_connection(now, connection::Input::Doubtful(connection));
            }
            report::Output::Refused {
                connection,
                failure,
            } => {
                let failure = Failed::Call(failure);
                let input = connection::Input::Failed {
                    connection,
                    failure,
                };
                self.feed_connection(now, input);
            }
        }
    }

    fn on_flushed(&mut self, now: Now, is_empty: bool) {
        self.feed_session(now, session::Input::Flushed);
        // What waits is not known before the store has said where it stands.
        let is_empty = is_empty && self.asking.is_none();
        if std::mem::take(&mut self.is_flushing) {
            self.put(ToApp::Flushed { is_empty });
        }
    }

    fn on_registration_output(&mut self, now: Now, output: registration::Output) {
        match output {
            registration::Output::WantToken { refused } => {
                self.feed_session(now, session::Input::WantToken { refused });
            }
            registration::Output::Put {
                generation,
                version,
                report,
                token,
            } => self.put(ToNetwork::Put {
                generation,
                version,
                report,
                token,
            }),
            registration::Output::Topic {
                connection,
                topic,
                joins,
            } => self.put(ToNetwork::Topic {
                connection,
                topic,
                joins,
            }),
            registration::Output::KeepTold(told) => self.put(ToStorage::KeepTold(told)),
            registration::Output::KeepWishes(wishes) => {
                self.put(ToStorage::KeepWishes(wishes));
            }
            registration::Output::TopicDone { topic, joins } => {
                self.put(ToApp::TopicDone { topic, joins });
            }
            registration::Output::TopicRefused { topic, code } => {
                self.put(ToApp::TopicRefused { topic, code });
            }
        }
    }

    fn on_consent_output(&mut self, now: Now, output: consent::Output) {
        match output {
            consent::Output::WantToken { refused } => {
                self.feed_session(now, session::Input::WantToken { refused });
            }
            consent::Output::Ask {
                generation,
                call,
                token,
            } => self.put(ToNetwork::AskOptOuts {
                generation,
                call,
                token,
            }),
            consent::Output::Change {
                generation,
                call,
                changes,
                token,
            } => self.put(ToNetwork::ChangeOptOuts {
                generation,
                call,
                changes,
                token,
            }),
            consent::Output::Keep(learned) => self.put(ToStorage::KeepOptOuts(learned)),
        }
    }

    pub(super) fn feed_session(&mut self, now: Now, input: session::Input) {
        self.session.handle(now, input);
    }

    pub(super) fn feed_connection(&mut self, now: Now, input: connection::Input) {
        self.connection.handle(now, input);
    }

    pub(super) fn feed_sync(&mut self, now: Now, input: sync::Input) {
        self.sync.handle(now, input);
    }

    pub(super) fn feed_report(&mut self, now: Now, input: report::Input) {
        self.report.handle(now, input);
    }

    pub(super) fn feed_registration(&mut self, now: Now, input: registration::Input) {
        self.registration.handle(now, input);
    }

    pub(super) fn feed_consent(&mut self, now: Now, input: consent::Input) {
        self.consent.handle(now, input);
    }
}
