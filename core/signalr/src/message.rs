//! The nine messages that cross a hub connection once the handshake is done (`HubProtocol.md`,
//! Overview).

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    payload::{Payload, WriteError},
    protocol::Protocol,
};

/// W3C trace context, which official ends send since .NET 9, and other text that travels beside a
/// message (`HubProtocol.md`, Message Headers). It may be ignored.
pub type Headers = BTreeMap<String, String>;

/// Any hub message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Calls a method, or tells the peer something when it has no id.
    Invocation(Invocation),
    /// Carries one item of a stream.
    StreamItem(StreamItem),
    /// Ends a call or a stream.
    Completion(Completion),
    /// Calls a method that answers with a stream.
    StreamInvocation(StreamInvocation),
    /// Asks to end a call or a stream early.
    CancelInvocation(CancelInvocation),
    /// Shows that the sender is alive.
    Ping,
    /// Ends the connection.
    Close(Close),
    /// Confirms messages of a stateful connection.
    Ack(Ack),
    /// Says where a stateful connection resumes.
    Sequence(Sequence),
}

impl Message {
    /// About how many bytes it takes on the wire.
    pub(crate) fn size_hint(&self) -> usize {
        let payloads: usize = match self {
            Self::Invocation(call) => call.arguments.size(),
            Self::StreamInvocation(call) => call.arguments.size(),
            Self::StreamItem(item) => item.item.as_bytes().len(),
            Self::Completion(completion) => match &completion.outcome {
                CompletionOutcome::Void => 0,
                CompletionOutcome::Result(result) => result.as_bytes().len(),
                CompletionOutcome::Error(error) => error.len(),
            },
            Self::CancelInvocation(_)
            | Self::Ping
            | Self::Close(_)
            | Self::Ack(_)
            | Self::Sequence(_) => 0,
        };
        96 + payloads
    }
}

/// A call's id, chosen by the caller; the two directions choose independently (`HubProtocol.md`,
/// Invocations, Errors).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvocationId(String);

impl InvocationId {
    /// Wraps an id. The empty id is none on the wire, so there is no empty `InvocationId`.
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        (!id.is_empty()).then_some(Self(id))
    }

    /// Returns the id as it is on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InvocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A call of a method.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Without an id the call is never answered, not even with an error (`HubProtocol.md`,
    /// Non-Blocking Invocations).
    pub invocation_id: Option<InvocationId>,
    /// The method's name; peers compare it without case, whatever the specification says of case
    /// (`HubProtocol.md`, Invocations).
    pub target: String,
    /// The positional arguments.
    pub arguments: Arguments,
    /// The streams that the caller sends along (`HubProtocol.md`, Upload streaming).
    pub stream_ids: Vec<String>,
    /// See [`Headers`].
    pub headers: Headers,
}

/// A call of a method that answers with a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInvocation {
    /// Names the stream of items to come.
    pub invocation_id: InvocationId,
    /// The method's name; peers compare it without case.
    pub target: String,
    /// The positional arguments.
    pub arguments: Arguments,
    /// The streams that the caller sends along.
    pub stream_ids: Vec<String>,
    /// See [`Headers`].
    pub headers: Headers,
}

/// One item of a stream (`HubProtocol.md`, Streaming).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamItem {
    /// The stream.
    pub invocation_id: InvocationId,
    /// The item; it may be null but it is there.
    pub item: Payload,
    /// See [`Headers`].
    pub headers: Headers,
}

/// The end of a call or of a stream (`HubProtocol.md`, Completion and results).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The call or stream.
    pub invocation_id: InvocationId,
    /// How it ended.
    pub outcome: CompletionOutcome,
    /// See [`Headers`].
    pub headers: Headers,
}

/// How a call or a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompletionOutcome {
    /// It ended and has no result; streams end so.
    Void,
    /// It gave a result. The official server answers a method without one by null.
    Result(Payload),
    /// It failed, with a text for the caller.
    Error(String),
}

/// A request to end a call or a stream early (`HubProtocol.md`, Streaming, Cancellation). It is
/// answered by a [`Completion`] all the same, and ignored when there is nothing to end; servers
/// before .NET 11 end only streams so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelInvocation {
    /// The call or stream.
    pub invocation_id: InvocationId,
    /// See [`Headers`].
    pub headers: Headers,
}

