use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Extensions;
use serde::de::DeserializeOwned;

use super::{
    ask::{Answer, AskBox, InvokeError, Question},
    clock,
    connection_id::ConnectionId,
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

/// One live connection: where frames for its client go. Cheap to clone; also an extractor.
///
/// Nothing here waits for the socket except [`send`](Self::send).
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
    /// Whether it was given to the hub's `on_connected`.
    is_in_welcome: bool,
}

struct Shared {
    id: ConnectionId,
    hub: HubHandle,
    extensions: Extensions,
    /// Known once hands are shaken.
    protocol: OnceLock<Protocol>,
    queue: SendQueue,
    asks: AskBox,
    opened_at: Instant,
    /// In nanoseconds after `opened_at`.
    last_received: AtomicU64,
}

/// What a connection begins with.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) id: ConnectionId,
    pub(crate) hub: HubHandle,
    pub(crate) limits: QueueLimits,
    /// Of the request that opened the transport.
    pub(crate) extensions: Extensions,
    pub(crate) now: Instant,
}

impl Connection {
    pub(crate) fn new(opening: Opening) -> Self {
        let shared = Shared {
            id: opening.id,
            hub: opening.hub,
            extensions: opening.extensions,
            protocol: OnceLock::new(),
            queue: SendQueue::new(opening.limits),
            asks: AskBox::default(),
            opened_at: opening.now,
            last_received: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
            is_in_welcome: false,
        }
    }

