use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use crate::{
    message::{Arguments, Invocation, Message, ToArguments},
    payload::WriteError,
    protocol::Protocol,
};

/// A call of clients' handlers that none answers, for any number of connections (`HubProtocol.md`,
/// Non-Blocking Invocations). Cheap to clone.
///
/// It is written at most once for each protocol, when the first connection that
/// speaks it takes it; all connections share the bytes.
#[derive(Clone)]
pub struct Frame(Arc<Shared>);

struct Shared {
    target: String,
    arguments: Box<dyn ToArguments + Send + Sync>,
    json: Written,
    message_pack: Written,
}

type Written = OnceLock<Result<Bytes, WriteError>>;

impl Frame {
    /// Calls the handlers of a name with a tuple of arguments: `(one,)`.
    pub fn new<A>(target: &str, arguments: A) -> Self
    where
        A: ToArguments + Send + Sync + 'static,
    {
        Self(Arc::new(Shared {
            target: target.to_owned(),
            arguments: Box::new(arguments),
            json: Written::new(),
            message_pack: Written::new(),
        }))
    }

    /// Returns the frame as it goes to connections of a protocol.
    ///
    /// # Errors
    /// [`WriteError`] when the protocol cannot hold an argument.
    pub fn bytes(&self, protocol: Protocol) -> Result<&Bytes, WriteError> {
        let written = match protocol {
            Protocol::Json => &self.0.json,
            Protocol::MessagePack => &self.0.message_pack,
        };
        written
            .get_or_init(|| self.0.write(protocol))
            .as_ref()
            .map_err(Clone::clone)
    }
}

impl Shared {
    fn write(&self, protocol: Protocol) -> Result<Bytes, WriteError> {
        let arguments = self.arguments.to_arguments(protocol).inspect_err(|error| {
            tracing::error!(target_method = self.target, %error, "a call cannot be written");
        })?;
        let invocation = Invocation {
            target: self.target.clone(),
            arguments: Arguments::new(arguments),
            ..Invocation::default()
        };
        Ok(protocol.encode(&Message::Invocation(invocation)))
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Frame").field(&self.0.target).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn is_written_once_for_each_protocol() {
        let frame = Frame::new("Say", ("hi".to_owned(), 1));
        let other = frame.clone();
        for (protocol, expected) in [
            (
                Protocol::Json,
                &b"{\"type\":1,\"target\":\"Say\",\"arguments\":[\"hi\",1]}\x1e"[..],
            ),
            (
                Protocol::MessagePack,
                b"\x0e\x96\x01\x80\xc0\xa3Say\x92\xa2hi\x01\x90",
            ),
        ] {
            let bytes = frame.bytes(protocol).unwrap();
            assert_eq!(bytes, expected);
            let again = other.bytes(protocol).unwrap();
            assert_eq!(again.as_ptr(), bytes.as_ptr());
        }
    }

    #[test]
    fn what_one_protocol_cannot_hold_another_may() {
        let keyed_by_lists = BTreeMap::from([(vec![1], 2)]);
        let frame = Frame::new("Say", (keyed_by_lists,));
        assert!(frame.bytes(Protocol::Json).is_err());
        assert!(frame.bytes(Protocol::MessagePack).is_ok());
    }
}
