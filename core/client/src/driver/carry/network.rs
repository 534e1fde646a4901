//! What the engine asks of the network. Each call ends: by its answer, by its time, or because it
//! panicked, which counts as no answer.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::{task::AbortHandle, time::timeout};
use vestnik_model::{
    InstallationId, InstallationReport, TopicName,
    contract::Sync as SyncCall,
    preference::{OptOutChange, PreferencesPatch},
};

use crate::{
    driver::task::{Outcome, Task},
    machine::{
        CallFailure, CallNumber, ConnectionNumber, Generation, Secret,
        engine::{Answer, Done, Event, Greeting, Input, ToNetwork},
        session::{Exchange, Grant},
    },
    transport::HubCalls,
};

impl Task {
    pub(super) fn carry_to_network(&mut self, output: ToNetwork) {
        match output {
            ToNetwork::Exchange {
                call,
                exchange,
                within,
            } => self.exchange(call, exchange, within),
            ToNetwork::Delete {
                call,
                installation,
                token,
                within,
            } => self.delete(call, (installation, token), within),
            ToNetwork::Put {
                generation,
                version,
                report,
                token,
            } => self.tell_device(token, *report, move |result| Input::Session {
                generation,
                result: Done::Put { version, result },
            }),
            ToNetwork::AskOptOuts {
                generation,
                call,
                token,
            } => self.ask_opt_outs(generation, call, token),
            ToNetwork::ChangeOptOuts {
                generation,
                call,
                changes,
                token,
            } => self.change_opt_outs((generation, call), changes, token),
            ToNetwork::Connect { connection, token } => self.connect(connection, token),
            ToNetwork::Close(connection) => self.close(connection),
            ToNetwork::Greet {
                connection,
                greeting,
            } => self.greet(connection, *greeting),
            ToNetwork::Probe { connection, within } => self.probe(connection, within),
            ToNetwork::Read {
                connection,
                from,
                limit,
            } => {
                let (cursor, limit) = (from, Some(limit));
                self.read(connection, SyncCall { cursor, limit });
            }
            ToNetwork::Report(connection) => self.report(connection),
            ToNetwork::Topic {
                connection,
                topic,
                joins,
            } => self.tell_topic(connection, topic, joins),
        }
    }

    fn exchange(&mut self, call: CallNumber, exchange: Exchange, within: Duration) {
        let transport = Arc::clone(&self.parts.transport);
        let request = self.parts.request(exchange);
        let exchanging = async move { transport.token(request).await.map(Grant::from) };
        self.call(within, exchanging, move |result| Input::Call {
            call,
            answer: Answer::Exchanged(result),
        });
    }

    fn delete(
        &mut self,
        call: CallNumber,
        (installation, token): (Option<InstallationId>, Secret),
        within: Duration,
    ) {
        let transport = Arc::clone(&self.parts.transport);
        let id = installation.unwrap_or(self.parts.identity.id);
        let deleting = async move { transport.delete_installation(token, id).await };
        self.call(within, deleting, move |result| Input::Call {
            call,
            answer: Answer::Deleted(result),
        });
    }

    fn tell_device(
        &mut self,
        token: Secret,
        report: InstallationReport,
        answer: impl FnOnce(Result<(), CallFailure>) -> Input + Send + 'static,
    ) {
        let (transport, id) = (Arc::clone(&self.parts.transport), self.parts.identity.id);
        let telling = async move { transport.put_installation(token, id, report).await };
        self.call(Duration::MAX, telling, answer);
    }

    fn ask_opt_outs(&mut self, generation: Generation, call: CallNumber, token: Secret) {
        let transport = Arc::clone(&self.parts.transport);
        let asking = async move { transport.preferences(token).await };
        self.call(Duration::MAX, asking, move |result| Input::Session {
            generation,
            result: Done::OptOuts { call, result },
        });
    }

    fn change_opt_outs(
        &mut self,
        (generation, call): (Generation, CallNumber),
        opt_out: OptOutChange,
        token: Secret,
    ) {
        let transport = Arc::clone(&self.parts.transport);
        let patch = PreferencesPatch { opt_out };
        let changing = async move { transport.change_preferences(token, patch).await };
        self.call(Duration::MAX, changing, move |result| Input::Session {
            generation,
            result: Done::OptOuts { call, result },
        });
    }