/// The end of a connection (`HubProtocol.md`, Overview).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Close {
    /// Why, when it is not a plain end.
    pub error: Option<String>,
    /// Whether a client with automatic reconnect may use it. Official clients stay away without it.
    pub allow_reconnect: bool,
}

/// Confirms all messages up to a number (`HubProtocol.md`, Stateful Reconnect).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The last message that was processed.
    pub sequence_id: u64,
}

/// Says with which number the sender goes on; see [`resume`](crate::resume) for which that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    /// The number of the next message.
    pub sequence_id: u64,
}

/// Positional arguments, kept raw until somebody knows their types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments(Vec<Payload>);

impl Arguments {
    /// Keeps arguments that are written already.
    pub fn new(raw: Vec<Payload>) -> Self {
        Self(raw)
    }

    /// Counts the arguments.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the raw arguments.
    pub fn as_slice(&self) -> &[Payload] {
        &self.0
    }

    fn size(&self) -> usize {
        let sizes = self.0.iter().map(|argument| argument.as_bytes().len() + 1);
        sizes.sum()
    }

    /// Returns the raw arguments.
    pub fn into_inner(self) -> Vec<Payload> {
        self.0
    }

    /// Reads the arguments as a tuple of types, each argument by itself.
    ///
    /// # Errors
    /// [`BindError`] when count or types differ.
    pub fn bind<T: FromArguments>(&self) -> Result<T, BindError> {
        T::from_arguments(&self.0)
    }

    /// Writes a tuple of values as arguments.
    ///
    /// # Errors
    /// [`WriteError`] when the protocol cannot hold one of them.
    pub fn write<T: ToArguments>(protocol: Protocol, values: &T) -> Result<Self, WriteError> {
        values.to_arguments(protocol).map(Self)
    }
}

/// Why arguments do not fit. The texts are the official server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// There are more or fewer arguments than wanted.
    #[error("Invocation provides {provided} argument(s) but target expects {expected}.")]
    Count {
        /// How many arguments came.
        provided: usize,
        /// How many are wanted.
        expected: usize,
    },
    /// An argument is not of the wanted type.
    #[error(
        "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked."
    )]
    Type,
}

/// A tuple that arguments can be read as.
pub trait FromArguments: Sized {
    /// Reads the arguments.
    ///
    /// # Errors
    /// [`BindError`] when count or types differ.
    fn from_arguments(raw: &[Payload]) -> Result<Self, BindError>;
}

/// A tuple that can be written as arguments.
pub trait ToArguments {
    /// Writes the arguments.
    ///
    /// # Errors
    /// [`WriteError`] when the protocol cannot hold one of them.
    fn to_arguments(&self, protocol: Protocol) -> Result<Vec<Payload>, WriteError>;
}

macro_rules! impl_arguments {
    ($protocol:ident, $count:literal $(, $name:ident $index:tt)*) => {
        impl<$($name: DeserializeOwned),*> FromArguments for ($($name,)*) {
            fn from_arguments(raw: &[Payload]) -> Result<Self, BindError> {
                if raw.len() != $count {
                    return Err(BindError::Count { provided: raw.len(), expected: $count });
                }
                Ok(($(raw[$index].bind::<$name>().map_err(|_| BindError::Type)?,)*))
            }
        }

        impl<$($name: Serialize),*> ToArguments for ($($name,)*) {
            fn to_arguments(&self, $protocol: Protocol) -> Result<Vec<Payload>, WriteError> {
                Ok(vec![$(Payload::write($protocol, &self.$index)?),*])
            }
        }
    };
}

impl_arguments!(_protocol, 0);
impl_arguments!(protocol, 1, A 0);
impl_arguments!(protocol, 2, A 0, B 1);
impl_arguments!(protocol, 3, A 0, B 1, C 2);
impl_arguments!(protocol, 4, A 0, B 1, C 2, D 3);
impl_arguments!(protocol, 5, A 0, B 1, C 2, D 3, E 4);
impl_arguments!(protocol, 6, A 0, B 1, C 2, D 3, E 4, F 5);
