//! Arguments of hub methods.

use serde::de::DeserializeOwned;
use vestnik_model::{Problem, ProblemCode};
use vestnik_signalr::{payload::Payload, protocol::Protocol};

use crate::{door::json, refusal::Refusal};

/// Reads an argument, so that a fault in it is named as REST names it.
pub(super) fn argument<T: DeserializeOwned>(raw: &Payload) -> Result<T, Refusal> {
    read(raw).map_err(Refusal::from)
}

/// Refuses an argument that is larger than its method takes.
///
/// # Errors
/// `request.too_large`.
pub(super) fn size(raw: &Payload, most: usize) -> Result<(), Refusal> {
    if raw.as_bytes().len() <= most {
        return Ok(());
    }
    let detail = format!("must be at most {most} bytes");
    Err(Refusal::new(ProblemCode::RequestTooLarge, &detail))
}

fn read<T: DeserializeOwned>(raw: &Payload) -> Result<T, Problem> {
    match raw.protocol() {
        Protocol::Json => json::parse(raw.as_bytes()),
        Protocol::MessagePack => raw
            .bind()
            .map_err(|_| json::malformed("the argument is nothing that JSON can say"))
            .and_then(json::parse_value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vestnik_model::contract;

    use super::{Payload, Protocol, read};

    fn written(protocol: Protocol, value: &Value) -> Payload {
        Payload::write(protocol, value).unwrap()
    }

    #[test]
    fn faults_are_named_the_same_in_every_protocol() {
        for protocol in Protocol::ALL {
            let well = written(protocol, &json!({"cursor": null, "limit": 5}));
            let taken: contract::Sync = read(&well).unwrap();
            assert_eq!((taken.cursor, taken.limit), (None, Some(5)), "{protocol}");
            let faulty = written(protocol, &json!({"limit": "5"}));
            let problem = read::<contract::Sync>(&faulty).unwrap_err();
            let pointers: Vec<_> = problem.errors.iter().map(|error| &error.pointer).collect();
            assert_eq!(pointers, ["/limit"], "{protocol}");
        }
    }
}
