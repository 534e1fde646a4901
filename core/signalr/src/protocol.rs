//! The encodings of hub messages, one of which a connection agrees on in its handshake
//! (`HubProtocol.md`, Overview).

use std::fmt;

use bytes::Bytes;

use crate::{framing::Framing, json, message::Message, msgpack};

/// An encoding of hub messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// One JSON object per message.
    #[default]
    Json,
    /// One MessagePack array per message.
    MessagePack,
}

/// What a transport must be able to carry (`TransportProtocols.md`, Transfer Formats).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransferFormat {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

/// A frame is no hub message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It does not have the protocol's shape, or a property of another type.
    #[error("not a hub message: {0}")]
    Syntax(String),
    /// A property that the message needs is absent.
    #[error("missing required property '{0}'")]
    Missing(&'static str),
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 2] = [Self::Json, Self::MessagePack];

    /// Finds a protocol by its name in a handshake, which has no case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// Returns the name in a handshake.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// Returns the newest version that we know; 2 differs from 1 only by stateful reconnect.
    pub const fn newest_version(self) -> u32 {
        match self {
            Self::Json | Self::MessagePack => 2,
        }
    }

    /// Returns what a transport must carry for this protocol.
    pub const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
            Self::MessagePack => TransferFormat::Binary,
        }
    }

    /// Returns how messages are told apart once the handshake is done.
    pub const fn framing(self) -> Framing {
        match self {
            Self::Json => Framing::RecordSeparator,
            Self::MessagePack => Framing::LengthPrefix,
        }
    }

    /// Writes a message as one whole frame, ready for the transport.
    ///
    /// # Panics
    /// When a payload of the message was written for another protocol.
    pub fn encode(self, message: &Message) -> Bytes {
        match self {
            Self::Json => json::encode(message),
            Self::MessagePack => msgpack::encode(message),
        }
    }

    /// Reads a frame, as a [`Deframer`](crate::framing::Deframer) cut it; `None` is a message of a
    /// type unknown to us. The message's payloads share the frame's memory.
    ///
    /// # Errors
    /// [`DecodeError`] when the frame is no hub message.
    pub fn decode(self, frame: &Bytes) -> Result<Option<Message>, DecodeError> {
        match self {
            Self::Json => json::decode(frame),
            Self::MessagePack => msgpack::decode(frame),
        }
    }
}

impl TransferFormat {
    /// Returns the name in a negotiate response.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Binary => "Binary",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