    /// Returns the connection as it is given to the hub's `on_connected`.
    pub(crate) fn in_welcome(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            is_in_welcome: true,
        }
    }

    /// Returns the connection's public id.
    pub fn id(&self) -> &ConnectionId {
        &self.shared.id
    }

    /// Returns the hub that the connection belongs to.
    pub fn hub(&self) -> &HubHandle {
        &self.shared.hub
    }

    /// Returns the extensions of the request that opened the connection's transport, as the layers
    /// in front of the hub left them.
    ///
    /// Which request that is:
    /// - the one that became the WebSocket. Of a connection that went on with another socket
    ///   (stateful reconnect) it is the first;
    /// - the `GET` whose response is the stream of Server-Sent Events;
    /// - the first poll of long polling.
    ///
    /// The request to `negotiate` is another one, and so are later requests of the connection
    /// (sends, polls, `refresh`): what a layer puts into those is not here. The extensions live as
    /// long as the connection. [`Extension`](super::hub::Extension) extracts one of them.
    pub fn extensions(&self) -> &Extensions {
        &self.shared.extensions
    }

    /// Returns when something of the client was received last, or when the connection opened.
    ///
    /// Every message counts, also a keep-alive ping, and over long polling every poll. While calls
    /// of the client wait for each other or for room, its messages are left unread, and do not count
    /// before they are read. The instant is tokio's: it can be compared with
    /// `tokio::time::Instant::now().into_std()`.
    pub fn last_received_at(&self) -> Instant {
        let nanoseconds = self.shared.last_received.load(Ordering::Relaxed);
        self.shared.opened_at + Duration::from_nanos(nanoseconds)
    }

    /// Notes that something of the client was received.
    pub(crate) fn note_received(&self, now: Instant) {
        let after = now.saturating_duration_since(self.shared.opened_at);
        let nanoseconds = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
        self.shared
            .last_received
            .store(nanoseconds, Ordering::Relaxed);
    }

    /// Returns the protocol that the client chose; the default one until hands are shaken.
    pub fn protocol(&self) -> Protocol {
        self.shared.protocol.get().copied().unwrap_or_default()
    }

    /// Notes the protocol that the client chose, once.
    pub(crate) fn speak(&self, protocol: Protocol) {
        self.shared.protocol.get_or_init(|| protocol);
    }

    /// Queues a frame, at once or not at all.
    ///
    /// # Errors
    /// [`SendError::Full`] when the client is behind: the sender decides what
    /// the client misses and how it learns of it. [`SendError::Gone`] after the
    /// end, and before the client said which protocol it speaks.
    pub fn try_send(&self, frame: &Frame) -> Result<(), SendError> {
        self.shared
            .queue
            .try_push(clock::now(), self.written(frame)?)
    }

    /// Queues a frame as [`try_send`](Self::try_send) does, and reports when it was written.
    ///
    /// ```
    /// use vestnik_signalr::server::{Connection, Frame, HubError};
    ///
    /// async fn hand_over(connection: &Connection, page: &Frame) -> Result<bool, HubError> {
    ///     let written = connection.try_send_tracked(page)?;
    ///     // Resolves at the latest when the connection ends.
    ///     Ok(written.await.is_ok())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send): the frame was not queued.
    pub fn try_send_tracked(&self, frame: &Frame) -> Result<Written, SendError> {
        let bytes = self.written(frame)?;
        self.shared.queue.try_push_tracked(clock::now(), bytes)
    }

    /// Queues a frame as [`try_send`](Self::try_send) does; whoever is told that a flush is owed
    /// calls [`flush`](Self::flush).
    pub(crate) fn enqueue(&self, now: Instant, frame: &Frame) -> Result<Carriage, SendError> {
        self.shared.queue.try_enqueue(now, self.written(frame)?)
    }

    /// Writes what was queued, as far as the socket takes it.
    pub(crate) fn flush(&self) {
        self.shared.queue.flush(clock::now());
    }

    /// Queues a frame as soon as the client has read enough.
    ///
    /// Only for work on behalf of this one client, such as catching up; a
    /// broadcast must never wait for one socket.
    ///
    /// # Errors
    /// [`SendError::Gone`] when the connection has ended.
    pub async fn send(&self, frame: &Frame) -> Result<(), SendError> {
        self.shared
            .queue
            .push(clock::now, self.written(frame)?)
            .await
    }

    fn written(&self, frame: &Frame) -> Result<Bytes, SendError> {
        let protocol = self.shared.protocol.get().ok_or(SendError::Gone)?;
        let bytes = frame.bytes(*protocol);
        bytes.cloned().map_err(|_| SendError::Unwritable)
    }

    /// Calls the client's handler and awaits its result, at most for `patience`.
    ///
    /// The client is called after the frames queued so far, and while the hub's
    /// `on_connected` runs for the connection, after that: nothing that a client
    /// sends is read before. `patience` counts on meanwhile. `()` stands for a
    /// handler without a result. Dropping the future gives the answer up. The
    /// client is not told of it, as with the official server
    /// (dotnet/aspnetcore issue 44831): its answer is ignored.
    ///
    /// # Errors
    /// [`InvokeError`] says why there is no result. It is
    /// [`InvokeError::TooEarly`] if `on_connected` itself asks by the
    /// `Connection` that it was given; that handler would wait for an answer
    /// that is read after it. The same value may ask once the handler is done.
    pub async fn invoke<A: ToArguments, R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: &A,
        patience: Duration,
    ) -> Result<R, InvokeError> {
        let Some(&protocol) = self.shared.protocol.get() else {
            // As for sends, the connection has not begun before the handshake.
            return Err(InvokeError::DoesNotExist(self.id().clone()));
        };
        let question = Question {
            target,
            arguments: Arguments::write(protocol, arguments)?,
            patience,
            from_welcome: self.is_in_welcome,
        };
        let bind = |result: Payload| result.bind().map_err(|_| InvokeError::WrongType);
        match self.ask(question).await? {
            Ok(CompletionOutcome::Result(result)) => bind(result),
            Ok(CompletionOutcome::Void) => bind(Payload::null(protocol)),
            Ok(CompletionOutcome::Error(text)) => Err(InvokeError::Client(text)),
            Err(why) => Err(InvokeError::new(why, self.id())),
        }
    }

    async fn ask(&self, question: Question<'_>) -> Result<Answer, InvokeError> {
        let asked = self.shared.asks.ask(question);
        let Some((key, answer)) = asked else {
            return Err(InvokeError::DoesNotExist(self.id().clone()));
        };
        self.shared.queue.wake();
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
        self.shared.hub.join(key, self.id());
    }

    /// Takes the connection out from under a key.
    pub fn leave(&self, key: &str) {
        self.shared.hub.leave(key, self.id());
    }

    /// Ends the connection with a Close message, after the frames queued so far.
    ///
    /// Official clients with automatic reconnect come back only when `allow_reconnect` is set.
    pub fn close(&self, allow_reconnect: bool) {
        self.shared.queue.close(allow_reconnect);
    }

    /// Ends the connection because its caller's token expired, after the frames queued so far.
    pub(crate) fn expire(&self) {
        self.shared.queue.expire();
    }

    pub(crate) fn queue(&self) -> &SendQueue {
        &self.shared.queue
    }

    pub(crate) fn asks(&self) -> &AskBox {
        &self.shared.asks
    }

    /// Takes nothing more, and lets go of all who wait.
    pub(crate) fn end(&self) {
        self.shared.queue.end();
        self.shared.asks.end();
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
            self.connection.shared.asks.forget(key);
            self.connection.shared.queue.wake();
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.shared.id).finish()
    }
}
