//! What an engine asks for, begun as the driver of the core begins it.

use std::time::Duration;

use vestnik_core::machine::{
    ConnectionNumber, Secret,
    engine::{Greeting, Input, ToApp, ToNetwork, ToStorage},
    session::{Exchange, LoginOutcome, Standing, StoreCall},
};
use vestnik_model::{
    AppId, Cursor, Feature, TokenRequest,
    contract::{CONTRACT, Hello, Sync as SyncCall},
};

use super::{Item, World};
use crate::{
    device::{Job, Number, Pending, Process, Request},
    time::{At, SECOND},
};

/// The time that the core gives a call.
const TIMEOUT: At = 20 * SECOND;

impl World {
    pub(super) fn carry_to_network(&mut self, number: Number, output: ToNetwork) {
        let Some(process) = &self.devices[number].process else {
            return;
        };
        let installation = process.installation;
        match output {
            ToNetwork::Exchange {
                call,
                exchange,
                within,
            } => {
                let request = Request::Exchange(tokens(process, &exchange));
                self.call(number, Pending::Exchange(call), request, millis(within));
            }
            ToNetwork::Delete {
                call,
                installation: former,
                token,
                within,
            } => {
                let request = Request::Delete(token, former.unwrap_or(installation));
                self.call(number, Pending::Delete(call), request, millis(within));
            }
            ToNetwork::Put {
                generation,
                version,
                report,
                token,
            } => {
                let pending = Pending::Put(generation, version);
                let request = Request::Put(token, installation, report);
                self.call(number, pending, request, TIMEOUT);
            }
            // No person of the model opts out of anything, and no app asks.
            ToNetwork::AskOptOuts { .. } | ToNetwork::ChangeOptOuts { .. } => {}
            ToNetwork::Connect { connection, token } => {
                let pending = Pending::Connect(connection);
                self.call(number, pending, Request::Connect(token), TIMEOUT);
            }
            ToNetwork::Close(connection) => self.close(number, connection),
            ToNetwork::Greet {
                connection,
                greeting,
            } => {
                let request = Request::Hello(Box::new(hello(process, *greeting)));
                self.hub(number, Pending::Greet(connection), request, TIMEOUT);
            }
            ToNetwork::Probe { connection, within } => {
                let pending = Pending::Probe(connection);
                self.hub(number, pending, Request::Probe, millis(within));
            }
            ToNetwork::Read {
                connection,
                from,
                limit,
            } => self.read_on(number, connection, (from, limit)),
            ToNetwork::Report(connection) => self.report(number, connection),
            ToNetwork::Topic { connection, .. } => {
                self.hub(number, Pending::Topic(connection), Request::Topic, TIMEOUT);
            }
        }
    }

    fn read_on(
        &mut self,
        number: Number,
        connection: ConnectionNumber,
        (cursor, limit): (Option<Cursor>, u32),
    ) {
        let limit = Some(limit);
        let request = Request::Sync(SyncCall { cursor, limit });
        self.hub(number, Pending::Read(connection), request, TIMEOUT);
    }

    fn report(&mut self, number: Number, connection: ConnectionNumber) {
        let process = self.devices[number].process.as_ref();
        let round = process.and_then(|process| process.round.lock().ok());
        let Some(report) = round.map(|round| round.batch.report()) else {
            return;
        };
        let request = Request::Report(report);
        self.hub(number, Pending::Report(connection), request, TIMEOUT);
    }

    fn call(&mut self, number: Number, pending: Pending, request: Request, within: At) {
        self.send(number, pending, (request, None), within.min(TIMEOUT));
    }

    fn hub(&mut self, number: Number, pending: Pending, request: Request, within: At) {
        let process = self.devices[number].process.as_ref();
        let links = process.map(|process| &process.links);
        let links = links.zip(pending.connection());
        let wire = links.and_then(|(links, connection)| links.get(&connection).copied());
        self.send(number, pending, (request, wire), within);
    }

    pub(super) fn carry_to_storage(&mut self, number: Number, output: ToStorage) {
        if let ToStorage::Store {
            call: StoreCall::End,
            ..
        } = &output
            && !self.devices[number].was_refused
        {
            self.fail(format!(
                "device {number}: a session ends that the server has not ended"
            ));
        }
        self.push_job(number, Job::Carry(Box::new(output)));
    }

    pub(super) fn carry_to_app(&mut self, number: Number, output: ToApp) {
        match output {
            ToApp::Forget => {
                let device = &mut self.devices[number];
                device.screen.clear();
                device.diary.withdrawn.clear();
                if let Some(process) = &mut device.process {
                    process.forgotten += 1;
                }
                let present = match self.standing(number) {
                    Some(Standing::LoggedIn { user }) => Some(user),
                    Some(
                        Standing::Nobody
                        | Standing::LoggingIn { .. }
                        | Standing::LoggingOut
                        | Standing::NeedsIdentity { .. },
                    )
                    | None => None,
                };
                self.push_job(number, Job::Hide(present));
            }
            ToApp::Login {
                outcome: LoginOutcome::Refused(_) | LoginOutcome::OtherUser,
                ..
            } => self.log_in_later(number),
            // Another answer than that it is tried again.
            ToApp::Logout(Ok(())) => {
                if let Some(process) = &mut self.devices[number].process {
                    process.logouts = 0;
                }
            }
            ToApp::Login { .. }
            | ToApp::Logout(Err(_))
            | ToApp::Flushed { .. }
            | ToApp::CaughtUp { .. }
            | ToApp::TopicDone { .. }
            | ToApp::TopicRefused { .. } => {}
            ToApp::Tell(snapshot) => {
                let needs = matches!(snapshot.standing, Standing::NeedsIdentity { .. });
                if let Some(process) = &mut self.devices[number].process {
                    process.snapshot = Some(snapshot);
                }
                if needs {
                    self.log_in_later(number);
                }
            }
        }
    }

    fn log_in_later(&mut self, number: Number) {
        let pause = SECOND + self.some(20 * SECOND);
        self.after(pause, Item::LogIn(number));
    }

    /// Hands a command of the app to an engine.
    pub(super) fn command(
        &mut self,
        number: Number,
        command: vestnik_core::machine::engine::Command,
    ) {
        self.feed(number, Input::App(command));
    }
}

fn millis(time: Duration) -> At {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 4)
}

/// The request by which tokens are asked for.
fn tokens(process: &Process, exchange: &Exchange) -> TokenRequest {
    let text = |token: &Secret| token.expose().to_owned();
    match exchange {
        Exchange::Identity(identity) => TokenRequest::IdentityToken {
            app: AppId::parse("shop").expect("a short word"),
            installation_id: process.installation,
            installation_secret: process.secret.clone(),
            identity_token: text(identity),
        },
        Exchange::Refresh(refresh) => TokenRequest::RefreshToken {
            refresh_token: text(refresh),
            installation_secret: Some(process.secret.clone()),
        },
        Exchange::Former(refresh) => TokenRequest::RefreshToken {
            refresh_token: text(refresh),
            installation_secret: None,
        },
    }
}

fn hello(process: &Process, greeting: Greeting) -> Hello {
    let Greeting {
        cursor,
        locale,
        time_zone,
        permission,
        app_version,
    } = greeting;
    Hello {
        contract: CONTRACT,
        features: Feature::all(),
        installation_id: process.installation,
        cursor,
        locale,
        time_zone,
        permission: Some(permission),
        app_version,
    }
}
