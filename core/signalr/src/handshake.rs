//! The handshake that opens a hub connection: always JSON, whatever the protocol after it
//! (`HubProtocol.md`, Overview).

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::{
    framing::RECORD_SEPARATOR,
    protocol::{Protocol, TransferFormat},
};

/// The first version with acks and sequences.
const STATEFUL: u32 = 2;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakeRequest {
    /// The protocol.
    pub protocol: Protocol,
    /// The protocol's version.
    pub version: u32,
}

/// The request on the wire, where a protocol may have any name.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    protocol: Cow<'a, str>,
    version: u32,
}

/// What a server answers: nothing, or why not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandshakeResponse {
    /// Why the server closes the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Why a handshake failed. The texts are the official server's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The server does not speak the protocol.
    #[error("The protocol '{0}' is not supported.")]
    Protocol(String),
    /// The server does not speak that version.
    #[error("The server does not support version {version} of the '{protocol}' protocol.")]
    Version {
        /// The protocol's name.
        protocol: String,
        /// The version that the client wants.
        version: u32,
    },
    /// The transport cannot carry what the protocol writes.
    #[error(
        "Cannot use the '{protocol}' protocol on the current transport. The transport does not support '{format:?}' transfer format."
    )]
    Transport {
        /// The protocol's name.
        protocol: &'static str,
        /// What the transport cannot carry.
        format: TransferFormat,
    },
    /// It took too long, or was too long.
    #[error("Handshake was canceled.")]
    Canceled,
    /// It was no handshake at all.
    #[error("An unexpected error occurred during connection handshake.")]
    Malformed,
}

impl HandshakeRequest {
    /// Asks for a protocol in the version that all servers know.
    pub const fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            version: 1,
        }
    }

    /// Asks for a protocol in the version that has stateful reconnect, which negotiate must have
    /// granted.
    pub const fn stateful(protocol: Protocol) -> Self {
        Self {
            protocol,
            version: STATEFUL,
        }
    }

    /// Says whether the version has stateful reconnect.
    pub const fn is_stateful(&self) -> bool {
        self.version >= STATEFUL
    }

    /// Writes the request with its separator.
    pub fn encode(&self) -> Bytes {
        write(&Wire {
            protocol: Cow::Borrowed(self.protocol.name()),
            version: self.version,
        })
    }

    /// Reads a request without its separator, and checks that we can speak so.
    ///
    /// # Errors
    /// [`HandshakeError`], whose text is for the client.
    pub fn decode(frame: &[u8]) -> Result<Self, HandshakeError> {
        let Wire {
            protocol: name,
            version,
        } = serde_json::from_slice(frame).map_err(|_| HandshakeError::Malformed)?;
        let Some(protocol) = Protocol::from_name(&name) else {
            return Err(HandshakeError::Protocol(name.into_owned()));
        };
        if version > protocol.newest_version() {
            return Err(HandshakeError::Version {
                protocol: name.into_owned(),
                version,
            });
        }
        Ok(Self { protocol, version })
    }
}

impl HandshakeResponse {
    /// Refuses a handshake.
    pub fn refusal(error: &HandshakeError) -> Self {
        Self {
            error: Some(error.to_string()),
        }
    }

    /// Writes the response with its separator.
    pub fn encode(&self) -> Bytes {
        write(self)
    }
}

fn write(value: &impl Serialize) -> Bytes {
    let mut writer = BytesMut::new().writer();
    serde_json::to_writer(&mut writer, value).expect("two plain fields are always JSON");
    let mut buffer = writer.into_inner();
    buffer.put_u8(RECORD_SEPARATOR);
    buffer.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(text: &str) -> String {
        HandshakeRequest::decode(text.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn is_written_as_the_official_one() {
        assert_eq!(
            HandshakeRequest::new(Protocol::Json).encode(),
            "{\"protocol\":\"json\",\"version\":1}\x1e"
        );
        assert_eq!(
            HandshakeRequest::stateful(Protocol::MessagePack).encode(),
            "{\"protocol\":\"messagepack\",\"version\":2}\x1e"
        );
        assert_eq!(HandshakeResponse::default().encode(), "{}\x1e");
        assert_eq!(
            HandshakeResponse::refusal(&HandshakeError::Canceled).encode(),
            "{\"error\":\"Handshake was canceled.\"}\x1e"
        );
    }

    #[test]
    fn only_the_second_version_is_stateful() {
        for (version, stateful) in [(1, false), (2, true)] {
            let request = format!(r#"{{"protocol":"json","version":{version}}}"#);
            let request = HandshakeRequest::decode(request.as_bytes()).unwrap();
            assert_eq!(request.is_stateful(), stateful, "{version}");
        }
    }

    #[test]
    fn refuses_with_the_official_texts() {
        assert_eq!(
            refuse(r#"{"protocol":"x","version":1}"#),
            "The protocol 'x' is not supported."
        );
        assert_eq!(
            refuse(r#"{"version":9,"protocol":"json"}"#),
            "The server does not support version 9 of the 'json' protocol."
        );
        assert_eq!(
            refuse(r#"{"type":6}"#),
            "An unexpected error occurred during connection handshake."
        );
    }
}
