use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use super::{
    queue::{QueueLimits, SendError, SendQueue},
    registry::HubHandle,
};
use crate::{
    message::{Arguments, Invocation, Message, ToArguments},
    payload::WriteError,
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
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, hub: HubHandle, limits: QueueLimits) -> Self {
        Self(Arc::new(Shared {
            id,
            hub,
            protocol: OnceLock::new(),
            queue: SendQueue::new(limits),
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

    /// Queues an encoded frame, at once or not at all.
    ///
    /// Make the frame with [`encode_invocation`](super::encode_invocation), once for all its receivers.
    ///
    /// # Errors
    /// [`SendError::Full`] when the client is behind: the sender decides what
    /// the client misses and how it learns of it. [`SendError::Gone`] after the end.
    pub fn try_send(&self, frame: Bytes) -> Result<(), SendError> {
        self.0.queue.try_push(frame)
    }

    /// Queues an encoded frame as soon as the client has read enough.
    ///
    /// Only for work on behalf of this one client, such as catching up; a
    /// broadcast must never wait for one socket.
    ///
    /// # Errors
    /// [`SendError::Gone`] when the connection has ended.
    pub async fn send(&self, frame: Bytes) -> Result<(), SendError> {
        self.0.queue.push(frame).await
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

    pub(crate) fn queue(&self) -> &SendQueue {
        &self.0.queue
    }
}

/// Writes a message that calls a client's handler, to be sent to any number of connections.
///
/// # Errors
/// [`WriteError`] when JSON cannot hold a value.
pub fn encode_invocation<A: ToArguments>(target: &str, arguments: &A) -> Result<Bytes, WriteError> {
    let arguments = Arguments::write(Protocol::Json, arguments)?;
    let invocation = Invocation {
        target: target.to_owned(),
        arguments,
        ..Invocation::default()
    };
    Ok(Protocol::Json.encode(&Message::Invocation(invocation)))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.0.id).finish()
    }
}
