use std::time::Instant;

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

/// Names one call to the client whose answer somebody awaits, by whom it may concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultKey(pub u64);

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
    /// Somebody on the server has an encoded call for the client.
    Send(Bytes),
    /// Somebody on the server sent the client a message past this machine.
    SentPast,
    /// A plain call ended.
    Completed(CallKey, CompletionOutcome),
    /// A stream has an item.
    Item(CallKey, Payload),
    /// A stream ended, by [`CompletionOutcome::Void`] or an error.
    StreamEnded(CallKey, CompletionOutcome),
    /// Somebody on the server calls the client and awaits its answer. The call is sent after
    /// [`Input::Welcomed`].
    Ask(Ask),
    /// Nobody awaits that answer any more.
    Forget(ResultKey),
    /// A call took an item of a stream that the client sends.
    UploadTaken(UploadKey),
    /// A call reads a stream no further.
    UploadDropped(UploadKey),
    /// The socket was lost without a goodbye. Until [`Input::Attached`] nothing comes out to be
    /// sent; the connection ends when none comes in time, or at once when it is not
    /// [resumable](super::ServerMachine::is_resumable).
    Detached,
    /// The client is there on another socket, whether or not the last one was lost; what was given
    /// out to be sent and is not sent yet is void.
    Attached,
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
    /// Tell a plain call that the client does not want it any more. Its end is still expected.
    CancelCall(CallKey),
    /// Give a call the next item of a stream that the client sends.
    UploadItem(UploadKey, Payload),
    /// Tell a call that the client ended a stream, by an error if there is a text.
    UploadEnded(UploadKey, Option<String>),
    /// Forget a stream because its call ended before it.
    DropUpload(UploadKey),
    /// Tell whoever awaits it what the client answered, or why it did not.
    Result(ResultKey, Result<CompletionOutcome, NoResult>),
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
    /// Whether the client is sent the end of the call; not if it called without an id.
    pub is_answered: bool,
    /// The streams that the client sends along, in order.
    pub uploads: Vec<UploadKey>,
}

/// A call to the client.
#[derive(Debug)]
pub struct Ask {
    /// Names the call in later outputs.
    pub key: ResultKey,
    /// The client's handler.
    pub target: String,
    /// Its arguments.
    pub arguments: Arguments,
    /// How long the answer is awaited; without it as long as the connection lives.
    pub until: Option<Instant>,
    /// Whether the welcome of the connection asks. It cannot wait for an answer that is read after it.
    pub from_welcome: bool,
}

/// Why a client gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoResult {
    /// The connection ended first.
    #[error("the connection ended")]
    Disconnected,
    /// It did not come in time.
    #[error("the answer did not come in time")]
    TimedOut,
    /// The welcome of the connection asked, or somebody asked before the handshake; the client was
    /// not asked.
    #[error("the connection is not welcomed yet")]
    TooEarly,
    /// Too many answers are awaited already; the client was not asked.
    #[error("too many answers are awaited")]
    TooMany,
}
