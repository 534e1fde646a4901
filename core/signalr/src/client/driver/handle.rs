//! The handle by which an application calls the server.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{mpsc, oneshot};

use super::{
    command::{Command, Control, Wanted},
    error::CallError,
    stream::ItemStream,
    upload::Upload,
};
use crate::{
    client::machine::Call,
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
    controls: mpsc::Sender<Control>,
    protocol: Protocol,
    connection_id: Option<Arc<str>>,
}

impl HubClient {
    pub(crate) fn new(
        commands: mpsc::Sender<Command>,
        controls: mpsc::Sender<Control>,
        protocol: Protocol,
        connection_id: Option<String>,
    ) -> Self {
        Self {
            commands,
            controls,
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
    /// Dropping the future cancels the call: the server is told that nobody waits (`HubProtocol.md`,
    /// Cancellation; official servers act on it from .NET 11 on). What the
    /// method makes of that is its own affair, and older servers ignore it; a call that is to run in
    /// any case is better [sent](Self::send).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn invoke<A: ToArguments, R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &A,
    ) -> Result<R, CallError> {
        self.uploading([]).invoke(target, arguments).await
    }

    /// Calls a method without waiting for, or wanting, an answer.
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn send<A: ToArguments>(&self, target: &str, arguments: &A) -> Result<(), CallError> {
        self.uploading([]).send(target, arguments).await
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
        self.uploading([]).stream(target, arguments).await
    }

    /// Sends streams along with the call that is made of this, in the order of the method's own
    /// stream parameters.
    pub fn uploading(&self, uploads: impl IntoIterator<Item = Upload>) -> Uploading<'_> {
        Uploading {
            client: self,
            uploads: uploads.into_iter().collect(),
        }
    }

    /// Puts the connection to the test, for when the network changed: it ends within seconds
    /// unless the server is heard. One that is resuming tries at once.
    ///
    /// A WebSocket is pinged. Long polling polls once more, on which the server ends the older poll
    /// (`TransportProtocols.md`, Long Polling). Server-Sent Events cannot be asked for: a request
    /// shows whether the server is there and knows the connection; that events still come only the
    /// server's next ping shows, which is awaited for the server timeout as ever.
    ///
    /// # Errors
    /// [`CallError::Disconnected`].
    pub async fn probe(&self) -> Result<(), CallError> {
        let probed = self.controls.send(Control::Probe).await;
        probed.map_err(|_| CallError::Disconnected)
    }

    /// Answers a call that the server made with an id. Each such call needs its answer, also a late
    /// one: a server that waits no longer does not say so.
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
        self.conclude(id, outcome).await
    }

    /// Closes the connection and waits until it is.
    pub async fn close(&self) {
        if self.controls.send(Control::Close).await.is_ok() {
            self.controls.closed().await;
        }
    }

    pub(crate) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) async fn conclude(
        &self,
        id: InvocationId,
        outcome: CompletionOutcome,
    ) -> Result<(), CallError> {
        self.command(Command::Complete { id, outcome }).await
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

/// A call to be made, with streams that go along.
#[derive(Debug)]
#[must_use = "nothing is sent before a call is made of it"]
pub struct Uploading<'a> {
    client: &'a HubClient,
    uploads: Vec<Upload>,
}

impl Uploading<'_> {
    /// As [`HubClient::invoke`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn invoke<A: ToArguments, R: DeserializeOwned>(
        self,
        target: &str,
        arguments: &A,
    ) -> Result<R, CallError> {
        let protocol = self.client.protocol;
        let (answer, answered) = oneshot::channel();
        let (_kept, caller) = oneshot::channel();
        let wanted = Wanted::Answer { answer, caller };
        self.call(target, arguments, wanted).await?;
        match answered.await.map_err(|_| CallError::Disconnected)? {
            CompletionOutcome::Void => read(&Payload::null(protocol)),
            CompletionOutcome::Result(result) => read(&result),
            CompletionOutcome::Error(error) => Err(CallError::Failed(error)),
        }
    }

    /// As [`HubClient::send`].
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn send<A: ToArguments>(self, target: &str, arguments: &A) -> Result<(), CallError> {
        self.call(target, arguments, Wanted::Nothing).await
    }

    /// As [`HubClient::stream`].
    ///
    /// # Errors
    /// [`CallError::Arguments`], [`CallError::Disconnected`].
    pub async fn stream<A: ToArguments, R: DeserializeOwned>(
        self,
        target: &str,
        arguments: &A,
    ) -> Result<ItemStream<R>, CallError> {
        let (items, stream) = mpsc::channel(STREAM_QUEUE);
        let (kept, caller) = oneshot::channel();
        let wanted = Wanted::Items { items, caller };
        self.call(target, arguments, wanted).await?;
        Ok(ItemStream::new(stream, kept))
    }

    async fn call<A: ToArguments>(
        self,
        target: &str,
        arguments: &A,
        wanted: Wanted,
    ) -> Result<(), CallError> {
        let Self { client, uploads } = self;
        let call = Call::new(target, client.write(arguments)?).with_uploads(uploads.len());
        let uploads = uploads
            .into_iter()
            .map(|upload| upload.open(client.protocol))
            .collect();
        let command = Command::Call {
            call,
            uploads,
            wanted,
        };
        client.command(command).await
    }
}

fn read<R: DeserializeOwned>(payload: &Payload) -> Result<R, CallError> {
    payload
        .bind()
        .map_err(|error| CallError::Result(error.to_string()))
}
