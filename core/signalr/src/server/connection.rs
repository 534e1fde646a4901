use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{
    ask::{Answer, AskBox, InvokeError},
    clock,
    frame::Frame,
    machine::{NoResult, ResultKey},
    queue::{Carriage, QueueLimits, SendError, SendQueue},
    registry::HubHandle,
    written::Written,
};
use crate::{
    message::{Arguments, CompletionOutcome, ToArguments},
    payload::Payload,
    protocol::Protocol,
};

/// The public name of a connection, as negotiate told it to the client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(Arc<str>);

impl ConnectionId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// Returns the id as it is on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One live connection: where frames for its client go. Cheap to clone; also an extractor.
///
/// Nothing here waits for the socket except [`send`](Self::send).
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    id: ConnectionId,
    hub: HubHandle,
    /// Known once hands are shaken.
    protocol: OnceLock<Protocol>,
    queue: SendQueue,
    asks: AskBox,
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, hub: HubHandle, limits: QueueLimits) -> Self {
        Self(Arc::new(Shared {
            id,
            hub,
            protocol: OnceLock::new(),
            queue: SendQueue::new(limits),
            asks: AskBox::default(),
        }))
    }

    /// Returns the connection's public id.
    pub fn id(&self) -> &ConnectionId {
        &self.0.id
    }

    /// Returns the hub that the connection belongs to.
    pub fn hub(&self) -> &HubHandle {
        &self.0.hub
    }

    /// Returns the protocol that the client chose; the default one until hands are shaken.
    pub fn protocol(&self) -> Protocol {
        self.0.protocol.get().copied().unwrap_or_default()
    }

    /// Notes the protocol that the client chose, once.
    pub(crate) fn speak(&self, protocol: Protocol) {
        self.0.protocol.get_or_init(|| protocol);
    }

    /// Queues a frame, at once or not at all.
    ///
    /// # Errors
    /// [`SendError::Full`] when the client is behind: the sender decides what
    /// the client misses and how it learns of it. [`SendError::Gone`] after the
    /// end, and before the client said which protocol it speaks.
    pub fn try_send(&self, frame: &Frame) -> Result<(), SendError> {
        self.0.queue.try_push(clock::now(), self.written(frame)?)
    }

    /// Queues a frame as [`try_send`](Self::try_send) does, and reports when it was written.
    ///
    /// ```
    /// use vestnik_signalr::server::{Connection, Frame, HubError};
    ///
    /// async fn hand_over(connection: &Connection, page: &Frame) -> Result<bool, HubError> {
    ///     let written = connection
    ///         .try_send_tracked(page)
    ///         .map_err(HubError::internal)?;
    ///     // Resolves at the latest when the connection ends.
    ///     Ok(written.await.is_ok())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send): the frame was not queued.
    pub fn try_send_tracked(&self, frame: &Frame) -> Result<Written, SendError> {
        let bytes = self.written(frame)?;
        self.0.queue.try_push_tracked(clock::now(), bytes)
    }

    /// Queues a frame as [`try_send`](Self::try_send) does; whoever is told that a flush is owed
    /// calls [`flush`](Self::flush).
    pub(crate) fn enqueue(&self, now: Instant, frame: &Frame) -> Result<Carriage, SendError> {
        self.0.queue.try_enqueue(now, self.written(frame)?)
    }

    /// Writes what was queued, as far as the socket takes it.
    pub(crate) fn flush(&self) {
        self.0.queue.flush(clock::now());
    }

    /// Queues a frame as soon as the client has read enough.
    ///
    /// Only for work on behalf of this one client, such as catching up; a
    /// broadcast must never wait for one socket.
    ///
    /// # Errors
    /// [`SendError::Gone`] when the connection has ended.
    pub async fn send(&self, frame: &Frame) -> Result<(), SendError> {
        self.0.queue.push(clock::now, self.written(frame)?).await
    }

    fn written(&self, frame: &Frame) -> Result<Bytes, SendError> {
        let protocol = self.0.protocol.get().ok_or(SendError::Gone)?;
        let bytes = frame.bytes(*protocol);
        bytes.cloned().map_err(|_| SendError::Unwritable)
    }

    /// Calls the client's handler and awaits its result, at most for `patience`.
    ///
    /// The client is called after the frames queued so far. `()` stands for a
    /// handler without a result. Dropping the future gives the answer up. The
    /// client is not told that nobody waits any more, as the official server
    /// does not (dotnet/aspnetcore issue 44831): it answers, and is not heard.
    ///
    /// # Errors
    /// [`InvokeError`] says why there is no result. From a hub's `on_connected`
    /// it is always [`InvokeError::TooEarly`]: nothing that the client sends is
    /// read before that handler is done.
    pub async fn invoke<A: ToArguments, R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &A,
        patience: Duration,
    ) -> Result<R, InvokeError> {
        let Some(&protocol) = self.0.protocol.get() else {
            return Err(InvokeError::TooEarly);
        };
        let arguments = Arguments::write(protocol, arguments)?;
        let bind = |result: Payload| result.bind().map_err(|_| InvokeError::WrongType);
        match self.ask(target, arguments, patience).await? {
            Ok(CompletionOutcome::Result(result)) => bind(result),
            Ok(CompletionOutcome::Void) => bind(Payload::null(protocol)),
            Ok(CompletionOutcome::Error(text)) => Err(InvokeError::Client(text)),
            Err(why) => Err(InvokeError::new(why, self.id())),
        }
    }

    async fn ask(
        &self,
        target: &str,
        arguments: Arguments,
        patience: Duration,
    ) -> Result<Answer, InvokeError> {
        let asked = self.0.asks.ask(target, arguments, patience);
        let Some((key, answer)) = asked else {
            return Err(InvokeError::DoesNotExist(self.id().clone()));
        };
        self.0.queue.wake();
        let mut waiting = Waiting {
            connection: self,
            key: Some(key),
        };
        let answer = answer.await;
        waiting.key = None;
        Ok(answer.unwrap_or(Err(NoResult::Disconnected)))
    }

    /// Puts the connection under a key (a user, a group), until it leaves or ends.
    pub fn join(&self, key: &str) {
        self.0.hub.join(key, self.id());
    }

    /// Takes the connection out from under a key.
    pub fn leave(&self, key: &str) {
        self.0.hub.leave(key, self.id());
    }

    /// Ends the connection with a Close message, after the frames queued so far.
    ///
    /// Official clients with automatic reconnect come back only when `allow_reconnect` is set.
    pub fn close(&self, allow_reconnect: bool) {
        self.0.queue.close(allow_reconnect);
    }

    /// Ends the connection because its caller's token expired, after the frames queued so far.
    pub(crate) fn expire(&self) {
        self.0.queue.expire();
    }

    pub(crate) fn queue(&self) -> &SendQueue {
        &self.0.queue
    }

    pub(crate) fn asks(&self) -> &AskBox {
        &self.0.asks
    }

    /// Takes nothing more, and lets go of all who wait.
    pub(crate) fn end(&self) {
        self.0.queue.end();
        self.0.asks.end();
    }
}

/// Somebody who awaits an answer; dropped before it came, it is given up.
struct Waiting<'a> {
    connection: &'a Connection,
    key: Option<ResultKey>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.connection.0.asks.forget(key);
            self.connection.0.queue.wake();
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.0.id).finish()
    }
}
