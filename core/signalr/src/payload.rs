//! One argument, item or result, kept raw until somebody knows its type.

use std::fmt;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    msgpack,
    protocol::{DecodeError, Protocol},
};

/// One argument, item or result in the encoding of its connection.
///
/// It holds exactly one well-formed value. Its `Debug` shows no content. How values are written is
/// the serialiser's matter at the official ends as well (`HubProtocol.md`, JSON Encoding, MessagePack
/// (`MsgPack`) encoding).
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    protocol: Protocol,
    raw: Bytes,
}

/// A value that the protocol cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be written as {protocol}: {reason}")]
pub struct WriteError {
    protocol: Protocol,
    reason: String,
}

/// A payload is not of the wanted type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(String);

impl Payload {
    /// Writes a value.
    ///
    /// # Errors
    /// [`WriteError`] when the protocol cannot hold it, or when its own serialisation fails.
    pub fn write<T: Serialize + ?Sized>(protocol: Protocol, value: &T) -> Result<Self, WriteError> {
        let written = match protocol {
            Protocol::Json => serde_json::to_vec(value).map_err(|error| error.to_string()),
            Protocol::MessagePack => msgpack::write(value).map_err(|error| error.to_string()),
        };
        match written {
            Ok(raw) => Ok(Self::from_raw(protocol, raw.into())),
            Err(reason) => Err(WriteError { protocol, reason }),
        }
    }

    /// Takes bytes that are one value already.
    ///
    /// # Errors
    /// [`DecodeError::Syntax`] when they are not.
    pub fn parse(protocol: Protocol, raw: impl Into<Bytes>) -> Result<Self, DecodeError> {
        let raw = raw.into();
        let checked = match protocol {
            Protocol::Json => serde_json::from_slice::<&RawValue>(&raw)
                .map(drop)
                .map_err(|error| DecodeError::Syntax(error.to_string())),
            Protocol::MessagePack => msgpack::check(&raw),
        };
        checked.map(|()| Self::from_raw(protocol, raw))
    }

    /// Makes the value that stands for nothing.
    pub fn null(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Json => Self::from_raw(protocol, Bytes::from_static(b"null")),
            Protocol::MessagePack => Self::from_raw(protocol, Bytes::from_static(&[msgpack::NIL])),
        }
    }

    /// Takes bytes that are known to be one value.
    pub(crate) fn from_raw(protocol: Protocol, raw: Bytes) -> Self {
        Self { protocol, raw }
    }

    /// Reads the value.
    ///
    /// # Errors
    /// [`ReadError`] when it is not of the type.
    pub fn bind<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        match self.protocol {
            Protocol::Json => {
                serde_json::from_slice(&self.raw).map_err(|error| ReadError(error.to_string()))
            }
            Protocol::MessagePack => {
                msgpack::read(&self.raw).map_err(|error| ReadError(error.to_string()))
            }
        }
    }

    /// Returns the protocol that the payload is written in.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Returns the value as it is on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }

    /// Returns the value for a message in `protocol`.
    ///
    /// # Panics
    /// When it was written for another protocol.
    pub(crate) fn bytes_in(&self, protocol: Protocol) -> &[u8] {
        assert_eq!(
            self.protocol, protocol,
            "a payload goes out by the protocol it was written for"
        );
        &self.raw
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({}, {} bytes)", self.protocol, self.raw.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_value_and_nothing_else() {
        for (raw, is_value) in [
            (&b"\x01"[..], true),
            (b"\x81\xa1a\x90", true),
            (b"", false),
            (b"\x01\x02", false),
            (b"\x92\x01", false),
            (b"\xc1", false),
        ] {
            let parsed = Payload::parse(Protocol::MessagePack, raw);
            assert_eq!(parsed.is_ok(), is_value, "{raw:?}");
        }
        for (raw, is_value) in [
            ("1", true),
            ("{\"a\":[]}", true),
            ("", false),
            ("1 2", false),
            ("{", false),
            ("\"\x1e\"", false),
        ] {
            let parsed = Payload::parse(Protocol::Json, raw);
            assert_eq!(parsed.is_ok(), is_value, "{raw}");
        }
    }

    #[test]
    fn reads_what_it_wrote_and_keeps_it_to_itself() {
        for protocol in Protocol::ALL {
            let payload = Payload::write(protocol, &("secret", [1, 2])).unwrap();
            assert_eq!(payload.bind(), Ok(("secret".to_owned(), [1, 2])));
            assert!(payload.bind::<u8>().is_err());
            assert!(!format!("{payload:?}").contains("secret"));
            assert_eq!(Payload::null(protocol).bind(), Ok(()));
        }
    }
}
