use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest id that is read, in bytes; the hub's own have 22.
const LONGEST: usize = 64;

/// The public name of a connection, as negotiate told it to the client.
///
/// It is no secret: it reaches nothing without the hub's own [`HubHandle`](super::HubHandle). One
/// that is read from a text may be of no live connection.
///
/// ```
/// use vestnik_signalr::server::ConnectionId;
///
/// let id: ConnectionId = "dGhlIHNhbXBsZSBub25jZQ".parse()?;
/// assert_eq!(id.to_string(), "dGhlIHNhbXBsZSBub25jZQ");
/// assert!("../other".parse::<ConnectionId>().is_err());
/// # Ok::<(), vestnik_signalr::server::InvalidConnectionId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(Arc<str>);

/// A text is no connection's id: it is empty, too long, or has other characters than base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a connection id must have 1 to {LONGEST} letters, digits, '-' or '_'")]
pub struct InvalidConnectionId;

impl ConnectionId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// Returns the id as it is on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConnectionId {
    type Err = InvalidConnectionId;

    fn from_str(text: &str) -> Result<Self, InvalidConnectionId> {
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_id = (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_base64url);
        is_id.then(|| Self::new(text)).ok_or(InvalidConnectionId)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ConnectionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = ConnectionId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a connection id")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ConnectionId, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for text in ["a", "dGhlIHNhbXBsZSBub25jZQ", "-_0", &"x".repeat(LONGEST)] {
            let id: ConnectionId = text.parse().unwrap();
            assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<ConnectionId>(&json).unwrap(), id);
        }
    }

    #[test]
    fn takes_no_other_texts() {
        for text in [
            "",
            " a",
            "a=",
            "a/b",
            "\u{e9}",
            "a\n",
            &"x".repeat(LONGEST + 1),
        ] {
            assert_eq!(text.parse::<ConnectionId>(), Err(InvalidConnectionId));
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<ConnectionId>(&json).is_err());
        }
        assert!(serde_json::from_str::<ConnectionId>("7").is_err());
    }
}
