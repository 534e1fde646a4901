//! The handle by which an application calls the server.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{mpsc, oneshot};

use super::{error::CallError, stream::ItemStream, task::Command};
use crate::{
    message::{Arguments, CompletionOutcome, InvocationId, ToArguments},
    payload::Payload,
    protocol::Protocol,
};

/// How many items of a stream wait for the application before the stream is ended.
const STREAM_QUEUE: usize = 256;

/// Calls methods of a hub. Cheap to clone; the connection ends by [`close`](Self::close), or when
/// all clones are gone.
#[derive(Debug, Clone)]
pub struct HubClient {
    commands: mpsc::Sender<Command>,
    protocol: Protocol,
    connection_id: Option<Arc<str>>,
}

impl HubClient {
    pub(crate) fn new(
        commands: mpsc::Sender<Command>,
        protocol: Protocol,
        connection_id: Option<String>,
    ) -> Self {
        Self {
            commands,
            protocol,
            connection_id: connection_id.map(Into::into),
        }
    }

    /// The public name the server gave this connection; none when negotiation was skipped.
    #[must_use]
    pub fn connection_id(&self) -> Option<&str> {
        self.connection_id.as_deref()
    }

    /// Calls a method and waits for its answer. Arguments are a tuple: `(one,)`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn invoke<A: ToArguments, R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &A,
    ) -> Result<R, CallError> {
        let arguments = self.write(arguments)?;
        let (answer, answered) = oneshot::channel();
        self.command(Command::Invoke {
            target: target.to_owned(),
            arguments,
            answer,
        })
        .await?;
        match answered.await.map_err(|_| CallError::Disconnected)? {
            CompletionOutcome::Void => read(&Payload::null(self.protocol)),
            CompletionOutcome::Result(result) => read(&result),
            CompletionOutcome::Error(error) => Err(CallError::Failed(error)),
        }
    }

    /// Calls a method without waiting for, or wanting, an answer.
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn send<A: ToArguments>(&self, target: &str, arguments: &A) -> Result<(), CallError> {
        let arguments = self.write(arguments)?;
        self.command(Command::Send {
            target: target.to_owned(),
            arguments,
        })
        .await
    }

    /// Calls a method that answers with a stream. Dropping the stream ends it on the server.
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn stream<A: ToArguments, R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &A,
    ) -> Result<ItemStream<R>, CallError> {
        let arguments = self.write(arguments)?;
        let (items, stream) = mpsc::channel(STREAM_QUEUE);
        self.command(Command::Stream {
            target: target.to_owned(),
            arguments,
            items,
        })
        .await?;
        Ok(ItemStream::new(stream))
    }

    /// Answers a call that the server made with an id.
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn complete<R: Serialize>(
        &self,
        id: InvocationId,
        result: Result<R, String>,
    ) -> Result<(), CallError> {
        let outcome = match result {
            Ok(value) => CompletionOutcome::Result(
                Payload::write(self.protocol, &value)
                    .map_err(|error| CallError::Arguments(error.to_string()))?,
            ),
            Err(error) => CompletionOutcome::Error(error),
        };
        self.command(Command::Complete { id, outcome }).await
    }

    /// Closes the connection and waits until it is.
    pub async fn close(&self) {
        if self.command(Command::Close).await.is_ok() {
            self.commands.closed().await;
        }
    }

    fn write<A: ToArguments>(&self, arguments: &A) -> Result<Arguments, CallError> {
        Arguments::write(self.protocol, arguments)
            .map_err(|error| CallError::Arguments(error.to_string()))
    }

    async fn command(&self, command: Command) -> Result<(), CallError> {
        self.commands
            .send(command)
            .await
            .map_err(|_| CallError::Disconnected)
    }
}

fn read<R: DeserializeOwned>(payload: &Payload) -> Result<R, CallError> {
    payload
        .bind()
        .map_err(|error| CallError::Result(error.to_string()))
}
