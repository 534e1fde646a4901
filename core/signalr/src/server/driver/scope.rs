//! How handlers run: with what they are given, and fenced so that a panic stays theirs.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::calls::{Done, Supplies};
use crate::{
    message::{Arguments, CompletionOutcome},
    server::{
        Connection, HubError,
        hub::{self, Method, Plain, Replied},
        machine::Call,
        refresh::Identity,
        service::Shared,
        text::Told,
        written::Receipt,
    },
};

/// How a plain call ended.
pub(super) struct Outcome {
    pub(super) completion: CompletionOutcome,
    /// Reports that the completion was written, if its handler wants to know.
    pub(super) receipt: Option<Receipt>,
}

/// What a hub's state and callers must be.
pub(in crate::server) trait Value: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Value for T {}

/// What the handlers of one connection are given.
pub(super) struct Scope<S, U> {
    pub(super) shared: Arc<Shared<S, U>>,
    pub(super) connection: Connection,
    /// Who opened the connection.
    pub(super) caller: U,
    /// Who calls at this moment, where that can change.
    pub(super) identity: Option<Arc<Identity<U>>>,
}

impl<S, U: Clone> Clone for Scope<S, U> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            connection: self.connection.clone(),
            caller: self.caller.clone(),
            identity: self.identity.clone(),
        }
    }
}

impl<S: Value, U: Value> Scope<S, U> {
    pub(super) fn tasks(&self) -> TaskTracker {
        self.shared.handle.tasks().clone()
    }

    /// Puts a new connection under its user and runs the handler of new connections.
    pub(super) async fn welcome(&self) -> Result<(), HubError> {
        if let Some(user) = self.shared.methods.user(&self.caller) {
            let most = self.shared.config.max_user_connections;
            let is_let_in = self.shared.handle.name(&user, most, self.connection.id());
            if !is_let_in {
                return Err(HubError::new("Too many connections of this user."));
            }
        }
        let connection = self.connection.in_welcome();
        self.run_lifecycle(self.shared.methods.connected.as_ref(), connection)
            .await
    }

    /// Runs the handler of ended connections.
    pub(super) async fn bid_farewell(&self) {
        let handler = self.shared.methods.disconnected.as_ref();
        let connection = self.connection.clone();
        if let Err(error) = self.run_lifecycle(handler, connection).await {
            tracing::warn!(connection = %self.connection.id(), %error, "on_disconnected failed");
        }
    }

    async fn run_lifecycle(
        &self,
        handler: Option<&Plain<S, U>>,
        connection: Connection,
    ) -> Result<(), HubError> {
        let Some(handler) = handler else {
            return Ok(());
        };
        let mut call = self.call(Arguments::default(), Supplies::none());
        call.connection = connection;
        let work = async {
            let reply = handler(&mut call).map_err(HubError::internal)?;
            reply.await.map(drop)
        };
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        outcome.unwrap_or_else(|_| Err(HubError::internal("a lifecycle handler panicked")))
    }

    /// Runs a plain call to its end.
    pub(super) async fn run(&self, call: Call, supplies: Supplies) -> Outcome {
        let target = call.target.clone();
        let told = self.told(&target);
        let outcome = AssertUnwindSafe(self.reply(call, supplies, told))
            .catch_unwind()
            .await;
        match outcome.unwrap_or_else(|_| Err(told.panicked())) {
            Ok(Replied { result, receipt }) => Outcome {
                completion: CompletionOutcome::Result(result),
                receipt,
            },
            Err(text) => Outcome {
                completion: CompletionOutcome::Error(text),
                receipt: None,
            },
        }
    }

    async fn reply(
        &self,
        call: Call,
        supplies: Supplies,
        told: Told<'_>,
    ) -> Result<Replied, String> {
        let handler = match self.shared.methods.find(told.target) {
            None => return Err(told.unknown()),
            Some(Method::Streaming(_)) => return Err(told.is_streaming()),
            Some(Method::Plain(handler)) => handler,
        };
        let mut call = self.call(call.arguments, supplies);
        let reply = handler(&mut call).map_err(|misfit| told.misfit(misfit))?;
        reply.await.map_err(|error| self.failed(told, &error))
    }

    /// Runs a stream to its end, handing out its items.
    pub(super) async fn run_stream(
        &self,
        call: Call,
        supplies: Supplies,
        items: &mpsc::Sender<Done>,
    ) -> CompletionOutcome {
        let target = call.target.clone();
        let told = self.told(&target);
        let outcome = AssertUnwindSafe(self.forward(call, supplies, told, items))
            .catch_unwind()
            .await;
        match outcome.unwrap_or_else(|_| Err(told.broken_stream())) {
            Ok(()) => CompletionOutcome::Void,
            Err(text) => CompletionOutcome::Error(text),
        }
    }

    async fn forward(
        &self,
        call: Call,
        supplies: Supplies,
        told: Told<'_>,
        items: &mpsc::Sender<Done>,
    ) -> Result<(), String> {
        let handler = match self.shared.methods.find(told.target) {
            None => return Err(told.unknown()),
            Some(Method::Plain(_)) => return Err(told.is_not_streaming()),
            Some(Method::Streaming(handler)) => handler,
        };
        let key = call.key;
        let mut call = self.call(call.arguments, supplies);
        let stream = handler(&mut call).map_err(|misfit| told.misfit(misfit))?;
        let mut stream = stream.await.map_err(|error| self.failed(told, &error))?;
        while let Some(item) = stream.next().await {
            let item = item.map_err(|error| {
                self.log(told, &error);
                told.broke_off(&error)
            })?;
            if items.send(Done::Item(key, item)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn failed(&self, told: Told<'_>, error: &HubError) -> String {
        self.log(told, error);
        told.failed(error)
    }

    fn log(&self, told: Told<'_>, error: &HubError) {
        if error.is_internal() {
            let connection = self.connection.id();
            tracing::error!(%connection, target_method = told.target, %error, "a hub method failed");
        }
    }

    fn told<'a>(&self, target: &'a str) -> Told<'a> {
        Told {
            target,
            detailed: self.shared.config.protocol.detailed_errors,
        }
    }

    fn caller(&self) -> U {
        match &self.identity {
            Some(identity) => identity.caller(),
            None => self.caller.clone(),
        }
    }

    fn call(&self, arguments: Arguments, supplies: Supplies) -> hub::Call<S, U> {
        hub::Call {
            state: self.shared.methods.state.clone(),
            connection: self.connection.clone(),
            caller: self.caller(),
            arguments: arguments.into_inner().into_iter(),
            uploads: supplies.uploads.into_iter(),
            cancellation: supplies.cancellation,
        }
    }
}
