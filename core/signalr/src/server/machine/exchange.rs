use bytes::Bytes;

use crate::{
    message::{Arguments, CompletionOutcome},
    payload::Payload,
    protocol::Protocol,
};

/// Names one call of one connection; unlike an
/// [`InvocationId`](crate::message::InvocationId) it exists for
/// calls that are never answered, and is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey(pub(super) u64);

/// Names one stream that a client sends along with a call; never used twice in a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadKey(pub(super) u64);

/// What happens to the machine.
#[derive(Debug)]
pub enum Input<'a> {
    /// The client sent bytes.
    Received(&'a [u8]),
    /// The client sends a message so large that the transport did not even keep it.
    Oversized,
    /// A deadline passed, or may have.
    Tick,
    /// The connection that [`Output::Opened`] announced was welcomed; calls may come out.
    Welcomed,
    /// Somebody on the server has an encoded message for the client.
    Send(Bytes),
    /// A plain call ended.
    Completed(CallKey, CompletionOutcome),
    /// A stream has an item.
    Item(CallKey, Payload),
    /// A stream ended, by [`CompletionOutcome::Void`] or an error.
    StreamEnded(CallKey, CompletionOutcome),
    /// A call took an item of a stream that the client sends.
    UploadTaken(UploadKey),
    /// A call reads a stream no further.
    UploadDropped(UploadKey),
    /// The server ends the connection.
    Shutdown {
        /// Why, when it is not a plain end.
        error: Option<String>,
        /// Whether clients with automatic reconnect may use it.
        allow_reconnect: bool,
    },
}

/// What the driver is to do.
#[derive(Debug)]
pub enum Output {
    /// The handshake is done, in this protocol. Sends may follow; calls only after
    /// [`Input::Welcomed`].
    Opened(Protocol),
    /// Send these whole messages, after all that came before.
    Send(Bytes),
    /// Run a call, and tell its end.
    Dispatch(Call),
    /// Stop a stream; nothing more about it is expected.
    Cancel(CallKey),
    /// Give a call the next item of a stream that the client sends.
    UploadItem(UploadKey, Payload),
    /// Tell a call that the client ended a stream, by an error if there is a text.
    UploadEnded(UploadKey, Option<String>),
    /// Forget a stream because its call ended before it.
    DropUpload(UploadKey),
    /// Close the transport after all sends.
    Close,
}

/// A call to run.
#[derive(Debug)]
pub struct Call {
    /// Names the call in later inputs.
    pub key: CallKey,
    /// The method's name as the client wrote it.
    pub target: String,
    /// Its arguments.
    pub arguments: Arguments,
    /// Whether the client expects a stream.
    pub streaming: bool,
    /// The streams that the client sends along, in order.
    pub uploads: Vec<UploadKey>,
}