    fn read(&mut self, connection: ConnectionNumber, sync: SyncCall) {
        let calls = self.links.calls(connection);
        let reading = async move { on(calls)?.sync(sync).await };
        self.hub(connection, reading, Event::Page);
    }

    fn tell_topic(&mut self, connection: ConnectionNumber, topic: TopicName, joins: bool) {
        let calls = self.links.calls(connection);
        let telling = async move {
            let calls = on(calls)?;
            if joins {
                calls.subscribe(topic).await
            } else {
                calls.unsubscribe(topic).await
            }
        };
        self.hub(connection, telling, Event::TopicTold);
    }

    fn probe(&mut self, connection: ConnectionNumber, within: Duration) {
        let calls = self.links.calls(connection);
        let probing = async move {
            let calls = on(calls)?;
            Ok(timeout(within, calls.probe()).await.unwrap_or(false))
        };
        self.hub(connection, probing, |result| Event::Probed {
            is_alive: result.unwrap_or(false),
        });
    }

    fn connect(&mut self, connection: ConnectionNumber, token: Secret) {
        let transport = Arc::clone(&self.parts.transport);
        let connecting = async move { transport.connect(token).await };
        let attempt = self.begin(async move {
            let result = AssertUnwindSafe(connecting).catch_unwind().await;
            let result = result.unwrap_or(Err(CallFailure::NoAnswer));
            Some(Outcome::Opened(connection, result))
        });
        self.links.begun(connection, attempt);
    }

    fn close(&mut self, connection: ConnectionNumber) {
        if let Some(closing) = self.links.close(connection) {
            self.begin(async move {
                closing.await;
                None
            });
        }
    }

    fn greet(&mut self, connection: ConnectionNumber, greeting: Greeting) {
        let hello = self.parts.hello(greeting);
        let calls = self.links.calls(connection);
        let greeting = async move { on(calls)?.hello(hello).await };
        self.hub(connection, greeting, Event::Greeted);
    }

    fn report(&mut self, connection: ConnectionNumber) {
        let report = self.batch().report();
        let calls = self.links.calls(connection);
        let within = self.parts.tuning.request_timeout;
        let reporting = async move { on(calls)?.report(report).await };
        self.begin(async move {
            let result = answered(within, reporting).await;
            Some(Outcome::Reported(connection, result))
        });
    }

    /// Makes a call that needs no connection.
    fn call<T: Send + 'static>(
        &mut self,
        within: Duration,
        call: impl Future<Output = Result<T, CallFailure>> + Send + 'static,
        answer: impl FnOnce(Result<T, CallFailure>) -> Input + Send + 'static,
    ) {
        let within = within.min(self.parts.tuning.request_timeout);
        self.begin(async move {
            let result = answered(within, call).await;
            Some(Outcome::Input(answer(result)))
        });
    }

    /// Makes a call on a connection.
    fn hub<T: Send + 'static>(
        &mut self,
        connection: ConnectionNumber,
        call: impl Future<Output = Result<T, CallFailure>> + Send + 'static,
        event: impl FnOnce(Result<T, CallFailure>) -> Event + Send + 'static,
    ) {
        self.call(Duration::MAX, call, move |result| Input::Connection {
            connection,
            event: event(result),
        });
    }

    fn begin(
        &mut self,
        work: impl Future<Output = Option<Outcome>> + Send + 'static,
    ) -> AbortHandle {
        self.work.spawn(work)
    }
}

/// The answer to a call. One that takes too long, or panics, has none.
async fn answered<T>(
    within: Duration,
    call: impl Future<Output = Result<T, CallFailure>>,
) -> Result<T, CallFailure> {
    match timeout(within, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(_) => Err(CallFailure::NoAnswer),
    }
}

/// What may be called on a connection. One that is closed gives no answer.
fn on(calls: Option<Arc<dyn HubCalls>>) -> Result<Arc<dyn HubCalls>, CallFailure> {
    calls.ok_or(CallFailure::NoAnswer)
}
